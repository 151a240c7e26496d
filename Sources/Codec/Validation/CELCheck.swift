import Contract

/// Turns the value of a rule's expression into a violation.
enum CELCheck {
    /// What a rule says of a value; nil when it holds.
    ///
    /// A rule holds when its expression is true or an empty text; a text says what is wrong. A rule
    /// that cannot be compiled or evaluated is reported, never passed over.
    static func violation(
        of rule: CELRule, _ program: Result<CELProgram, CELError>,
        _ this: Result<CELValue, CELError>, at path: String,
        now: @Sendable () -> (seconds: Int64, nanos: Int32), value: @autoclosure () -> String
    ) -> Violation? {
        do throws(CELError) {
            switch try program.get().evaluate(this: try this.get(), now: now) {
            case .bool(true), .string(""): return nil
            case .bool(false):
                let message =
                    rule.message.isEmpty
                    ? "\(JSONWriter.quoted(rule.expression)) does not hold" : rule.message
                return Violation(path: path, rule: rule.id, message: message, value: value())
            case .string(let text):
                return Violation(
                    path: path, rule: rule.id, message: rule.message.isEmpty ? text : rule.message,
                    value: value())
            case let other:
                throw .badResult(other.typeName)
            }
        } catch {
            return Violation(
                path: path, rule: rule.id,
                message: "the rule cannot be checked: \(error.description)", value: "")
        }
    }
}
