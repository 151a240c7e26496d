import CloudClient
import LuaHost

#if canImport(Glibc)
    import Glibc
#endif

/// Signals. Ctrl-C: noted for the loop, and told to running Lua code at once.
enum Interrupts {
    private nonisolated(unsafe) static var count: sig_atomic_t = 0
    private nonisolated(unsafe) static var machine: LuaMachine?
    /// The handler writes to it, so that a signal just before poll(2) is not slept over.
    private nonisolated(unsafe) static var pipeEnds: [Int32] = [-1, -1]
    private nonisolated(unsafe) static var writeEnd: Int32 = -1

    /// Handles SIGINT from now on.
    ///
    /// - Parameters:
    ///   - machine: the machine whose running code is interrupted.
    ///   - loop: the loop whose `onSignal` is called.
    static func install(for machine: LuaMachine, on loop: PollLoop) {
        self.machine = machine
        if pipe(&pipeEnds) == 0 {
            for end in pipeEnds {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            writeEnd = pipeEnds[1]
            let readEnd = pipeEnds[0]
            loop.watch(readEnd, for: .input) { [unowned loop] _ in
                var bytes = [UInt8](repeating: 0, count: 64)
                _ = read(readEnd, &bytes, bytes.count)
                loop.onSignal()
            }
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupts.count += 1
            // A third time is meant: leave without a word.
            if Interrupts.count >= 3 { _exit(130) }
            Interrupts.machine?.interrupt()
            var byte: UInt8 = 1
            let problem = errno
            _ = write(Interrupts.writeEnd, &byte, 1)
            errno = problem
        }
        // No SA_RESTART: poll(2) has to return.
        sigaction(SIGINT, &action, nil)
        // A parent may have blocked it.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private nonisolated(unsafe) static var isResized: sig_atomic_t = 0

    /// Notes from now on when the window gets another size.
    static func watchWindow() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupts.isResized = 1
            var byte: UInt8 = 1
            let problem = errno
            _ = write(Interrupts.writeEnd, &byte, 1)
            errno = problem
        }
        sigaction(SIGWINCH, &action, nil)
    }

    /// Whether the window has another size since this was last asked.
    static func takeResize() -> Bool {
        defer { isResized = 0 }
        return isResized != 0
    }

    /// Whether Ctrl-C was pressed since this was last asked.
    static func take() -> Bool {
        guard count > 0 else { return false }
        count = 0
        return true
    }

    /// Whether Ctrl-C was pressed and nobody has asked yet.
    static var isPending: Bool { count > 0 }
}
