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
    public let transport: TransportKind
    /// How many more attempts may be made; nil means three for reads and none for others.
    public let retries: Int?

    /// Creates a call.
    public init(
        method: Method, request: Message, metadata: [(name: String, value: String)],
        deadline: Int64?, transport: TransportKind = .grpc,
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
