import Contract

/// The part of an update that its mask covers.
public struct UpdateScope: Sendable {
    /// The field of the request that holds the resource.
    public let resource: String
    /// The paths inside the resource that the mask names.
    public let paths: [[String]]
    /// Whether the mask names everything.
    let isWhole: Bool
    /// What is wrong with the mask itself.
    let problems: [Violation]
    /// Fields of the resource that say which one it is; they count with every mask.
    public let identity: Set<String>

    /// The scope of a request of an updating method; nil when it has no mask, or an empty one, so
    /// that it replaces the whole resource.
    public init?(_ request: Message, of method: Method) {
        guard let source = method.options.patchSource,
            let mask = request.type.field(named: "update_mask"),
            mask.messageType?.wellKnown == .fieldMask,
            case .message(let value) = request[mask],
            case .list(let items) = value[.paths] ?? .list([]), !items.isEmpty
        else { return nil }
        resource = source.requestResourceField
        let texts = items.map { item -> String in
            if case .string(let path) = item { return path }
            return ""
        }
        // The path * names everything, as if there were no mask.
        guard !texts.contains("*") || texts.count > 1 else { return nil }
        paths = texts.filter { $0 != "*" }.map {
            $0.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        }
        isWhole = texts.contains("*")
        let type = request.type.field(named: resource)?.messageType
        problems = paths.compactMap { path in type.flatMap { Self.problem(path, in: $0) } }
        let prefix = resource + "."
        let bound = (method.route?.variables ?? []).map { $0.joined(separator: ".") }
        identity = Set(
            (Array(source.fieldMapping.values) + bound).filter { $0.hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count)) })
    }
}

extension UpdateScope {
    /// Why a path names nothing that a mask can name; nil when it does.
    private static func problem(_ path: [String], in type: MessageType) -> Violation? {
        var type = type
        for (position, name) in path.enumerated() {
            let shown = path.joined(separator: ".")
            guard let field = type.field(named: name) else {
                let near = Names.nearest(to: name, in: type.fields.map(\.name))
                return Violation(
                    path: "update_mask", rule: "field_mask",
                    message: "\(type.fullName) has no field \"\(name)\""
                        + Names.suggestion(near),
                    value: shown)
            }
            guard field.name == name else {
                return Violation(
                    path: "update_mask", rule: "field_mask",
                    message: "paths are in snake_case: write \(field.name) for \(name)",
                    value: shown)
            }
            guard position < path.count - 1 else { return nil }
            guard !field.isRepeated, let inner = field.messageType, inner.wellKnown == nil else {
                return Violation(
                    path: "update_mask", rule: "field_mask",
                    message: "\(path[...position].joined(separator: ".")) can only be named "
                        + "as a whole", value: shown)
            }
            type = inner
        }
        return nil
    }
}

/// How much of a message is checked.
enum ValidationScope {
    /// All of it.
    case everything
    /// A request whose resource is masked.
    case request(UpdateScope)
    /// The resource or a message inside it: only these paths, and these fields besides.
    case masked(paths: [[String]], identity: Set<String>, isResource: Bool)

    /// Whether the rules of the field that this is the scope of are looked at; otherwise only what
    /// is inside it.
    var isWhole: Bool {
        if case .masked = self { return false }
        return true
    }

    /// Whether the field with this scope must be present if its rules require it: the resource
    /// itself must, even when only a part of it is validated.
    var isRequired: Bool {
        if case .masked(_, _, let isResource) = self { return isResource }
        return true
    }

    /// The scope of a field of the message; nil when it is not looked at.
    func scope(of field: Field) -> ValidationScope? {
        switch self {
        case .everything: return .everything
        case .request(let update):
            guard field.name == update.resource, !update.isWhole else { return .everything }
            return .masked(paths: update.paths, identity: update.identity, isResource: true)
        case .masked(let paths, let identity, _):
            if identity.contains(field.name) { return .everything }
            let inner = paths.filter { field.hasName($0.first) }.map { Array($0.dropFirst()) }
            if inner.contains([]) { return .everything }
            return inner.isEmpty ? nil : .masked(paths: inner, identity: [], isResource: false)
        }
    }

    /// Whether all that an expression looks at is what the caller decides.
    func covers(_ expression: CELExpression) -> Bool {
        let covered: ([String]) -> Bool
        switch self {
        case .everything: return true
        case .request(let update):
            covered = { path in
                guard path.first == update.resource, path.count > 1, !update.isWhole else {
                    return true
                }
                return Self.isNamed(
                    Array(path.dropFirst()), by: update.paths, or: update.identity)
            }
        case .masked(let paths, let identity, _):
            covered = { path in Self.isNamed(path, by: paths, or: identity) }
        }
        guard let looked = expression.pathsOfThis else { return false }
        return looked.allSatisfy(covered)
    }

    private static func isNamed(
        _ path: [String], by paths: [[String]], or identity: Set<String>
    ) -> Bool {
        path.first.map(identity.contains) == true || paths.contains { path.starts(with: $0) }
    }
}

extension Field {
    fileprivate func hasName(_ other: String?) -> Bool { name == other || jsonName == other }
}
