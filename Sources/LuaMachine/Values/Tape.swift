import CLuaHost

/// Reads values that Lua wrote. Borrows the tape: valid during one host call.
public struct TapeReader {
    private let tape: UnsafeMutablePointer<qh_tape>

    package init(_ tape: UnsafeMutablePointer<qh_tape>) { self.tape = tape }

    /// Whether everything has been read.
    public var isAtEnd: Bool { tape.pointee.cursor >= tape.pointee.length }

    /// The next tag, without taking it; the end counts as `QH_END`.
    package var peek: UInt32 {
        isAtEnd ? QH_END.rawValue : UInt32(tape.pointee.bytes[tape.pointee.cursor])
    }

    package func take() -> UInt32 {
        let tag = peek
        tape.pointee.cursor += 1
        return tag
    }

    /// The bytes after the next tag.
    package var nextPayload: UnsafePointer<UInt8> {
        UnsafePointer(tape.pointee.bytes + tape.pointee.cursor + 1)
    }

    /// Reads a fixed-size payload. C wrote the tape, so it is whole.
    package func load<Payload>(_ type: Payload.Type) -> Payload {
        let value = UnsafeRawPointer(tape.pointee.bytes + tape.pointee.cursor)
            .loadUnaligned(as: type)
        tape.pointee.cursor += MemoryLayout<Payload>.size
        return value
    }

    package func bytes() -> UnsafeRawBufferPointer {
        let length = Int(load(UInt32.self))
        let start = tape.pointee.bytes + tape.pointee.cursor
        tape.pointee.cursor += length
        return UnsafeRawBufferPointer(start: start, count: length)
    }

    /// Reads the next value; nil stands for an absent one, too.
    public func value() -> LuaValue {
        guard !isAtEnd else { return .nil }
        switch qh_tag(take()) {
        case QH_FALSE: return .bool(false)
        case QH_TRUE: return .bool(true)
        case QH_INTEGER: return .integer(load(Int64.self))
        case QH_NUMBER: return .number(load(Double.self))
        case QH_STRING: return .string(Array(bytes()))
        case QH_TABLE: return .table(table(.plain))
        case QH_LIST: return .table(list())
        case QH_MESSAGE:
            let type = Int(load(UInt32.self))
            _ = load(UInt32.self)
            return .table(table(.message(type: type)))
        case QH_META:
            let meta = Int(load(UInt32.self))
            _ = take()
            return .table(table(.object(meta: meta)))
        case QH_TIME: return .time(seconds: load(Int64.self), nanos: load(Int32.self))
        case QH_DURATION: return .duration(seconds: load(Int64.self), nanos: load(Int32.self))
        case QH_SECRET: return .secret(Array(bytes()))
        case QH_NULL: return .null
        case QH_CANCEL: return .cancellation
        case QH_FUNCTION: return .function(load(Int32.self))
        case QH_HANDLE:
            return .handle(
                slot: load(UInt32.self), generation: load(UInt32.self), type: load(UInt32.self))
        default: return .nil
        }
    }

    private func table(_ kind: LuaTable.Kind) -> LuaTable {
        var table = LuaTable(kind: kind)
        while peek != QH_END.rawValue {
            if peek == QH_UNKNOWN.rawValue {
                _ = take()
                _ = bytes()
                continue
            }
            let key = value()
            table.entries.append((key, value()))
        }
        _ = take()
        return table
    }

    private func list() -> LuaTable {
        _ = load(UInt32.self)
        var table = LuaTable(kind: .list)
        while peek != QH_END.rawValue {
            table.entries.append((.integer(Int64(table.entries.count + 1)), value()))
        }
        _ = take()
        return table
    }

    /// The values that are left.
    public func rest() -> [LuaValue] {
        var values: [LuaValue] = []
        while !isAtEnd { values.append(value()) }
        return values
    }

    /// Goes back to the first value.
    package func rewind() { tape.pointee.cursor = 0 }

    /// Passes over the next value.
    package func skip() { _ = value() }
}

/// Writes values for Lua. Borrows the tape: valid during one host call or one resumption.
public struct TapeWriter {
    package let tape: UnsafeMutablePointer<qh_tape>

