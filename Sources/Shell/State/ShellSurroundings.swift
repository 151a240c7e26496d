import LuaMachine

/// The current place, as the prompt shows it.
public struct ShellPlace {
    /// The name of the context, or its replacement.
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

/// The shell's access to configuration, files and sessions.
public protocol ShellSurroundings: AnyObject {
    /// Where one is.
    var place: ShellPlace { get }

    /// The contexts that there are, as rows.
    var contexts: LuaValue { get }

    /// Directories in which `require` finds modules.
    var moduleFolders: [String] { get }

    /// Which entries are kept.
    var historyPolicy: HistoryFile.Policy { get }

    /// Where a context's entries are kept; nil for nowhere.
    func historyPath(of context: String?) -> String?

    /// Goes to the session that was opened last.
    ///
    /// - Parameter name: what the place is called; nil for its own name.
    func arrive(as name: String?)

    /// Turns the trace of calls on and off.
    func trace(_ isOn: Bool)

    /// The present time: seconds since 1970 and nanoseconds.
    func present() -> (seconds: Int64, nanos: Int32)
}
