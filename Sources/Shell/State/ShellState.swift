import CloudClient
import Glibc
import LuaMachine
import LuaReference

/// What the shell, its commands and the functions of `shell` share.
public final class ShellState {
    /// Where one is, as the prompt tells it.
    public struct Place {
        /// The context, or what stands for it.
        public var name: String?
        /// The account, short.
        public var account: String?
        /// The context's own colour, as SGR parameters.
        public var code: String?
        /// Whether nothing can be changed.
        public var isReadOnly = false
        public var isDryRun = false

        /// Creates a place without a name.
        public init() {}
    }

    /// How results are shown.
    public var format: OutputFormat
    /// Tells where one is.
    public var place: () -> Place = { Place() }
    /// Where a context's entries are kept; nil for nowhere.
    public var historyPath: (_ context: String?) -> String? = { _ in nil }
    public var historyPolicy = HistoryFile.Policy()
    /// Turns the trace of calls on and off.
    public var setTrace: (Bool) -> Void = { _ in }
    /// The present time, for ages.
    public let wallClock: () -> (seconds: Int64, nanos: Int32)

    /// Told when the shell goes to the session that was opened last.
    public var onArrival: (_ name: String?) -> Void = { _ in }
    /// The contexts that there are, as rows.
    public var contexts: () -> LuaValue = { .list([]) }

    /// A command, as `.help` tells of it.
    struct Command {
        let name: String
        let usage: String
        let text: String
    }

    /// The terminal that the shell writes to by itself.
    var screen: Int32 = STDERR_FILENO
    weak var editor: LineEditor?
    /// Takes what is written while the shell has the last line.
    let background = BackgroundOutput()
    var tellsTime = false
    var traces = false
    var pages = true
    var showsAges = true
    var isColoured = false
    var commands: [Command] = []
    /// What `.watch` shows.
    var live: LiveResult?
    /// Counts the entries that have run; 0 before the first.
    var entryNumber = 0
    /// The entries of this session.
    private(set) var session: [HistoryFile.Entry] = []
    var help: (String) throws(HostError) -> ReferenceText = { _ throws(HostError) in
        ReferenceText(width: 80)
    }
    var template: (String) -> String? = { _ in nil }
    var complete: ([UInt8]) -> Completion = { _ in Completion() }
    /// Whether somebody does not want to wait any longer.
    var isInterrupted: () -> Bool = { false }
    /// Told when something of the cloud was changed, or may have been.
    var onChange: () -> Void = {}
    /// Told when calls go elsewhere from now on.
    var onMove: () -> Void = {}
    var hasOwnPrompt = false
    /// Tasks that were left running.
    var runningJobs = 0
    /// Tells what the entry that runs waits for.
    weak var waiting: WaitingLine?
    /// The calls of the entry that runs.
    let calls = CallCounter()
    /// What tasks say that they wait for.
    let waits = NamedWaits()
    private(set) var isLeft = false
    private(set) var exitStatus: Int32 = 0
    /// Names that entries have made local.
    private(set) var locals: Set<String> = []
    private var prefilled = ""
    private var history: HistoryFile?
    private var lastEntry: String?
    /// Whether it was said that entries cannot be kept.
    private var hasToldOfHistory = false
    /// Shows values as the results of an entry are shown.
    var render: (LuaValue, OutputFormat?) -> String = { _, _ in "" }
    var showText: (String) -> Void = { _ in }

    /// Creates the state of a shell that shows results in a format.
    public init(
        format: OutputFormat, wallClock: @escaping () -> (seconds: Int64, nanos: Int32)
    ) {
        self.format = format
        self.wallClock = wallClock
    }

    /// Counts the calls of a session from now on.
    public func follow(_ session: Session) {
        session.onCall = { [calls, weak self] method in
            let ended = calls.begin(method.displayName)
            return {
                ended()
                // What was changed is no longer what is offered.
                if !method.isRead { self?.onChange() }
            }
        }
        let outer = session.onTrace
        session.onTrace = { [calls] record in
            outer?(record)
            calls.add(record)
        }
    }

    /// To be called before something is written to the terminal.
    public func willWrite() { waiting?.willWrite() }

    /// Gives the terminal back, before the program ends in the middle of something.
    public func restoreTerminal() {
        guard editor?.isPrompting == true else { return }
        editor?.end()
        background?.end()
    }

    /// The descriptor that standard output or error has when the shell does not take it.
    public func original(of descriptor: Int32) -> Int32 {
        background?.original(of: descriptor) ?? descriptor
    }

    // MARK: - Entries

    func declare(_ names: [String]) { locals.formUnion(names) }

    func leave(_ status: Int32) {
        isLeft = true
        exitStatus = status
    }

    func prefill(_ text: String) { prefilled = text }

    func takePrefill() -> String {
        defer { prefilled = "" }
        return prefilled
    }

    /// Calls go elsewhere from now on.
    ///
    /// - Parameter name: what the place is called; nil for its own name.
    func moved(to name: String?) {
        onArrival(name)
        openHistory()
        onMove()
    }

    // MARK: - History

    /// Opens the history of the context that one is in.
    func openHistory() {
        let path = historyPath(place().name)
        guard path != history?.path || history == nil else { return }
        history = path.map { HistoryFile(path: $0, policy: historyPolicy) }
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

    func entries() -> [HistoryFile.Entry] { history?.load() ?? [] }

    func removeEntries(_ isUnwanted: (HistoryFile.Entry) -> Bool) -> Int {
        let count = history?.remove(isUnwanted) ?? 0
        offerEntries()
        return count
    }

    /// Keeps an entry: as it was typed for this shell, and without its secrets in the file.
    func remember(_ text: String, masked: String, duration: Double, hasFailed: Bool) {
        let present = wallClock()
        var entry = HistoryFile.Entry(
            time: Double(present.seconds) + Double(present.nanos) / 1e9 - duration,
            duration: duration, text: text, hasFailed: hasFailed)
        // What is not to be kept is not saved either, and what is saved has no secrets.
        if !text.hasPrefix(" ") {
            session.append(
                .init(
                    time: entry.time, duration: duration, text: masked, hasFailed: hasFailed))
        }
        guard historyPolicy.keeps(text, after: lastEntry) else { return }
        lastEntry = text
        LineEditor.remember(text)
        entry.text = masked
        guard let history, !history.append(entry), !hasToldOfHistory else { return }
        hasToldOfHistory = true
        let reason = String(cString: strerror(errno))
        Output.note("entries are not kept: \(history.path): \(reason)")
    }
}
