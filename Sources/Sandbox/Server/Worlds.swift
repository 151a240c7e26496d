import Contract
import GRPCProtocol

/// The sandboxes of one server: the first one, which lasts, and others that tests open for
/// themselves, each with its own state, time, faults and secrets, in memory.
///
/// The header `qcsh-world` or the credential determines the world of a request: the secrets of a
/// world end with its name.
final class Worlds {
    /// The header that names a world.
    static let header = "qcsh-world"
    /// The maximum number of worlds; opening another one closes the oldest.
    private static let capacity = 1000

    let main: Cloud
    private let configuration: CloudConfiguration
    private var others: [String: Cloud] = [:]
    private var order: [String] = []
    /// What a fresh world is copied from.
    private var template: (store: Store, planted: Int64)?
    private var count = 0

    /// What all worlds have in common.
    struct CloudConfiguration {
        let registry: Registry
        let services: ServiceTable
        let seed: Seed
        let secret: [UInt8]
        let options: WorldOptions
        let seedNumber: UInt64?
        /// A clock that begins now.
        let makeClock: () -> VirtualClock
    }

    init(main: Cloud, _ configuration: CloudConfiguration) {
        self.main = main
        self.configuration = configuration
    }

    /// Where the data plane answers, for all worlds.
    var dataPlane = DataPlaneAddress(url: "http://127.0.0.1", port: 6333) {
        didSet {
            main.world.dataPlane = dataPlane
            for cloud in others.values { cloud.world.dataPlane = dataPlane }
        }
    }

    /// The world with a name; the first one has none.
    func world(_ name: String) -> Cloud? { name.isEmpty ? main : others[name] }

    /// The names of the worlds that were opened, oldest first.
    var names: [String] { order }

    /// Opens a fresh world.
    func open() throws -> Cloud {
        count += 1
        var dice = RandomSource(state: configuration.seedNumber.map { $0 &+ UInt64(count) })
        let name = "w" + Digest.hexadecimal(dice.bytes(6))
        let clock = configuration.makeClock()
        let store = try Store(copying: try template(at: clock.now))
        let secret = Digest.hmac(key: configuration.secret, "world/" + name)
        let cloud = try cloud(
            store, clock: clock, seed: secret, name: name,
            seedNumber: configuration.seedNumber.map { $0 &+ UInt64(count) })
        try cloud.resume()
        others[name] = cloud
        order.append(name)
        if order.count > Self.capacity { close(order[0]) }
        return cloud
    }

    /// Ends a world.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    func close(_ name: String) -> Bool {
        order.removeAll { $0 == name }
        return others.removeValue(forKey: name) != nil
    }

    /// A planted store that is not much older than a moment.
    private func template(at now: Int64) throws -> Store {
        if let template, now - template.planted < Nanoseconds.hour { return template.store }
        let store = try planted(seed)
        template = (store, now)
        return store
    }

    /// What worlds begin with.
    var seed: Seed { configuration.seed }

    /// A store, in memory, that a seed was planted in.
    func planted(_ seed: Seed) throws -> Store {
        let store = try Store(path: nil, registry: configuration.registry)
        let cloud = try cloud(
            store, clock: configuration.makeClock(), seed: configuration.secret,
            seedNumber: configuration.seedNumber)
        try seed.plant(in: cloud)
        return store
    }

    /// A cloud that goes on with a copy of a state, to see whether that works.
    func trial(of state: Store) throws -> Cloud {
        let cloud = try cloud(
            Store(copying: state), clock: configuration.makeClock(), seed: configuration.secret,
            seedNumber: configuration.seedNumber)
        try cloud.resume()
        return cloud
    }

    private func cloud(
        _ store: Store, clock: VirtualClock, seed: [UInt8], name: String = "", seedNumber: UInt64?
    ) throws -> Cloud {
        let world = try World(
            registry: configuration.registry, store: store, clock: clock, seed: seed, name: name,
            options: configuration.options, seedNumber: seedNumber)
        world.dataPlane = dataPlane
        return Cloud(world, services: configuration.services)
    }

    // MARK: - Whose request it is

    /// The world that a request is for.
    ///
    /// - Throws: NOT_FOUND when it names one that is not there.
    func cloud(for request: InboundRequest, isData: Bool = false) throws(APIError) -> Cloud {
        if let name = request.header(Self.header) {
            guard let cloud = world(name) else {
                throw APIError(.notFound, "world \(name) not found")
            }
            return cloud
        }
        guard !others.isEmpty else { return main }
        if isData {
            guard let key = Self.databaseKey(of: request) else { return main }
            if let claims = DatabaseToken.claims(of: key) { return world(claims.world) ?? main }
            return others[Self.mark(of: key[...])] ?? main
        }
        guard let header = request.header("authorization") else { return main }
        return others[Self.mark(of: header[...])] ?? main
    }

    /// The part of a secret after its last dash.
    private static func mark(of secret: Substring) -> String {
        guard let dash = secret.lastIndex(of: "-") else { return "" }
        return String(secret[secret.index(after: dash)...])
    }

    /// The key that a request to the data plane carries.
    static func databaseKey(of request: InboundRequest) -> String? {
        if let key = request.header("api-key") { return key }
        guard let header = request.header("authorization"), header.lowercased().hasPrefix("bearer ")
        else { return nil }
        return String(header.dropFirst("bearer ".count))
    }
}
