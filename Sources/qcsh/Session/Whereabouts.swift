import CloudClient
import LuaMachine
import Shell

/// Where the shell's calls go, and what it finds in the configuration.
final class Whereabouts: ShellSurroundings {
    private let options: RunOptions
    private let known: Contexts
    private let connections: Connections
    /// Where the shell is, and what was opened last: the session, and the context it is of.
    private var current: (session: Session, name: String?)?
    private var latest: (session: Session, name: String?)?

    init(options: RunOptions, contexts: Contexts, connections: Connections) {
        self.options = options
        known = contexts
        self.connections = connections
    }

    var contexts: LuaValue {
        let name = place.name
        return .list(known.all.map { $0.row(isCurrent: $0.name == name) })
    }

    var moduleFolders: [String] { Project.current.folders }

    var historyPolicy: HistoryFile.Policy { known.history }

    func historyPath(of context: String?) -> String? { UserFiles.historyFile(of: context) }

    func trace(_ isOn: Bool) { connections.traces = isOn }

    func present() -> (seconds: Int64, nanos: Int32) { connections.present() }

    /// A session was opened: the shell's own, or one that somebody asked for.
    func opened(_ session: Session, _ wanted: LuaTable) {
        var name = session.configuration.contextName
        // Who names an endpoint is there, whatever context lends its credential.
        let endpoint = session.configuration.endpoint
        if (wanted["endpoint"] != nil || isElsewhere(name, endpoint)), wanted["context"] == nil,
            !options.sandbox || wanted["endpoint"] != nil
        {
            name = "\(endpoint.host):\(endpoint.port)"
        } else if options.sandbox, wanted["context"] == nil {
            name = "sandbox"
        }
        latest = (session, name)
        if wanted.entries.isEmpty, current == nil { current = latest }
    }

    /// Whether calls go to another place than the one that a context names.
    private func isElsewhere(_ name: String?, _ endpoint: Endpoint) -> Bool {
        guard let context = known.all.first(where: { $0.name == name }) else {
            return name == nil && endpoint != QdrantCloud.endpoint
        }
        guard let own = context.endpoint.flatMap({ try? Endpoint($0) }) else {
            return endpoint != QdrantCloud.endpoint
        }
        return own != endpoint
    }

    /// The shell goes to the session that was opened last.
    ///
    /// - Parameter name: what it is called; nil for its context's name.
    func arrive(as name: String?) {
        current = latest.map { ($0.session, name ?? $0.name) }
    }

    var place: ShellPlace {
        var place = ShellPlace()
        let name =
            current != nil
            ? current?.name
            : options.sandbox
                ? "sandbox"
                : elsewhere ?? wantedContext
        let context = name.flatMap { name in known.all.first { $0.name == name } }
        place.name = name
        place.code = context?.color.flatMap { ContextColours.codes[$0] }
        let account = current?.session.accountID ?? context?.accountID ?? options.account
        place.account = account.map { String($0.prefix(8)) }
        place.isReadOnly = options.isReadOnly || context?.isReadOnly == true
        place.isDryRun = options.isDryRun
        return place
    }

    /// Where an option or a variable leads, whatever context there is; nil when none does.
    private var elsewhere: String? {
        guard
            let text = options.endpoint ?? UserFiles.environment("QDRANT_CLOUD_ENDPOINT"),
            let endpoint = try? Endpoint(text), endpoint != QdrantCloud.endpoint,
            isElsewhere(wantedContext, endpoint)
        else { return nil }
        return "\(endpoint.host):\(endpoint.port)"
    }

    /// The context that an option, a variable or the configuration chooses.
    private var wantedContext: String? {
        options.context ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT") ?? known.current
    }
}
