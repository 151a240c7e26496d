import EventLoop
import Glibc
import LuaHost
import LuaMachine

/// Signals: noted for the loop, and told to running Lua code at once.
///
/// Only the main thread handles them: Lua's state is touched in the handler.
enum Interrupts {
    /// What was asked for since somebody looked.
    enum Demand {
        case interrupt
        case terminate
    }

    private nonisolated(unsafe) static var interrupts: sig_atomic_t = 0
    /// How many of them somebody has acted on.
    private nonisolated(unsafe) static var taken: sig_atomic_t = 0
    private nonisolated(unsafe) static var takenTerminations: sig_atomic_t = 0
    private nonisolated(unsafe) static var terminations: sig_atomic_t = 0
    private nonisolated(unsafe) static var isResized: sig_atomic_t = 0
    private nonisolated(unsafe) static var isToSuspend: sig_atomic_t = 0
    private nonisolated(unsafe) static var machine: LuaMachine?
    private nonisolated(unsafe) static var mainThread = pthread_self()
    /// The handlers write to it, so that a signal just before poll(2) is not slept over.
    private nonisolated(unsafe) static var writeEnd: Int32 = -1
    /// The terminal's settings when the program began, for leaving in a hurry.
    private nonisolated(unsafe) static var terminal: termios?
    /// Whether what told the program to end was SIGHUP.
    private(set) nonisolated(unsafe) static var wasHungUp = false
    /// When the program ends without a word, in nanoseconds of the monotonic clock, and how.
    private nonisolated(unsafe) static var lastMoment = Int64.max
    private nonisolated(unsafe) static var lastStatus: Int32 = 0

    /// Handles SIGINT, SIGTERM, SIGHUP and SIGALRM from now on.
    ///
    /// - Parameters:
    ///   - machine: the machine whose running code is interrupted.
    ///   - loop: the loop whose `onSignal` is called.
    static func install(for machine: LuaMachine?, on loop: PollLoop) {
        self.machine = machine
        mainThread = pthread_self()
        var settings = termios()
        if tcgetattr(STDIN_FILENO, &settings) == 0 { terminal = settings }
        openPipe(loop)
        handle(SIGINT) { number in
            guard Interrupts.isOurs(number) else { return }
            Interrupts.interrupts += 1
            // A third time is meant: leave without a word.
            if Interrupts.interrupts >= 3 { Interrupts.leave(130) }
            Interrupts.tell()
        }
        for signal in [SIGTERM, SIGHUP] {
            handle(signal) { number in
                guard Interrupts.isOurs(number) else { return }
                Interrupts.terminations += 1
                if number == SIGHUP { Interrupts.wasHungUp = true }
                if Interrupts.terminations >= 3 { Interrupts.leave(ExitStatus.terminated) }
                Interrupts.endSoon()
                Interrupts.tell()
            }
        }
        handleAlarm()
    }

    private static func handleAlarm() {
        handle(SIGALRM) { number in
            guard Interrupts.isOurs(number) else { return }
            if Clocks.monotonic() >= Interrupts.lastMoment {
                if Interrupts.lastStatus == ExitStatus.timedOut { Interrupts.sayTimedOut() }
                Interrupts.leave(Interrupts.lastStatus)
            }
            Interrupts.tell()
        }
    }

