import Contract

/// Checks messages against the rules that the contract gives: protovalidate's standard rules and
/// those that are written in CEL.
///
/// Source: buf/validate/validate.proto. All broken rules are reported, in the order of the contract.
public struct Validator: Sendable {
    /// The present time in seconds since 1970 and nanoseconds, for `gt_now` and its like.
    public let now: @Sendable () -> (seconds: Int64, nanos: Int32)

    /// Creates a validator with a clock.
    public init(now: @escaping @Sendable () -> (seconds: Int64, nanos: Int32)) { self.now = now }

    /// All rules that a message breaks.
    public func violations(in message: Message) -> [Violation] {
        var found: [Violation] = []
        check(message, at: "", .everything, &found)
        return found
    }

    /// The rules that the masked fields of an update break. The cloud takes the other fields from
    /// the present object, and then checks the whole.
    public func violations(in request: Message, updating update: UpdateScope) -> [Violation] {
        var found = update.problems
        check(request, at: "", .request(update), &found)
        return found
    }

    private func check(
        _ message: Message, at path: String, _ scope: ValidationScope, _ found: inout [Violation]
    ) {
        for rule in message.type.rules.cel {
            let program = CELProgram.cached(rule, about: message.type)
            if case .success(let program) = program, !scope.covers(program.expression) { continue }
            let broken = CELCheck.violation(
                of: rule, program, .success(.message(message)), at: path, now: now, value: "")
            if let broken { found.append(broken) }
        }
        checkOneofs(message, at: path, scope, &found)
        for field in message.type.fields {
            guard let inner = scope.scope(of: field) else { continue }
            check(
                message[field], of: field, in: message, at: Self.join(path, field.name), inner,
                &found)
        }
    }

    private func checkOneofs(
        _ message: Message, at path: String, _ scope: ValidationScope, _ found: inout [Violation]
    ) {
        for oneof in message.type.oneofs where oneof.isRequired {
            let fields = oneof.fieldIndexes.map { message.type.fields[$0] }
            if fields.allSatisfy({ message[$0] == nil && scope.scope(of: $0) != nil }) {
                found.append(
                    Violation(
                        path: Self.join(path, oneof.name), rule: "required",
                        message: "one of \(Self.list(fields.map(\.name))) must be set"))
            }
        }
        for rule in message.type.rules.oneofs {
            let isDecided = rule.fields.allSatisfy { name in
                message.type.field(named: name).map { scope.scope(of: $0) != nil } ?? true
            }
            guard isDecided else { continue }
            let set = rule.fields.filter { name in
                message.type.field(named: name).map { message.has($0) } ?? false
            }
            if set.count > 1 {
                found.append(
                    Violation(
                        path: path, rule: "message.oneof",
                        message: "only one of \(Self.list(rule.fields)) may be set"))
            } else if set.isEmpty, rule.isRequired {
                found.append(
                    Violation(
                        path: path, rule: "message.oneof",
                        message: "one of \(Self.list(rule.fields)) must be set"))
            }
        }
    }

    private static func say(
        _ value: String, for range: PartialRangeFrom<Int>, in found: inout [Violation]
    ) {
        for index in found.indices[range] {
            let broken = found[index]
            found[index] = Violation(
                path: broken.path, rule: broken.rule, message: broken.message, value: value)
        }
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private func check(
        _ value: Value?, of field: Field, in message: Message, at path: String,
        _ scope: ValidationScope, _ found: inout [Violation]
    ) {
        let rules = field.rules
        if rules.ignore == .always { return }
        if rules.isRequired, scope.isRequired, !message.has(field) {
            found.append(Violation(path: path, rule: "required", message: "must be set"))
            return
        }
        if scope.isWhole {
            // A field of a message's oneof is not looked at while it is not set.
            let ignoresZero =
                (rules.ignore == .ifZero && !field.hasPresence)
                || message.type.rules.oneofs.contains { $0.fields.contains(field.name) }
            if !rules.isEmpty, !(field.hasPresence && value == nil),
                !(ignoresZero && (value?.isDefault ?? true))
            {
                let checked =
                    value ?? (field.isRepeated ? .list([]) : Value.defaultValue(of: field.kind))
                if let checked {
                    let known = found.count
                    RuleCheck(rules: rules, field: field, path: path, now: now).run(checked, &found)
                    // What is not there is not shown as an empty text or a zero.
                    if value == nil { Self.say("nothing", for: known..., in: &found) }
                }
            }
        }
        switch value {
        case .message(let inner): check(inner, at: path, scope, &found)
        case .list(let items) where rules.items?.value.ignore != .always:
            for (index, item) in items.enumerated() {
                if case .message(let inner) = item {
                    check(inner, at: "\(path)[\(index)]", .everything, &found)
                }
            }
        case .map(let entries) where rules.items?.value.ignore != .always:
            for (key, item) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
                if case .message(let inner) = item {
                    check(
                        inner, at: "\(path)[\(Violation.subscriptText(key))]", .everything, &found)
                }
            }
        default: break
        }
    }

    static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}
