import Codec
import Contract
import GRPCProtocol

/// A whole HTTP request, whichever version of HTTP it came by.
struct InboundRequest {
    let verb: String
    /// Path and query as sent.
    let target: String
    /// The path without its query.
    let path: Substring
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    init(
        verb: String, target: String, headers: [(name: String, value: String)], body: [UInt8] = []
    ) {
        self.verb = verb
        self.target = target
        let end = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = end.map { target[..<$0] } ?? target[...]
        self.headers = headers
        self.body = body
    }

    /// The first header of a name.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The query without its mark; nil when there is none.
    var query: Substring? {
        path.endIndex == target.endIndex ? nil : target[path.endIndex...].dropFirst()
    }
}

/// A whole HTTP answer.
struct OutboundResponse {
    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8] = []
    /// Sent after the body, over HTTP/2 only.
    var trailers: [(name: String, value: String)] = []
    /// How it is sent.
    var delivery = Delivery()
}

/// How an answer is sent, when not at once and whole.
struct Delivery {
    /// How long it is held back, in nanoseconds of the real time.
    var delay: Int64 = 0
    /// What is done in place of sending it.
    var breaks: Fault.Break?
    /// How it trickles.
    var trickle: Fault.Trickle?

    /// Whether there is nothing special about it.
    var isPlain: Bool { delay == 0 && breaks == nil && trickle == nil }
}

/// A call of the API on its way through a sandbox: what faults make of it, its deadline, and its
/// place in the journal.
struct Execution {
    let cloud: Cloud
    let method: Method
    /// Metadata, names in lower case.
    let metadata: [String: String]
    /// `grpc` or `rest`.
    let transport: String
    /// When the caller stops waiting, in nanoseconds from now on; nil for never.
    let timeout: Int64?
    let traceID: String

    /// The result of a call, and how it is delivered to the client.
    struct Outcome {
        let result: Result<Cloud.Answer, APIError>
        var delivery: Delivery
    }

    /// Why the call is refused for its credential alone, before anything of it is decoded; nil when
    /// it goes on.
    func refusal() -> APIError? {
        do throws(APIError) {
            try cloud.identify(method, metadata)
            return nil
        } catch {
            note(account: "", error, [])
            return error
        }
    }

    private func note(account: String, _ error: APIError?, _ faults: [String]) {
        cloud.world.callJournal.append(
            moment: cloud.world.clock.now, method: method, transport: transport, account: account,
            error: error, faults: faults, traceID: traceID)
    }

    /// Makes the call.
    func run(_ request: () throws(APIError) -> Message) -> Outcome {
        var account = ""
        var plan = FaultPlan()
        let result: Result<Cloud.Answer, APIError>
        do throws(APIError) {
            let message = try request()
            if let path = method.accountIDPath, case .string(let id) = message.value(at: path) {
                account = String(id.prefix(64)).lowercased()
            }
            plan = cloud.world.faults.plan(method, account: account)
            if let status = plan.status {
                var error = APIError(status.code, status.message)
                error.retryAfter = status.retryAfter
                throw error
            }
            if plan.breaks == .reset || plan.breaks == .disconnect || plan.breaks == .goAway {
                throw APIError(.unavailable, "the connection was broken by a fault")
            }
            cloud.world.store.history.isKept = cloud.world.faults.wantsHistory
            result = .success(
                try cloud.handle(
                    method, message, metadata: metadata,
                    Cloud.Conditions(staleBy: plan.staleBy, lifecycle: plan.lifecycle)))
        } catch {
            result = .failure(error)
        }
        var outcome = Outcome(
            result: result,
            delivery: Delivery(delay: plan.latency, breaks: plan.breaks, trickle: plan.trickle))
        if let timeout, plan.latency >= timeout {
            outcome = Outcome(
                result: .failure(APIError(.deadlineExceeded, "the deadline has passed")),
                delivery: Delivery(delay: timeout))
        }
        var error: APIError?
        if case .failure(let failure) = outcome.result { error = failure }
        note(account: account, error, plan.names)
        return outcome
    }
}
