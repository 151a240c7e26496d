/// The length-prefixed messages of gRPC: a flag, four bytes of length, the message.
///
/// Source: grpc/doc/PROTOCOL-HTTP2.md.
public enum MessageFrame {
    /// The bytes before a message.
    public static let prefixSize = 5

    /// A body that does not hold exactly one message.
    public enum Problem: Error, Sendable, Equatable {
        /// The body is empty.
        case empty
        /// The body ends inside the prefix.
        case cutPrefix
        /// The body has fewer bytes of the message than the prefix announces.
        case cut(present: Int, announced: Int)
        /// More bytes follow the message.
        case more
        /// The message is larger than the limit.
        case tooLarge(Int)
        /// The flag is neither 0 nor 1.
        case unknownFlag(UInt8)
    }

    /// The one message of a body.
    public struct Content: Sendable {
        /// Whether the message is compressed, as the headers of the call say.
        public let isCompressed: Bool
        /// The message's bytes, as they were sent.
        public let payload: ArraySlice<UInt8>
    }

    /// The length that a prefix announces; nil when the prefix is not complete.
    public static func announcedLength(_ body: [UInt8]) -> Int? {
        guard body.count >= prefixSize else { return nil }
        return body[1..<prefixSize].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Reads a body that holds one message.
    ///
    /// - Parameter limit: the largest message that is accepted, in bytes.
    public static func read(_ body: [UInt8], limit: Int) throws(Problem) -> Content {
        guard !body.isEmpty else { throw .empty }
        guard let length = announcedLength(body) else { throw .cutPrefix }
        guard length <= limit else { throw .tooLarge(length) }
        let present = body.count - prefixSize
        guard present >= length else { throw .cut(present: present, announced: length) }
        guard present == length else { throw .more }
        guard body[0] <= 1 else { throw .unknownFlag(body[0]) }
        return Content(isCompressed: body[0] == 1, payload: body[prefixSize...])
    }

    /// Writes the prefix of an uncompressed message into bytes that were reserved for it at the
    /// start of `body`.
    public static func writePrefix(of body: inout [UInt8]) {
        let length = body.count - prefixSize
        body[0] = 0
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            body[1 + index] = UInt8(truncatingIfNeeded: length >> shift)
        }
    }

    /// A message with its prefix.
    public static func framed(_ message: [UInt8]) -> [UInt8] {
        var body = [UInt8](repeating: 0, count: prefixSize)
        body.reserveCapacity(message.count + prefixSize)
        body.append(contentsOf: message)
        writePrefix(of: &body)
        return body
    }
}
