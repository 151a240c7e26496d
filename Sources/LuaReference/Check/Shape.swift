import Contract

/// What is known of a value without running anything.
indirect enum Shape {
    case unknown
    /// `qdrant`, or a connection to elsewhere.
    case qdrant
    /// `qdrant.api.<path>`.
    case api(String)
    case method(Method)
    /// A message that the API has answered with.
    case message(MessageType)
    case list(Shape)
    case map(Shape)
    /// What a generic `for` takes one value at a time from.
    case iterator(Shape)
    case module(ModuleShape)
    /// An object of a class of the standard library: `qdrant.clusters`, `qdrant.Cluster`.
    case object(String)

    /// What an element is.
    var element: Shape {
        switch self {
        case .list(let inner), .iterator(let inner), .map(let inner): inner
        default: .unknown
        }
    }

    /// What reading a field of a message gives.
    static func of(_ field: Field) -> Shape {
        if field.isMap {
            return .map(field.mapValue.map(single) ?? .unknown)
        }
        return field.isRepeated ? .list(single(field)) : single(field)
    }

    private static func single(_ field: Field) -> Shape {
        guard let type = field.messageType, type.wellKnown == nil else { return .unknown }
        return .message(type)
    }
}

/// A table of names that a module returns.
final class ModuleShape {
    /// How it was required.
    let name: String
    var members: [String: Shape] = [:]
    /// Whether it may have members that are not seen.
    var isOpen = false

    init(name: String) { self.name = name }
}
