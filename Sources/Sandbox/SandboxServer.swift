import Budgets
import CCrypto
import Contract
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A sandbox that cannot be started, in words for a person.
public struct SandboxError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What a sandbox is started with.
public struct SandboxConfiguration: Sendable {
    /// How time passes in it.
    public enum Speed: Sendable, Equatable {
        /// So many virtual seconds in a real one.
        case factor(Double)
        /// What takes time is done at once.
        case instant
        /// Time stands still until it is moved.
        case manual
    }

    /// The address to listen on. Anything but the loopback interface wants ``usesTLS``.
    public var host = "127.0.0.1"
    /// The name by which others reach it, for endpoints and the certificate; nil takes the address.
    public var advertisedHost: String?
    /// The port; 0 takes a free one.
    public var port = 0
    /// Whether the port speaks TLS.
    public var usesTLS = false
    /// The folder of its data; nil keeps everything in memory.
    public var dataFolder: String?
    /// How its time passes.
    public var speed = Speed.factor(1)
    /// What it holds at first: YAML, or `demo` or `bare`.
    public var seed = "demo"
    /// What ids, secrets and times depend on, so that two runs with the same calls give the same
    /// answers; nil makes them random.
    public var seedNumber: UInt64?
    /// Rules that are not applied.
    public var leniencies: Set<Leniency> = []
    /// Whether free clusters are suspended after a week and deleted after four.
    public var retiresIdleFreeClusters = false
    /// Faults from the start, each a YAML text of one or of a list.
    public var faults: [String] = []
    /// The limits on what its peers may cost.
    public var budgets = Budgets()
    /// The real time, in nanoseconds since 1970.
    public var realTime: @Sendable () -> Int64

