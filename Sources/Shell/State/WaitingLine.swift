import EventLoop

/// A line that shows what an entry waits for, once that takes long; it is erased afterwards.
///
/// Only on a terminal that moves its cursor. While the line is shown, what is written is taken
/// (``BackgroundOutput``), and takes the line's place.
final class WaitingLine {
    private let state: ShellState
    private let loop: PollLoop
    private let began: Int64
    private let isColoured: Bool
    private var ticker: Ticker?
    private var isShown = false
    private var frame = 0
    /// When somebody else wrote last: a progress bar has the line then.
    private var lastOutput = Int64.min

    /// How long nothing is shown, in nanoseconds: at the beginning, and after others have written.
    private static let patience: Int64 = 700_000_000
    private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    init(state: ShellState, loop: PollLoop, isColoured: Bool) {
        self.state = state
        self.loop = loop
        self.isColoured = isColoured
        began = loop.now()
        guard Terminal.movesItsCursor, Terminal.isTerminal(state.screen) else { return }
        ticker = Ticker(loop: loop, every: 120_000_000) { [weak self] in self?.tick() }
    }

    private func tick() {
        let present = loop.now()
        let elapsed = present - began
        guard elapsed > Self.patience, let parts = state.waits.text(at: present) ?? text(elapsed)
        else { return erase() }
        guard !Output.isAsking else { return }
        guard lastOutput == .min || present - lastOutput > Self.patience else { return }
        frame += 1
        let columns = Terminal.size(of: state.screen).columns - 1
        let turned = "\(Self.frames[frame % Self.frames.count]) "
        let line = StyledSpan(turned + parts.fitted(to: columns - 2), .faint)
        isShown = true
        state.background?.begin()
        _ = Output.writeAll(
            ("\r" + line.rendered(isColoured: isColoured) + "\u{1b}[K").utf8, to: state.screen)
    }

    /// The calls that run, when no task says what it waits for.
    private func text(_ elapsed: Int64) -> WaitingText? {
        guard let calls = state.calls.present else { return nil }
        return WaitingText(
            what: calls.oldest, others: calls.count - 1,
            elapsed: "\((Double(elapsed) / 1e8).rounded() / 10) s")
    }

    /// Makes room when something was written.
    func check() {
        guard isShown, state.background?.hasTaken == true else { return }
        willWrite()
    }

    /// Makes room: somebody writes next.
    func willWrite() {
        lastOutput = loop.now()
        erase()
    }

    private func erase() {
        guard isShown else { return }
        isShown = false
        _ = Output.writeAll("\r\u{1b}[K".utf8, to: state.screen)
        state.background?.end()
    }

    func stop() {
        ticker?.stop()
        ticker = nil
        erase()
    }
}
