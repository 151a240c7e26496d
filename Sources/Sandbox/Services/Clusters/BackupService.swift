import Codec
import Contract
import GRPCProtocol

/// Backups of clusters, their schedules and restores.
enum BackupService: CloudService {
    static let name = "qdrant.cloud.cluster.backup.v1.BackupService"

    private static let life = BackupLife.clusters

    static let handlers = BackupHandlers(life: life).all.merging(own) { _, own in own }

    private static let own: [String: Handler] = [
        "CreateBackup": { call, request in
            guard let wanted = request.message(.backup) else { return call.response }
            let cluster = try call.find(.cluster, wanted.string(.clusterID), "cluster")
            try checkSupport(cluster)
            let record = try life.start(Self.writable(wanted), of: cluster, call.moment)
            return call.answer(.backup, record.message)
        },
        "UpdateBackup": { call, request in
            guard let wanted = request.message(.backup) else { return call.response }
            var record = try call.find(.backup, wanted.string(.id), "backup")
            record.message.set(.displayName, wanted.string(.displayName))
            try call.transaction.put(record)
            return call.answer(.backup, record.message)
        },
        "RestoreBackup": { call, request in
            let backup = try call.find(.backup, request.string(.backupID), "backup")
            let info = try life.restorable(backup)
            guard var cluster = try call.transaction.record(.cluster, backup.parent),
                !ClusterState.isLeaving(cluster.message)
            else {
                throw APIError(
                    .failedPrecondition,
                    "the backup's cluster no longer exists; create a new one with "
                        + "CreateClusterFromBackup")
            }
            let phase = ClusterState.phase(of: cluster.message)
            guard
                ["HEALTHY", "NOT_READY", "RECOVERY_MODE"].contains(phase)
                    || ClusterLifecycle.busyPhases.contains(phase)
            else {
                throw APIError(
                    .failedPrecondition, "a cluster that is \(phase) cannot be restored")
            }
            try life.restore(backup, of: cluster, call.moment)
            Collections.copy(from: backup, to: &cluster)
            if let configuration = info.message(.configuration) {
                _ = try ClusterLifecycle.revert(cluster, to: configuration, call.moment)
            }
            call.reply.metadata.append((life.eventHeader, cluster.id))
            return call.response
        },
        "CreateBackupSchedule": { call, request in
            guard var wanted = request.message(.backupSchedule) else { return call.response }
            let cluster = try call.find(.cluster, wanted.string(.clusterID), "cluster")
            try checkSupport(cluster)
            let id = call.world.newID()
            wanted.set(.id, id)
            wanted.set(.accountID, call.account)
            wanted.set(.clusterID, cluster.id)
            wanted.set(.createdAt, call.moment.timestamp)
            let record = try life.activate(
                Record(
                    kind: .backupSchedule, id: id, account: call.account, parent: cluster.id,
                    created: call.now, message: wanted), call.moment)
            return call.answer(.backupSchedule, record.message)
        },
    ]

    /// What of a new backup its creator decides.
    private static func writable(_ wanted: Message) -> Message {
        var kept = Message(wanted.type)
        for name: FieldName in [.displayName, .retentionPeriod] { kept[name] = wanted[name] }
        return kept
    }

    private static func checkSupport(_ cluster: Record) throws {
        let support = cluster.message.message(.state)?.message(.capabilities)?.message(.backup)
        guard support?.enumName(.status) == "CLUSTER_BACKUP_SUPPORT_STATUS_SUPPORTED" else {
            throw APIError(
                .failedPrecondition,
                support?.string(.reason) ?? "the cluster does not support backups")
        }
        guard life.canBeBackedUp(cluster) else {
            let phase = ClusterState.phase(of: cluster.message)
            throw APIError(.failedPrecondition, "a cluster that is \(phase) cannot be backed up")
        }
    }
}

/// What both services of backups have in common.
struct BackupHandlers: Sendable {
    let life: BackupLife

    var all: [String: Handler] {
        let life = life
        return [
            "ListBackups": { call, request in try Pages.answer(life.backup, request, call) },
            "ListBackupRestores": { call, request in
                try Pages.answer(life.restore, request, call)
            },
            "ListBackupSchedules": { call, request in
                try Pages.answer(life.schedule, request, call)
            },
            "GetBackup": { call, request in
                let record = try call.find(life.backup, request.string(.backupID), "backup")
                return call.answer(.backup, record.message)
            },
            "DeleteBackup": { call, request in
                let record = try call.find(life.backup, request.string(.backupID), "backup")
                try life.delete(record, call.moment)
                call.reply.metadata.append((life.eventHeader, record.parent))
                return call.response
            },
            "GetBackupSchedule": { call, request in
                let record = try Self.schedule(call, request, life)
                guard record.parent == request.string(life.parentField).lowercased() else {
                    throw APIError.notFound("backup schedule", record.id)
                }
                return call.answer(.backupSchedule, record.message)
            },
            "UpdateBackupSchedule": { call, request in try Self.update(call, request, life) },
            "DeleteBackupSchedule": { call, request in
                let record = try Self.schedule(call, request, life)
                if request.optionalBool(.deleteBackups) == true {
                    for backup in try call.transaction.records(life.backup, parent: record.parent)
                    where backup.message.string(.backupScheduleID) == record.id {
                        try life.delete(backup, call.moment)
                    }
                }
                try call.transaction.delete(life.schedule, record.id)
                call.reply.metadata.append((life.eventHeader, record.parent))
                return call.response
            },
        ]
    }

    private static func update(
        _ call: Call, _ request: Message, _ life: BackupLife
    ) throws -> Message {
        guard let wanted = request.message(.backupSchedule) else { return call.response }
        var record = try call.find(
            life.schedule, wanted.string(.id), "backup schedule")
        guard record.parent == wanted.string(life.parentField).lowercased() else {
            throw APIError(
                .invalidArgument,
                "backup_schedule.\(life.parentField): cannot be changed")
        }
        for name: FieldName in [
            .schedule, .retentionPeriod, .displayName, .name, .pausedAt, .collectionName,
        ] where record.message.type.field(named: name.text) != nil {
            record.message[name] = wanted[name]
        }
        if record.message.type.field(.lastUpdatedBy) != nil {
            record.message.set(.lastUpdatedBy, call.moment.stamp)
        }
        return call.answer(
            .backupSchedule, try life.activate(record, call.moment).message)
    }

    private static func schedule(
        _ call: Call, _ request: Message, _ life: BackupLife
    ) throws -> Record {
        try call.find(life.schedule, request.string(.backupScheduleID), "backup schedule")
    }
}
