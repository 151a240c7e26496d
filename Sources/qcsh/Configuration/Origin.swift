/// The origin of a setting of a session.
enum Origin: CustomStringConvertible {
    case option(String)
    case script
    case environment(String)
    case context(name: String, file: String)
    case sandbox
    case builtIn

    var description: String {
        switch self {
        case .option(let name): name
        case .script: "qdrant.connect"
        case .environment(let name): name
        case .context(let name, let file): "context \(name) in \(file)"
        case .sandbox: "the sandbox"
        case .builtIn: "default"
        }
    }
}

/// A value and its origin.
struct Sourced<Value> {
    let value: Value
    let origin: Origin

    init(_ value: Value, _ origin: Origin) {
        self.value = value
        self.origin = origin
    }

    /// The first value of several sources, the nearest one first.
    static func first(_ candidates: Sourced?...) -> Sourced? {
        candidates.lazy.compactMap { $0 }.first
    }
}

extension Sourced where Value == String {
    /// The value of a variable; nil when it is unset or empty.
    init?(variable name: String) {
        guard let text = UserFiles.environment(name) else { return nil }
        self.init(text, .environment(name))
    }

    /// The value of an option; nil when it was not given.
    init?(_ value: String?, option name: String) {
        guard let value else { return nil }
        self.init(value, .option(name))
    }

    /// The value in a context; nil when the context has none.
    init?(_ value: String?, of context: Context?) {
        guard let value, let context else { return nil }
        self.init(value, .context(name: context.name, file: context.file))
    }
}
