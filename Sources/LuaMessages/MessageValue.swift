import LuaMachine
import CLuaHost
import Codec
import Contract

extension LuaValue {
    /// What a script would see of a message, made without a machine: enums by their names, times,
    /// secrets.
    public init(_ message: Message) {
        switch message.type.wellKnown {
        case .timestamp:
            self = .time(
                seconds: Int64(message.integer(.seconds)),
                nanos: Int32(clamping: message.integer(.nanos)))
            return
        case .duration:
            self = .duration(
                seconds: Int64(message.integer(.seconds)),
                nanos: Int32(clamping: message.integer(.nanos)))
            return
        case .fieldMask:
            self = .list(message.strings(.paths).map { .text($0) })
            return
        case .some(let known) where known.isWrapper:
            let field = message.type.fields[0]
            let value = message[field] ?? Value.defaultValue(of: field.kind)
            self = value.map { LuaValue($0, of: field) } ?? .nil
            return
        case .struct, .listValue, .value:
            self = LuaValue(dynamic: message)
            return
        default: break
        }
        self = .table(
            LuaTable(
                kind: .message(type: message.type.id),
                entries: message.setFields.map { field, value in
                    (.text(field.name), LuaValue(value, of: field))
                }))
    }

    /// Struct, Value and ListValue as plain values.
    private init(dynamic message: Message) {
        switch (message.type.wellKnown, message.setFields.first?.value) {
        case (.struct, .map(let entries)?):
            self = .table(
                LuaTable(
                    entries: entries.sorted { $0.key.sortKey < $1.key.sortKey }.map { key, value in
                        guard case .message(let inner) = value else { return (.nil, .nil) }
                        return (.text(key.mapKeyText), LuaValue(dynamic: inner))
                    }))
        case (.struct, _): self = .table(LuaTable())
        case (.listValue, _):
            self = Self.list(message.messages(.values).map { LuaValue(dynamic: $0) })
        case (_, .double(let number)?):
            self = Int64(exactly: number).map { .integer($0) } ?? .number(number)
        case (_, .string(let text)?): self = .text(text)
        case (_, .bool(let flag)?): self = .bool(flag)
        case (_, .message(let inner)?): self = LuaValue(dynamic: inner)
        default: self = .null
        }
    }

    /// A list.
    public static func list(_ items: [LuaValue]) -> LuaValue {
        .table(
            LuaTable(
                kind: .list,
                entries: items.enumerated().map { (.integer(Int64($0.offset + 1)), $0.element) }))
    }

    private init(_ value: Value, of field: Field) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .integer(number)
        case .uint(let number):
            self = Int64(exactly: number).map { .integer($0) } ?? .text("\(number)")
        case .float(let number): self = .number(Double(number))
        case .double(let number): self = .number(number)
        case .string(let text): self = Self.text(Array(text.utf8), of: field)
        case .bytes(let bytes): self = Self.text(bytes, of: field)
        case .enumeration(let number):
            self = field.enumType?.name(of: number).map { .text($0) } ?? .integer(Int64(number))
        case .unknownEnumName(let name): self = .text(name)
        case .message(let message): self = LuaValue(message)
        case .list(let items): self = Self.list(items.map { LuaValue($0, of: field) })
        case .map(let entries):
            guard let keyField = field.mapKey, let valueField = field.mapValue else {
                self = .nil
                return
            }
            self = .table(
                LuaTable(
                    entries: entries.sorted { $0.key.sortKey < $1.key.sortKey }.map {
                        (LuaValue($0.key, of: keyField), LuaValue($0.value, of: valueField))
                    }))
        }
    }

    private static func text(_ bytes: [UInt8], of field: Field) -> LuaValue {
        field.isSecret && !bytes.isEmpty ? .secret(bytes) : .string(bytes)
    }
}
