import EventLoop

/// What calls of all transports have in common: they end once, with a result or given up.
class TransportCall {
    private let completion: (Result<Reply, CallError>) -> Void
    /// Ends the call at its deadline.
    var timer: PollLoop.Timer?
    /// Whether the call is over.
    private(set) final var isFinished = false

    init(completion: @escaping (Result<Reply, CallError>) -> Void) { self.completion = completion }

    /// Ends the call. Later calls of this have no effect.
    final func finish(_ result: Result<Reply, CallError>) {
        guard !isFinished else { return }
        isFinished = true
        timer?.cancel()
        completion(result)
    }

    /// Ends the call without telling anybody.
    final func abandon() {
        isFinished = true
        timer?.cancel()
    }
}
