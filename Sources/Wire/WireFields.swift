/// The payload of one field, as far as it can be decoded without a schema.
public enum WireValue: Sendable {
    /// A varint, or four or eight bytes.
    case integer(UInt64)
    /// A length-delimited payload.
    case bytes([UInt8])
}

/// Calls a closure for each field of a message, in the order of the wire. Groups are passed over.
public func forEachField(
    _ message: [UInt8],
    _ body: (_ number: Int, _ value: WireValue) throws(WireError) -> Void
) throws(WireError) {
    try message.withUnsafeBufferPointer { (bytes) throws(WireError) in
        var reader = WireReader(UnsafeRawBufferPointer(bytes))
        while let tag = try reader.readTag() {
            switch tag.type {
            case .varint: try body(tag.number, .integer(reader.readVarint()))
            case .fixed32: try body(tag.number, .integer(UInt64(reader.readFixed32())))
            case .fixed64: try body(tag.number, .integer(reader.readFixed64()))
            case .lengthDelimited: try body(tag.number, .bytes(Array(reader.readBytes())))
            case .startGroup, .endGroup: try reader.skip(number: tag.number, type: tag.type)
            }
        }
    }
}

/// Calls a closure for the length-delimited payload of each field with one number.
public func forEachField(
    _ message: [UInt8], number wanted: Int,
    _ body: (_ payload: [UInt8]) throws(WireError) -> Void
) throws(WireError) {
    try forEachField(message) { (number, value) throws(WireError) in
        if number == wanted, case .bytes(let payload) = value { try body(payload) }
    }
}
