import EventLoop

/// Calls an action again and again until it is stopped.
final class Ticker {
    private let loop: PollLoop
    private let period: Int64
    private let action: () -> Void
    private var timer: PollLoop.Timer?

    init(loop: PollLoop, every period: Int64, _ action: @escaping () -> Void) {
        self.loop = loop
        self.period = period
        self.action = action
        arm()
    }

    private func arm() {
        timer = loop.after(period) { [weak self] in
            guard let self else { return }
            action()
            if timer != nil { arm() }
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    deinit { timer?.cancel() }
}
