import Contract

/// A rule of the contract that a message breaks.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// Where, in the contract's names, for example `cluster.labels[2].key`.
    public let path: String
    /// protovalidate's id of the rule, for example `string.min_len`.
    public let rule: String
    /// What has to hold, in words.
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
        "\(path): \(message) (\(rule))" + (value.isEmpty ? "" : ", got \(value)")
    }
}

/// Checks messages against the rules that the contract gives (protovalidate's standard rules).
///
/// Source: buf/validate/validate.proto. Rules of one field are all reported, in the order of the
/// contract.
public struct Validator: Sendable {
    /// The present time in seconds since 1970 and nanoseconds, for `gt_now` and its like.
    public let now: @Sendable () -> (seconds: Int64, nanos: Int32)

    /// Creates a validator with a clock.
    public init(now: @escaping @Sendable () -> (seconds: Int64, nanos: Int32)) { self.now = now }

    /// All rules that a message breaks.
    public func violations(in message: Message) -> [Violation] {
        var found: [Violation] = []
        check(message, at: "", &found)
        return found
    }

    private func check(_ message: Message, at path: String, _ found: inout [Violation]) {
        for oneof in message.type.oneofs where oneof.isRequired {
            if oneof.fieldIndexes.allSatisfy({ message[message.type.fields[$0]] == nil }) {
                let names = oneof.fieldIndexes.map { message.type.fields[$0].name }
                found.append(
                    Violation(
                        path: Self.join(path, oneof.name), rule: "required",
                        message: "one of \(names.joined(separator: ", ")) has to be set"))
            }
        }
        for field in message.type.fields {
            check(message[field], of: field, in: message, at: Self.join(path, field.name), &found)
        }
    }

    private func check(
        _ value: Value?, of field: Field, in message: Message, at path: String,
        _ found: inout [Violation]
    ) {
        let rules = field.rules
        if rules.ignore == .always { return }
        if rules.isRequired, !message.has(field) {
            found.append(Violation(path: path, rule: "required", message: "has to be set"))
            return
        }
        if !rules.isEmpty, !(field.hasPresence && value == nil),
            !(rules.ignore == .ifZero && (value?.isDefault ?? true))
        {
            let checked =
                value ?? (field.isRepeated ? .list([]) : Value.defaultValue(of: field.kind))
            if let checked {
                RuleCheck(rules: rules, field: field, path: path, now: now).run(checked, &found)
            }
        }
        switch value {
        case .message(let inner): check(inner, at: path, &found)
        case .list(let items):
            for (index, item) in items.enumerated() {
                if case .message(let inner) = item { check(inner, at: "\(path)[\(index)]", &found) }
            }
        case .map(let entries):
            for (key, item) in entries {
                if case .message(let inner) = item {
                    check(inner, at: "\(path)[\(Self.subscriptText(key))]", &found)
                }
            }
        default: break
        }
    }

    static func subscriptText(_ key: Value) -> String {
        if case .string(let text) = key { return JSONWriter.quoted(text) }
        return key.mapKeyText
    }

    static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}
