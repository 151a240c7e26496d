/// One answer that several calls wait for. Main-thread confined.
///
/// The first call that waits requests the answer; when no call waits any longer, the request is
/// cancelled.
final class SharedAnswer<Value> {
    typealias Completion = (Result<Value, CallError>) -> Void

    private final class Waiter: RunningCall {
        private weak var owner: SharedAnswer?
        let completion: Completion

        init(_ owner: SharedAnswer, _ completion: @escaping Completion) {
            self.owner = owner
            self.completion = completion
        }

        func cancel() { owner?.forget(self) }
    }

    private var waiting: [Waiter] = []
    private var asking: (any RunningCall)?

    /// Waits for the answer.
    ///
    /// - Parameters:
    ///   - completion: called once, unless the returned call is cancelled.
    ///   - ask: asks for the answer; called when no other call waits yet.
    func wait(
        _ completion: @escaping Completion, ask: (@escaping Completion) -> any RunningCall
    ) -> any RunningCall {
        let waiter = Waiter(self, completion)
        waiting.append(waiter)
        guard waiting.count == 1 else { return waiter }
        let call = ask { [self] in finish($0) }
        // The request may have completed at once.
        if !waiting.isEmpty { asking = call }
        return waiter
    }

    private func finish(_ result: Result<Value, CallError>) {
        asking = nil
        let all = waiting
        waiting = []
        for waiter in all { waiter.completion(result) }
    }

    private func forget(_ waiter: Waiter) {
        guard let index = waiting.firstIndex(where: { $0 === waiter }) else { return }
        waiting.remove(at: index)
        guard waiting.isEmpty else { return }
        asking?.cancel()
        asking = nil
    }
}
