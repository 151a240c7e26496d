import CloudClient
import LuaHost

/// A line that tells what an entry waits for, once that takes long; it is gone afterwards.
///
/// Only on a terminal that moves its cursor, and only while nobody else writes: what an entry
/// prints takes the line's place.
final class WaitingLine {
    private let state: ShellState
    private let loop: PollLoop
    private let began: Int64
    private let isColoured: Bool
    private var ticker: Ticker?
    private var isShown = false
    private var frame = 0

    /// How long nothing is shown, in nanoseconds.
    private static let patience: Int64 = 700_000_000
    private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    init(state: ShellState, loop: PollLoop, isColoured: Bool) {
        self.state = state
        self.loop = loop
        self.isColoured = isColoured
        began = loop.now()
        guard Terminal.movesItsCursor, Terminal.isTerminal(state.screen) else { return }
        ticker = Ticker(loop: loop, every: 120_000_000) { [weak self] in self?.tick() }
        ShellNotes.onOutput = { [weak self] in self?.erase() }
    }

    private func tick() {
        let elapsed = loop.now() - began
        guard elapsed > Self.patience, let calls = state.calls.present, !ShellNotes.isBusy else {
            return erase()
        }
        frame += 1
        let seconds = (Double(elapsed) / 1e8).rounded() / 10
        var text = "\(Self.frames[frame % Self.frames.count]) \(calls.oldest)"
        if calls.count > 1 { text += " and \(calls.count - 1) more" }
        text += "  \(seconds) s"
        let columns = Terminal.size(of: state.screen).columns
        let line = StyledSpan(TextWidth.cut(text, to: columns - 1), .faint)
        _ = Output.writeAll(
            ("\r" + line.rendered(isColoured: isColoured) + "\u{1b}[K").utf8, to: state.screen)
        isShown = true
    }

    private func erase() {
        guard isShown else { return }
        isShown = false
        _ = Output.writeAll("\r\u{1b}[K".utf8, to: state.screen)
    }

    func stop() {
        ticker?.stop()
        ticker = nil
        erase()
        ShellNotes.onOutput = {}
    }
}

/// Who else writes to the terminal while an entry runs.
enum ShellNotes {
    /// Called before something is written.
    nonisolated(unsafe) static var onOutput: () -> Void = {}
    /// Whether something of the entry's own has the last line: a progress bar, a question.
    nonisolated(unsafe) static var isBusy = false
}
