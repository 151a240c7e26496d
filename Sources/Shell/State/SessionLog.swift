import Glibc

/// The entries of this session, and the file that keeps them: each context has its own.
final class SessionLog {
    /// The entries of this session.
    private(set) var session: [HistoryFile.Entry] = []
    private let surroundings: any ShellSurroundings
    private var history: HistoryFile?
    private var lastEntry: String?
    /// Whether it was said that entries cannot be kept.
    private var hasSaidSo = false

    init(_ surroundings: any ShellSurroundings) { self.surroundings = surroundings }

    /// Opens the history of the context that one is in.
    func open() {
        let path = surroundings.historyPath(of: surroundings.place.name)
        guard path != history?.path || history == nil else { return }
        history = path.map { HistoryFile(path: $0, policy: surroundings.historyPolicy) }
        offerEntries()
    }

    /// Gives the editor the entries that are kept.
    private func offerEntries() {
        LineEditor.forgetEntries()
        for entry in entries() {
            LineEditor.remember(entry.text)
            lastEntry = entry.text
        }
    }

    /// The entries that are kept.
    func entries() -> [HistoryFile.Entry] { history?.load() ?? [] }

    /// Removes entries that are kept; how many there were.
    func remove(_ isUnwanted: (HistoryFile.Entry) -> Bool) -> Int {
        let count = history?.remove(isUnwanted) ?? 0
        offerEntries()
        return count
    }

    /// Keeps an entry: as it was typed for this shell, and without its secrets in the file.
    func remember(_ text: String, masked: String, duration: Double, hasFailed: Bool) {
        let present = surroundings.present()
        var entry = HistoryFile.Entry(
            time: Double(present.seconds) + Double(present.nanos) / 1e9 - duration,
            duration: duration, text: text, hasFailed: hasFailed)
        // What is not to be kept is not saved either, and what is saved has no secrets.
        if !text.hasPrefix(" ") {
            session.append(
                .init(
                    time: entry.time, duration: duration, text: masked, hasFailed: hasFailed))
        }
        guard surroundings.historyPolicy.keeps(text, after: lastEntry) else { return }
        lastEntry = text
        LineEditor.remember(text)
        entry.text = masked
        guard let history, !history.append(entry), !hasSaidSo else { return }
        hasSaidSo = true
        let reason = String(cString: strerror(errno))
        Output.note("history is not saved: \(history.path): \(reason)")
    }
}
