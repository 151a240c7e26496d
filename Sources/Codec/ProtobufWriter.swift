import Contract
import Wire

extension Message {
    /// The first enum value without a number, and so without a binary form: a name that a newer
    /// server sent over REST. Nil when the message can be serialized whole.
    public var unknownEnumName: (path: String, name: String)? {
        // The binary format has numbers only.
        guard keptSerialization == nil else { return nil }
        for (field, value) in setFields {
            guard let found = value.unknownEnumName else { continue }
            return (field.name + found.path, found.name)
        }
        return nil
    }

    /// The message in the protobuf binary format: fields in the order of their declaration, map
    /// entries sorted, unknown fields last.
    public func serialized() -> [UInt8] {
        if let keptSerialization { return keptSerialization }
        var writer = WireWriter(capacity: 128)
        write(to: &writer)
        return writer.bytes
    }

    /// The message in the protobuf binary format, with room for a prefix before it, so that framing
    /// it copies nothing.
    ///
    /// - Parameter prefix: the number of bytes that are left zero at the start.
    public func serialized(after prefix: Int) -> [UInt8] {
        var writer = WireWriter(capacity: prefix + (keptSerialization?.count ?? 128))
        writer.raw(repeatElement(0, count: prefix))
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout WireWriter) {
        if let keptSerialization { return writer.raw(keptSerialization) }
        for (field, value) in setFields where field.hasPresence || !value.isDefault {
            switch value {
            case .list(let items) where field.isPacked:
                writer.tag(field.number, .lengthDelimited)
                writer.nested { inner in
                    for item in items { Self.writePayload(item, of: field, to: &inner) }
                }
            case .list(let items):
                for item in items { Self.write(item, of: field, to: &writer) }
            case .map(let entries): Self.write(entries, of: field, to: &writer)
            default: Self.write(value, of: field, to: &writer)
            }
        }
        writer.raw(unknownFields)
    }

    /// Writes a value; an enum's name without a number has no form here (``unknownEnumName``).
    private static func write(_ value: Value, of field: Field, to writer: inout WireWriter) {
        if case .unknownEnumName = value { return }
        writer.tag(field.number, field.kind.wireType)
        writePayload(value, of: field, to: &writer)
    }

    private static func write(
        _ entries: [Value: Value], of field: Field, to writer: inout WireWriter
    ) {
        guard let keyField = field.mapKey, let valueField = field.mapValue else { return }
        for (key, value) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
            if case .unknownEnumName = value { continue }
            writer.tag(field.number, .lengthDelimited)
            writer.nested { inner in
                write(key, of: keyField, to: &inner)
                write(value, of: valueField, to: &inner)
            }
        }
    }

    private static func writePayload(_ value: Value, of field: Field, to writer: inout WireWriter) {
        switch value {
        case .bool(let flag): writer.varint(flag ? 1 : 0)
        case .int(let number):
            switch field.kind {
            case .sint32, .sint64: writer.varint(number.zigZagEncoded)
            case .sfixed32: writer.fixed32(UInt32(bitPattern: Int32(truncatingIfNeeded: number)))
            case .sfixed64: writer.fixed64(UInt64(bitPattern: number))
            default: writer.varint(UInt64(bitPattern: number))
            }
        case .uint(let number):
            switch field.kind {
            case .fixed32: writer.fixed32(UInt32(truncatingIfNeeded: number))
            case .fixed64: writer.fixed64(number)
            default: writer.varint(number)
            }
        case .float(let number): writer.fixed32(number.bitPattern)
        case .double(let number): writer.fixed64(number.bitPattern)
        case .string(let text): writer.lengthDelimited(text.utf8)
        case .bytes(let bytes): writer.lengthDelimited(bytes)
        case .enumeration(let number): writer.varint(UInt64(bitPattern: Int64(number)))
        case .message(let message): writer.nested { message.write(to: &$0) }
        case .unknownEnumName, .list, .map: break
        }
    }
}

extension Value {
    fileprivate var unknownEnumName: (path: String, name: String)? {
        switch self {
        case .unknownEnumName(let name): return ("", name)
        case .message(let message): return message.unknownEnumName.map { ("." + $0.path, $0.name) }
        case .list(let items):
            for (index, item) in items.enumerated() {
                if let found = item.unknownEnumName {
                    return ("[\(index + 1)]" + found.path, found.name)
                }
            }
        case .map(let entries):
            for (key, item) in entries {
                if let found = item.unknownEnumName {
                    return ("[\"\(key.mapKeyText)\"]" + found.path, found.name)
                }
            }
        default: break
        }
        return nil
    }

    /// Orders map keys, which are integers, bools or strings.
    public var sortKey: String {
        switch self {
        case .string(let text): text
        case .int(let number): Self.padded(UInt64(bitPattern: number) ^ (1 << 63))
        case .uint(let number): Self.padded(number)
        case .bool(let flag): flag ? "1" : "0"
        default: ""
        }
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }
}
