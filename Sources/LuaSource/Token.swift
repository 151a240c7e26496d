/// A place in a source text.
public struct Position: Sendable, Hashable {
    /// From 1.
    public let line: Int
    /// In bytes, from 1.
    public let column: Int
    /// In bytes, from 0.
    public let offset: Int

    /// The beginning of a text.
    public static let start = Self(line: 1, column: 1, offset: 0)
}

/// What a text of Lua consists of.
public enum TokenKind: Sendable, Equatable {
    case name(String)
    case keyword(Keyword)
    /// A literal, with its value.
    case string([UInt8])
    case integer(Int64)
    case float(Double)
    /// An operator or a bracket, as it is written.
    case symbol(String)
    case end

    /// Whether a value may end with it.
    public var endsValue: Bool {
        switch self {
        case .name, .string, .integer, .float, .symbol(")"), .symbol("]"), .symbol("}"),
            .keyword(.true), .keyword(.false), .keyword(.nil):
            true
        default: false
        }
    }
}

/// A word that cannot be a name (Lua 5.4 manual, section 3.1).
public enum Keyword: String, Sendable, CaseIterable {
    case and, `break`, `do`, `else`, elseif, end, `false`, `for`, function, goto, `if`, `in`, local,
        `nil`, not, or, `repeat`, `return`, then, `true`, until, `while`
}

/// A token and where it stands.
public struct Token: Sendable {
    public let kind: TokenKind
    public let position: Position
    /// Where it ends, in bytes from 0.
    public let endOffset: Int
}

/// The error for a string that is not valid Lua.
public struct SyntaxError: Error, Sendable, CustomStringConvertible {
    /// In words for a person.
    public let message: String
    public let position: Position
    /// Whether the text only ends too early.
    public let isIncomplete: Bool

    public var description: String { "\(position.line):\(position.column): \(message)" }
}
