import ArgumentParser
import CloudClient
import Codec
import Contract
import EventLoop
import GRPCProtocol
import Glibc
import LuaHost
import LuaMachine
import Shell

/// Checks configuration, connection, credential and permissions.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check configuration, connection, credential and permissions.",
        usage: "qcsh doctor [options]",
        discussion: """
            Reads the configuration, calls the API over both transports, and asks for the accounts \
            and permissions of the credential. Changes nothing. The exit status names the first \
            problem: 2 configuration, 4 credential, 8 not reachable.
            """)

    @OptionGroup(title: OptionTitle.connection) var connection: ConnectionOptions
    @OptionGroup(title: OptionTitle.connection) var source: ContractSource
    @OptionGroup(title: OptionTitle.output) var format: FormatOption
    @OptionGroup(title: OptionTitle.limits) var timeout: TimeoutOption

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let loop = PollLoop(now: Clocks.monotonic)
        Interrupts.install(for: nil, on: loop)
        let options = RunOptions(connection, source, format, timeout)
        if let timeout = options.timeout { Interrupts.limitRun(to: timeout) }
        let limits = RunLimits(options)
        let connections = Connections(options, loop: loop, bound: limits.bound)
        defer { connections.close() }
        try reportingErrors(as: "doctor") {
            connections.registry = try ContractLoader.load(options.contract, options: options)
        }
        var doctor = Examination(loop: loop)
        doctor.examine(connections, options)
        if let reason = doctor.endReason {
            Output.note("qcsh doctor: " + options.words(about: reason))
            throw ExitCode(ExitStatus.of(reason))
        }
        if let format = options.output, format != .table {
            Output.data(Renderer(registry: .embedded, format: format).text(doctor.value))
        } else {
            Output.data(doctor.text)
        }
        if doctor.status != 0 { throw ExitCode(doctor.status) }
    }
}

/// What was looked at, and what was found.
private struct Examination {
    private struct Finding {
        let isGood: Bool
        let subject: String
        let words: String
    }

    private let loop: PollLoop
    private var findings: [Finding] = []
    /// The exit status of what is wrong first; 0 when nothing is.
    private(set) var status: Int32 = 0
    /// Why the examination was ended before its end; nil when it was not.
    private(set) var endReason: RunControl.Reason?

    init(loop: PollLoop) { self.loop = loop }

    private mutating func good(_ subject: String, _ words: String) {
        findings.append(Finding(isGood: true, subject: subject, words: words))
    }

    private mutating func bad(_ subject: String, _ words: String, _ status: Int32) {
        findings.append(Finding(isGood: false, subject: subject, words: words))
        if self.status == 0 { self.status = status }
    }

    var text: String {
        let width = findings.map(\.subject.count).max() ?? 0
        return findings.map { finding in
            let space = String(repeating: " ", count: width - finding.subject.count + 2)
            return (finding.isGood ? "ok    " : "WRONG ") + finding.subject + space
                + Terminal.safe(finding.words)
        }.joined(separator: "\n") + "\n"
    }

    var value: LuaValue {
        .table(
            LuaTable(
                kind: .list,
                entries: findings.enumerated().map { index, finding in
                    let members: [(key: LuaValue, value: LuaValue)] = [
                        (.text("subject"), .text(finding.subject)),
                        (.text("ok"), .bool(finding.isGood)),
                        (.text("words"), .text(finding.words)),
                    ]
                    return (.integer(Int64(index + 1)), .table(LuaTable(entries: members)))
                }))
    }

    // MARK: - Looking

    mutating func examine(_ connections: Connections, _ options: RunOptions) {
        good(
            "program", "\(Version.text), \(connections.registry.packages.count) packages of the API"
        )
        do throws(CommandError) {
            let contexts = try Contexts.load()
            let files = contexts.files.isEmpty ? "no file" : contexts.files.joined(separator: ", ")
            good(
                "configuration",
                "\(contexts.all.count) context\(contexts.all.count == 1 ? "" : "s") in \(files)")
            for file in contexts.files { examine(file: file) }
        } catch {
            bad("configuration", error.description, ExitStatus.usage)
        }
        let session: Session
        do throws(LuaFailure) {
            session = try connections.open(LuaTable())
        } catch {
            return bad("session", error.description, ExitStatus.usage)
        }
        let configuration = session.configuration
        good(
            "session",
            (configuration.contextName.map { "context \($0), " } ?? "no context, ")
                + "\(configuration.transport.rawValue), \(configuration.credential)")
        do throws(CommandError) {
            let plan = try connections.plan(ConnectWish(LuaTable()))
            for row in plan?.rows(options) ?? [] { good(row.subject, row.words) }
        } catch {
            return bad("session", error.description, ExitStatus.usage)
        }
        if reach(session) {
            identify(session)
        } else {
            bad("credential", "not checked: the API was not reached", 8)
        }
    }

