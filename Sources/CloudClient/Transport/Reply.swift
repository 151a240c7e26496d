import Codec
import Contract
import GRPCProtocol

/// An answer as it came.
public struct Reply: Sendable {
    /// How the body is to be read.
    public enum Format: Sendable {
        case protobuf
        case json
    }

    /// The response message, encoded.
    public let body: [UInt8]
    /// The encoding.
    public let format: Format
    /// The request's id in the API's logs.
    public let traceID: String?
    /// Whether the reply is simulated rather than sent by a server.
    public var isEcho = false

    /// Creates an answer.
    public init(body: [UInt8], format: Format, traceID: String?) {
        self.body = body
        self.format = format
        self.traceID = traceID
    }

    /// Reads the body into a sink.
    public func decode(
        as type: MessageType, into sink: inout some MessageSink
    ) throws(CodecError) {
        try body.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            switch format {
            case .protobuf: try ProtobufReader().read(bytes, as: type, into: &sink)
            case .json:
                // A newer server may send fields that this contract does not have.
                try JSONReader(ignoresUnknownFields: true, ignoresUnknownEnumNames: true).read(
                    bytes, as: type, into: &sink)
            }
        }
    }

    /// Reads the body into a message.
    public func message(as type: MessageType) throws(CodecError) -> Message {
        var builder = MessageBuilder()
        try decode(as: type, into: &builder)
        return builder.finish()
    }
}

extension Result where Success == Reply, Failure == CallError {
    /// A message about the outcome of a change that the caller no longer waits for.
    ///
    /// - Parameter name: the method's.
    public func fate(of name: String) -> String {
        switch self {
        case .success: "\(name) was in flight: it was executed"
        case .failure(let error) where error.outcomeIsUnknown:
            "\(name) was in flight: it may or may not have been executed"
        case .failure(let error):
            "\(name) was in flight: it was refused (\(error.code.name): \(error.message))"
        }
    }
}