    package init(_ tape: UnsafeMutablePointer<qh_tape>) { self.tape = tape }

    /// Writes nil.
    public func putNil() { qh_put_tag(tape, UInt8(QH_NIL.rawValue)) }
    /// Writes a boolean.
    public func put(_ flag: Bool) { qh_put_bool(tape, flag) }
    /// Writes an integer.
    public func put(_ number: Int64) { qh_put_integer(tape, number) }
    /// Writes an integer.
    public func put(_ number: Int) { qh_put_integer(tape, Int64(number)) }
    /// Writes a float.
    public func put(_ number: Double) { qh_put_number(tape, number) }

    /// Writes a string.
    public func put(_ text: String) {
        var text = text
        text.withUTF8 { qh_put_string(tape, $0.baseAddress, $0.count) }
    }

    /// Writes a string.
    public func put(_ bytes: UnsafeRawBufferPointer) {
        qh_put_string(tape, bytes.baseAddress, bytes.count)
    }

    /// Writes a text that is not shown.
    public func put(secret bytes: UnsafeRawBufferPointer) {
        qh_put_bytes(tape, UInt8(QH_SECRET.rawValue), bytes.baseAddress, bytes.count)
    }

    /// Writes a string, or nil.
    public func put(optional text: String?) {
        if let text { put(text) } else { putNil() }
    }

    /// Writes a table whose keys and values the body writes in turn.
    public func table(_ body: () -> Void) {
        qh_put_tag(tape, UInt8(QH_TABLE.rawValue))
        body()
        qh_put_tag(tape, UInt8(QH_END.rawValue))
    }

    /// Writes a list whose elements the body writes.
    public func list(_ body: () -> Void) {
        qh_put_u32(tape, UInt8(QH_LIST.rawValue), 0)
        body()
        qh_put_tag(tape, UInt8(QH_END.rawValue))
    }

    /// Writes a table with a registered metatable.
    public func object(meta: UInt32, _ body: () -> Void) {
        qh_put_u32(tape, UInt8(QH_META.rawValue), meta)
        table(body)
    }

    /// Writes a host function.
    public func function(_ number: UInt32) { qh_put_u32(tape, UInt8(QH_HOST.rawValue), number) }

    /// Writes any value that does not refer to the machine.
    public func put(_ value: LuaValue) {
        switch value {
        case .nil: putNil()
        case .bool(let flag): put(flag)
        case .integer(let number): put(number)
        case .number(let number): put(number)
        case .string(let bytes): bytes.withUnsafeBytes { put($0) }
        case .time(let seconds, let nanos):
            qh_put_instant(tape, UInt8(QH_TIME.rawValue), seconds, nanos)
        case .duration(let seconds, let nanos):
            qh_put_instant(tape, UInt8(QH_DURATION.rawValue), seconds, nanos)
        case .secret(let bytes): bytes.withUnsafeBytes { put(secret: $0) }
        case .null: qh_put_tag(tape, UInt8(QH_NULL.rawValue))
        case .cancellation: qh_put_tag(tape, UInt8(QH_CANCEL.rawValue))
        case .function(let reference):
            qh_put_u32(tape, UInt8(QH_FUNCTION.rawValue), UInt32(bitPattern: reference))
        case .handle(let slot, let generation, let type):
            qh_put_handle(tape, slot, generation, type)
        case .table(let value):
            if value.kind == .list {
                list { for entry in value.entries { put(entry.value) } }
                return
            }
            if case .object(let meta) = value.kind, let number = UInt32(exactly: meta) {
                qh_put_u32(tape, UInt8(QH_META.rawValue), number)
            }
            table {
                for (key, value) in value.entries {
                    put(key)
                    put(value)
                }
            }
        }
    }
}

/// A tape that Swift owns.
package final class OwnedTape {
    package let pointer: UnsafeMutablePointer<qh_tape>

    package init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: qh_tape())
    }

    deinit {
        qh_tape_free(pointer)
        pointer.deallocate()
    }

    package func clear() { qh_tape_clear(pointer) }

    package var writer: TapeWriter { TapeWriter(pointer) }
    package var reader: TapeReader { TapeReader(pointer) }
}
