import Codec

/// Keys of serverless spaces.
enum SpaceKeyService: CloudService {
    static let name = "qdrant.cloud.serverless.space.auth.v1.SpaceApiKeyService"

    private static let settling = 2.0

    static let handlers: [String: Handler] = [
        "ListSpaceApiKeys": { call, request in
            let space = try call.find(.space, request.string("space_id"), "space")
            return call.list(
                try call.transaction.records(.spaceKey, parent: space.id).map(\.message))
        },
        "CreateSpaceApiKey": { call, request in
            guard var key = request.message("space_api_key") else { return call.response }
            let space = try call.find(.space, key.string("space_id"), "space")
            guard SpaceLife.phase(of: space) != "DELETING" else {
                throw APIError(.failedPrecondition, "the space is being deleted")
            }
            if let expiry = key.message("expires_at"), expiry.nanoseconds <= call.now {
                throw APIError(.invalidArgument, "space_api_key.expires_at: must be in the future")
            }
            for name in ["deleted_by", "revoked_at", "revoked_by"] { key[name] = nil }
            let id = call.cloud.newID()
            key.set("id", id)
            key.set("account_id", call.account)
            key.set("space_id", space.id)
            key.set("created_at", call.moment.timestamp)
            key.set("created_by", call.moment.stamp)
            key.edit("state") { $0.setEnum("phase", "PROCESSING") }
            let secret = DatabaseToken.make(id, rules: key, of: space, call.cloud)
            key.set("postfix", String(secret.suffix(4)))
            try call.transaction.put(
                Record(
                    kind: .spaceKey, id: id, account: call.account, parent: space.id,
                    created: call.now, message: key))
            try call.transaction.schedule(
                "space_key.ready", subject: id,
                at: call.cloud.clock.moment(after: settling, from: call.now))
            key.set("key", secret)
            return call.answer("space_api_key", key)
        },
        "DeleteSpaceApiKey": { call, request in
            let id = request.string("space_api_key_id")
            var key = try call.find(.spaceKey, id, "space key")
            guard key.parent == request.string("space_id").lowercased() else {
                throw APIError.notFound("space key", id)
            }
            guard key.message["deleted_at"] == nil else { return call.response }
            key.message.set("deleted_at", call.moment.timestamp)
            key.message.set("deleted_by", call.moment.stamp)
            key.message.edit("state") { $0.setEnum("phase", "DELETING") }
            try call.transaction.put(key)
            try call.transaction.schedule(
                "space_key.gone", subject: id.lowercased(),
                at: call.cloud.clock.moment(after: settling, from: call.now))
            return call.response
        },
    ]

    static let events: [String: EventHandler] = [
        "space_key.ready": { moment, event in
            guard var key = try moment.transaction.record(.spaceKey, event.subject),
                key.message["deleted_at"] == nil
            else { return }
            key.message.edit("state") { $0.setEnum("phase", "READY") }
            try moment.transaction.put(key)
        },
        "space_key.gone": { moment, event in
            try moment.transaction.delete(.spaceKey, event.subject)
        },
    ]
}

/// Short-lived tokens for the web page of a space.
enum SpaceTokenService: CloudService {
    static let name = "qdrant.cloud.serverless.space.auth.v1.EphemeralDashboardTokenService"

    private static let validity = Nanoseconds.hour

