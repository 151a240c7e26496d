import Codec
import Contract

/// The state of one sandbox, with the values that it takes from elsewhere: time, chance, the
/// catalogue, quotas and the address of the data plane.
///
/// Not thread-safe: it lives on the server's one event loop.
final class World {
    let registry: Registry
    let store: Store
    var clock: VirtualClock
    /// Derives the secrets that can be shown again.
    let seed: [UInt8]
    /// The name among the server's worlds; empty for the first one.
    let name: String
    let options: WorldOptions
    /// The packages, regions and releases on offer.
    let catalogue: Catalogue
    /// Quotas from elsewhere, by account. Those of other accounts come from the account's record.
    var quotas: [String: Quotas] = [:]
    /// Where the data plane answers.
    var dataPlane = DataPlaneAddress(url: "http://127.0.0.1", port: 6333)
    var random: RandomSource
    /// The next ids, while a sandbox is seeded.
    var chosenIDs: [String] = []
    private var traceRandom: RandomSource
    let faults = FaultInjector()
    let callJournal = CallJournal()

    /// Creates a world on a store.
    ///
    /// - Parameters:
    ///   - seed: derives the secrets that can be shown again.
    ///   - seedNumber: begins the series that ids and secrets come from; nil for random ones.
    init(
        registry: Registry, store: Store, clock: VirtualClock, seed: [UInt8], name: String = "",
        options: WorldOptions = WorldOptions(), catalogue: Catalogue = .builtIn,
        seedNumber: UInt64? = nil
    ) throws {
        self.registry = registry
        self.store = store
        self.clock = clock
        self.seed = seed
        self.name = name
        self.options = options
        self.catalogue = catalogue
        // A series continues from where the sandbox was last used.
        let state = try store.transaction { try $0.fact("dice") }.flatMap { UInt64($0) }
        random = RandomSource(state: seedNumber.map { state ?? $0 })
        // They have to differ, and nothing more.
        traceRandom = RandomSource(
            state: seedNumber.map { $0 ^ 0x7ace } ?? UInt64.random(in: 0 ... .max))
    }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message {
        guard let found = try? registry.message(named: type) else {
            preconditionFailure("the contract has no \(type)")
        }
        return Message(found)
    }

    /// A new id: a random one, unless ids have been chosen.
    func newID() -> String {
        chosenIDs.isEmpty ? Digest.randomUUID(&random) : chosenIDs.removeFirst()
    }

    /// A random id that does not belong to the sandbox's state, for example of a trace.
    func newTraceID() -> String { Digest.randomUUID(&traceRandom) }

    /// A secret that names the world it belongs to.
    func marked(_ secret: String) -> String { name.isEmpty ? secret : secret + "-" + name }

    /// A google.protobuf.Timestamp.
    func timestamp(_ moment: Int64) -> Message {
        var message = new("google.protobuf.Timestamp")
        message[.seconds] = .int(moment / Nanoseconds.second)
        // Microseconds, as the real cloud has them.
        message[.nanos] = .int(moment % Nanoseconds.second / 1000 * 1000)
        return message
    }

    /// A google.protobuf.Duration.
    func duration(_ nanoseconds: Int64) -> Message {
        var message = new("google.protobuf.Duration")
        message[.seconds] = .int(nanoseconds / Nanoseconds.second)
        message[.nanos] = .int(nanoseconds % Nanoseconds.second)
        return message
    }
}
