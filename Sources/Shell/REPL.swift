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
    /// Whether Ctrl-C was pressed since the last look; set by the signal handler.
    private let takeInterrupt: () -> Bool
    /// Whether the window has another size since the last look.
    private let takeResize: () -> Bool

    /// readline has one terminal, so its handler finds the one shell here.
    private nonisolated(unsafe) static weak var current: REPL?

    /// Creates a shell.
    ///
    /// - Parameters:
    ///   - historyFile: where entries are kept; nil keeps them in memory.
    ///   - takeInterrupt: whether Ctrl-C was pressed since it was last asked.
    ///   - takeResize: whether the window has another size since it was last asked.
    public init(
        runtime: LuaRuntime, format: OutputFormat, secrets: SecretOutput, historyFile: String?,
        takeInterrupt: @escaping () -> Bool, takeResize: @escaping () -> Bool = { false }
    ) {
        self.runtime = runtime
        self.format = format
        self.secrets = secrets
        self.historyFile = historyFile
        self.takeInterrupt = takeInterrupt
        self.takeResize = takeResize
    }

    /// Runs until the input ends.
    public func run() {
        Self.current = self
        let loop = runtime.machine.loop
        if let historyFile { _ = qrl_load_history(historyFile) }
        loop.onSignal = { [weak self] in
            guard let self else { return }
            if takeResize() { qrl_resize() }
            guard takeInterrupt() else { return }
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
            while !lines.isEmpty { accept(lines.removeFirst()) }
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
            let task = try runtime.machine.spawn(function) { outcome = $0 }
            runtime.machine.release(function)
            let outer = loop.onSignal
            loop.onSignal = { [takeInterrupt, machine = runtime.machine] in
                guard takeInterrupt(), outcome == nil else { return }
                machine.cancel(task)
                outcome = .failure(LuaFailure("\ninterrupted"))
            }
            loop.run { outcome != nil }
            loop.onSignal = outer
            _ = takeInterrupt()
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
        Output.note(ErrorReport.text(failure))
    }

    /// A leading space keeps an entry out of the history.
    private func remember(_ entry: String) {
        guard !entry.hasPrefix(" ") else { return }
        qrl_remember(entry)
        if let historyFile { _ = qrl_append_history(1, historyFile) }
    }
}
