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
    /// The deadline on the loop's clock; nil means none.
    public let deadline: Int64?
    /// The transport.
    public let transport: TransportKind
    /// The maximum number of retries; nil means three for reads and none for other calls.
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

/// A call in flight, which can be cancelled.
public protocol RunningCall: AnyObject {
    /// Cancels the call. Its completion is not called.
    func cancel()
}

/// Sends calls to the API. Main-thread confined, like the loop that it uses.
public protocol Transport: AnyObject {
    /// Starts a call. The completion is called once, from the loop, never before this returns.
    func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall

    /// Closes idle connections and fails the calls in flight.
    func close()
}
