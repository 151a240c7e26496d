import ArgumentParser
import Codec
import Sandbox
import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// A local Qdrant Cloud for other programs.
struct SandboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh sandbox",
        abstract: "Run a local Qdrant Cloud.",
        discussion: """
            Serves gRPC (with reflection and health) and REST on one port of 127.0.0.1, and prints \
            one line of JSON when it does. SIGTERM and Ctrl-C stop it.
            """)

    @Option(help: "The port; 0 takes a free one.")
    var port = 0

    @Flag(help: "Speak TLS, with a certificate authority made for the purpose.")
    var tls = false

    @Option(
        help: ArgumentHelp(
            "Keep the data in this folder; without it all is gone at the end.",
            valueName: "folder"))
    var data: String?

    @Option(help: "How fast time passes: a factor, or instant.")
    var speed: SandboxSpeed = SandboxSpeed(value: .factor(1))

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        // Blocked before threads exist, so that only sigwait below takes them.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var configuration = SandboxConfiguration(realTime: { Clocks.realTime() })
        configuration.port = port
        configuration.usesTLS = tls
        configuration.dataFolder = data
        configuration.speed = speed.value
        let server: SandboxServer
        do throws(SandboxError) {
            server = try SandboxServer(configuration)
        } catch {
            Output.note("qcsh sandbox: \(error)")
            throw ExitCode(1)
        }
        Output.data(Self.announcement(server) + "\n")
        var received: Int32 = 0
        sigwait(&signals, &received)
        server.stop()
    }

    private static func announcement(_ server: SandboxServer) -> String {
        func text(_ value: String?) -> String { value.map(JSONWriter.quoted) ?? "null" }
        let members = [
            ("endpoint", text(server.endpoint)), ("rest_endpoint", text(server.endpoint)),
            ("address", text("127.0.0.1:\(server.port)")), ("ca_file", text(server.authorityFile)),
            ("account_id", text(server.accountID)), ("management_key", text(server.managementKey)),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}

/// The speed of the sandbox's time as an option.
struct SandboxSpeed: ExpressibleByArgument {
    let value: SandboxConfiguration.Speed

    init(value: SandboxConfiguration.Speed) { self.value = value }

    init?(argument: String) {
        if argument == "instant" {
            value = .instant
        } else if let factor = Double(argument), factor > 0, factor <= 1_000_000 {
            value = .factor(factor)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "1" }
}
