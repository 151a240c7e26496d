import CloudClient
import LuaHost
import Sandbox
import Shell

/// Makes sessions from options, environment and what a script asks for.
final class Connections {
    /// What is configured wrongly, in words for a person.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private static let defaultEndpoint = Endpoint(
        isSecure: true, host: "grpc.cloud.qdrant.io", port: 443)
    private static let defaultRESTEndpoint = Endpoint(
        isSecure: true, host: "api.cloud.qdrant.io", port: 443)
    /// How much faster the embedded sandbox's time passes, so that a cluster is up in about two
    /// seconds.
    private static let embeddedSpeed = 8.0

    private let options: RunOptions
    private let loop: PollLoop
    private var sandbox: SandboxServer?

    init(_ options: RunOptions, loop: PollLoop) {
        self.options = options
        self.loop = loop
    }

    /// Opens a session. The table is what a script gives `qdrant.connect`.
    func open(_ wanted: LuaTable) throws(LuaFailure) -> Session {
        do throws(Problem) {
            let session = Session(
                try configuration(wanted), loop: loop, wallClock: { Clocks.wall() })
            if options.trace { session.onTrace = { Self.trace($0) } }
            return session
        } catch {
            throw LuaFailure(error.description)
        }
    }

    /// Stops the embedded sandbox, if there is one.
    func close() {
        sandbox?.stop()
        sandbox = nil
    }

    private static let names = [
        "account", "api_key", "endpoint", "rest_endpoint", "token", "transport",
    ]

    private func configuration(_ wanted: LuaTable) throws(Problem) -> SessionConfiguration {
        for (key, _) in wanted.entries where !Self.names.contains(key.text ?? "") {
            throw Problem(
                description: "qdrant.connect has no option \"\(key.text ?? key.typeName)\"; it has "
                    + Self.names.joined(separator: ", "))
        }
        var configuration = try base(wanted)
        if let account = wanted["account"]?.text ?? options.account
            ?? UserFiles.environment("QDRANT_CLOUD_ACCOUNT_ID")
        {
            configuration.accountID = account
        }
        if let transport = wanted["transport"]?.text {
            guard let kind = SessionConfiguration.TransportKind(rawValue: transport) else {
                throw Problem(description: "the transport has to be \"grpc\" or \"rest\"")
            }
            configuration.transport = kind
        } else if let transport = options.transport {
            configuration.transport = transport
        }
        configuration.connection.userAgent = "qcsh/\(Version.number)"
        if let file = options.caFile { configuration.connection.caFile = file }
        return configuration
    }

    private func base(_ wanted: LuaTable) throws(Problem) -> SessionConfiguration {
        let isElsewhere = wanted["endpoint"] != nil
        if options.sandbox, !isElsewhere { return try sandboxConfiguration(wanted) }
        let text =
            wanted["endpoint"]?.text ?? options.endpoint
            ?? UserFiles.environment("QDRANT_CLOUD_ENDPOINT")
        let restText =
            wanted["rest_endpoint"]?.text
            ?? (isElsewhere
                ? nil : options.restEndpoint ?? UserFiles.environment("QDRANT_CLOUD_REST_ENDPOINT"))
        let endpoint = try text.map { (text) throws(Problem) in try Self.endpoint(text) }
        let rest = try restText.map { (text) throws(Problem) in try Self.endpoint(text) }
        var configuration = SessionConfiguration(
            endpoint: endpoint ?? Self.defaultEndpoint,
            restEndpoint: rest ?? endpoint ?? Self.defaultRESTEndpoint)
        if let key = wanted["api_key"]?.text {
            configuration.credential = .managementKey(key)
        } else if let token = wanted["token"]?.text {
            configuration.credential = .userToken(token)
        } else if let key = UserFiles.environment("QDRANT_CLOUD_API_KEY") {
            configuration.credential = .managementKey(key)
        } else if let token = UserFiles.environment("QDRANT_CLOUD_TOKEN") {
            configuration.credential = .userToken(token)
        }
        return configuration
    }

    private static func endpoint(_ text: String) throws(Problem) -> Endpoint {
        do throws(Endpoint.ParseError) {
            return try Endpoint(text)
        } catch {
            throw Problem(description: error.description)
        }
    }

    private func sandboxConfiguration(
        _ wanted: LuaTable
    ) throws(Problem) -> SessionConfiguration {
        let server: SandboxServer
        if let sandbox {
            server = sandbox
        } else {
            var configuration = SandboxConfiguration(realTime: { Clocks.realTime() })
            configuration.speed = .factor(Self.embeddedSpeed)
            do throws(SandboxError) {
                server = try SandboxServer(configuration)
            } catch {
                throw Problem(description: "the sandbox cannot be started: \(error)")
            }
            sandbox = server
        }
        let endpoint = Endpoint(isSecure: false, host: "127.0.0.1", port: server.port)
        var configuration = SessionConfiguration(endpoint: endpoint, restEndpoint: endpoint)
        configuration.accountID = server.accountID
        if let key = wanted["api_key"]?.text ?? server.managementKey {
            configuration.credential = .managementKey(key)
        }
        return configuration
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
