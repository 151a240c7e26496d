import Glibc
import LuaHost
import LuaMachine

/// Shows what entries return, in the shell's format, page by page when it is long.
final class ResultPrinter {
    private let runtime: LuaRuntime
    private let state: ShellState
    private let secrets: SecretOutput
    private let isColoured: Bool

    init(runtime: LuaRuntime, state: ShellState, secrets: SecretOutput, isColoured: Bool) {
        self.runtime = runtime
        self.state = state
        self.secrets = secrets
        secrets.advice = ":reveal() shows it, :write(path) saves it to a file"
        self.isColoured = isColoured
    }

    func text(_ value: LuaValue, format: OutputFormat?) -> String {
        let size = Terminal.size(of: state.screen)
        let renderer = Renderer(
            registry: runtime.registry, format: format ?? state.settings.format,
            width: Terminal.isTerminal(state.original(of: STDOUT_FILENO)) ? size.columns : 100,
            style: .init(
                isColoured: isColoured && Terminal.isTerminal(state.original(of: STDOUT_FILENO)),
                now: state.settings.showsAges ? state.surroundings.present() : nil,
                prefersTrees: true))
        let shown = renderer.text(value)
        let isData = [.json, .jsonl, .yaml, .csv].contains(format ?? state.settings.format)
        guard isData, Terminal.isTerminal(state.original(of: STDOUT_FILENO)) else { return shown }
        return TerminalText.harmless(shown, keepsStyles: false)
    }

    /// Writes results to standard output.
    func show(_ values: [LuaValue]) throws(LuaFailure) {
        var text = ""
        for value in values {
            // Among several a nil would be passed over.
            if values.count > 1, case .nil = value {
                text += "nil\n"
                continue
            }
            do throws(SecretOutput.Problem) {
                text += self.text(try secrets.present(value), format: nil)
            } catch {
                throw LuaFailure(error.description)
            }
        }
        write(text)
        secrets.note()
        fflush(nil)
    }

    /// Writes a text to standard output, page by page when it is long.
    func write(_ text: String) {
        guard !text.isEmpty else { return }
        let columns = max(1, Terminal.size(of: state.screen).columns)
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .reduce(0) { $0 + max(1, (TextWidth.columns(of: String($1)) + columns - 1) / columns) }
        let isPaged =
            state.settings.pages && Terminal.isTerminal(state.original(of: STDOUT_FILENO))
            && Terminal.isTerminal(STDIN_FILENO)
            && Terminal.movesItsCursor && rows > Terminal.size(of: state.screen).rows - 2
        if isPaged, TerminalProgram.page(text, loop: runtime.machine.loop) { return }
        Output.data(text, isStyled: true)
    }

    /// Prints how long an entry took, when the settings ask for it.
    func tellTime(_ duration: Double) {
        guard state.settings.showsTime else { return }
        var line = "\(Self.duration(duration))"
        let calls = state.calls
        if calls.attempts > 0 {
            line += ", \(calls.attempts) call\(calls.attempts == 1 ? "" : "s"), \(calls.bytes) B"
            if calls.retries > 0 { line += ", \(calls.retries) repeated" }
        }
        Output.note(StyledSpan(line, .faint).rendered(isColoured: isColoured))
    }

    /// Seconds in words.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "<1 ms" }
        if seconds < 0.001 { return "\(Int(seconds * 1e6)) µs" }
        if seconds < 1 { return "\(Int(seconds * 1e3)) ms" }
        return "\((seconds * 100).rounded() / 100) s"
    }
}
