import Contract
import GRPCProtocol

/// One line of a trace: an attempt or a call.
public struct TraceRecord: Sendable {
    /// The method's name.
    public let method: String
    /// The transport.
    public let transport: TransportKind
    /// The resulting status code.
    public let code: StatusCode
    /// When it began on the loop's clock, in nanoseconds.
    public let started: Int64
    /// How long it took, in nanoseconds.
    public let duration: Int64
    /// Which attempt this was, from 1.
    public let attempt: Int
    /// The answer's size in bytes.
    public let size: Int
    /// The request's id in the API's logs.
    public let traceID: String?

    /// Describes an attempt, or a whole call that was replayed.
    public init(
        _ call: OutgoingCall, _ result: Result<Reply, CallError>, attempt: Int, started: Int64,
        duration: Int64
    ) {
        method = call.method.displayName
        transport = call.transport
        self.attempt = attempt
        self.started = started
        self.duration = duration
        switch result {
        case .success(let reply):
            code = .ok
            size = reply.body.count
            traceID = reply.traceID
        case .failure(let error):
            code = error.code
            size = 0
            traceID = error.traceID
        }
    }
}
