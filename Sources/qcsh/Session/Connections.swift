import CloudClient
import Contract
import EventLoop
import GRPCProtocol
import LuaHost
import LuaMachine
import Sandbox
import Shell

/// Makes sessions from options, environment and what a script asks for.
final class Connections {

    /// Where Qdrant Cloud is.
    static let cloud = Endpoint(
        isSecure: true, host: "grpc.cloud.qdrant.io", port: 443)
    private static let defaultRESTEndpoint = Endpoint(
        isSecure: true, host: "api.cloud.qdrant.io", port: 443)
    /// How much faster the embedded sandbox's time passes, so that a cluster is up in about two
    /// seconds.
    private static let embeddedSpeed = 8.0

    /// The contract of the sessions that are opened.
    var registry = Registry.embedded
    private let options: RunOptions
    /// Whether the run is recorded, or repeats a recording.
    let journal: RunJournal
    /// What the run may do; contexts narrow it for their sessions.
    let bound: PermissionBound
    private let loop: PollLoop
    private var sandbox: SandboxServer?
    /// Called with each session that is opened.
    var onOpen: (_ session: Session, _ wanted: LuaTable) -> Void = { _, _ in }
    /// Whether each call is traced as it ends.
    var traces: Bool
    /// Where calls are noted for a viewer.
    private let tracer: CallTracer?

    init(
        _ options: RunOptions, loop: PollLoop, bound: PermissionBound,
        journal: RunJournal = .none
    ) {
        self.journal = journal
        tracer = options.traceFile.map { CallTracer(file: $0) }
        self.bound = bound
        self.options = options
        self.loop = loop
        traces = options.trace
    }

    /// Opens a session. The table is what a script gives `qdrant.connect`.
    func open(_ wanted: LuaTable) throws(LuaFailure) -> Session {
        do throws(CommandError) {
            let configuration: SessionConfiguration
            var layer: PermissionLayer?
            if let replayed = try replayedConfiguration() {
                configuration = replayed
            } else {
                (configuration, layer) = try self.configuration(wanted)
            }
            let session = Session(
                configuration, registry: registry, loop: loop, open: LiveTransports.open,
                wallClock: { Clocks.wall() })
            session.callGuard = layer.map(bound.narrowed) ?? bound
            wrap(session)
            session.onTrace = { [weak self] record in
                guard let self else { return }
                if traces { Self.trace(record) }
                tracer?.add(record)
            }
            onOpen(session, wanted)
            return session
        } catch {
            throw LuaFailure(error.description)
        }
    }

    /// Puts around the session's way to the API what the run asks for.
    private func wrap(_ session: Session) {
        let changes = changes
        switch journal {
        case .none: session.wrap = changes
        case .recording(let recorder):
            recorder.session(session.configuration)
            // What is recorded is what the script has seen.
            session.wrap = { [loop] in RecordingTransport(changes($0), recorder, loop: loop) }
        case .replaying(let replay):
            session.isOffline = true
            session.wrap = { [loop, unowned session] _ in
                ReplayTransport(replay, loop: loop) { session.onTrace }
            }
        }
    }

    /// What stands between the run and changes.
    private var changes: (any Transport) -> any Transport {
        let (isDryRun, limit) = (options.isDryRun, options.maximumHourlyPrice)
        return { [loop] inner in
            var way = inner
            if isDryRun {
                way = DryRunTransport(way, loop: loop, now: Clocks.wall) { Output.remark($0) }
            }
            // A dry run tells of a price that is too high, too.
            if let limit { way = PriceGuardTransport(way, limit: limit) }
            return way
        }
    }

    /// The session that was opened when the run was recorded; nil when none is repeated.
    private func replayedConfiguration() throws(CommandError) -> SessionConfiguration? {
        guard case .replaying(let replay) = journal else { return nil }
        guard let recorded = replay.nextSession() else {
            throw CommandError("replay: the run opened more sessions than were recorded")
        }
        var configuration = SessionConfiguration(
            endpoint: try Self.endpoint(recorded.endpoint),
            restEndpoint: try Self.endpoint(recorded.rest))
        configuration.transport = .init(rawValue: recorded.transport) ?? .grpc
        configuration.accountID = recorded.account
        configuration.contextName = recorded.context
        // Nothing leaves: that there was one is enough.
        switch recorded.credential {
        case "key": configuration.credential = .managementKey(SecretMask.text)
        case "token": configuration.credential = .userToken(SecretMask.text)
        default: break
        }
        return configuration
    }

