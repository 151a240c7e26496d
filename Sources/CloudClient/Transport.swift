import Codec
import Contract

/// A request that is ready to leave.
public struct OutgoingCall {
    /// The method.
    public let method: Method
    /// The request.
    public let request: Message
    /// Headers, lower-case. `authorization` is among them when the method needs a credential.
    public let metadata: [(name: String, value: String)]
    /// When the call has to be over, on the loop's clock; nil means never.
    public let deadline: Int64?
    /// Which way it goes.
    public let transport: SessionConfiguration.TransportKind
    /// How many more attempts may be made; nil means three for reads and none for others.
    public let retries: Int?

    /// Creates a call.
    public init(
        method: Method, request: Message, metadata: [(name: String, value: String)],
        deadline: Int64?, transport: SessionConfiguration.TransportKind = .grpc,
        retries: Int? = nil
    ) {
        self.transport = transport
        self.retries = retries
        self.method = method
        self.request = request
        self.metadata = metadata
        self.deadline = deadline
    }
}

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
    /// What the API calls this request in its own logs.
    public let traceID: String?
    /// Whether nobody answered this: it is what an answer could look like.
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

/// A call on its way, which may be given up.
public protocol RunningCall: AnyObject {
    /// Gives the call up. Its completion is not called.
    func cancel()
}

/// A way to the API. Main-thread confined, like the loop below it.
public protocol Transport: AnyObject {
    /// Starts a call. The completion is called once, from the loop, never before this returns.
    func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall

    /// Closes idle connections and fails what is on its way.
    func close()
}
