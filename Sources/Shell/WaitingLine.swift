import CloudClient
import LuaHost

/// A line that tells what an entry waits for, once that takes long; it is gone afterwards.
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
        guard elapsed > Self.patience, let text = state.waits.text(at: present) ?? text(elapsed)
        else { return erase() }
        guard lastOutput == .min || present - lastOutput > Self.patience else { return }
        frame += 1
        let columns = Terminal.size(of: state.screen).columns
        let turned = "\(Self.frames[frame % Self.frames.count]) \(text)"
        let line = StyledSpan(TextWidth.cut(turned, to: columns - 1), .faint)
        isShown = true
        state.background?.begin()
        _ = Output.writeAll(
            ("\r" + line.rendered(isColoured: isColoured) + "\u{1b}[K").utf8, to: state.screen)
    }

    /// What is called, where nobody says what is waited for.
    private func text(_ elapsed: Int64) -> String? {
        guard let calls = state.calls.present else { return nil }
        let others = calls.count > 1 ? " and \(calls.count - 1) more" : ""
        return "\(calls.oldest)\(others)  \((Double(elapsed) / 1e8).rounded() / 10) s"
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

/// What tasks say that they wait for, the oldest first.
final class NamedWaits {
    private struct Wait {
        let number: Int
        var text: String
        let usual: Double?
        let began: Int64
    }

    private var all: [Wait] = []

    /// Says what is waited for; nil when that is over.
    ///
    /// - Parameter usual: how many seconds it takes as a rule.
    func set(_ number: Int, text: String?, usual: Double?, now: Int64) {
        let index = all.firstIndex { $0.number == number }
        switch (index, text) {
        case (let index?, nil): all.remove(at: index)
        case (let index?, let text?): all[index].text = text
        case (nil, let text?):
            all.append(Wait(number: number, text: text, usual: usual, began: now))
        case (nil, nil): break
        }
    }

    /// A line about the oldest.
    func text(at now: Int64) -> String? {
        guard let first = all.first else { return nil }
        var text = Terminal.safe(first.text)
        if all.count > 1 { text += " and \(all.count - 1) more" }
        let elapsed = Double(now - first.began) / 1e9
        text += "  " + Self.duration(elapsed)
        if let usual = first.usual { text += " of about " + Self.duration(usual) }
        return text
    }

    private static func duration(_ seconds: Double) -> String {
        seconds < 10
            ? "\((seconds * 10).rounded() / 10) s" : CellText.age(Int64(seconds.rounded()))
    }
}
