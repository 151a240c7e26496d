import Codec
import Contract
import GRPCProtocol

/// What an update changes, and how much the cluster has to do for it.
enum ClusterChange: Int {
    /// Nothing, or what takes effect at once.
    case none
    case instant
    /// The nodes restart.
    case restart
    case scale
    case upgrade

    /// Fields of the configuration that take effect at once.
    private static let instantFields: Set<FieldName> = [
        .allowedIpSourceRanges, .clusterStorageConfiguration, .lastModifiedAt,
        .rebalanceStrategy, .restartPolicy,
    ]
    private static let scaleFields: Set<FieldName> = [
        .numberOfNodes, .packageID, .additionalResources,
    ]

    /// Whether the cluster is busy for a while.
    var takesTime: Bool { rawValue >= Self.restart.rawValue }

    /// Finds the strongest kind of change, and refuses what is not possible.
    init(
        from old: Message, to new: inout Message, of cluster: Record, call: Call
    ) throws {
        var strongest = ClusterChange.instant
        for name in old.type.fields.map({ FieldName($0.name) })
        where !Self.same(old, new, name) {
            let kind: ClusterChange
            if name == .version {
                new.set(
                    .version,
                    try Self.checkUpgrade(
                        old.string(.version), new.string(.version), call.catalogue))
                kind = new.string(.version) == old.string(.version) ? .instant : .upgrade
            } else if Self.scaleFields.contains(name) {
                kind = .scale
            } else if Self.instantFields.contains(name) {
                kind = .instant
            } else {
                kind = .restart
            }
            if kind.rawValue > strongest.rawValue { strongest = kind }
        }
        if Self.scaleFields.contains(where: { !Self.same(old, new, $0) }) {
            try Self.checkScale(old, new, cluster, call)
        }
        self = strongest
    }

    /// Whether a field is the same; an absent message and an empty one are.
    private static func same(_ old: Message, _ new: Message, _ name: FieldName) -> Bool {
        switch (old[name], new[name]) {
        case (nil, .message(let message)), (.message(let message), nil):
            return message.setFields.allSatisfy(\.value.isDefault)
        case (let a, let b):
            return a == b || ((a?.isDefault ?? true) && (b?.isDefault ?? true))
        }
    }

    private static func checkUpgrade(
        _ old: String, _ wanted: String, _ catalogue: Catalogue
    ) throws -> String {
        let target =
            wanted == "latest"
            ? catalogue.defaultRelease?.version ?? old : wanted
        guard target != old else { return old }
        guard let release = catalogue.release(target), !release.isUnavailable,
            !release.isEndOfLife
        else {
            throw APIError(
                .invalidArgument, "cluster.configuration.version: \(target) cannot be installed")
        }
        guard !release.numbers.lexicographicallyPrecedes(Catalogue.numbers(of: old)) else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.version: cannot downgrade from \(old) to \(target)")
        }
        return target
    }

    private static func checkScale(
        _ old: Message, _ new: Message, _ cluster: Record, _ call: Call
    ) throws {
        guard let from = call.catalogue.package(old.string(.packageID)), !from.isFree else {
            throw APIError(.failedPrecondition, "free clusters cannot be scaled")
        }
        let id = new.string(.packageID)
        guard let to = call.catalogue.package(id), to.provider == from.provider,
            to.region == from.region, to.isActive || to.id == from.id
        else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(id) is not available there")
        }
        guard to.isMultiAZ == from.isMultiAZ, !to.isFree else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: cannot change to a free package, or between "
                    + "single-zone and multi-zone packages")
        }
        guard !to.isPremium || from.isPremium else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(to.name) needs the premium tier")
        }
        let most = try call.quotas().nodes
        guard new.integer(.numberOfNodes) <= most else {
            throw APIError(.resourceExhausted, "a cluster may have \(most) nodes")
        }
        func disk(_ configuration: Message, _ package: Catalogue.Package) -> Int {
            package.disk + (configuration.message(.additionalResources)?.integer(.disk) ?? 0)
        }
        guard disk(new, to) >= disk(old, from) else {
            throw APIError(
                .failedPrecondition,
                "disks cannot shrink: the nodes have \(disk(old, from)) GiB, requested: "
                    + "\(disk(new, to)) GiB")
        }
        guard to.ram >= from.ram || ClusterState.memoryUse(of: cluster) <= Double(to.ram) else {
            throw APIError(
                .failedPrecondition,
                "the cluster uses more memory than package \(to.name) has")
        }
    }
}
