import Contract
import EventLoop

/// Makes attempts over the transport that a call asks for, until one succeeds or none may follow.
final class RetryingTransport: Transport {
    /// How long the first pause between attempts is at most, in nanoseconds; it doubles each time.
    private static let firstPause = 200_000_000.0
    private static let longestPause = 5_000_000_000.0

    private let loop: PollLoop
    private let random: () -> Double
    private let transport: (TransportKind) -> any Transport
    private let trace: () -> ((TraceRecord) -> Void)?

    /// Creates a transport.
    ///
    /// - Parameters:
    ///   - random: numbers from 0 up to 1, for jitter.
    ///   - transport: the transport of a kind.
    ///   - trace: returns the receiver of each attempt; nil when tracing is off.
    init(
        loop: PollLoop, random: @escaping () -> Double,
        transport: @escaping (TransportKind) -> any Transport,
        trace: @escaping () -> ((TraceRecord) -> Void)?
    ) {
        self.loop = loop
        self.random = random
        self.transport = transport
        self.trace = trace
    }

    func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let attempts = Attempts(self, call, completion)
        attempts.send()
        return attempts
    }

    func close() {}

    /// The attempts of one call.
    private final class Attempts: SteppedCall {
        private let owner: RetryingTransport
        private let call: OutgoingCall
        private let completion: (Result<Reply, CallError>) -> Void
        private var count = 0

        init(
            _ owner: RetryingTransport, _ call: OutgoingCall,
            _ completion: @escaping (Result<Reply, CallError>) -> Void
        ) {
            self.owner = owner
            self.call = call
            self.completion = completion
        }

        func send() {
            count += 1
            let started = owner.loop.now()
            step = owner.transport(call.transport).start(call) { [self] result in
                step = nil
                owner.trace()?(
                    TraceRecord(
                        call, result, attempt: count, started: started,
                        duration: owner.loop.now() - started))
                finish(result)
            }
        }

        private func finish(_ result: Result<Reply, CallError>) {
            guard case .failure(var error) = result else { return completion(result) }
            error.attempts = count
            guard let wait = pauseBeforeRetry(error) else { return completion(.failure(error)) }
            pause = owner.loop.after(wait) { [self] in
                pause = nil
                send()
            }
        }

        /// How long to wait before another attempt; nil when none may follow.
        private func pauseBeforeRetry(_ error: CallError) -> Int64? {
            let allowed = call.retries ?? (call.method.isRead ? 3 : 0)
            guard count <= allowed, error.isRetryable, !isCancelled else { return nil }
            var ceiling = RetryingTransport.firstPause
            for _ in 1..<count { ceiling = min(ceiling * 2, RetryingTransport.longestPause) }
            // Full jitter: anything up to the ceiling, but no sooner than the server asks.
            let jitter = Int64(ceiling * owner.random())
            let wait = (error.retryDelay ?? 0) + jitter
            if let deadline = call.deadline, owner.loop.now() + wait >= deadline { return nil }
            return wait
        }
    }
}
