import ArgumentParser
import CSpawn
import Codec
import Glibc
import Sandbox
import Shell

/// Serves a sandbox until a signal stops it.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a local Qdrant Cloud (the default).",
        discussion: """
            Serves gRPC (with reflection and health), REST and a small data plane on one port. \
            Prints one line of JSON when ready: address, account, keys. SIGTERM and Ctrl-C stop it.

            \(Self.leniencies)

            A fault is a line of YAML, for example
              --fault '{method: cluster.get_cluster, status: UNAVAILABLE, times: 3}'
            with method, account, probability, skip, times, and an effect: status, message, \
            retry_after, latency, break (reset, disconnect, goaway, drop_response), trickle \
            ({bytes: 100, every: 50ms}), lifecycle (stuck, fail) with reason, stale (5s).

            Budgets limit the resources of one client (--budget request-body=8MiB):
            \(BudgetOption.table)
            """)

    /// The rules that can be left out, a line each.
    static let leniencies =
        (["Rules for --lenient:"]
        + Leniency.allCases.map { "  \($0.rawValue): \($0.explanation)" }).joined(separator: "\n")

    @Option(
        help: ArgumentHelp(
            "Address to listen on; any other than loopback requires --tls.",
            valueName: "address"))
    var listen = "127.0.0.1"

    @Option(
        help: ArgumentHelp(
            "Host name for endpoints and the certificate.",
            valueName: "host"))
    var advertise: String?

    @Option(help: "Port; 0 selects a free one.")
    var port = 0

    @Flag(help: "Use TLS, with a new certificate authority.")
    var tls = false

    @Option(
        help: ArgumentHelp(
            "Keep the state in this directory; otherwise it is lost at the end.",
            valueName: "directory"))
    var data: String?

    @Option(
        help: "Virtual seconds per real second; instant completes everything immediately; manual.")
    var speed = SandboxSpeed(value: .factor(1))

    @Option(
        help: ArgumentHelp(
            "Initial contents: a YAML file, demo (the default), or bare (users and accounts only).",
            valueName: "seed"))
    var seed: String?

    @Option(
        help: ArgumentHelp(
            "Derive IDs and secrets from this number; with --speed instant or manual, the same "
                + "calls give the same responses.", valueName: "number"))
    var seedNumber: UInt64?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Do not apply this rule; see above. Repeatable.", valueName: "rule"))
    var lenient: [Leniency] = []

    @Flag(help: "Suspend free clusters after a week and delete them after four.")
    var retireFree = false

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Inject a fault; see above. Repeatable.", valueName: "yaml"))
    var fault: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Inject the faults of a YAML file. Repeatable.", valueName: "file"))
    var faults: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Set a budget; see above. Repeatable.", valueName: "name=value"))
    var budget: [BudgetOption] = []

    func validate() throws {
        guard (0...65_535).contains(port) else {
            throw ValidationError("--port must be a number from 0 to 65535, got \(port)")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        // Bodies of requests come and go in megabytes.
        qspawn_return_large_memory()
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        // A parent may have blocked them, and a file may be a pipe that nobody writes.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        let configuration = try self.configuration()
        // Blocked before threads exist, so that only sigwait below takes them.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let server: SandboxServer
        do throws(SandboxError) {
            server = try SandboxServer(configuration)
        } catch {
            Output.note("qcsh sandbox: \(error)")
            throw ExitCode(ExitStatus.failed)
        }
        let registration = RunningSandboxes.register(server)
        Output.data(Self.announcement(server) + "\n")
        guard Output.problem == nil else {
            Output.note("qcsh sandbox: standard output: \(Output.problem ?? "")")
            registration?.remove()
            server.stop()
            throw ExitCode(ExitStatus.failed)
        }
        var received: Int32 = 0
        sigwait(&signals, &received)
        registration?.remove()
        server.stop()
    }

    private func configuration() throws -> SandboxConfiguration {
        if let problem = SandboxFiles.variableProblem { throw ValidationError(problem) }
        var configuration = SandboxConfiguration(realTime: Clocks.steadyTime())
        configuration.host = listen
        configuration.port = port
        configuration.usesTLS = tls
        configuration.advertisedHost = advertise
        // Other programs are told of files in it, wherever they run.
        configuration.dataFolder = data.map { $0.hasPrefix("/") ? $0 : Self.folder + "/" + $0 }
        if let folder = configuration.dataFolder, seed != nil,
            access(folder + "/sandbox.sqlite", F_OK) == 0
        {
            Output.note(
                "qcsh sandbox: \(folder) contains a state: --seed has no effect; use "
                    + "qcsh sandbox reset --seed")
        }
        configuration.speed = speed.value
        configuration.seed = try SandboxFiles.seed(seed ?? "demo")
        configuration.seedFile = SandboxFiles.file(seed)
        configuration.seedNumber = seedNumber
        configuration.leniencies = Set(lenient)
        configuration.retiresIdleFreeClusters = retireFree
        for setting in budget { configuration.budgets[setting.budget] = setting.value }
        configuration.faults = try fault + faults.map { try SandboxFiles.text($0) }
        return configuration
    }

    /// Where the program was started.
    private static var folder: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { return "." }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func announcement(_ server: SandboxServer) -> String {
        func text(_ value: String?) -> String { value.map(JSONWriter.quoted) ?? "null" }
        let members = [
            ("endpoint", text(server.endpoint)), ("rest_endpoint", text(server.endpoint)),
            ("address", text(server.address)), ("ca_file", text(server.authorityFile)),
            ("account_id", text(server.accountID)), ("management_key", text(server.managementKey)),
            ("admin_token", text(server.adminToken)),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}

extension Leniency: ExpressibleByArgument {}
