/// An expression (Lua 5.4 manual, section 3.4).
public indirect enum Expression: Sendable {
    case `nil`(Position)
    case bool(Bool, Position)
    case integer(Int64, Position)
    case float(Double, Position)
    case string([UInt8], Position)
    case vararg(Position)
    case function(Function, Position)
    case name(String, Position)
    /// `table.key` and `table[key]`.
    case index(Expression, key: Expression, Position)
    case call(Call)
    case table([TableField], Position)
    case unary(String, Expression, Position)
    case binary(String, Expression, Expression, Position)
    /// In parentheses, which cut a call's results down to one.
    case parenthesised(Expression, Position)

    /// Where it begins, or of an operator or index where that stands.
    public var position: Position {
        switch self {
        case .nil(let place), .bool(_, let place), .integer(_, let place), .float(_, let place),
            .string(_, let place), .vararg(let place), .function(_, let place),
            .name(_, let place), .index(_, _, let place), .table(_, let place),
            .unary(_, _, let place), .binary(_, _, _, let place), .parenthesised(_, let place):
            place
        case .call(let call): call.position
        }
    }

    /// The text of a string literal; nil for anything else.
    public var text: String? {
        if case .string(let bytes, _) = self { return String(decoding: bytes, as: UTF8.self) }
        return nil
    }
}

/// A call, as an expression or a statement.
public struct Call: Sendable {
    public let function: Expression
    /// The name after the colon; nil for a plain call.
    public let method: String?
    public let arguments: [Expression]
    /// Where the arguments begin.
    public let position: Position
}

/// An element of a table constructor.
public struct TableField: Sendable {
    /// The key; nil for an element by position.
    public let key: Expression?
    public let value: Expression
    public let position: Position
}

/// A function's parameters and body.
public struct Function: Sendable {
    public let parameters: [(name: String, position: Position)]
    public let isVariadic: Bool
    /// Whether `self` comes first without being written.
    public let hasSelf: Bool
    public let body: [Statement]

    /// The function that a whole file is.
    public static func chunk(_ body: [Statement]) -> Self {
        Self(parameters: [], isVariadic: true, hasSelf: false, body: body)
    }
}

/// A statement (Lua 5.4 manual, section 3.3).
public indirect enum Statement: Sendable {
    case local([(name: String, attribute: String?, position: Position)], [Expression], Position)
    case assign([Expression], [Expression], Position)
    case call(Call)
    case block([Statement])
    case `while`(Expression, [Statement])
    case `repeat`([Statement], until: Expression)
    case `if`([(condition: Expression, body: [Statement])], else: [Statement]?)
    case numericFor(
        name: String, position: Position, from: Expression, to: Expression, step: Expression?,
        [Statement])
    case genericFor([(name: String, position: Position)], [Expression], [Statement])
    /// `function a.b:c() … end`
    case function(target: Expression, Function, Position)
    case localFunction(String, Function, Position)
    case `return`([Expression], Position)
    case `break`(Position)
    case goto(String, Position)
    case label(String, Position)
}