    static let handlers: [String: Handler] = [
        "CreateEphemeralDashboardToken": { call, request in
            let space = try call.find(.space, request.string("space_id"), "space")
            guard SpaceLife.phase(of: space) == "READY" else {
                throw APIError(.failedPrecondition, "the space is not running")
            }
            let id = call.cloud.newID()
            let secret = "local:v1:" + Digest.base64URL(call.cloud.dice.bytes(32))
            var row = call.new("qdrant.cloud.serverless.space.auth.v1.SpaceApiKey")
            row.set("id", id)
            row.set("account_id", call.account)
            row.set("created_at", call.moment.timestamp)
            row.set("space_id", space.id)
            row.set("name", "dashboard token")
            row.set("expires_at", call.cloud.timestamp(call.now + validity))
            row.set("created_by", call.moment.stamp)
            row.set("postfix", String(secret.suffix(4)))
            row.edit("state") { $0.setEnum("phase", "READY") }
            try call.transaction.put(
                Record(
                    kind: .spaceToken, id: id, account: call.account, parent: space.id,
                    created: call.now, message: row, hidden: ["hash": Digest.hash(secret)]))
            try call.transaction.schedule(
                "space_token.expired", subject: id, at: call.now + validity)
            var token = call.response.new("ephemeral_dashboard_token")
            token.set("token", secret)
            return call.answer("ephemeral_dashboard_token", token)
        },
        "ListEphemeralDashboardTokens": { call, request in
            let space = request.optionalString("space_id")?.lowercased()
            let rows = try call.transaction.records(.spaceToken, account: call.account)
                .filter { space == nil || $0.parent == space }
            return call.list(rows.map(\.message))
        },
        "RevokeEphemeralDashboardToken": { call, request in
            var row = try call.find(
                .spaceToken, request.string("space_api_key_id"), "dashboard token")
            guard row.message["revoked_at"] == nil else { return call.response }
            row.message.set("revoked_at", call.moment.timestamp)
            row.message.set("revoked_by", call.moment.stamp)
            row.message.edit("state") { $0.setEnum("phase", "DISABLED") }
            try call.transaction.put(row)
            return call.response
        },
    ]

    static let events: [String: EventHandler] = [
        "space_token.expired": { moment, event in
            try moment.transaction.delete(.spaceToken, event.subject)
        }
    ]
}

/// Backups of spaces, their schedules and restores.
enum SpaceBackupService: CloudService {
    static let name = "qdrant.cloud.serverless.space.backup.v1.BackupService"

    private static let life = BackupLife.spaces

    static let handlers = BackupHandlers(life: life).all.merging(own) { _, own in own }

    private static let own: [String: Handler] = [
        "CreateBackup": { call, request in
            guard let wanted = request.message("backup") else { return call.response }
            let space = try find(wanted, call)
            var kept = Message(wanted.type)
            for name in ["retention_period", "collection_name"] { kept[name] = wanted[name] }
            let record = try life.start(kept, of: space, call.moment)
            return call.answer("backup", record.message)
        },
        "RestoreBackup": { call, request in
            let backup = try call.find(.spaceBackup, request.string("backup_id"), "backup")
            let info = try life.restorable(backup)
            guard var space = try call.transaction.record(.space, backup.parent),
                SpaceLife.phase(of: space) == "READY"
            else {
                throw APIError(
                    .failedPrecondition,
                    "the backup's space is gone or not ready; create a new one with "
                        + "CreateSpaceFromBackup")
            }
            try life.restore(backup, of: space, call.moment)
            if backup.message.optionalString("collection_name") == nil {
                space.hidden["collections"] = backup.hidden["collections"]
                space.message["configuration"] = info["configuration"]
            }
            _ = try SpaceLife.process(space, call.moment)
            call.reply.metadata.append((life.eventHeader, space.id))
            return call.response
        },
        "CreateBackupSchedule": { call, request in
            guard var wanted = request.message("backup_schedule") else { return call.response }
            let space = try find(wanted, call)
            for name in ["last_updated_by", "deleted_by"] { wanted[name] = nil }
            let id = call.cloud.newID()
            wanted.set("id", id)
            wanted.set("account_id", call.account)
            wanted.set("space_id", space.id)
            wanted.set("created_at", call.moment.timestamp)
            wanted.set("created_by", call.moment.stamp)
            let record = try life.activate(
                Record(
                    kind: .spaceSchedule, id: id, account: call.account, parent: space.id,
                    created: call.now, message: wanted), call.moment)
            return call.answer("backup_schedule", record.message)
        },
    ]

    /// The space that a backup or a schedule is for, which has to be ready.
    private static func find(_ wanted: Message, _ call: Call) throws -> Record {
        let space = try call.find(.space, wanted.string("space_id"), "space")
        guard life.canBeBackedUp(space) else {
            throw APIError(
                .failedPrecondition,
                "a space that is \(SpaceLife.phase(of: space)) cannot be "
                    + "backed up")
        }
        return space
    }
}