    /// Creates a configuration.
    public init(realTime: @escaping @Sendable () -> Int64) { self.realTime = realTime }
}

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
    /// Keeps other sandboxes from the data folder.
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
        if let reason = Self.cryptoProblem { throw SandboxError(reason) }
        try Self.check(configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let loop = group.next()
        do {
            host = configuration.advertisedHost ?? configuration.host
            let seed = try Seed(configuration.seed)
            let secret = try Self.secret(configuration)
            lock = try configuration.dataFolder.map { try FolderLock($0) }
            var temporary: String?
            var tls: NIOSSLContext?
            var authority: String?
            if configuration.usesTLS {
                let folder = try configuration.dataFolder ?? Self.makeTemporaryFolder()
                if configuration.dataFolder == nil { temporary = folder }
                let certificates = try Certificates(
                    in: folder, host: configuration.advertisedHost ?? configuration.host)
                authority = certificates.authority
                tls = try Self.context(certificates)
            }
            temporaryFolder = temporary
            authorityFile = authority
            var dice = Dice()
            let token = Digest.hexadecimal(dice.bytes(20))
            adminToken = token
            // The port is there before the state, whose addresses name it.
            let pending = loop.makePromise(of: NIOLoopBound<Front>.self)
            do {
                channel = try Self.bind(configuration, loop, pending.futureResult, tls)
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
                        try Self.open(
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
                try front.worlds.main.store.transaction {
                    try $0.records(.account).first?.id ?? ""
                }
            }
        } catch {
            try? group.syncShutdownGracefully()
            if let known = error as? SandboxError { throw known }
            throw SandboxError("\(error)")
        }
    }

    private static func check(_ configuration: SandboxConfiguration) throws(SandboxError) {
        let isLoopback = HostCheck.isLoopback(configuration.host.lowercased())
        guard isLoopback || configuration.usesTLS else {
            throw SandboxError(
                "listening on \(configuration.host) lets other machines in: that needs --tls")
        }
    }

    /// Loads the library of hashes; what is wrong with it, or nil.
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
            let secret = cloud.managementKey(of: account)
            let key = try cloud.store.transaction {
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

    private static func open(
        _ configuration: SandboxConfiguration, _ seed: Seed, _ secret: [UInt8],
        _ address: DataPlaneAddress, _ token: String, _ load: ServerLoad
    ) throws -> Front {
        let registry = Registry.embedded
        // The files of the state are for their owner alone, whatever the folder is.
        let mask = umask(0o077)
        let store = try Store(
            path: configuration.dataFolder.map { $0 + "/sandbox.sqlite" }, registry: registry)
        umask(mask)
        let options = CloudOptions(
            leniencies: configuration.leniencies,
            retiresIdleFreeClusters: configuration.retiresIdleFreeClusters)
        let speed: VirtualClock.Speed =
            switch configuration.speed {
            case .factor(let factor): .factor(factor)
            case .instant: .instant
            case .manual: .manual
            }
        // With a seed number, time has a begin of its own: 2026-01-01T00:00:00Z.
        let start: Int64? =
            configuration.seedNumber == nil ? nil : 1_767_225_600 * Nanoseconds.second
        let last = try store.transaction { try $0.fact("moment") }.flatMap { Int64($0) } ?? 0
        func clock(_ last: Int64) -> VirtualClock {
            VirtualClock(speed: speed, real: configuration.realTime, start: start, notBefore: last)
        }
        let cloud = try Cloud(
            registry: registry, store: store, clock: clock(last), seed: secret, options: options,
            seedNumber: configuration.seedNumber)
        cloud.dataPlane = address
        for text in configuration.faults {
            do throws(Tree.Problem) {
                let tree = try Tree(parsing: text)
                for fault in try FaultReader.faults(tree, registry, name: cloud.faults.newName) {
                    cloud.faults.add(fault)
                }
            } catch {
                throw SandboxError("the fault cannot be used: \(error)")
            }
        }
        let worlds = Worlds(
            main: cloud,
            Worlds.CloudConfiguration(
                registry: registry, seed: seed, secret: secret, options: options,
                seedNumber: configuration.seedNumber, makeClock: { clock(0) }))
        worlds.dataPlane = address
        if try store.transaction({ try $0.fact("world") }) == nil {
            if configuration.dataFolder == nil {
                try seed.plant(in: cloud)
            } else {
                // All at once: a folder never holds a part of its seed.
                try store.replace(by: worlds.planted(seed))
            }
        }
        try cloud.resume()
        let hosts = HostCheck(
            [configuration.host] + [configuration.advertisedHost].compactMap { $0 },
            isSecure: configuration.usesTLS)
        return Front(worlds: worlds, adminToken: token, hosts: hosts, load: load)
    }

    /// What keys derive from. On the loopback interface, in memory, it is always the same, so that
    /// keys can be kept in the configuration of other programs; a data folder has its own, in a
    /// file that only its owner may read.
    private static func secret(_ configuration: SandboxConfiguration) throws(SandboxError)
        -> [UInt8]
    {
        guard let folder = configuration.dataFolder else {
            if let number = configuration.seedNumber { return Array("qcsh sandbox \(number)".utf8) }
            let isPrivate =
                !configuration.usesTLS
                && configuration.advertisedHost.map { HostCheck.isLoopback($0.lowercased()) }
                    ?? true
            guard isPrivate else {
                var dice = Dice()
                return dice.bytes(32)
            }
            return Array("qcsh sandbox in memory".utf8)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw SandboxError(
                "cannot use the data folder \(folder): \(error.localizedDescription)")
        }
        let path = folder + "/seed"
        let present = try PrivateFile.read(path, limit: secretSize + 1)
        if let present, present.count == secretSize { return present }
        // All keys of a state derive from it: another one would make them invalid.
        if present != nil || FileManager.default.fileExists(atPath: folder + "/sandbox.sqlite") {
            let what = present.map { "has \($0.count) bytes instead of \(secretSize)" }
            throw SandboxError(
                "\(path) \(what ?? "is missing"), and the keys in \(folder) derive from it: put the "
                    + "file back from a backup, or remove the folder to begin with new keys")
        }
        var dice = Dice(state: configuration.seedNumber)
        let secret = dice.bytes(secretSize)
        try PrivateFile.create(path, secret)
        return secret
    }

    private static let secretSize = 32

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
                        throw SandboxError("there are too many connections")
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
            throw SandboxError(
                "port \(configuration.port) is in use by another program; choose another with "
                    + "--port, or 0 for any free one")
        } catch {
            throw SandboxError(
                "cannot listen on \(configuration.host) port \(configuration.port): \(error)")
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
