import Codec
import Contract
import LuaMachine

extension Message {
    /// Struct, Value and ListValue from plain Lua values.
    init(
        dynamic type: MessageType, _ value: LuaValue, depth: Int
    ) throws(CodecError) {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: 100)) }
        var message = Message(type)
        switch type.wellKnown {
        case .struct:
            guard let inner = type.field(named: "fields")?.mapValue?.messageType,
                let table = value.table
            else {
                throw CodecError(.mismatch(expected: "a table", got: "a \(value.typeName)"))
            }
            var entries: [Value: Value] = [:]
            for (key, item) in table.entries {
                guard let name = key.text else {
                    throw CodecError(.mismatch(expected: "names as keys", got: "a \(key.typeName)"))
                }
                do throws(CodecError) {
                    entries[.string(name)] = .message(
                        try Message(dynamic: inner, item, depth: depth - 1))
                } catch {
                    throw error.inside(name)
                }
            }
            message[.fields] = .map(entries)
        case .listValue:
            guard let inner = type.field(named: "values")?.messageType else { break }
            var items: [Value] = []
            for item in value.table?.array ?? [] {
                items.append(.message(try Message(dynamic: inner, item, depth: depth - 1)))
            }
            message[.values] = .list(items)
        default:
            switch value {
            case .bool(let flag): message[.boolValue] = .bool(flag)
            case .integer(let number): message[.numberValue] = .double(Double(number))
            case .number(let number): message[.numberValue] = .double(number)
            case .string(let bytes):
                message[.stringValue] = .string(String(decoding: bytes, as: UTF8.self))
            case .null, .nil: message[.nullValue] = .enumeration(0)
            case .table(let table):
                let isList = table.kind == .list || (!table.entries.isEmpty && table.array != nil)
                let name: FieldName = isList ? .listValue : .structValue
                let inner = message.new(name).type
                message[name] = .message(try Message(dynamic: inner, value, depth: depth - 1))
            default:
                throw CodecError(.mismatch(expected: "a plain value", got: "a \(value.typeName)"))
            }
        }
        self = message
    }
}
