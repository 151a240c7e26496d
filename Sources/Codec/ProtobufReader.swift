import Contract
import Wire

/// Reads the protobuf binary format into a sink, guided by a message type.
///
/// Source: protobuf.dev/programming-guides/encoding. Packed and unpacked lists are both read,
/// fields may come in any order and more than once.
public struct ProtobufReader: Sendable {
    /// How deep messages may be nested.
    public let maximumDepth: Int

    /// Creates a reader.
    public init(maximumDepth: Int = 100) { self.maximumDepth = maximumDepth }

    /// Reads a whole message.
    public func read(
        _ bytes: UnsafeRawBufferPointer, as type: MessageType, into sink: inout some MessageSink
    ) throws(CodecError) {
        try message(bytes, type, &sink, depth: maximumDepth)
    }

    /// Reads a whole message into a ``Message``.
    public func message(_ bytes: [UInt8], as type: MessageType) throws(CodecError) -> Message {
        var builder = MessageBuilder(type)
        try bytes.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            try read(UnsafeRawBufferPointer(buffer), as: type, into: &builder)
        }
        return builder.finish()
    }

    @inlinable
    func message<Sink: MessageSink>(
        _ bytes: UnsafeRawBufferPointer, _ type: MessageType, _ sink: inout Sink, depth: Int
    ) throws(CodecError) {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: maximumDepth)) }
        if let wellKnown = type.wellKnown {
            let handled = try self.wellKnown(wellKnown, bytes, type, &sink, depth: depth)
            if handled { return }
        }
        sink.beginMessage(type)
        try fields(bytes, type, &sink, depth: depth)
        sink.endMessage()
    }

    /// Reads the types that sinks take whole. Returns false for one that is read like any message.
    @usableFromInline
    func wellKnown<Sink: MessageSink>(
        _ wellKnown: WellKnownType, _ bytes: UnsafeRawBufferPointer, _ type: MessageType,
        _ sink: inout Sink, depth: Int
    ) throws(CodecError) -> Bool {
        switch wellKnown {
        case .timestamp, .duration:
            let (seconds, nanos) = try instant(bytes)
            if wellKnown == .timestamp {
                sink.timestamp(seconds: seconds, nanos: nanos)
            } else {
                sink.duration(seconds: seconds, nanos: nanos)
            }
            return true
        case .empty: return false
        default:
            if Sink.self == MessageBuilder.self { return false }
            var builder = MessageBuilder()
            builder.beginMessage(type)
            try fields(bytes, type, &builder, depth: depth)
            builder.endMessage()
            sink.wellKnown(builder.finish())
            return true
        }
    }

    @inlinable
    func fields<Sink: MessageSink>(
        _ bytes: UnsafeRawBufferPointer, _ type: MessageType, _ sink: inout Sink, depth: Int
    ) throws(CodecError) {
        var reader = WireReader(bytes)
        var seen: UInt64 = 0
        while true {
            let start = reader.cursor
            guard let tag = try wire({ () throws(WireError) in try reader.readTag() }) else {
                return
            }
            guard let field = type.field(number: tag.number) else {
                try wire { () throws(WireError) in
                    try reader.skip(number: tag.number, type: tag.type)
                }
                sink.unknown(UnsafeRawBufferPointer(start: start, count: reader.cursor - start))
                continue
            }
            let bit: UInt64 = field.index < 64 ? 1 << UInt64(field.index) : 0
            let isKnown = bit == 0 || seen & bit != 0
            seen |= bit
            do {
                if field.isRepeated {
                    try repeated(field, tag, isKnown, &reader, &sink, depth: depth)
                } else {
                    sink.field(field, isKnown: isKnown)
                    try value(field, tag.type, &reader, &sink, depth: depth)
                }
            } catch {
                throw error.inside(field.name)
            }
        }
    }

    @usableFromInline
    func repeated<Sink: MessageSink>(
        _ field: Field, _ tag: (number: Int, type: WireType), _ isKnown: Bool,
        _ reader: inout WireReader, _ sink: inout Sink, depth: Int
    ) throws(CodecError) {
        let isMap = field.isMap
        if isMap {
            sink.beginMap(field, isKnown: isKnown)
        } else {
            sink.beginList(field, isKnown: isKnown)
        }
        var index = 0
        var type = tag.type
        while true {
            do {
                if isMap {
                    try mapEntry(field, type, &reader, &sink, depth: depth)
                } else if type == .lengthDelimited, field.isPackable {
                    try packed(field, &reader, &sink)
                } else {
                    try value(field, type, &reader, &sink, depth: depth)
                }
            } catch {
                throw error.inside("[\(index)]")
            }
            index += 1
            // Elements of one field mostly stand side by side.
            var ahead = reader
            guard let next = try? ahead.readTag(), next.number == tag.number else { break }
            type = next.type
            reader = ahead
        }
        if isMap { sink.endMap() } else { sink.endList() }
    }

    @usableFromInline
    func packed<Sink: MessageSink>(
        _ field: Field, _ reader: inout WireReader, _ sink: inout Sink
    ) throws(CodecError) {
        let payload = try wire { () throws(WireError) in try reader.readBytes() }
        var inner = WireReader(payload)
        while !inner.isAtEnd { try value(field, field.kind.wireType, &inner, &sink, depth: 1) }
    }

    @usableFromInline
    func mapEntry<Sink: MessageSink>(
        _ field: Field, _ wireType: WireType, _ reader: inout WireReader, _ sink: inout Sink,
        depth: Int
    ) throws(CodecError) {
        guard wireType == .lengthDelimited, let keyField = field.mapKey,
            let valueField = field.mapValue
        else { throw CodecError(.wrongWireType) }
        let payload = try wire { () throws(WireError) in try reader.readBytes() }
        // The value may stand before the key, and either may be missing or stand twice.
        var key: (WireType, WireReader)?
        var content: (WireType, WireReader)?
        var entry = WireReader(payload)
        while let tag = try wire({ () throws(WireError) in try entry.readTag() }) {
            if tag.number == 1 { key = (tag.type, entry) }
            if tag.number == 2 { content = (tag.type, entry) }
            try wire { () throws(WireError) in try entry.skip(number: tag.number, type: tag.type) }
        }
        if var key {
            try value(keyField, key.0, &key.1, &sink, depth: depth)
        } else {
            Self.putDefault(of: keyField, into: &sink)
        }
        if var content {
            try value(valueField, content.0, &content.1, &sink, depth: depth)
        } else {
            Self.putDefault(of: valueField, into: &sink)
        }
    }

    private static func putDefault(of field: Field, into sink: inout some MessageSink) {
        switch field.kind {
        case .bool: sink.bool(false)
        case .string: sink.string(UnsafeRawBufferPointer(start: nil, count: 0))
        case .bytes: sink.bytes(UnsafeRawBufferPointer(start: nil, count: 0))
        case .double: sink.double(0)
        case .float: sink.float(0)
        case .uint32, .uint64, .fixed32, .fixed64: sink.uint(0)
        case .enum: if let type = field.enumType { sink.enumeration(0, of: type) }
        case .message, .group:
            if let type = field.messageType {
                sink.beginMessage(type)
                sink.endMessage()
            }
        default: sink.int(0)
        }
    }

    @inlinable
    func value<Sink: MessageSink>(
        _ field: Field, _ wireType: WireType, _ reader: inout WireReader, _ sink: inout Sink,
        depth: Int
    ) throws(CodecError) {
        let kind = field.kind
        guard wireType == kind.wireType else { throw CodecError(.wrongWireType) }
        do {
            switch kind {
            case .bool: sink.bool(try reader.readVarint() != 0)
            case .int32: sink.int(Int64(Int32(truncatingIfNeeded: try reader.readVarint())))
            case .int64: sink.int(Int64(bitPattern: try reader.readVarint()))
            case .uint32: sink.uint(UInt64(UInt32(truncatingIfNeeded: try reader.readVarint())))
            case .uint64: sink.uint(try reader.readVarint())
            case .sint32:
                sink.int(Int64(Int32(truncatingIfNeeded: Int64(zigZag: try reader.readVarint()))))
            case .sint64: sink.int(Int64(zigZag: try reader.readVarint()))
            case .fixed32: sink.uint(UInt64(try reader.readFixed32()))
            case .fixed64: sink.uint(try reader.readFixed64())
            case .sfixed32: sink.int(Int64(Int32(bitPattern: try reader.readFixed32())))
            case .sfixed64: sink.int(Int64(bitPattern: try reader.readFixed64()))
            case .float: sink.float(Float(bitPattern: try reader.readFixed32()))
            case .double: sink.double(Double(bitPattern: try reader.readFixed64()))
            case .enum:
                let number = Int32(truncatingIfNeeded: try reader.readVarint())
                if let type = field.enumType { sink.enumeration(number, of: type) }
            case .string:
                let text = try reader.readBytes()
                guard UTF8Check.isValid(text) else { throw CodecError(.invalidUTF8) }
                sink.string(text)
            case .bytes: sink.bytes(try reader.readBytes())
            case .message:
                let payload = try reader.readBytes()
                guard let type = field.messageType else { return }
                try message(payload, type, &sink, depth: depth - 1)
            case .group: throw CodecError(.wrongWireType)
            }
        } catch let error as WireError {
            throw CodecError(.wire(error))
        } catch let error as CodecError {
            throw error
        } catch {
            throw CodecError(.wrongWireType)
        }
    }

    @usableFromInline
    func instant(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> (Int64, Int32) {
        var seconds: Int64 = 0
        var nanos: Int32 = 0
        var reader = WireReader(bytes)
        do {
            while let tag = try reader.readTag() {
                switch (tag.number, tag.type) {
                case (1, .varint): seconds = Int64(bitPattern: try reader.readVarint())
                case (2, .varint): nanos = Int32(truncatingIfNeeded: try reader.readVarint())
                default: try reader.skip(number: tag.number, type: tag.type)
                }
            }
        } catch {
            throw CodecError(.wire(error))
        }
        return (seconds, nanos)
    }

    @inlinable @inline(__always)
    func wire<Result>(_ body: () throws(WireError) -> Result) throws(CodecError) -> Result {
        do { return try body() } catch { throw CodecError(.wire(error)) }
    }
}

extension Field.Kind {
    /// The wire type of one unpacked value.
    @usableFromInline var wireType: WireType {
        switch self {
        case .double, .fixed64, .sfixed64: .fixed64
        case .float, .fixed32, .sfixed32: .fixed32
        case .string, .bytes, .message: .lengthDelimited
        case .group: .startGroup
        default: .varint
        }
    }
}

extension Field {
    /// Whether the kind may be packed when repeated.
    @usableFromInline var isPackable: Bool { kind.wireType != .lengthDelimited }
}

/// Checks UTF-8 without making a string.
@usableFromInline enum UTF8Check {
    @usableFromInline
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        // Eight ASCII bytes at a time, which is nearly all there is.
        while bytes.count - offset >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 != 0 { break }
            offset += 8
        }
        while offset < bytes.count, bytes[offset] < 0x80 { offset += 1 }
        if offset == bytes.count { return true }
        return String(validating: bytes[offset...], as: UTF8.self) != nil
    }
}
