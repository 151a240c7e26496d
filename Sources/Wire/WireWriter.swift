/// Writes tags and payloads of the protobuf binary format without a schema.
public struct WireWriter {
    /// What has been written so far.
    public private(set) var bytes: [UInt8]

    /// Creates an empty writer.
    ///
    /// - Parameter capacity: bytes to reserve.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Writes a field's tag.
    public mutating func tag(_ number: Int, _ type: WireType) {
        varint(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    /// Writes a base-128 varint.
    public mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Writes four little-endian bytes.
    public mutating func fixed32(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes eight little-endian bytes.
    public mutating func fixed64(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes a length and the bytes.
    public mutating func lengthDelimited(_ payload: some Collection<UInt8>) {
        varint(UInt64(payload.count))
        bytes.append(contentsOf: payload)
    }

    /// Writes bytes as they are, for example unknown fields that were kept.
    public mutating func raw(_ payload: some Collection<UInt8>) {
        bytes.append(contentsOf: payload)
    }

    /// Writes a length-delimited payload whose length is known only afterwards.
    public mutating func nested(_ body: (inout WireWriter) throws -> Void) rethrows {
        var inner = WireWriter()
        try body(&inner)
        lengthDelimited(inner.bytes)
    }
}

extension Int64 {
    /// The ZigZag form of `sint32` and `sint64`.
    public var zigZagEncoded: UInt64 { UInt64(bitPattern: (self << 1) ^ (self >> 63)) }

    /// Undoes ``zigZagEncoded``.
    public init(zigZag value: UInt64) {
        self = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
