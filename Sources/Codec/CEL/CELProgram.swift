import Contract
import Synchronization

/// A compiled expression.
public struct CELProgram: Sendable {
    let expression: CELExpression

    /// Compiles an expression about messages of a type.
    ///
    /// - Throws: ``CELError`` for a syntax error, and for a name, field or function that does not
    ///   exist.
    public init(_ text: String, about type: MessageType) throws(CELError) {
        expression = try CELParser.parse(text)
        try CELChecker.check(expression, this: CELChecker.StaticType(type))
    }

    /// Compiles an expression about values of a field; about its elements when it is repeated and
    /// `isElement`.
    public init(_ text: String, about field: Field, isElement: Bool) throws(CELError) {
        expression = try CELParser.parse(text)
        try CELChecker.check(
            expression,
            this: isElement
                ? CELChecker.StaticType(element: field) : CELChecker.StaticType(field))
    }

    /// Evaluates the expression.
    ///
    /// - Parameters:
    ///   - this: the value of `this`.
    ///   - now: seconds since 1970 and nanoseconds.
    /// - Throws: ``CELError`` when an operator or function is not defined for its operands.
    public func evaluate(
        this: CELValue, now: @Sendable () -> (seconds: Int64, nanos: Int32)
    ) throws(CELError) -> CELValue {
        let present = now()
        var evaluator = CELEvaluator()
        let variables = CELVariables(
            [
                "this": this,
                "now": .timestamp(CELInstant(seconds: present.seconds, nanos: present.nanos)),
            ])
        return try evaluator.evaluate(expression, variables)
    }

    private struct Key: Hashable {
        let text: String
        let subject: ObjectIdentifier
        let isElement: Bool
    }

    private static let compiled = Mutex<[Key: Result<CELProgram, CELError>]>([:])

    /// A message type's rule, compiled once.
    static func cached(
        _ rule: CELRule, about type: MessageType
    ) -> Result<CELProgram, CELError> {
        cached(Key(text: rule.expression, subject: ObjectIdentifier(type), isElement: false)) {
            () throws(CELError) in try CELProgram(rule.expression, about: type)
        }
    }

    /// A field's rule, compiled once.
    static func cached(
        _ rule: CELRule, about field: Field, isElement: Bool
    ) -> Result<CELProgram, CELError> {
        cached(
            Key(text: rule.expression, subject: ObjectIdentifier(field), isElement: isElement)
        ) { () throws(CELError) in
            try CELProgram(rule.expression, about: field, isElement: isElement)
        }
    }

    private static func cached(
        _ key: Key, _ compile: () throws(CELError) -> CELProgram
    ) -> Result<CELProgram, CELError> {
        if let known = compiled.withLock({ $0[key] }) { return known }
        let made = Result(catching: compile)
        compiled.withLock { $0[key] = made }
        return made
    }
}
