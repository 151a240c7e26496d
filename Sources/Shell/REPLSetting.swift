import LuaHost

/// The surroundings that a shell is given.
extension REPL {
    /// Signals of the terminal that are not handled yet.
    public struct Signals {
        /// Whether Ctrl-C was pressed since this was last asked.
        let takeInterrupt: () -> Bool
        /// Whether the window has another size since this was last asked.
        let takeResize: () -> Bool
        /// Whether Ctrl-Z was pressed since this was last asked.
        let takeSuspension: () -> Bool
        /// Whether the program was asked to terminate.
        let isTerminated: () -> Bool
        /// Whether Ctrl-Z is noted rather than obeyed at once.
        let handleSuspension: (Bool) -> Void
        /// Counts Ctrl-C from the beginning.
        let forgetInterrupts: () -> Void
        /// Suspends the program until it is continued.
        let suspend: () -> Void

        /// Creates a view of the signals.
        public init(
            takeInterrupt: @escaping () -> Bool, takeResize: @escaping () -> Bool,
            takeSuspension: @escaping () -> Bool, isTerminated: @escaping () -> Bool,
            handleSuspension: @escaping (Bool) -> Void,
            forgetInterrupts: @escaping () -> Void, suspend: @escaping () -> Void
        ) {
            self.takeInterrupt = takeInterrupt
            self.takeResize = takeResize
            self.takeSuspension = takeSuspension
            self.isTerminated = isTerminated
            self.handleSuspension = handleSuspension
            self.forgetInterrupts = forgetInterrupts
            self.suspend = suspend
        }
    }

    /// The settings of a shell.
    public struct Setting {
        /// Ends an entry that runs.
        public var control: RunControl
        public var secrets: SecretOutput
        public var signals: Signals
        /// Lua code that runs before the first prompt; nil for none.
        public var startFile: String?
        public var isColoured: Bool

        /// Creates a setting.
        public init(
            control: RunControl, secrets: SecretOutput, signals: Signals, startFile: String?,
            isColoured: Bool
        ) {
            self.control = control
            self.secrets = secrets
            self.signals = signals
            self.startFile = startFile
            self.isColoured = isColoured
        }
    }
}
