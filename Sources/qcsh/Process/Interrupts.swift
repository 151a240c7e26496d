import CSignals
import EventLoop
import Glibc
import LuaHost
import LuaMachine

/// Signals, as the program asks about them. The handlers are C's.
enum Interrupts {
    /// What was asked for since somebody looked.
    enum Demand {
        case interrupt
        case terminate
    }

    /// How many interrupts and terminations somebody has acted on.
    private nonisolated(unsafe) static var takenInterrupts: Int32 = 0
    private nonisolated(unsafe) static var takenTerminations: Int32 = 0
    /// Kept for as long as handlers may interrupt it.
    private nonisolated(unsafe) static var machine: LuaMachine?

    /// Handles SIGINT, SIGTERM, SIGHUP and SIGALRM from now on, in the main thread.
    ///
    /// - Parameters:
    ///   - machine: the machine whose running code is interrupted.
    ///   - loop: the loop whose `onSignal` is called.
    static func install(for machine: LuaMachine?, on loop: PollLoop) {
        // Handlers may interrupt the last one until they know this one.
        let last = self.machine
        defer {
            self.machine = machine
            withExtendedLifetime(last) {}
        }
        let patience = RunControl.grace + RunControl.patience
        let readEnd: Int32
        if let machine {
            readEnd = machine.withInterrupter { qsignals_install($0, $1, patience) }
        } else {
            readEnd = qsignals_install(nil, nil, patience)
        }
        guard readEnd >= 0 else { return }
        loop.watch(readEnd, for: .input) { [unowned loop] _ in
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(readEnd, &bytes, bytes.count)
            loop.onSignal()
        }
    }

    /// The last words of a run that nothing else could end.
    private static let timedOut: StaticString =
        "qcsh: --timeout: timed out, and the run cannot be stopped\n"

    /// Notes from now on when the window gets another size, and when Ctrl-Z is pressed.
    static func watchTerminal() { qsignals_watch_terminal() }

    /// Has Ctrl-Z noted, or stop the program at once.
    static func handleSuspension(_ isNoted: Bool) { qsignals_note_suspension(isNoted) }

    /// Whether Ctrl-Z was pressed since this was last asked.
    static func takeSuspension() -> Bool { qsignals_take_suspension() }

    /// Stops the program, as Ctrl-Z does without a handler, until it is let go on.
    static func suspend() {
        qsignals_note_suspension(false)
        raise(SIGTSTP)
        qsignals_note_suspension(true)
        // The window may have another size by now.
        qsignals_note_resize()
    }

    /// Whether the window has another size since this was last asked.
    static func takeResize() -> Bool { qsignals_take_resize() }

    /// What was asked for since this was last called. Ctrl-C goes on being counted until ``forget()``.
    static func take() -> Demand? {
        if alarms.contains(where: { $0 <= Clocks.monotonic() }) { setTimer() }
        let terminations = qsignals_read().terminations
        if terminations > takenTerminations {
            takenTerminations = terminations
            return .terminate
        }
        return takeInterrupt() ? .interrupt : nil
    }

    /// Why the run must end, by the signals since the last call of ``take()``; nil if there were
    /// none.
    static func takeReason() -> RunControl.Reason? {
        switch take() {
        case .interrupt: .interrupted
        case .terminate: .terminated
        case nil: nil
        }
    }

    /// Whether Ctrl-C was pressed since this was last asked.
    static func takeInterrupt() -> Bool {
        let interrupts = qsignals_read().interrupts
        guard interrupts > 0, interrupts != takenInterrupts else { return false }
        takenInterrupts = interrupts
        return true
    }

    /// Whether the program has received a request that it has not handled yet.
    static var hasDemand: Bool {
        let counts = qsignals_read()
        return counts.terminations > takenTerminations
            || (counts.interrupts > 0 && counts.interrupts != takenInterrupts)
    }

    /// When `--timeout` ends the run, on the monotonic clock; for what does not wait in the loop.
    nonisolated(unsafe) static var runEnd = Int64.max

    /// When an operation that still waits after the run's limit ends by itself.
    static var lastResort: Int64 {
        let (moment, overflow) = runEnd.addingReportingOverflow(RunControl.patience)
        return overflow ? .max : moment
    }

    /// Whether SIGTERM or SIGHUP has asked the program to end.
    static func isTerminated() -> Bool { qsignals_read().terminations > 0 }

    /// Counts Ctrl-C from the beginning: what it was meant for is over.
    static func forget() {
        qsignals_forget_interrupts()
        takenInterrupts = 0
    }

    /// When signals are wanted, on the monotonic clock.
    private nonisolated(unsafe) static var alarms: [Int64] = []

    /// Has a signal sent to this process after some nanoseconds.
    static func alarm(after nanoseconds: Int64) {
        let (moment, overflow) = Clocks.monotonic().addingReportingOverflow(nanoseconds)
        guard !overflow else { return }
        alarms.append(moment)
        setTimer()
    }

    /// Sets the one timer of the process to the next alarm. From the last moment's announcement on it
    /// goes off every second, too.
    private static func setTimer() {
        let now = Clocks.monotonic()
        alarms.removeAll { $0 <= now }
        var timer = itimerval()
        if let next = alarms.min() {
            let first = max(1_000, (next - now) / 1000)
            timer.it_value = timeval(
                tv_sec: Int(first / 1_000_000), tv_usec: Int(first % 1_000_000))
        } else if qsignals_last_moment() != .max {
            timer.it_value = timeval(tv_sec: 1, tv_usec: 0)
        } else {
            return
        }
        if qsignals_last_moment() != .max { timer.it_interval = timeval(tv_sec: 1, tv_usec: 0) }
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// Notes when `--timeout` ends the run.
    static func limitRun(to nanoseconds: Int64) {
        let (moment, overflow) = Clocks.monotonic().addingReportingOverflow(nanoseconds)
        runEnd = overflow ? .max : moment
    }

    /// Ends the program some nanoseconds from now, whatever it does then.
    static func leave(after nanoseconds: Int64, status: Int32) {
        let (moment, overflow) = Clocks.monotonic().addingReportingOverflow(nanoseconds)
        let words = status == ExitStatus.timedOut ? timedOut.utf8Start : nil
        qsignals_set_last_moment(
            overflow ? .max : moment, status,
            words.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) })
        qsignals_handle_alarms()
        guard !overflow else { return }
        // Once for the moment itself, then every second.
        alarm(after: nanoseconds)
    }

    /// Cancels the last moment: the code that it was to end has ended.
    static func stay(unless timeout: Int64?) {
        guard timeout == nil, qsignals_read().terminations == 0 else { return }
        qsignals_set_last_moment(.max, 0, nil)
    }
}
