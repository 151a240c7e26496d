import Contract
import GRPCProtocol

/// One line of a trace: what a call did.
public struct TraceRecord: Sendable {
    /// The method's name.
    public let method: String
    /// Which way it went.
    public let transport: TransportKind
    /// What it ended with.
    public let code: StatusCode
    /// When it began on the loop's clock, in nanoseconds.
    public let started: Int64
    /// How long it took, in nanoseconds.
    public let duration: Int64
    /// Which attempt this was, from 1.
    public let attempt: Int
    /// The answer's size in bytes.
    public let size: Int
    /// What the API calls the request in its own logs.
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
