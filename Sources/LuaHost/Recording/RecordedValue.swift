import Contract
import LuaMachine

/// Values of Lua as JSON that reads back as the same values.
///
/// What JSON has no form for is an object with one member whose name begins with `$`. Secrets are
/// not written: they read back as secrets with another text.
enum RecordedValue {
    /// The value in a form that ``ValueJSON`` writes and reads without loss.
    static func encode(_ value: LuaValue) -> LuaValue {
        switch value {
        case .nil: return special("nil", .bool(true))
        case .null: return special("null", .bool(true))
        case .secret: return special("secret", .bool(true))
        case .time(let seconds, let nanos): return special("time", pair(seconds, nanos))
        case .duration(let seconds, let nanos): return special("duration", pair(seconds, nanos))
        case .number(let number) where !number.isFinite || number == number.rounded():
            return special("float", .text("\(number)"))
        case .string(let bytes):
            if String(validating: bytes, as: UTF8.self) != nil { return value }
            return special("bytes", .list(bytes.map { .integer(Int64($0)) }))
        case .table(let table):
            if table.kind == .list { return .list(table.entries.map { encode($0.value) }) }
            if case .object(let meta) = table.kind {
                let plain = LuaValue.table(LuaTable(entries: table.entries))
                return special("object", .list([.integer(Int64(meta)), encode(plain)]))
            }
            if table.entries.allSatisfy({ $0.key.text?.hasPrefix("$") == false }) {
                return .table(
                    LuaTable(entries: table.entries.map { ($0.key, encode($0.value)) }))
            }
            return special(
                "table",
                .list(table.entries.map { .list([encode($0.key), encode($0.value)]) }))
        default: return value
        }
    }

    /// The value that was encoded.
    static func decode(_ value: LuaValue) -> LuaValue {
        guard let table = value.table else { return value }
        if table.kind == .list { return .list(table.entries.map { decode($0.value) }) }
        guard table.entries.count == 1, let name = table.entries[0].key.text, name.hasPrefix("$")
        else {
            return .table(LuaTable(entries: table.entries.map { ($0.key, decode($0.value)) }))
        }
        let inner = table.entries[0].value
        let items = inner.table?.array ?? []
        switch name {
        case "$null": return .null
        case "$secret": return .secret(Array(SecretMask.text.utf8))
        case "$time", "$duration":
            let seconds = items.first?.integer ?? 0
            let nanos = Int32(truncatingIfNeeded: items.last?.integer ?? 0)
            return name == "$time"
                ? .time(seconds: seconds, nanos: nanos) : .duration(seconds: seconds, nanos: nanos)
        case "$float": return .number(Double(inner.text ?? "") ?? .nan)
        case "$bytes":
            return .string(items.map { UInt8(truncatingIfNeeded: $0.integer ?? 0) })
        case "$object":
            guard items.count == 2, var object = decode(items[1]).table else { return .nil }
            // Others than those of the program come from a file that somebody has changed.
            if let meta = items[0].integer, (0...Int64(Int32.max)).contains(meta) {
                object.kind = .object(meta: Int(meta))
            }
            return .table(object)
        case "$table":
            return .table(
                LuaTable(
                    entries: items.compactMap { $0.table?.array }.filter { $0.count == 2 }
                        .map { (decode($0[0]), decode($0[1])) }))
        default: return .nil
        }
    }

    private static func special(_ name: String, _ value: LuaValue) -> LuaValue {
        .table(LuaTable(entries: [(.text("$" + name), value)]))
    }

    private static func pair(_ seconds: Int64, _ nanos: Int32) -> LuaValue {
        .list([.integer(seconds), .integer(Int64(nanos))])
    }
}
