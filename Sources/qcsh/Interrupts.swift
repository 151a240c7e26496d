import LuaHost

#if canImport(Glibc)
    import Glibc
#endif

/// Ctrl-C: noted for the loop, and told to running Lua code at once.
enum Interrupts {
    private nonisolated(unsafe) static var count: sig_atomic_t = 0
    private nonisolated(unsafe) static var machine: LuaMachine?

    /// Handles SIGINT from now on.
    ///
    /// - Parameter machine: the machine whose running code is interrupted.
    static func install(for machine: LuaMachine) {
        self.machine = machine
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupts.count += 1
            // A third time is meant: leave without a word.
            if Interrupts.count >= 3 { _exit(130) }
            Interrupts.machine?.interrupt()
        }
        // No SA_RESTART: poll(2) has to return.
        sigaction(SIGINT, &action, nil)
        // A parent may have blocked it.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
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
