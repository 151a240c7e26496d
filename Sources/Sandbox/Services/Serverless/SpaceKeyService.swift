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
            guard SpaceState.phase(of: space) != "DELETING" else {
                throw APIError(.failedPrecondition, "the space is being deleted")
            }
            if let expiry = key.message("expires_at"), expiry.nanoseconds <= call.now {
                throw APIError(.invalidArgument, "space_api_key.expires_at: must be in the future")
            }
            for name in ["deleted_by", "revoked_at", "revoked_by"] { key[name] = nil }
            let id = call.world.newID()
            key.set("id", id)
            key.set("account_id", call.account)
            key.set("space_id", space.id)
            key.set("created_at", call.moment.timestamp)
            key.set("created_by", call.moment.stamp)
            key.edit("state") { $0.setEnum("phase", "PROCESSING") }
            let secret = DatabaseToken.make(id, rules: key, of: space, call.world)
            key.set("postfix", String(secret.suffix(4)))
            try call.transaction.put(
                Record(
                    kind: .spaceKey, id: id, account: call.account, parent: space.id,
                    created: call.now, message: key))
            try call.transaction.schedule(
                "space_key.ready", subject: id,
                at: call.world.clock.moment(after: settling, from: call.now))
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
                at: call.world.clock.moment(after: settling, from: call.now))
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
