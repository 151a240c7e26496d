import CSignals
import EventLoop

/// Watches for the end of the run, for work that waits on the loop.
final class EndWatch {
    /// What ends the run.
    enum Cause {
        /// Ctrl-C, SIGTERM or SIGHUP.
        case signal
        /// `--timeout` has passed, and the run goes on all the same.
        case limit
    }

    /// The pause between checks, in nanoseconds.
    private static let pause: Int64 = 20_000_000

    private let loop: PollLoop
    private let onEnd: (Cause) -> Void
    private let signals = qsignals_read()
    private var timer: PollLoop.Timer?

    /// Starts to watch.
    ///
    /// - Parameter onEnd: called at most once, from the loop.
    init(on loop: PollLoop, onEnd: @escaping (Cause) -> Void) {
        self.loop = loop
        self.onEnd = onEnd
        check()
    }

    func cancel() { timer?.cancel() }

    private func check() {
        timer = loop.after(Self.pause) { [self] in
            let now = qsignals_read()
            if now.interrupts > signals.interrupts || now.terminations > signals.terminations {
                onEnd(.signal)
            } else if loop.now() >= Interrupts.lastResort {
                onEnd(.limit)
            } else {
                check()
            }
        }
    }
}
