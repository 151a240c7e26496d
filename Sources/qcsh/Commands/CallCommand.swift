import ArgumentParser
import CloudClient
import Codec
import Contract
import EventLoop
import Glibc
import LuaHost
import LuaMachine
import LuaReference
import Shell

/// One call, without a script.
struct CallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call one API method.",
        usage: "qcsh call [options] METHOD [PATH=VALUE …] [-d JSON|@FILE|-]",
        discussion: """
            METHOD is a name such as cluster.list_clusters; qcsh api lists them. PATH=VALUE sets a \
            field of the request: page_size=5, cluster.configuration.number_of_nodes=3, \
            cluster.labels[0].key=team. PATH:=JSON sets it from JSON. The account ID is filled in. Prints \
            a table to a terminal and JSON elsewhere, unless --output is given.
            """)

    @OptionGroup var cloud: CloudOptions
    @OptionGroup(title: OptionTitle.output) var format: FormatOption
    @OptionGroup(title: OptionTitle.secrets) var secrets: SecretOptions
    @OptionGroup(title: OptionTitle.limits) var confirmation: ConfirmOption

    @Option(
        name: [.customShort("d"), .customLong("data")],
        help: ArgumentHelp(
            "Request as JSON: text, @FILE, or - for standard input. PATH=VALUE changes it.",
            valueName: "json"))
    var data: String?

    @Flag(help: "Fetch all pages of a list.")
    var all = false

    @Argument(help: ArgumentHelp("Method to call.", valueName: "method"))
    var method: String

    @Argument(help: ArgumentHelp("Fields of the request.", valueName: "path=value"))
    var fields: [String] = []

    private var options: RunOptions { RunOptions(cloud, format, secrets, confirmation) }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let loop = PollLoop(now: Clocks.monotonic)
        Interrupts.install(for: nil, on: loop)
        let time = RunTime(loop, timeout: options.timeout)
        try reportingErrors(as: "call") { try run(time, on: loop) }
    }

    private func run(_ time: RunTime, on loop: PollLoop) throws {
        do {
            let limits = RunLimits(options)
            let connections = Connections(
                options, loop: loop, bound: limits.bound,
                journal: try JournalFile.open(options))
            defer {
                connections.close()
                limits.writeAudit()
            }
            try run(time, connections, limits)
        } catch let failure as LuaFailure where time.isUp {
            Output.note("qcsh: " + ErrorReport.text(failure))
            Output.remark(options.timedOutWords)
            throw ExitCode(ExitStatus.timedOut)
        } catch let failure as LuaFailure {
            Output.note("qcsh: " + ErrorReport.text(failure))
            throw ExitCode(ErrorReport.exitStatus(failure))
        }
    }

    private func run(
        _ time: RunTime, _ connections: Connections, _ limits: RunLimits
    ) throws {
        let registry = try ContractLoader.load(options.contract, options: options)
        connections.registry = registry
        try limits.check(options, against: registry)
        let method = try find(registry)
        try refuseToLoseSecrets(method)
        let request = try self.request(method, registry)
        let pages = try pages(of: method)
        let secrets = try SecretOutput(options.secrets)
        if options.replayFile == nil { try connections.check() }
        let session = try connections.open(LuaTable())
        let response = try answer(method, request, pages, session, time)
        let isForPeople = Terminal.isTerminal(STDOUT_FILENO)
        let renderer = Renderer(
            registry: registry, format: options.output ?? (isForPeople ? .table : .json),
            width: Terminal.width)
        Output.data(renderer.text(try secrets.present(LuaValue(response))))
        secrets.note()
    }

    /// The maximum number of items of --all.
    private static let mostItems = 5_000_000

    private func find(_ registry: Registry) throws -> Method {
        let reference = APIReference(registry: registry)
        if let found = try reference.method(named: method) { return found }
        let several = try reference.lookUp(method).compactMap { subject -> String? in
            if case .method(let method) = subject { return method.displayName }
            return nil
        }
        guard several.isEmpty else {
            throw CommandError(
                "\"\(method)\" is ambiguous; use one of: "
                    + several.joined(separator: ", "))
        }
        let names = try registry.allMethods().flatMap { [$0.displayName, $0.luaName] }
        let near = Names.nearest(to: method, in: names)
        throw CommandError(
            "unknown method \"\(method)\""
                + (near == nil ? "; qcsh api lists them" : Names.suggestion(near)))
    }

    /// A secret that is shown only once is not asked for when nothing would keep it.
    private func refuseToLoseSecrets(_ method: Method) throws {
        guard options.secrets == .mask, method.route?.verb != "GET",
            let path = Self.secretPath(method.output)
        else { return }
        throw CommandError(
            "the response contains a secret (\(path)): use --secret-file FILE to keep it, or "
                + "--reveal to print it")
    }

    private static func secretPath(_ type: MessageType, depth: Int = 4) -> String? {
        for field in type.fields {
            if field.isSecret { return field.name }
            if depth > 0, let inner = field.messageType,
                let path = secretPath(inner, depth: depth - 1)
            {
                return field.name + "." + path
            }
        }
        return nil
    }

    private func request(_ method: Method, _ registry: Registry) throws -> Message {
        var request = Message(method.input)
        if let data {
            do throws(CodecError) {
                request = try JSONReader(registry: registry).message(
                    try Self.body(data), as: method.input)
            } catch {
                throw CommandError("-d: \(error)")
            }
        }
        for word in fields {
            do throws(CodecError) {
                try FieldAssignment(word, registry: registry).apply(to: &request)
            } catch {
                throw CommandError("\(error)")
            }
        }
        return request
    }

    private static func body(_ data: String) throws(CodecError) -> [UInt8] {
        guard data == "-" || data.hasPrefix("@") else { return Array(data.utf8) }
        let file = data == "-" ? "-" : String(data.dropFirst())
        guard let bytes = UserFiles.read(file) else {
            throw CodecError(
                .assignment("cannot read \(file): \(UserFiles.reason)"))
        }
        return bytes
    }

    // MARK: - The call

    /// The fields that pages are made of.
    private struct Pages {
        let items: Field
        let next: Field
        let token: Field
    }

    /// How the method's pages are fetched; nil when only one is wanted.
    private func pages(of method: Method) throws -> Pages? {
        guard all else { return nil }
        guard let items = method.output.field(named: "items"), items.isRepeated,
            let next = method.output.field(named: "next_page_token"),
            let token = method.input.field(named: "page_token")
        else {
            throw CommandError("\(method.displayName) is not a paginated list; remove --all")
        }
        return Pages(items: items, next: next, token: token)
    }

    private func answer(
        _ method: Method, _ request: Message, _ pages: Pages?, _ session: Session, _ time: RunTime
    ) throws -> Message {
        var response = try call(method, request, session, time)
        guard let pages else { return response }
        var items = response.list(.items)
        var seen: Set<String> = []
        var next = request
        while case .string(let page) = response[pages.next], !page.isEmpty {
            guard seen.insert(page).inserted else {
                throw LuaFailure(
                    "\(method.displayName): the server repeats the page token \(page)")
            }
            next[pages.token] = .string(page)
            response = try call(method, next, session, time)
            items += response.list(.items)
            guard items.count <= Self.mostItems else {
                throw LuaFailure(
                    "\(method.displayName): more than \(Self.mostItems) items; use a script that "
                        + "reads page by page")
            }
        }
        response[pages.items] = .list(items)
        response[pages.next] = nil
        return response
    }

    private func call(
        _ method: Method, _ request: Message, _ session: Session, _ time: RunTime
    ) throws -> Message {
        var callOptions = CallOptions()
        callOptions.timeout = time.remaining
        var outcome: Result<Reply, CallError>?
        let running = session.call(method, request, options: callOptions) { outcome = $0 }
        var isUnwanted = false
        // A read is given up; of a change it is told what became of it.
        time.loop.run {
            // The signal may have caused the failure.
            if outcome?.isSuccess != true, Interrupts.take() != nil {
                if outcome != nil {
                    isUnwanted = true
                } else if method.isRead || isUnwanted {
                    running.cancel()
                    outcome = .failure(CallError.givenUp(method))
                } else {
                    Output.remark("waiting for calls in flight: \(method.displayName)")
                }
                isUnwanted = true
            }
            return outcome != nil
        }
        if isUnwanted {
            if !method.isRead, let outcome { Output.remark(outcome.fate(of: method.displayName)) }
            Output.remark(Interrupts.isTerminated() ? "terminated" : "interrupted")
            throw ExitCode(
                Interrupts.isTerminated() ? ExitStatus.terminated : ExitStatus.interrupted)
        }
        switch outcome {
        case .success(let reply):
            do throws(CodecError) {
                return try reply.message(as: method.output)
            } catch {
                throw LuaFailure("\(method.displayName): the response cannot be read: \(error)")
            }
        case .failure(let error): throw LuaFailure(error)
        case nil: throw LuaFailure("no response")
        }
    }
}

extension Result {
    /// Whether it is a success.
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}

/// How long a command may still take.
private struct RunTime {
    let loop: PollLoop
    private let deadline: Int64?

    /// - Parameter timeout: how long it may take from now on, in nanoseconds; nil for no limit.
    init(_ loop: PollLoop, timeout: Int64?) {
        self.loop = loop
        deadline = timeout.map { timeout in
            let (moment, overflow) = loop.now().addingReportingOverflow(timeout)
            return overflow ? .max : moment
        }
        // A run that waits outside of the loop ends a little later.
        if let timeout {
            Interrupts.limitRun(to: timeout)
            let rest = RunControl.patience
            Interrupts.leave(
                after: timeout.addingReportingOverflow(rest).overflow ? .max : timeout + rest,
                status: ExitStatus.timedOut)
        }
    }

    /// Nanoseconds that are left; nil when there is no end.
    var remaining: Int64? { deadline.map { max(1, $0 - loop.now()) } }

    /// Whether no time is left.
    var isUp: Bool { deadline.map { $0 <= loop.now() } ?? false }
}
