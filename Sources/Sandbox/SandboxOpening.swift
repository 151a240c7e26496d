import Contract
import Foundation

/// Opens the state that a server serves: its secret, its store, its clock, its faults, its seed.
enum SandboxOpening {
    static func front(
        _ configuration: SandboxConfiguration, _ seed: Seed, _ secret: [UInt8],
        _ address: DataPlaneAddress, _ token: String, _ load: ServerLoad
    ) throws -> Front {
        let registry = Registry.embedded
        // The files of the state are for their owner alone, whatever the folder is.
        let mask = umask(0o077)
        let store = try Store(
            path: configuration.dataFolder.map { $0 + "/sandbox.sqlite" }, registry: registry)
        umask(mask)
        let options = WorldOptions(
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
        let cloud = Cloud(
            try World(
                registry: registry, store: store, clock: clock(last), seed: secret,
                options: options, seedNumber: configuration.seedNumber),
            services: Services.table)
        cloud.world.dataPlane = address
        try addFaults(configuration.faults, to: cloud.world)
        let worlds = Worlds(
            main: cloud,
            Worlds.CloudConfiguration(
                registry: registry, services: Services.table, seed: seed, secret: secret,
                options: options, seedNumber: configuration.seedNumber, makeClock: { clock(0) }))
        worlds.dataPlane = address
        try plantIfNew(configuration, seed, worlds)
        try cloud.resume()
        let hosts = HostCheck(
            [configuration.host] + [configuration.advertisedHost].compactMap { $0 },
            isSecure: configuration.usesTLS)
        return Front(worlds: worlds, adminToken: token, hosts: hosts, load: load)
    }

    private static func addFaults(_ texts: [String], to world: World) throws(SandboxError) {
        for text in texts {
            do throws(YAMLValue.Problem) {
                let faults = try FaultReader.faults(
                    YAMLValue(parsing: text), world.registry, name: world.faults.newName)
                for fault in faults { world.faults.add(fault) }
            } catch {
                throw .fault(error.located(in: text))
            }
        }
    }

    private static func plantIfNew(
        _ configuration: SandboxConfiguration, _ seed: Seed, _ worlds: Worlds
    ) throws {
        let store = worlds.main.world.store
        guard try store.transaction({ try $0.fact("world") }) == nil else { return }
        if configuration.dataFolder == nil {
            try seed.plant(in: worlds.main)
        } else {
            // All at once: a folder never holds a part of its seed.
            try store.replace(by: worlds.planted(seed))
        }
    }

    /// The secret from which keys are derived. On the loopback interface, in memory, it is always
    /// the same, so that other programs can keep keys in their configuration; a data directory has
    /// its own, in a file that only its owner may read.
    static func secret(_ configuration: SandboxConfiguration) throws(SandboxError)
        -> [UInt8]
    {
        guard let folder = configuration.dataFolder else {
            if let number = configuration.seedNumber { return Array("qcsh sandbox \(number)".utf8) }
            let isPrivate =
                !configuration.usesTLS
                && configuration.advertisedHost.map { HostCheck.isLoopback($0.lowercased()) }
                    ?? true
            guard isPrivate else {
                var dice = RandomSource()
                return dice.bytes(32)
            }
            return Array("qcsh sandbox in memory".utf8)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw .file(
                "use the data directory", path: folder, reason: error.localizedDescription)
        }
        let path = folder + "/seed"
        let present = try PrivateFile.read(path, limit: secretSize + 1)
        if let present, present.count == secretSize { return present }
        // All keys of a state derive from it: another one would make them invalid.
        if present != nil || FileManager.default.fileExists(atPath: folder + "/sandbox.sqlite") {
            let what = present.map { "has \($0.count) bytes instead of \(secretSize)" }
            throw .seedFile(path: path, folder: folder, problem: what ?? "is missing")
        }
        var dice = RandomSource(state: configuration.seedNumber)
        let secret = dice.bytes(secretSize)
        try PrivateFile.create(path, secret)
        return secret
    }

    private static let secretSize = 32
}
