import Codec
import Contract

/// Changes of a busy cluster: the operation under way ends first, then the cluster goes on to the
/// newest configuration.
extension ClusterLifecycle {
    /// The phases of a running cluster with an operation that ends by itself.
    static let busyPhases: Set<String> = [
        "CREATING", "UPDATING", "SCALING", "UPGRADING", "RESUMING",
    ]

    /// Starts the operation for a change of the configuration, now or once the cluster is ready.
    static func apply(
        _ change: ClusterChange, to record: Record, _ moment: Moment
    ) throws -> Record {
        guard change.takesTime else { return try store(record, moment) }
        var record = record
        guard busyPhases.contains(ClusterState.phase(of: record.message)) else {
            return try start(change, of: record, moment)
        }
        // A further change may only strengthen the operation that waits.
        let strongest = max(change.rawValue, queued(record)?.rawValue ?? 0)
        record.hidden[fact] = "\(strongest)"
        return try store(record, moment)
    }

    /// Starts the operation that waits for a cluster, if it is ready.
    static func goOn(_ id: String, _ moment: Moment) throws {
        guard let record = try moment.transaction.record(.cluster, id),
            let change = queued(record),
            ["HEALTHY", "FAILED_TO_UPDATE"].contains(ClusterState.phase(of: record.message))
        else { return }
        _ = try start(change, of: record, moment)
    }

    /// The version that the cluster will have after the present operation.
    static func version(of record: Record) -> String {
        let holder = queued(record) == nil ? FieldName.configuration : .state
        return record.message.message(holder)?.string(.version) ?? ""
    }

    private static let fact = "queued"

    private static func queued(_ record: Record) -> ClusterChange? {
        record.hidden[fact].flatMap { Int($0) }.flatMap(ClusterChange.init(rawValue:))
    }

    private static func start(
        _ change: ClusterChange, of record: Record, _ moment: Moment
    ) throws -> Record {
        var record = record
        record.hidden[fact] = nil
        let hasJWT = record.hidden["jwt"] == "1"
        record.message.edit(.state) { $0.set(.jwtRbac, hasJWT) }
        switch change {
        case .none, .instant: return try store(record, moment)
        case .restart:
            let nodes = record.message.message(.configuration)?.integer(.numberOfNodes) ?? 1
            resize(&record, to: nodes, moment.catalogue)
            return try rollingChange(record, phase: "UPDATING", moment)
        case .scale: return try scale(record, moment)
        case .upgrade: return try upgrade(record, moment)
        }
    }
}