    /// Stops the embedded sandbox, if there is one.
    func close() {
        tracer?.write()
        sandbox?.stop()
        sandbox = nil
    }

    private static let names = [
        "account", "api_key", "context", "endpoint", "rest_endpoint", "token", "transport",
    ]

    /// An option of `qdrant.connect`. Nothing is passed over: a wrong value must not mean another
    /// credential.
    private static func text(_ name: String, _ wanted: LuaTable) throws(CommandError) -> String? {
        switch wanted[name] {
        case nil, .nil: return nil
        case .string(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .secret(let bytes) where name == "api_key" || name == "token":
            return String(decoding: bytes, as: UTF8.self)
        case .some(let other):
            throw CommandError(
                "qdrant.connect: \(name) must be a string, got a \(other.typeName)")
        }
    }

    private func configuration(
        _ wanted: LuaTable
    ) throws(CommandError) -> (SessionConfiguration, PermissionLayer?) {
        for (key, _) in wanted.entries where !Self.names.contains(key.text ?? "") {
            throw CommandError(
                "qdrant.connect has no option \"\(key.text ?? key.typeName)\"; it has "
                    + Self.names.joined(separator: ", "))
        }
        let isSandbox = options.sandbox && wanted["endpoint"] == nil && wanted["context"] == nil
        let context = isSandbox ? nil : try context(wanted)
        var configuration =
            isSandbox
            ? try sandboxConfiguration(wanted) : try remoteConfiguration(wanted, context)
        // The sandbox has accounts of its own.
        let environment = isSandbox ? nil : UserFiles.environment("QDRANT_CLOUD_ACCOUNT_ID")
        if let account = try Self.text("account", wanted) ?? options.account ?? environment {
            if let context, context.locksAccount, let own = context.accountID, own != account {
                throw CommandError("context \"\(context.name)\" is locked to its account \(own)")
            }
            configuration.accountID = account
        }
        if let transport = try Self.text("transport", wanted) {
            guard let kind = TransportKind(rawValue: transport) else {
                throw CommandError("transport must be \"grpc\" or \"rest\"")
            }
            configuration.transport = kind
        } else if let transport = options.transport {
            configuration.transport = transport
        }
        configuration.connection.userAgent = "qcsh/\(Version.number)"
        if let file = options.caFile { configuration.connection.caFile = file }
        return (configuration, context?.permissionLayer)
    }

    /// From low to high: defaults, context, environment, flags, what the script asks for.
    private func remoteConfiguration(
        _ wanted: LuaTable, _ context: Context?
    ) throws(CommandError) -> SessionConfiguration {
        let isOwnContext = wanted["context"] != nil
        // A context that a script names stands for itself.
        func outer(_ flag: String?, _ variable: String) -> String? {
            isOwnContext ? nil : flag ?? UserFiles.environment(variable)
        }
        let overriding =
            try Self.text("endpoint", wanted) ?? outer(options.endpoint, "QDRANT_CLOUD_ENDPOINT")
        let restOverriding =
            try Self.text("rest_endpoint", wanted)
            ?? (wanted["endpoint"] == nil
                ? outer(options.restEndpoint, "QDRANT_CLOUD_REST_ENDPOINT") : nil)
        let endpoint = try (overriding ?? context?.endpoint).map { (text) throws(CommandError) in
            try Self.endpoint(text)
        }
        let restText = restOverriding ?? (overriding == nil ? context?.restEndpoint : nil)
        let rest = try restText.map { (text) throws(CommandError) in try Self.endpoint(text) }
        var configuration = SessionConfiguration(
            endpoint: endpoint ?? Self.cloud,
            restEndpoint: rest ?? endpoint.flatMap { $0 == Self.cloud ? nil : $0 }
                ?? Self.defaultRESTEndpoint)
        configuration.contextName = context?.name
        configuration.accountID = context?.accountID
        if let key = try Self.text("api_key", wanted) {
            configuration.credential = .managementKey(key)
        } else if let token = try Self.text("token", wanted) {
            configuration.credential = .userToken(token)
        } else if let key = outer(nil, "QDRANT_CLOUD_API_KEY") {
            configuration.credential = .managementKey(key)
        } else if let token = outer(nil, "QDRANT_CLOUD_TOKEN") {
            configuration.credential = .userToken(token)
        } else if let context {
            // A context's credential goes to that context's hosts and nowhere else.
            let isElsewhere = overriding != nil || restOverriding != nil
            if isElsewhere, try !Self.isSamePlace(configuration, context) {
                throw CommandError(
                    "the credential of context \"\(context.name)\" is not sent to "
                        + "another endpoint; set one for it in QDRANT_CLOUD_API_KEY")
            }
            configuration.credential = credential(context)
        }
        return configuration
    }

    private func context(_ wanted: LuaTable) throws(CommandError) -> Context? {
        let named = try Self.text("context", wanted)
        do throws(CommandError) {
            let contexts = try Contexts.load()
            let name =
                named ?? options.context ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT")
                ?? contexts.current
            return try name.map { (name) throws(CommandError) in
                try contexts.context(named: name)
            }
        } catch {
            throw CommandError(error.description)
        }
    }

    private static func isSamePlace(
        _ configuration: SessionConfiguration, _ context: Context
    ) throws(CommandError) -> Bool {
        let own = try context.endpoint.map { (text) throws(CommandError) in try endpoint(text) }
        let rest = try context.restEndpoint.map { (text) throws(CommandError) in try endpoint(text)
        }
        let places = [own ?? cloud, rest ?? own ?? defaultRESTEndpoint]
        return places.contains(configuration.endpoint)
            && places.contains(configuration.restEndpoint)
    }

    private func credential(_ context: Context) -> Credential {
        if let key = context.apiKey { return .managementKey(key) }
        if let token = context.token { return .userToken(token) }
        guard let command = context.apiKeyCommand ?? context.tokenCommand else { return .none }
        return .helper(
            CredentialHelper(isToken: context.apiKeyCommand == nil) {
                SecretProgram.run(command).mapError { reason in
                    CallError(
                        .unauthenticated,
                        "context \"\(context.name)\": the command for its credential \(reason)",
                        origin: .local)
                }
            } onText: { [journal] in
                if case .recording(let recorder) = journal { recorder.hide(Array($0.utf8)) }
            })
    }

    private static func endpoint(_ text: String) throws(CommandError) -> Endpoint {
        do throws(Endpoint.ParseError) {
            return try Endpoint(text)
        } catch {
            throw CommandError(error.description)
        }
    }

    private func sandboxConfiguration(
        _ wanted: LuaTable
    ) throws(CommandError) -> SessionConfiguration {
        let server = try embeddedSandbox()
        let endpoint = Endpoint(isSecure: false, host: "127.0.0.1", port: server.port)
        var configuration = SessionConfiguration(endpoint: endpoint, restEndpoint: endpoint)
        configuration.accountID = server.accountID
        if let key = try Self.text("api_key", wanted) ?? server.managementKey {
            configuration.credential = .managementKey(key)
        }
        return configuration
    }

    /// Whether the run was started with a sandbox of its own.
    var hasEmbeddedSandbox: Bool { options.sandbox }

    /// The present time where the run is: the clock of its own sandbox runs ahead.
    func present() -> (seconds: Int64, nanos: Int32) { sandbox?.now ?? Clocks.wall() }

    /// The sandbox of this run, started when it is first needed.
    func embeddedSandbox() throws(CommandError) -> SandboxServer {
        if let sandbox { return sandbox }
        var configuration = SandboxConfiguration(realTime: Clocks.steadyTime())
        configuration.speed = .factor(Self.embeddedSpeed)
        configuration.seed = try Self.seed()
        do throws(SandboxError) {
            let server = try SandboxServer(configuration)
            sandbox = server
            return server
        } catch {
            throw CommandError("the sandbox cannot be started: \(error)")
        }
    }

    /// What the embedded sandbox holds at first: `demo`, unless the environment names a file.
    private static func seed() throws(CommandError) -> String {
        guard let option = UserFiles.environment("QCSH_SANDBOX_SEED") else { return "demo" }
        if option == "demo" || option == "bare" { return option }
        guard let bytes = UserFiles.read(option) else {
            throw CommandError("QCSH_SANDBOX_SEED: cannot read \(option)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func trace(_ record: TraceRecord) {
        let milliseconds = Double(record.duration) / 1e6
        let rounded = (milliseconds * 10).rounded() / 10
        var line =
            "\(record.method)  \(record.code.name)  \(rounded) ms  \(record.transport.rawValue)"
        if record.size > 0 { line += "  \(record.size) B" }
        if record.attempt > 1 { line += "  attempt \(record.attempt)" }
        if let trace = record.traceID { line += "  trace \(trace)" }
        Output.note(Terminal.safe(line))
    }
}
