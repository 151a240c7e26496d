import Codec
import Contract
import GRPCProtocol

/// Backups of spaces, their schedules and restores.
enum SpaceBackupService: CloudService {
    static let name = "qdrant.cloud.serverless.space.backup.v1.BackupService"

    private static let life = BackupLife.spaces

    static let handlers = BackupHandlers(life: life).all.merging(own) { _, own in own }

    private static let own: [String: Handler] = [
        "CreateBackup": { call, request in
            guard let wanted = request.message(.backup) else { return call.response }
            let space = try find(wanted, call)
            var kept = Message(wanted.type)
            for name: FieldName in [.retentionPeriod, .collectionName] { kept[name] = wanted[name] }
            let record = try life.start(kept, of: space, call.moment)
            return call.answer(.backup, record.message)
        },
        "RestoreBackup": { call, request in
            let backup = try call.find(.spaceBackup, request.string(.backupID), "backup")
            let info = try life.restorable(backup)
            guard var space = try call.transaction.record(.space, backup.parent),
                SpaceState.phase(of: space) == "READY"
            else {
                throw APIError(
                    .failedPrecondition,
                    "the backup's space no longer exists or is not ready; create a new one with "
                        + "CreateSpaceFromBackup")
            }
            try life.restore(backup, of: space, call.moment)
            if backup.message.optionalString(.collectionName) == nil {
                Collections.copy(from: backup, to: &space)
                space.message[.configuration] = info[.configuration]
            }
            _ = try SpaceLife.process(space, call.moment)
            call.reply.metadata.append((life.eventHeader, space.id))
            return call.response
        },
        "CreateBackupSchedule": { call, request in
            guard var wanted = request.message(.backupSchedule) else { return call.response }
            let space = try find(wanted, call)
            for name: FieldName in [.lastUpdatedBy, .deletedBy] { wanted[name] = nil }
            let id = call.world.newID()
            wanted.set(.id, id)
            wanted.set(.accountID, call.account)
            wanted.set(.spaceID, space.id)
            wanted.set(.createdAt, call.moment.timestamp)
            wanted.set(.createdBy, call.moment.stamp)
            let record = try life.activate(
                Record(
                    kind: .spaceSchedule, id: id, account: call.account, parent: space.id,
                    created: call.now, message: wanted), call.moment)
            return call.answer(.backupSchedule, record.message)
        },
    ]

    /// The space that a backup or a schedule is for. Throws unless it can be backed up.
    private static func find(_ wanted: Message, _ call: Call) throws -> Record {
        let space = try call.find(.space, wanted.string(.spaceID), "space")
        guard life.canBeBackedUp(space) else {
            throw APIError(
                .failedPrecondition,
                "a space that is \(SpaceState.phase(of: space)) cannot be "
                    + "backed up")
        }
        return space
    }
}
