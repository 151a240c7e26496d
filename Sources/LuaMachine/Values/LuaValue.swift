/// A Lua value outside of Lua: what a script returned, or an argument of a host function.
public indirect enum LuaValue: Sendable {
    case `nil`
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    /// A string; Lua's strings are bytes.
    case string([UInt8])
    case table(LuaTable)
    case time(seconds: Int64, nanos: Int32)
    case duration(seconds: Int64, nanos: Int32)
    /// A text that is not shown.
    case secret([UInt8])
    /// `qdrant.null`.
    case null
    /// A function or coroutine, by its reference, which the receiver has to release; 0 when nothing
    /// keeps it.
    case function(Int32)
    /// What a cancelled task was unwound with.
    case cancellation
    /// An object of the host.
    case handle(slot: UInt32, generation: UInt32, type: UInt32)

    /// A string value.
    public static func text(_ text: String) -> LuaValue { .string(Array(text.utf8)) }

    /// The text of a string; nil for other values.
    public var text: String? {
        if case .string(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
        return nil
    }

    /// The number of an integer, or of a float without fraction; nil for other values.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The number of an integer or float; nil for other values.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// The table; nil for other values.
    public var table: LuaTable? {
        if case .table(let table) = self { return table }
        return nil
    }

    /// What Lua's `type` calls the value.
    public var typeName: String {
        switch self {
        case .nil: "nil"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .table: "table"
        case .time: "time"
        case .duration: "duration"
        case .secret: "secret"
        case .null: "null"
        case .function: "function"
        case .handle: "handle"
        case .cancellation: "cancellation"
        }
    }
}

/// A copy of a Lua table.
public struct LuaTable: Sendable {
    /// What the table's metatable said that it is.
    public enum Kind: Sendable, Equatable {
        case plain
        /// A list, even when empty.
        case list
        /// A message of the contract, by the dense number of its type.
        case message(type: Int)
        /// A table with a registered metatable.
        case object(meta: Int)
    }

    /// What the table is.
    public var kind = Kind.plain
    /// Keys and values as they came.
    public var entries: [(key: LuaValue, value: LuaValue)] = []

    /// Creates a table.
    public init(kind: Kind = .plain, entries: [(key: LuaValue, value: LuaValue)] = []) {
        self.kind = kind
        self.entries = entries
    }

    /// The value of a string key.
    public subscript(name: String) -> LuaValue? {
        let wanted = Array(name.utf8)
        for (key, value) in entries {
            if case .string(let bytes) = key, bytes == wanted { return value }
        }
        return nil
    }

    /// The elements at 1, 2, … up to the first gap; nil when there are other keys.
    public var array: [LuaValue]? {
        var slots = [LuaValue?](repeating: nil, count: entries.count)
        for (key, value) in entries {
            guard case .integer(let index) = key, (1...Int64(entries.count)).contains(index) else {
                return nil
            }
            slots[Int(index) - 1] = value
        }
        return slots.allSatisfy { $0 != nil } ? slots.compactMap { $0 } : nil
    }
}

extension Array {
    /// The element that Lua counts as a number, from one on; nil when there is none.
    public func element(numbered number: Int64?) -> Element? {
        guard let number, number >= 1, number <= count else { return nil }
        return self[Int(number) - 1]
    }
}

extension LuaValue {
    /// Whether the value is `true`.
    package var isTrue: Bool {
        if case .bool(true) = self { return true }
        return false
    }

    /// The bytes of a string or a secret.
    package var bytes: [UInt8]? {
        switch self {
        case .string(let bytes), .secret(let bytes): bytes
        default: nil
        }
    }
}
