import CReadline
import Contract
import LuaHost

#if canImport(Glibc)
    import Glibc
#endif

/// The interactive shell: reads entries, runs them, prints what they return.
public final class REPL {
    private let runtime: LuaRuntime
    private let format: OutputFormat
    private let secrets: SecretOutput
    private let historyFile: String?
    private var pending = ""
    private var lines: [String?] = []
    private var isOver = false
    private let control: RunControl
    private let signals: Signals

    /// What the terminal's signals have left behind.
    public struct Signals {
        /// Whether Ctrl-C was pressed since this was last asked.
        let takeInterrupt: () -> Bool
        /// Whether the window has another size since this was last asked.
        let takeResize: () -> Bool
        /// Whether the program was told to end.
        let isTerminated: () -> Bool
        /// Counts Ctrl-C from the beginning.
        let forgetInterrupts: () -> Void

        /// Creates a view of the signals.
        public init(
            takeInterrupt: @escaping () -> Bool, takeResize: @escaping () -> Bool,
            isTerminated: @escaping () -> Bool, forgetInterrupts: @escaping () -> Void
        ) {
            self.takeInterrupt = takeInterrupt
            self.takeResize = takeResize
            self.isTerminated = isTerminated
            self.forgetInterrupts = forgetInterrupts
        }
    }

    /// readline has one terminal, so its handler finds the one shell here.
    private nonisolated(unsafe) static weak var current: REPL?

    /// Creates a shell.
    ///
    /// - Parameters:
    ///   - control: what ends an entry that runs.
    ///   - historyFile: where entries are kept; nil keeps them in memory.
    public init(
        runtime: LuaRuntime, control: RunControl, format: OutputFormat, secrets: SecretOutput,
        historyFile: String?, signals: Signals
    ) {
        self.runtime = runtime
        self.control = control
        self.format = format
        self.secrets = secrets
        self.historyFile = historyFile
        self.signals = signals
    }

    /// Runs until the input ends.
    public func run() {
        Self.current = self
        let loop = runtime.machine.loop
        if let historyFile { _ = qrl_load_history(historyFile) }
        loop.onSignal = { [weak self] in
            guard let self else { return }
            if signals.takeResize() { qrl_resize() }
            if signals.isTerminated() { isOver = true }
            guard signals.takeInterrupt() else { return }
            signals.forgetInterrupts()
            pending = ""
            lines = []
            qrl_cancel_line()
            showPrompt()
        }
        while !isOver {
            showPrompt()
            loop.watch(STDIN_FILENO, for: .input) { _ in qrl_read() }
            loop.run { !lines.isEmpty || isOver }
            loop.unwatch(STDIN_FILENO)
            qrl_end()
            while !lines.isEmpty, !signals.isTerminated() { accept(lines.removeFirst()) }
            if signals.isTerminated() { isOver = true }
        }
        Self.current = nil
    }

    private func showPrompt() {
        qrl_begin(pending.isEmpty ? "qcsh> " : "   .> ") { line in
            REPL.current?.lines.append(line.map { String(cString: $0) })
            free(line)
            // readline would go on with the prompt while the entry runs.
            qrl_end()
        }
    }

    private func accept(_ line: String?) {
        guard let line else {
            print("")
            if pending.isEmpty { isOver = true } else { pending = "" }
            return
        }
        pending += pending.isEmpty ? line : "\n" + line
        let entry = pending
        guard !entry.allSatisfy(\.isWhitespace) else {
            pending = ""
            return
        }
        do throws(LuaFailure) {
            let source = entry.hasPrefix("=") ? "return " + entry.dropFirst() : entry
            switch try runtime.compileExpression(Array(source.utf8), name: "=entry") {
            case .incomplete: return
            case .function(let function):
                pending = ""
                remember(entry)
                evaluate(function)
            }
        } catch {
            pending = ""
            remember(entry)
            report(error)
        }
    }

    private func evaluate(_ function: Int32) {
        var outcome: LuaMachine.Outcome?
        let loop = runtime.machine.loop
        do throws(LuaFailure) {
            let outer = loop.onSignal
            loop.onSignal = { [signals, control] in
                if signals.takeInterrupt() { control.stop(.interrupted) }
                if signals.isTerminated() { control.stop(.terminated) }
            }
            defer {
                loop.onSignal = outer
                control.end()
                signals.forgetInterrupts()
            }
            control.begin()
            try runtime.machine.spawn(function, isRoot: true) { outcome = $0 }
            runtime.machine.release(function)
            loop.run { outcome != nil }
            let renderer = Renderer(
                registry: runtime.registry, format: format, width: Terminal.width)
            for value in try outcome?.get() ?? [] {
                do throws(SecretOutput.Problem) {
                    Output.data(renderer.text(try secrets.present(value)))
                } catch {
                    throw LuaFailure(error.description)
                }
            }
            secrets.note()
            fflush(nil)
        } catch {
            report(error)
        }
    }

    private func report(_ failure: LuaFailure) {
        fflush(nil)
        Output.note(failure.isCancellation ? "\ninterrupted" : ErrorReport.text(failure))
    }

    /// A leading space keeps an entry out of the history.
    private func remember(_ entry: String) {
        guard !entry.hasPrefix(" ") else { return }
        qrl_remember(entry)
        if let historyFile { _ = qrl_append_history(1, historyFile) }
    }
}
