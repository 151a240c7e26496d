/// A rule of the contract that a message breaks.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// Where, in the contract's names, for example `cluster.labels[2].key`; empty for a rule of the
    /// whole message.
    public let path: String
    /// protovalidate's id of the rule, for example `string.min_len`.
    public let rule: String
    /// The requirement, in words.
    public let message: String
    /// The value that breaks the rule, as a person would write it; empty when there is none.
    public let value: String

    /// Creates a violation.
    public init(path: String, rule: String, message: String, value: String = "") {
        self.path = path
        self.rule = rule
        self.message = message
        self.value = value
    }

    public var description: String {
        (path.isEmpty ? "" : path + ": ") + "\(message) (\(rule))"
            + (value.isEmpty ? "" : ", got \(value)")
    }
}

extension Violation {
    /// A key of a map as it stands in a path.
    static func subscriptText(_ key: Value) -> String {
        if case .string(let text) = key { return JSONWriter.quoted(text) }
        return key.mapKeyText
    }
}
