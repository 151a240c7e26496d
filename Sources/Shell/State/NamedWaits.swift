import LuaHost

/// What the shell shows of a wait.
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
