import EventLoop
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
        guard elapsed > Self.patience, let parts = state.waits.text(at: present) ?? text(elapsed)
        else { return erase() }
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

    /// What is called, where nobody says what is waited for.
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

/// What is told of a wait.
struct WaitingText {
    /// What is waited for, and how that is: `alpha to be ready: CREATING`.
    let what: String
    /// How many other things are waited for.
    let others: Int
    let elapsed: String
    /// How long it takes as a rule.
    var usual: String?

    /// The whole where there is room. Else time and phase stay, and the name makes room for them.
    func fitted(to columns: Int) -> String {
        let more = others > 0 ? " and \(others) more" : ""
        let whole = "\(what)\(more)  \(elapsed)" + (usual.map { " of about " + $0 } ?? "")
        guard TextWidth.columns(of: whole) > columns else { return whole }
        let time = "  " + elapsed + (usual.map { " of ~" + $0 } ?? "")
        let room = max(8, columns - TextWidth.columns(of: time))
        guard let colon = what[...].lastRange(of: ": ") else {
            return TextWidth.cut(TextWidth.cut(what, to: room) + time, to: columns)
        }
        let phase = String(what[colon.lowerBound...])
        let subject = String(what[..<colon.lowerBound])
        let name = min(
            TextWidth.columns(of: subject),
            max(min(6, room / 2), room - TextWidth.columns(of: phase)))
        let line = TextWidth.cut(subject, to: name) + TextWidth.cut(phase, to: room - name) + time
        return TextWidth.cut(line, to: columns)
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
    func text(at now: Int64) -> WaitingText? {
        guard let first = all.first else { return nil }
        return WaitingText(
            what: Terminal.safe(first.text), others: all.count - 1,
            elapsed: Self.duration(Double(now - first.began) / 1e9),
            usual: first.usual.map(Self.duration))
    }

    private static func duration(_ seconds: Double) -> String {
        seconds < 10
            ? "\((seconds * 10).rounded() / 10) s" : CellText.age(Int64(seconds.rounded()))
    }
}
