/// The way a field's payload is delimited in the protobuf binary format.
///
/// Source: protobuf.dev/programming-guides/encoding, "Message Structure".
public enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}

/// What can be wrong with protobuf bytes, before any schema is known.
public enum WireError: Error, Equatable, Sendable {
    /// The input ended inside a tag, a varint or a payload.
    case truncated
    /// A varint ran over ten bytes.
    case varintTooLong
    /// A tag named field number 0 or a wire type that does not exist.
    case invalidTag
    /// A group ended that was not open, or a different one did.
    case unbalancedGroup
    /// Groups are nested deeper than the reader follows.
    case tooDeep
}

/// Reads tags and payloads of the protobuf binary format without a schema.
///
/// The reader borrows the bytes: they must outlive it.
public struct WireReader {
    /// The position of the next unread byte.
    public private(set) var cursor: UnsafePointer<UInt8>
    @usableFromInline let end: UnsafePointer<UInt8>

    /// What a reader of no bytes points at; never read, never written.
    private nonisolated(unsafe) static let empty: UnsafeMutablePointer<UInt8> = {
        let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return byte
    }()

    /// Creates a reader over borrowed bytes.
    public init(_ bytes: UnsafeRawBufferPointer) {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        cursor = base ?? UnsafePointer(Self.empty)
        end = cursor + bytes.count
    }

    /// Whether every byte has been read.
    public var isAtEnd: Bool { cursor == end }

    /// The number of bytes not yet read.
    public var remaining: Int { end - cursor }

    /// Reads a tag; nil at the end of the input.
    public mutating func readTag() throws(WireError) -> (number: Int, type: WireType)? {
        if cursor == end { return nil }
        let raw = try readVarint()
        guard raw <= UInt64(UInt32.max), let type = WireType(rawValue: UInt8(raw & 7)) else {
            throw .invalidTag
        }
        let number = Int(raw >> 3)
        guard number > 0 else { throw .invalidTag }
        return (number, type)
    }

    /// Reads a base-128 varint of at most 64 bits; bits beyond are dropped, as protobuf does.
    @inline(__always)
    public mutating func readVarint() throws(WireError) -> UInt64 {
        guard cursor < end else { throw .truncated }
        let first = cursor.pointee
        if first < 0x80 {
            cursor += 1
            return UInt64(first)
        }
        return try readLongVarint()
    }

    private mutating func readLongVarint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var position = cursor
        while true {
            guard position < end else { throw .truncated }
            guard shift < 70 else { throw .varintTooLong }
            let byte = position.pointee
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        cursor = position
        return value
    }

    /// Reads four little-endian bytes.
    public mutating func readFixed32() throws(WireError) -> UInt32 {
        guard end - cursor >= 4 else { throw .truncated }
        let value = UnsafeRawPointer(cursor).loadUnaligned(as: UInt32.self)
        cursor += 4
        return UInt32(littleEndian: value)
    }

    /// Reads eight little-endian bytes.
    public mutating func readFixed64() throws(WireError) -> UInt64 {
        guard end - cursor >= 8 else { throw .truncated }
        let value = UnsafeRawPointer(cursor).loadUnaligned(as: UInt64.self)
        cursor += 8
        return UInt64(littleEndian: value)
    }

    /// Reads a length and that many bytes; the result borrows from the input.
    @inline(__always)
    public mutating func readBytes() throws(WireError) -> UnsafeRawBufferPointer {
        let length = try readVarint()
        guard length <= UInt64(end - cursor) else { throw .truncated }
        let bytes = UnsafeRawBufferPointer(start: cursor, count: Int(length))
        cursor += Int(length)
        return bytes
    }

    /// Skips the payload of a field whose tag has just been read.
    ///
    /// - Parameter depth: how many more groups may be nested.
    public mutating func skip(
        number: Int, type: WireType, depth: Int = 100
    ) throws(WireError) {
        switch type {
        case .varint: _ = try readVarint()
        case .fixed32: _ = try readFixed32()
        case .fixed64: _ = try readFixed64()
        case .lengthDelimited: _ = try readBytes()
        case .endGroup: throw .unbalancedGroup
        case .startGroup:
            guard depth > 0 else { throw .tooDeep }
            while true {
                guard let tag = try readTag() else { throw .truncated }
                if tag.type == .endGroup {
                    guard tag.number == number else { throw .unbalancedGroup }
                    return
                }
                try skip(number: tag.number, type: tag.type, depth: depth - 1)
            }
        }
    }
}
