import LuaMachine
import CLuaHost
import Codec
import Contract

/// Writes what a reader reads onto a tape that becomes Lua tables.
package struct TapeSink: MessageSink {
    private let tape: UnsafeMutablePointer<qh_tape>
    private let machine: LuaMachine
    private var goesOn = false
    /// Whether the texts of the field that is being written are not to be shown.
    private var isSecret = false
    /// The messages that are open: their types and how many fields each has so far.
    private var open: [(type: Int, fields: UInt32)] = []

    package init(_ writer: TapeWriter, machine: LuaMachine) {
        tape = writer.tape
        self.machine = machine
    }

    @inline(__always)
    package mutating func beginMessage(_ type: MessageType) {
        machine.define(type)
        if goesOn {
            goesOn = false
            qh_put_tag(tape, UInt8(QH_AGAIN.rawValue))
        }
        qh_put_message(tape, UInt32(type.id), machine.expectedFields(type.id))
        open.append((type.id, 0))
    }

    @inline(__always)
    package mutating func endMessage() {
        qh_put_tag(tape, UInt8(QH_END.rawValue))
        if let closed = open.popLast() { machine.sawFields(closed.fields, of: closed.type) }
    }

    @inline(__always)
    package mutating func field(_ field: Field, isKnown: Bool) {
        qh_put_field(tape, UInt16(field.index))
        countField()
        isSecret = field.isSecret
        goesOn = isKnown && field.messageType != nil
    }

    @inline(__always)
    package mutating func beginList(_ field: Field, isKnown: Bool) {
        qh_put_field(tape, UInt16(field.index))
        countField()
        isSecret = field.isSecret
        if isKnown { qh_put_tag(tape, UInt8(QH_AGAIN.rawValue)) }
        qh_put_u32(tape, UInt8(QH_LIST.rawValue), 4)
    }

    @inline(__always)
    package mutating func endList() { qh_put_tag(tape, UInt8(QH_END.rawValue)) }

    package mutating func beginMap(_ field: Field, isKnown: Bool) {
        qh_put_field(tape, UInt16(field.index))
        countField()
        isSecret = field.isSecret
        if isKnown { qh_put_tag(tape, UInt8(QH_AGAIN.rawValue)) }
        qh_put_tag(tape, UInt8(QH_TABLE.rawValue))
    }

    package mutating func endMap() { qh_put_tag(tape, UInt8(QH_END.rawValue)) }

    @inline(__always)
    private mutating func countField() {
        if !open.isEmpty { open[open.count - 1].fields += 1 }
    }

    @inline(__always) package mutating func bool(_ value: Bool) { qh_put_bool(tape, value) }
    @inline(__always) package mutating func int(_ value: Int64) { qh_put_integer(tape, value) }
    package mutating func uint(_ value: UInt64) {
        // Lua's integers are signed: what does not fit stays exact as text.
        if let number = Int64(exactly: value) {
            qh_put_integer(tape, number)
        } else {
            TapeWriter(tape).put("\(value)")
        }
    }
    package mutating func float(_ value: Float) { qh_put_number(tape, Double(value)) }
    package mutating func double(_ value: Double) { qh_put_number(tape, value) }
    @inline(__always)
    package mutating func string(_ value: UnsafeRawBufferPointer) {
        // An empty text is what lists show in the place of a secret: it is none.
        let tag = isSecret && !value.isEmpty ? QH_SECRET : QH_STRING
        qh_put_bytes(tape, UInt8(tag.rawValue), value.baseAddress, value.count)
    }
    package mutating func bytes(_ value: UnsafeRawBufferPointer) { string(value) }
    @inline(__always)
    package mutating func enumeration(_ value: Int32, of type: EnumType) {
        machine.define(type)
        qh_put_enum(tape, UInt32(type.id), value)
    }
    package mutating func enumeration(unknownName name: String, of type: EnumType) {
        machine.types.unknownEnumNames.note(name, of: type.id)
        TapeWriter(tape).put(name)
    }
    @inline(__always)
    package mutating func timestamp(seconds: Int64, nanos: Int32) {
        goesOn = false
        qh_put_instant(tape, UInt8(QH_TIME.rawValue), seconds, nanos)
    }
    package mutating func duration(seconds: Int64, nanos: Int32) {
        goesOn = false
        qh_put_instant(tape, UInt8(QH_DURATION.rawValue), seconds, nanos)
    }

    package mutating func unknown(_ bytes: UnsafeRawBufferPointer) {
        qh_put_bytes(tape, UInt8(QH_UNKNOWN.rawValue), bytes.baseAddress, bytes.count)
    }

    package mutating func wellKnown(_ message: Message) {
        goesOn = false
        if message.type.wellKnown == .any {
            write(message)
        } else {
            TapeWriter(tape).put(LuaValue(message))
        }
    }

    /// Writes a message that is already whole.
    package mutating func write(_ message: Message) {
        if let wellKnown = message.type.wellKnown, wellKnown != .any, wellKnown != .empty {
            if wellKnown == .timestamp || wellKnown == .duration {
                let seconds = Int64(message.integer(.seconds))
                let nanos = Int32(clamping: message.integer(.nanos))
                let tag = wellKnown == .timestamp ? QH_TIME : QH_DURATION
                qh_put_instant(tape, UInt8(tag.rawValue), seconds, nanos)
            } else {
                self.wellKnown(message)
            }
            return
        }
        beginMessage(message.type)
        for (field, value) in message.setFields {
            switch value {
            case .list(let items):
                beginList(field, isKnown: false)
                for item in items { write(item, of: field) }
                endList()
            case .map(let entries):
                guard let keyField = field.mapKey, let valueField = field.mapValue else { continue }
                beginMap(field, isKnown: false)
                for (key, item) in entries {
                    write(key, of: keyField)
                    write(item, of: valueField)
                }
                endMap()
            default:
                self.field(field, isKnown: false)
                write(value, of: field)
            }
        }
        if !message.unknownFields.isEmpty { message.unknownFields.withUnsafeBytes { unknown($0) } }
        endMessage()
    }

    private mutating func write(_ value: Value, of field: Field) {
        switch value {
        case .bool(let flag): bool(flag)
        case .int(let number): int(number)
        case .uint(let number): uint(number)
        case .float(let number): float(number)
        case .double(let number): double(number)
        case .string(var text): text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
        case .bytes(let content): content.withUnsafeBytes { bytes($0) }
        case .enumeration(let number):
            if let type = field.enumType { enumeration(number, of: type) }
        case .unknownEnumName(let name):
            if let type = field.enumType { enumeration(unknownName: name, of: type) }
        case .message(let message): write(message)
        case .list, .map: break
        }
    }
}
