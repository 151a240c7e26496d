import LuaMachine
import Codec
import Contract

/// Values as Lua source, for people: what `tostring` of a message and the shell's plain form show.
public struct ValueText {
    /// Where the types of messages are looked up.
    public let registry: Registry
    /// The width that a value on one line may have.
    public let width: Int

    /// Creates a formatter.
    public init(registry: Registry, width: Int = 80) {
        self.registry = registry
        self.width = width
    }

    /// The value's text: on one line when it fits, else as a tree.
    public func text(_ value: LuaValue) -> String { text(value, indent: 0) }

    private func text(_ value: LuaValue, indent: Int) -> String {
        guard let table = value.table else { return Self.scalar(value) }
        let entries = ordered(table)
        if entries.isEmpty { return "{}" }
        let isArray = table.kind == .list || (table.kind == .plain && table.array != nil)
        let inner = entries.map { key, value in
            let shown = text(value, indent: indent + 1)
            return isArray ? shown : Self.key(key) + " = " + shown
        }
        let line = "{ " + inner.joined(separator: ", ") + " }"
        if line.count + 2 * indent <= width, !line.contains("\n") { return line }
        let margin = String(repeating: "  ", count: indent + 1)
        return "{\n" + inner.map { margin + $0 + ",\n" }.joined()
            + String(repeating: "  ", count: indent) + "}"
    }

    /// A message's fields in the order of the contract; other names sorted.
    public func ordered(_ table: LuaTable) -> [(key: LuaValue, value: LuaValue)] {
        if case .message(let id) = table.kind {
            let type = registry.message(id: id)
            let position = { (key: LuaValue) in
                key.text.flatMap { type.field(named: $0)?.index } ?? Int.max
            }
            return table.entries.sorted { position($0.key) < position($1.key) }
        }
        return table.entries.sorted { a, b in
            switch (a.key, b.key) {
            case (.integer(let x), .integer(let y)): x < y
            case (.integer, _): true
            case (_, .integer): false
            default: (a.key.text ?? "") < (b.key.text ?? "")
            }
        }
    }

    private static func key(_ key: LuaValue) -> String {
        guard let text = key.text else { return "[" + scalar(key) + "]" }
        let isName =
            text.first.map { $0.isLetter || $0 == "_" } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return isName ? text : "[" + JSONWriter.quoted(text) + "]"
    }

    /// A text in double quotes, with escapes.
    public static func quoted(_ text: String) -> String { JSONWriter.quoted(text) }

    /// A value that is not a table.
    public static func scalar(_ value: LuaValue) -> String {
        switch value {
        case .nil, .null: "nil"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let bytes): JSONWriter.quoted(String(decoding: bytes, as: UTF8.self))
        case .time(let seconds, let nanos): TimeText.rfc3339(seconds: seconds, nanos: nanos)
        case .duration(let seconds, let nanos): TimeText.duration(seconds: seconds, nanos: nanos)
        case .secret: SecretMask.text
        case .function: "function"
        case .handle: "handle"
        case .cancellation: "cancelled"
        case .table: "table"
        }
    }
}