    /// Others must not read a file that may hold credentials.
    private mutating func examine(file: String) {
        var status = stat()
        guard stat(file, &status) == 0 else { return }
        let mode = status.st_mode & 0o777
        if mode & 0o077 == 0 {
            good("file", "\(file) is for its owner only")
        } else {
            bad(
                "file", "\(file) can be read by others: chmod 600 \(file)",
                ExitStatus.usage)
        }
    }

    private mutating func reach(_ session: Session) -> Bool {
        var isReached = true
        guard
            let method = try? session.registry.method(
                path: KnownMethods.listGlobalCloudProviders)
        else { return false }
        for (kind, endpoint) in [
            (TransportKind.grpc, session.configuration.endpoint),
            (.rest, session.configuration.restEndpoint),
        ] {
            let started = loop.now()
            switch call(session, method, Message(method.input), over: kind) {
            case .success:
                let milliseconds = (loop.now() - started) / 1_000_000
                good(kind.rawValue, "\(endpoint.url) answered in \(milliseconds) ms")
            case .failure(let error):
                isReached = false
                bad(kind.rawValue, "\(endpoint.url): \(error.message)", 8)
            }
        }
        return isReached
    }

    private mutating func identify(_ session: Session) {
        if case .none = session.configuration.credential {
            return bad(
                "credential", "none: set QDRANT_CLOUD_API_KEY, or choose a context", 4)
        }
        guard
            let accounts = try? session.registry.method(
                path: KnownMethods.listAccounts)
        else { return }
        switch call(session, accounts, Message(accounts.input), over: nil) {
        case .success(let answer):
            let names = answer.messages(.items).map { "\($0.string(.name)) (\($0.string(.id)))" }
            good(
                "credential",
                "sees " + (names.isEmpty ? "no account" : names.joined(separator: ", ")))
        case .failure(let error):
            return bad("credential", "\(error.code.name): \(error.message)", 4)
        }
        guard
            let permissions = try? session.registry.method(
                path: KnownMethods.listEffectivePermissions)
        else { return }
        switch call(session, permissions, Message(permissions.input), over: nil) {
        case .success(let answer):
            let count = answer.type.fields.first(where: \.isRepeated).map {
                answer.list(FieldName($0.name)).count
            }
            good("permissions", "\(count ?? 0) in account \(session.accountID ?? "")")
        case .failure(let error): bad("permissions", "\(error.code.name): \(error.message)", 4)
        }
    }

    private mutating func call(
        _ session: Session, _ method: Method, _ request: Message,
        over kind: TransportKind?
    ) -> Result<Message, CallError> {
        var options = CallOptions()
        options.transport = kind
        options.retries = 0
        options.timeout = 15_000_000_000
        guard endReason == nil else { return .failure(.givenUp(method)) }
        var outcome: Result<Reply, CallError>?
        var demand: RunControl.Reason?
        let running = session.call(method, request, options: options) { outcome = $0 }
        let end = Interrupts.runEnd
        let timer = end == .max ? nil : loop.after(max(0, end - loop.now())) { demand = .timedOut }
        loop.run {
            demand = demand ?? Interrupts.takeReason()
            return outcome != nil || demand != nil
        }
        timer?.cancel()
        endReason = demand
        guard let outcome else {
            running.cancel()
            return .failure(.givenUp(method))
        }
        return outcome.flatMap { reply in
            (try? reply.message(as: method.output)).map { .success($0) }
                ?? .failure(CallError(.internal, "the answer cannot be read", origin: .transport))
        }
    }
}
