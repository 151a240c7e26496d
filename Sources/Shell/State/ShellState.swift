import CloudClient
import Glibc

/// What the shell, its commands and the functions of `shell` share.
public final class ShellState {
    /// A command, as `.help` shows it.
    struct Command {
        let name: String
        let usage: String
        let text: String
    }

    let surroundings: any ShellSurroundings
    var settings: ShellSettings
    /// The entries of this session.
    let log: SessionLog
    /// The shell that runs; nil before it does.
    weak var front: (any ShellFront)?
    weak var editor: LineEditor?
    /// Shows what the entry that runs waits for.
    weak var waiting: WaitingLine?
    /// The terminal that the shell writes to by itself.
    var screen: Int32 = STDERR_FILENO
    var isColoured = false
    /// Takes what is written while the shell has the last line.
    let background = BackgroundOutput()
    var commands: [Command] = []
    /// What `.watch` shows.
    var live: LiveResult?
    /// Counts the entries that have run; 0 before the first.
    var entryNumber = 0
    /// Tasks that were left running.
    var runningJobs = 0
    /// The calls of the entry that runs.
    let calls = CallCounter()
    /// What tasks say that they wait for.
    let waits = NamedWaits()
    private(set) var isLeft = false
    private(set) var exitStatus: Int32 = 0
    /// Names that entries have made local.
    private(set) var locals: Set<String> = []
    private var prefilled = ""

    /// Creates the state of a shell that shows results in a format.
    public init(_ surroundings: any ShellSurroundings, format: OutputFormat) {
        self.surroundings = surroundings
        settings = ShellSettings(format: format)
        log = SessionLog(surroundings)
    }

    /// Counts the calls of a session from now on.
    public func follow(_ session: Session) {
        session.onCall = { [calls, weak self] method in
            let ended = calls.begin(method.displayName)
            return {
                ended()
                // What was changed is no longer what is offered.
                if !method.isRead { self?.front?.forgetNames() }
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
        surroundings.arrive(as: name)
        log.open()
        front?.forgetNames()
    }
}
