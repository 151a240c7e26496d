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
    /// How fast its time passes.
    public enum Speed: Sendable, Equatable {
        /// So many virtual seconds in a real one.
        case factor(Double)
        /// What takes time is done at once.
        case instant
    }

    /// The port; 0 takes a free one.
    public var port = 0
    /// Whether the port speaks TLS.
    public var usesTLS = false
    /// The folder of its data; nil keeps everything in memory.
    public var dataFolder: String?
    /// How fast its time passes.
    public var speed = Speed.factor(1)
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
    /// The first account.
    public let accountID: String
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let temporaryFolder: String?
    private let front: NIOLoopBound<Front>

    /// `http://127.0.0.1:port`, or `https://` with TLS.
    public var endpoint: String {
        (authorityFile == nil ? "http" : "https") + "://127.0.0.1:\(port)"
    }

    /// Starts a sandbox.
    public init(_ configuration: SandboxConfiguration) throws(SandboxError) {
        if let reason = Self.cryptoProblem { throw SandboxError(reason) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let loop = group.next()
        do {
            let seed = try Self.seed(configuration)
            var temporary: String?
            var tls: NIOSSLContext?
            var authority: String?
            if configuration.usesTLS {
                let folder = try configuration.dataFolder ?? Self.makeTemporaryFolder()
                if configuration.dataFolder == nil { temporary = folder }
                let certificates = try Certificates(in: folder)
                authority = certificates.authority
                tls = try Self.context(certificates)
            }
            temporaryFolder = temporary
            authorityFile = authority
            front = try loop.submit {
                NIOLoopBound(try Self.open(configuration, seed), eventLoop: loop)
            }.wait()
            accountID = DemoWorld.production
            channel = try Self.bind(configuration.port, loop, front, tls)
            port = channel.localAddress?.port ?? configuration.port
        } catch {
            try? group.syncShutdownGracefully()
            if let known = error as? SandboxError { throw known }
            throw SandboxError("\(error)")
        }
    }

    /// Loads the library of hashes; what is wrong with it, or nil.
    static var cryptoProblem: String? { qcrypto_load().map { String(cString: $0) } }

    /// Stops listening, closes all connections and the store.
    public func stop() {
        try? channel.close().wait()
        try? group.syncShutdownGracefully()
        if let temporaryFolder { try? FileManager.default.removeItem(atPath: temporaryFolder) }
    }

    /// The secret of the first account's first management key; nil once that key is deleted.
    public var managementKey: String? {
        let front = front
        return try? group.next().submit { () -> String? in
            let cloud = front.value.cloud
            let id = Digest.uuid(named: "management-key/" + DemoWorld.production)
            let isThere = try cloud.store.transaction {
                try $0.record(Kind.managementKey, id) != nil
            }
            return isThere
                ? DemoWorld.managementKey(of: DemoWorld.production, seed: cloud.seed) : nil
        }.wait()
    }

    private static func open(_ configuration: SandboxConfiguration, _ seed: [UInt8]) throws -> Front
    {
        let registry = Registry.embedded
        let store = try Store(
            path: configuration.dataFolder.map { $0 + "/sandbox.sqlite" }, registry: registry)
        let lastMoment = try store.transaction { try $0.fact("moment") }.flatMap(Int64.init) ?? 0
        let speed: VirtualClock.Speed =
            switch configuration.speed {
            case .factor(let factor): .factor(factor)
            case .instant: .instant
            }
        let clock = VirtualClock(speed: speed, real: configuration.realTime, notBefore: lastMoment)
        let cloud = Cloud(registry: registry, store: store, clock: clock, seed: seed)
        try DemoWorld.plant(in: cloud)
        return Front(cloud: cloud)
    }

    /// The secret that keys are derived from. In memory it is always the same; a data folder has
    /// its own, in a file that only its owner may read.
    private static func seed(_ configuration: SandboxConfiguration) throws(SandboxError) -> [UInt8]
    {
        guard let folder = configuration.dataFolder else {
            return Array("qcsh sandbox in memory".utf8)
        }
        let files = FileManager.default
        let path = folder + "/seed"
        do {
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            if let present = files.contents(atPath: path), present.count == 32 {
                return [UInt8](present)
            }
            let seed = (0..<32).map { _ in UInt8.random(in: 0...255) }
            guard
                files.createFile(
                    atPath: path, contents: Data(seed), attributes: [.posixPermissions: 0o600])
            else { throw SandboxError("cannot write \(path)") }
            return seed
        } catch let error as SandboxError {
            throw error
        } catch {
            throw SandboxError(
                "cannot use the data folder \(folder): \(error.localizedDescription)")
        }
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
        _ port: Int, _ loop: any EventLoop, _ front: NIOLoopBound<Front>, _ tls: NIOSSLContext?
    ) throws -> any Channel {
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls))
                    }
                    // Behind TLS the first bytes tell the protocol, too.
                    try channel.pipeline.syncOperations.addHandler(ProtocolSniffer(front: front))
                }
            }
        do {
            return try bootstrap.bind(host: "127.0.0.1", port: port).wait()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw SandboxError(
                "port \(port) is in use by another program; choose another with --port, or 0 for "
                    + "any free one")
        }
    }
}
