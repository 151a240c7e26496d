import Codec
import Contract

/// One call of a session from the script's point of view: the account is filled in, the request is
/// checked, attempts are made until one succeeds or none may follow.
final class SessionCall: RunningCall {
    /// How long the first pause between attempts is at most, in nanoseconds; it doubles each time.
    private static let firstPause = 200_000_000.0
    private static let longestPause = 5_000_000_000.0

    /// An id that stands for the account while it is not known.
    private static let anyAccount = "00000000-0000-4000-8000-000000000000"

    private let session: Session
    private let method: Method
    private var request: Message
    private let options: CallOptions
    private let callGuard: (any CallGuard)?
    private let completion: (Result<Reply, CallError>) -> Void
    private var attempt = 0
    private var deadline: Int64?
    private var running: (any RunningCall)?
    private var pause: PollLoop.Timer?
    private var isCancelled = false

    init(
        _ session: Session, _ method: Method, _ request: Message, _ options: CallOptions,
        isOwn: Bool = false, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        self.session = session
        self.method = method
        self.request = request
        self.options = options
        callGuard = isOwn ? nil : session.callGuard
        self.completion = completion
    }

    func cancel() {
        isCancelled = true
        running?.cancel()
        pause?.cancel()
        // What runs keeps its completion, which keeps this.
        running = nil
        pause = nil
    }

    func start() {
        if let timeout = options.timeout ?? session.configuration.timeout {
            deadline = session.loop.now().addingReportingOverflow(timeout).partialValue
        }
        if let refusal = callGuard?.refusal(of: method) { return completion(.failure(refusal)) }
        guard let path = method.accountIDPath, request.value(at: path)?.isDefault ?? true else {
            return check()
        }
        if let account = options.accountID ?? session.accountID {
            request.setValue(.string(account), at: path)
            return check()
        }
        if method.options.requiresAuthentication, case .none = session.configuration.credential {
            return check()
        }
        // What is wrong whatever the account is found out without asking for the account.
        var filled = request
        filled.setValue(.string(Self.anyAccount), at: path)
        if let refusal = session.refusal(of: method, filled) {
            return completion(.failure(refusal))
        }
        if let deadline {
            pause = session.loop.after(deadline - session.loop.now()) { [self] in
                isCancelled = true
                var error = CallError.transport(
                    .deadlineExceeded, "the account was not found out before the deadline")
                error.method = method.displayName
                error.wasNotExecuted = true
                completion(.failure(error))
            }
        }
        session.discoverAccount { [self] result in
            guard !isCancelled else { return }
            pause?.cancel()
            pause = nil
            switch result {
            case .success(let account):
                request.setValue(.string(account), at: path)
                check()
            case .failure(var error):
                // It was only asked for the account: the call itself has not left.
                error.outcomeIsUnknown = false
                error.wasNotExecuted = true
                if error.method.isEmpty { error.method = method.displayName }
                completion(.failure(error))
            }
        }
    }

    private func check() {
        if let path = method.accountIDPath, case .string(let account) = request.value(at: path),
            let refusal = callGuard?.refusal(
                of: method, account: account, own: session.accountID)
        {
            return completion(.failure(refusal))
        }
        if let refusal = session.refusal(of: method, request) {
            return completion(.failure(refusal))
        }
        send()
    }

    private func send() {
        attempt += 1
        let kind = options.transport ?? session.configuration.transport
        var metadata = options.metadata
        if method.options.requiresAuthentication,
            let header = session.configuration.credential.header
        {
            metadata.append(("authorization", header))
        }
        let started = session.loop.now()
        let call = OutgoingCall(
            method: method, request: request, metadata: metadata, deadline: deadline)
        running = session.transport(kind).start(call) { [self] result in
            running = nil
            trace(result, kind, started)
            finish(result)
        }
    }

    private func finish(_ result: Result<Reply, CallError>) {
        guard case .failure(var error) = result else { return completion(result) }
        error.method = method.displayName
        error.attempts = attempt
        if error.outcomeIsUnknown, method.route?.verb != "GET", !error.message.contains("not known")
        {
            error.message += "; whether the call was executed is not known"
        }
        guard let wait = pauseBeforeRetry(error) else { return completion(.failure(error)) }
        pause = session.loop.after(wait) { [self] in
            pause = nil
            send()
        }
    }

    /// How long to wait before another attempt; nil when none may follow.
    private func pauseBeforeRetry(_ error: CallError) -> Int64? {
        let isRead = method.route?.verb == "GET"
        let allowed = options.retries ?? (isRead ? 3 : 0)
        guard attempt <= allowed, error.isRetryable, !isCancelled else { return nil }
        var ceiling = Self.firstPause
        for _ in 1..<attempt { ceiling = min(ceiling * 2, Self.longestPause) }
        // Full jitter: anything up to the ceiling, but no sooner than the server asks.
        let jitter = Int64(ceiling * session.configuration.connection.random())
        let wait = (error.retryDelay ?? 0) + jitter
        if let deadline, session.loop.now() + wait >= deadline { return nil }
        return wait
    }

    private func trace(
        _ result: Result<Reply, CallError>, _ kind: SessionConfiguration.TransportKind,
        _ started: Int64
    ) {
        guard let onTrace = session.onTrace else { return }
        let duration = session.loop.now() - started
        switch result {
        case .success(let reply):
            onTrace(
                TraceRecord(
                    method: method.displayName, transport: kind, code: .ok, duration: duration,
                    attempt: attempt, size: reply.body.count, traceID: reply.traceID))
        case .failure(let error):
            onTrace(
                TraceRecord(
                    method: method.displayName, transport: kind, code: error.code,
                    duration: duration, attempt: attempt, size: 0, traceID: error.traceID))
        }
    }
}
