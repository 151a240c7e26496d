import Budgets
import CCrypto
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A running sandbox: gRPC, REST, reflection and health on one port of the loopback interface.
public final class SandboxServer: Sendable {
    /// The port.
    public let port: Int
    /// The file of the certificate authority to trust; nil without TLS.
    public let authorityFile: String?
    /// The first account; empty when the seed has none.
    public let accountID: String
    /// The token that the admin API asks for.
    public let adminToken: String
    private let host: String
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let temporaryFolder: String?
    private let front: NIOLoopBound<Front>
    /// Prevents other sandboxes from using the data directory.
    private let lock: FolderLock?

    /// `http://127.0.0.1:port`, or `https://` with TLS.
    public var endpoint: String { Self.url(host, isSecure: authorityFile != nil) + ":\(port)" }

    /// `127.0.0.1:port`.
    public var address: String { String(endpoint.drop { $0 != "/" }.dropFirst(2)) }

    private static func url(_ host: String, isSecure: Bool) -> String {
        let reachable = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        return (isSecure ? "https://" : "http://")
            + (reachable.contains(":") ? "[\(reachable)]" : reachable)
    }

    /// Starts a sandbox.
    public init(_ configuration: SandboxConfiguration) throws(SandboxError) {
        if let reason = Self.cryptoProblem { throw .unavailable(reason) }
        try Self.check(configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let loop = group.next()
        do {
            host = configuration.advertisedHost ?? configuration.host
            let seed = try Seed(configuration.seed, file: configuration.seedFile)
            let secret = try SandboxOpening.secret(configuration)
            lock = try configuration.dataFolder.map { try FolderLock($0) }
            let tls = try configuration.usesTLS ? Self.security(configuration) : nil
            temporaryFolder = tls?.temporaryFolder
            authorityFile = tls?.authority
            var dice = RandomSource()
            let token = Digest.hexadecimal(dice.bytes(20))
            adminToken = token
            // The port is there before the state, whose addresses name it.
            let pending = loop.makePromise(of: NIOLoopBound<Front>.self)
            do {
                channel = try Self.bind(
                    configuration, loop, pending.futureResult, tls?.context)
            } catch {
                pending.fail(error)
                throw error
            }
            let port = channel.localAddress?.port ?? configuration.port
            self.port = port
            let url = Self.url(host, isSecure: configuration.usesTLS)
            do {
                front = try loop.submit {
                    NIOLoopBound(
                        try SandboxOpening.front(
                            configuration, seed, secret, DataPlaneAddress(url: url, port: port),
                            token, ServerLoad(Self.fitted(configuration.budgets), on: loop)),
                        eventLoop: loop)
                }.wait()
            } catch {
                pending.fail(error)
                throw error
            }
            pending.succeed(front)
            accountID = try front.onLoop(loop) { front in
                try front.worlds.main.world.store.transaction {
                    try $0.records(.account).first?.id ?? ""
                }
            }
        } catch {
            try? group.syncShutdownGracefully()
            if let known = error as? SandboxError { throw known }
            throw .unavailable("\(error)")
        }
    }

    private static func security(
        _ configuration: SandboxConfiguration
    ) throws -> (context: NIOSSLContext, authority: String, temporaryFolder: String?) {
        let folder = try configuration.dataFolder ?? makeTemporaryFolder()
        let certificates = try Certificates(
            in: folder, host: configuration.advertisedHost ?? configuration.host)
        return (
            try context(certificates), certificates.authority,
            configuration.dataFolder == nil ? folder : nil
        )
    }

    private static func check(_ configuration: SandboxConfiguration) throws(SandboxError) {
        let isLoopback = HostCheck.isLoopback(configuration.host.lowercased())
        guard isLoopback || configuration.usesTLS else {
            throw .needsTLS(host: configuration.host)
        }
    }

    /// Loads the hash library. Returns the problem, or nil.
    static var cryptoProblem: String? { qcrypto_load().map { String(cString: $0) } }

    /// Stops listening, closes all connections and the store.
    public func stop() {
        // Time does not go back when the sandbox is opened again.
        try? front.onLoop(group.next()) { try $0.worlds.main.perform { _ in } }
        try? channel.close().wait()
        try? group.syncShutdownGracefully()
        if let temporaryFolder { try? FileManager.default.removeItem(atPath: temporaryFolder) }
    }

    /// The secret of the first account's first management key; nil once that key is deleted.
    public var managementKey: String? {
        let account = accountID
        return try? front.onLoop(group.next()) { front in
            let cloud = front.worlds.main
            let secret = cloud.world.managementKey(of: account)
            let key = try cloud.world.store.transaction {
                try $0.record(.managementKey, Identities.managementKey(of: account))
            }
            return key?.parent == Digest.hash(secret) ? secret : nil
        }
    }

    /// Does what the admin API does, without a connection.
    ///
    /// - Parameters:
    ///   - verb: `GET`, `POST` or `DELETE`.
    ///   - path: the path below `/sandbox/v1`, with its query.
    ///   - body: JSON or YAML, or a snapshot.
    ///   - world: the world's name; empty for the first one.
    /// - Returns: the HTTP status and the body of the answer.
    public func administer(
        _ verb: String, _ path: String, body: [UInt8] = [], world: String = ""
    ) -> (status: Int, body: [UInt8]) {
        var headers = [(name: "authorization", value: "Bearer " + adminToken)]
        if !world.isEmpty { headers.append((Worlds.header, world)) }
        let request = InboundRequest(
            verb: verb, target: AdminAPI.prefix + path, headers: headers, body: body)
        let answer = try? front.onLoop(group.next()) { front in front.admin.answer(request) }
        return (answer?.status ?? 500, answer?.body ?? [])
    }

    /// The present time in the sandbox; nil when it has ended.
    public var now: (seconds: Int64, nanos: Int32)? {
        guard let moment = (try? front.onLoop(group.next()) { $0.admin.present }) ?? nil else {
            return nil
        }
        let (seconds, nanos) = moment.quotientAndRemainder(dividingBy: Nanoseconds.second)
        return (seconds, Int32(nanos))
    }

    /// No more connections than there are file descriptors, and some to spare for everything else.
    private static func fitted(_ budgets: Budgets) -> Budgets {
        var budgets = budgets
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            let room = max(8, Int(clamping: limit.rlim_cur) - 32)
            budgets[.connections] = min(budgets[.connections], room)
        }
        return budgets
    }