    /// The last words of a run that nothing else could end.
    private static func sayTimedOut() {
        let words: StaticString = "qcsh: --timeout: the time is up, and what runs cannot be ended\n"
        words.withUTF8Buffer { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func openPipe(_ loop: PollLoop) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        writeEnd = ends[1]
        let readEnd = ends[0]
        loop.watch(readEnd, for: .input) { [unowned loop] _ in
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(readEnd, &bytes, bytes.count)
            loop.onSignal()
        }
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void)
    {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        // No SA_RESTART: poll(2) has to return.
        sigaction(number, &action, nil)
        // A parent may have blocked it.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    // MARK: - In a handler: only what is safe there

    /// Passes the signal on when another thread got it.
    private static func isOurs(_ number: Int32) -> Bool {
        if pthread_equal(pthread_self(), mainThread) != 0 { return true }
        pthread_kill(mainThread, number)
        return false
    }

    private static func tell() {
        machine?.interrupt()
        var byte: UInt8 = 1
        let problem = errno
        _ = write(writeEnd, &byte, 1)
        errno = problem
    }

    /// Whoever is told to end has to, though the code that runs is not reached.
    private static func endSoon() {
        guard lastMoment == .max else { return }
        lastStatus = ExitStatus.terminated
        lastMoment = Clocks.monotonic() + RunControl.grace + RunControl.patience
        var timer = itimerval()
        timer.it_value = timeval(tv_sec: 1, tv_usec: 0)
        timer.it_interval = timeval(tv_sec: 1, tv_usec: 0)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    private static func leave(_ status: Int32) {
        if var settings = terminal { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
        _exit(status)
    }

    // MARK: - For the loop

    /// Notes from now on when the window gets another size, and when Ctrl-Z is pressed.
    static func watchTerminal() {
        handle(SIGWINCH) { _ in
            Interrupts.isResized = 1
            Interrupts.wake()
        }
        watchSuspension()
        // As other shells do: a slip of the finger is no reason to lose a session.
        signal(SIGQUIT, SIG_IGN)
    }

    /// Has Ctrl-Z noted, or stop the program at once.
    static func handleSuspension(_ isNoted: Bool) {
        if isNoted { watchSuspension() } else { signal(SIGTSTP, SIG_DFL) }
    }

    private static func watchSuspension() {
        handle(SIGTSTP) { _ in
            Interrupts.isToSuspend = 1
            Interrupts.wake()
        }
    }

    /// Has the loop look.
    private static func wake() {
        var byte: UInt8 = 1
        let problem = errno
        _ = write(writeEnd, &byte, 1)
        errno = problem
    }

    /// Whether Ctrl-Z was pressed since this was last asked.
    static func takeSuspension() -> Bool {
        defer { isToSuspend = 0 }
        return isToSuspend != 0
    }

    /// Stops the program, as Ctrl-Z does without a handler, until it is let go on.
    static func suspend() {
        signal(SIGTSTP, SIG_DFL)
        raise(SIGTSTP)
        watchSuspension()
        // The window may have another size by now.
        isResized = 1
        wake()
    }

    /// Whether the window has another size since this was last asked.
    static func takeResize() -> Bool {
        defer { isResized = 0 }
        return isResized != 0
    }

    /// What was asked for since this was last called. Ctrl-C goes on being counted until ``forget()``.
    static func take() -> Demand? {
        if alarms.contains(where: { $0 <= Clocks.monotonic() }) { setTimer() }
        if terminations > takenTerminations {
            takenTerminations = terminations
            return .terminate
        }
        return takeInterrupt() ? .interrupt : nil
    }

    /// Whether Ctrl-C was pressed since this was last asked.
    static func takeInterrupt() -> Bool {
        guard interrupts > 0, interrupts != taken else { return false }
        taken = interrupts
        return true
    }

    /// Whether something was asked for that nobody has acted on.
    static var hasDemand: Bool {
        terminations > takenTerminations || (interrupts > 0 && interrupts != taken)
    }

    /// When `--timeout` ends the run, on the monotonic clock; for what does not wait in the loop.
    nonisolated(unsafe) static var runEnd = Int64.max

    /// Whether the program was told to end.
    static func isTerminated() -> Bool { terminations > 0 }

    /// Counts Ctrl-C from the beginning: what it was meant for is over.
    static func forget() {
        interrupts = 0
        taken = 0
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
        } else if lastMoment != .max {
            timer.it_value = timeval(tv_sec: 1, tv_usec: 0)
        } else {
            return
        }
        if lastMoment != .max { timer.it_interval = timeval(tv_sec: 1, tv_usec: 0) }
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// Notes when `--timeout` ends the run.
    static func limitRun(to nanoseconds: Int64) {
        let (moment, overflow) = Clocks.monotonic().addingReportingOverflow(nanoseconds)
        runEnd = overflow ? .max : moment
    }

    /// Ends the program some nanoseconds from now, whatever it does then.
    static func leave(after nanoseconds: Int64, status: Int32) {
        lastStatus = status
        let (moment, overflow) = Clocks.monotonic().addingReportingOverflow(nanoseconds)
        lastMoment = overflow ? .max : moment
        handleAlarm()
        guard !overflow else { return }
        // Once for the moment itself, then every second.
        alarm(after: nanoseconds)
    }

    /// Takes the last moment back: what was to end has ended.
    static func stay(unless timeout: Int64?) {
        if timeout == nil, terminations == 0 { lastMoment = .max }
    }
}
