import LuaMachine
import Codec
import Contract

/// Values as JSON: messages with the names and forms of ProtoJSON, other tables as they are.
public struct ValueJSON {
    /// Where the types of messages are looked up.
    public let registry: Registry

    /// Creates a formatter.
    public init(registry: Registry) { self.registry = registry }

    /// Reads a document as a script would see it: arrays are lists, null is `json.null`.
    public static func value(_ document: [UInt8]) throws(CodecError) -> LuaValue {
        let tape = OwnedTape()
        try document.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
            try JSONTape.read(&scanner, into: tape.writer, depth: 100)
            try scanner.expectEnd()
        }
        return tape.reader.value()
    }

    /// The value as one line of JSON.
    public func text(_ value: LuaValue) -> String {
        switch value {
        case .nil, .null: return "null"
        case .bool(let flag): return "\(flag)"
        case .integer(let number): return "\(number)"
        case .number(let number): return number.isFinite ? "\(number)" : "null"
        case .table(let table):
            if table.kind == .list
                || (table.kind == .plain && !table.entries.isEmpty && table.array != nil)
            {
                let items = table.array ?? table.entries.map(\.value)
                return "[" + items.map(text).joined(separator: ",") + "]"
            }
            var type: MessageType?
            if case .message(let id) = table.kind { type = registry.message(id: id) }
            let members = ValueText(registry: registry).ordered(table).map { key, value in
                let name = key.text ?? key.integer.map { "\($0)" } ?? key.typeName
                let field = type?.field(named: name)
                return JSONWriter.quoted(field?.jsonName ?? name) + ":" + text(value, of: field)
            }
            return "{" + members.joined(separator: ",") + "}"
        default: return JSONWriter.quoted(Self.plain(value))
        }
    }

    /// 64-bit integers are strings in ProtoJSON, bytes are base64.
    private func text(_ value: LuaValue, of field: Field?) -> String {
        guard let field else { return text(value) }
        if let items = value.table?.array, field.isRepeated, !field.isMap {
            return "[" + items.map { scalarJSON($0, field) }.joined(separator: ",") + "]"
        }
        return scalarJSON(value, field)
    }

    private func scalarJSON(_ value: LuaValue, _ field: Field) -> String {
        switch (field.kind, value) {
        case (.int64, .integer(let number)), (.uint64, .integer(let number)),
            (.sint64, .integer(let number)), (.fixed64, .integer(let number)),
            (.sfixed64, .integer(let number)):
            return "\"\(number)\""
        case (.double, .number(let number)), (.float, .number(let number)):
            // ProtoJSON writes whole numbers without a fraction, and what is no number as text.
            if let whole = Int64(exactly: number) { return "\(whole)" }
            if number.isNaN { return "\"NaN\"" }
            return number.isFinite ? "\(number)" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
        case (.bytes, .string(let bytes)): return "\"" + Base64.encode(bytes) + "\""
        default: return text(value)
        }
    }

    private static func plain(_ value: LuaValue) -> String {
        if case .string(let bytes) = value { return String(decoding: bytes, as: UTF8.self) }
        return ValueText.scalar(value)
    }
}