    private static func makeTemporaryFolder() throws -> String {
        let path = NSTemporaryDirectory() + "/qcsh-sandbox-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return path
    }

    private static func context(_ certificates: Certificates) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.key, format: .pem)))
        tls.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: tls)
    }

    private static func bind(
        _ configuration: SandboxConfiguration, _ loop: any EventLoop,
        _ front: EventLoopFuture<NIOLoopBound<Front>>, _ tls: NIOSSLContext?
    ) throws -> any Channel {
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                front.flatMapThrowing { front in
                    let load = front.value.load
                    guard load.connections < load.budgets[.connections] else {
                        throw SandboxError.tooManyConnections
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    let connection = Connection(load)
                    try pipeline.addHandler(connection)
                    // Behind TLS the first bytes tell the protocol, too.
                    try pipeline.addHandler(
                        ProtocolSniffer(
                            front: front,
                            connection: NIOLoopBound(connection, eventLoop: channel.eventLoop)))
                }
            }
        do {
            return try bootstrap.bind(host: configuration.host, port: configuration.port).wait()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw SandboxError.portInUse(configuration.port)
        } catch {
            throw SandboxError.cannotListen(
                host: configuration.host, port: configuration.port, reason: "\(error)")
        }
    }
}

extension NIOLoopBound where Value == Front {
    /// Uses the front on its event loop.
    fileprivate func onLoop<Result: Sendable>(
        _ loop: any EventLoop, _ body: @escaping @Sendable (Front) throws -> Result
    ) throws -> Result {
        try loop.submit { try body(self.value) }.wait()
    }
}
