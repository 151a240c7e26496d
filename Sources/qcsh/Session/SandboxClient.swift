import ArgumentParser
import CloudClient
import Codec
import EventLoop
import Shell

/// Where a running sandbox is found.
struct SandboxTarget: ParsableArguments {
    @Option(
        help: ArgumentHelp("The port of the sandbox, if several are running.", valueName: "port"))
    var port: Int?

    @Option(help: ArgumentHelp("The world; the first one by default.", valueName: "name"))
    var world: String?

    /// The admin API of the sandbox.
    func client() throws -> SandboxClient {
        let running = RunningSandboxes.all()
        let fitting = port.map { port in running.filter { $0.port == port } } ?? running
        guard let entry = fitting.first else {
            Output.note(
                port.map { "qcsh sandbox: no sandbox is running on port \($0)" }
                    ?? "qcsh sandbox: no sandbox is running; start one with qcsh sandbox")
            throw ExitCode(ExitStatus.failed)
        }
        guard fitting.count == 1 else {
            let ports = fitting.map { "\($0.port)" }.joined(separator: ", ")
            Output.note("qcsh sandbox: several are running; choose one with --port (\(ports))")
            throw ExitCode(ExitStatus.usage)
        }
        return SandboxClient(entry, world: world ?? "")
    }
}

/// Talks to the admin API of a running sandbox.
struct SandboxClient {
    private let entry: RunningSandboxes.Entry
    private let world: String

    init(_ entry: RunningSandboxes.Entry, world: String) {
        self.entry = entry
        self.world = world
    }

    /// Makes a request below `/sandbox/v1` and returns the body of the answer.
    ///
    /// - Throws: `ExitCode`, after the error has been printed.
    func request(_ verb: String, _ path: String, body: [UInt8] = []) throws -> [UInt8] {
        let call: AdminCall
        do throws(Endpoint.ParseError) {
            call = try AdminCall(entry, world: world)
        } catch {
            throw refuse("\(error)")
        }
        let loop = PollLoop(now: Clocks.monotonic)
        var outcome: Result<HTTPExchange.Response, CallError>?
        let exchange = call.start(verb, path, body, of: HTTPClient(loop: loop)) { outcome = $0 }
        loop.run { outcome != nil }
        withExtendedLifetime(exchange) {}
        switch outcome {
        case .success(let response) where response.status == 200: return response.body
        case .success(let response):
            throw refuse(String(decoding: response.body, as: UTF8.self))
        case .failure(let error): throw refuse(error.message)
        case nil: throw refuse("no answer")
        }
    }

    private func refuse(_ message: String) -> ExitCode {
        let text = message.trimmingSuffix { $0.isWhitespace }
        let prefix = "{\"error\":"
        var shown = String(text)
        // The error's own sentence.
        if text.hasPrefix(prefix), text.hasSuffix("}") {
            let quoted = Array(text.dropFirst(prefix.count).dropLast().utf8)
            shown =
                quoted.withUnsafeBytes { bytes in
                    var scanner = JSONScanner(bytes)
                    return try? scanner.string()
                } ?? shown
        }
        Output.note(Terminal.safe("qcsh sandbox: \(shown)"))
        return ExitCode(ExitStatus.failed)
    }
}

/// A request of the admin API of a sandbox in another process.
struct AdminCall {
    private let entry: RunningSandboxes.Entry
    private let world: String
    private let endpoint: Endpoint

    init(_ entry: RunningSandboxes.Entry, world: String) throws(Endpoint.ParseError) {
        self.entry = entry
        self.world = world
        endpoint = try Endpoint(entry.endpoint)
    }

    /// Begins the request, below `/sandbox/v1`.
    func start(
        _ verb: String, _ path: String, _ body: [UInt8], of client: HTTPClient,
        completion: @escaping (Result<HTTPExchange.Response, CallError>) -> Void
    ) -> HTTPExchange.Running {
        var settings = ConnectionSettings()
        settings.caFile = entry.caFile
        // A snapshot may be large.
        settings.maximumResponseSize = 1 << 30
        var headers = [(name: "authorization", value: "Bearer " + entry.adminToken)]
        if !world.isEmpty { headers.append(("qcsh-world", world)) }
        return HTTPExchange.start(
            HTTPExchange.Request(
                verb, entry.endpoint + "/sandbox/v1" + path, headers: headers, body: body),
            settings, of: client, completion: completion)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isLeftOut: (Character) -> Bool) -> Substring {
        var text = self[...]
        while let last = text.last, isLeftOut(last) { text.removeLast() }
        return text
    }
}
