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
    /// Why the last session could not be opened; nil when it could.
    private var problem: CommandError?
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
            var context: Context?
            if let replayed = try replayedConfiguration() {
                configuration = replayed
            } else {
                (configuration, context) = try self.configuration(wanted)
            }
            let session = Session(
                configuration, registry: registry, loop: loop, open: LiveTransports.open,
                wallClock: { Clocks.wall() })
            session.callGuard = context?.permissionLayer.map(bound.narrowed) ?? bound
            wrap(session, context)
            session.onTrace = { [weak self] record in
                guard let self else { return }
                if traces { Self.trace(record) }
                tracer?.add(record)
            }
            onOpen(session, wanted)
            return session
        } catch {
            problem = error
            throw LuaFailure(error.description)
        }
    }

    /// Resolves the settings of the run's own session, so that a context that does not exist is found
    /// out before anything runs.
    func check() throws(CommandError) { _ = try plan(ConnectWish(LuaTable())) }

    /// Whether a failure is about the configuration, and not about what a script does.
    func isConfiguration(_ failure: LuaFailure) -> Bool {
        problem.map { failure.description.contains($0.description) } ?? false
    }

    /// Puts around the session's way to the API what the run asks for.
    private func wrap(_ session: Session, _ context: Context?) {
        let changes = changes(context)
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
    private func changes(_ context: Context?) -> (any Transport) -> any Transport {
        let (isDryRun, limit) = (options.isDryRun, options.maximumHourlyPrice)
        let asking = context?.confirms == true && !isDryRun && !options.isConfirmed ? context : nil
        return { [loop] inner in
            var way = inner
            if isDryRun {
                way = DryRunTransport(way, loop: loop, now: Clocks.wall) { Output.remark($0) }
            }
            // A dry run tells of a price that is too high, too.
            if let limit { way = PriceGuardTransport(way, limit: limit) }
            if let asking {
                let source = "context \"\(asking.name)\""
                way = ConfirmingTransport(way, loop: loop, source: source) { question, completion in
                    TerminalQuestion.ask(
                        question, from: source, on: loop, completion: completion)
                }
            }
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

    private func configuration(
        _ table: LuaTable
    ) throws(CommandError) -> (SessionConfiguration, Context?) {
        let wanted = try ConnectWish(table)
        let plan = try plan(wanted)
        var configuration: SessionConfiguration
        if let plan {
            configuration = remoteConfiguration(plan)
        } else {
            configuration = try sandboxConfiguration(wanted)
        }
        configuration.transport = wanted.transport ?? options.transport ?? .grpc
        configuration.retries = plan?.retries?.value ?? options.retries
        configuration.connection.userAgent = "qcsh/\(Version.number)"
        configuration.connection.now = { Clocks.wall().seconds }
        if let file = options.caFile { configuration.connection.caFile = file }
        if traces, let plan { for line in plan.lines(options) { Output.note(Terminal.safe(line)) } }
        return (configuration, plan?.context)
    }

    /// The settings of a session, with their origins; nil for one of the embedded sandbox.
    func plan(_ wanted: ConnectWish) throws(CommandError) -> ConnectionPlan? {
        // The sandbox has accounts and credentials of its own.
        if options.sandbox, wanted.endpoint == nil, wanted.context == nil { return nil }
        return try ConnectionPlan(wanted, options) { () throws(CommandError) in
            try Contexts.load()
        }
    }

    private func remoteConfiguration(_ plan: ConnectionPlan) -> SessionConfiguration {
        var configuration = SessionConfiguration(
            endpoint: plan.endpoint.value, restEndpoint: plan.restEndpoint.value)
        configuration.contextName = plan.isSetAside ? nil : plan.context?.name
        configuration.accountID = plan.account?.value
        configuration.credential = credential(plan)
        return configuration
    }

    private func credential(_ plan: ConnectionPlan) -> Credential {
        switch plan.credential?.value {
        case nil: .none
        case .key(let key): .managementKey(key)
        case .token(let token): .userToken(token)
        case .keyCommand(let command): helper(command, isToken: false, plan)
        case .tokenCommand(let command): helper(command, isToken: true, plan)
        }
    }

    private func helper(_ command: String, isToken: Bool, _ plan: ConnectionPlan) -> Credential {
        let name = plan.context?.name ?? ""
        return .helper(
            CredentialHelper(isToken: isToken) { [loop] completion in
                SecretProgram.start(command, on: loop) { result in
                    completion(
                        result.mapError { problem in
                            CallError(
                                problem.isGivenUp ? .cancelled : .unauthenticated,
                                "context \"\(name)\": the command for its credential \(problem)",
                                origin: .local)
                        })
                }
            } onText: { [journal] in
                if case .recording(let recorder) = journal { recorder.hide(Array($0.utf8)) }
            })
    }

    private func sandboxConfiguration(
        _ wanted: ConnectWish
    ) throws(CommandError) -> SessionConfiguration {
        let server = try embeddedSandbox()
        let endpoint = Endpoint(isSecure: false, host: "127.0.0.1", port: server.port)
        var configuration = SessionConfiguration(endpoint: endpoint, restEndpoint: endpoint)
        configuration.accountID = wanted.account?.value ?? options.account ?? server.accountID
        switch wanted.secret?.value {
        case .key(let key)?: configuration.credential = .managementKey(key)
        case .token(let token)?: configuration.credential = .userToken(token)
        default:
            if let key = server.managementKey { configuration.credential = .managementKey(key) }
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
        (configuration.seed, configuration.seedFile) = try Self.seed()
        do throws(SandboxError) {
            let server = try SandboxServer(configuration)
            sandbox = server
            return server
        } catch {
            throw CommandError("the sandbox cannot be started: \(error)")
        }
    }

    /// What the embedded sandbox holds at first: `demo`, unless the environment names a file.
    private static func seed() throws(CommandError) -> (text: String, file: String?) {
        let variable = "QCSH_SANDBOX_SEED"
        if let problem = SandboxFiles.variableProblem { throw CommandError(problem) }
        let builtIn = SandboxFiles.builtInSeeds
        guard let option = UserFiles.environment(variable) else { return (builtIn[0], nil) }
        if builtIn.contains(option) { return (option, nil) }
        guard let bytes = UserFiles.read(option) else {
            throw CommandError(
                "\(variable): cannot read \(option): \(UserFiles.reason)"
                    + Names.suggestion(Names.nearest(to: option, in: builtIn)))
        }
        return (String(decoding: bytes, as: UTF8.self), option)
    }

    /// The endpoint of a recording.
    private static func endpoint(_ text: String) throws(CommandError) -> Endpoint {
        do throws(Endpoint.ParseError) {
            return try Endpoint(text)
        } catch {
            throw CommandError(error.description)
        }
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
