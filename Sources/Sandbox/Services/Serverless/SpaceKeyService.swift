import Codec
import Contract
import GRPCProtocol

/// Keys of serverless spaces.
enum SpaceKeyService: CloudService {
    static let name = "qdrant.cloud.serverless.space.auth.v1.SpaceApiKeyService"

    private static let settling = 2.0

    static let handlers: [String: Handler] = [
        "ListSpaceApiKeys": { call, request in
            let space = try call.find(.space, request.string(.spaceID), "space")
            return call.list(
                try call.transaction.records(.spaceKey, parent: space.id).map(\.message))
        },
        "CreateSpaceApiKey": { call, request in
            guard var key = request.message(.spaceApiKey) else { return call.response }
            let space = try call.find(.space, key.string(.spaceID), "space")
            guard SpaceState.phase(of: space) != "DELETING" else {
                throw APIError(.failedPrecondition, "the space is being deleted")
            }
            if let expiry = key.message(.expiresAt), expiry.nanoseconds <= call.now {
                throw APIError(.invalidArgument, "space_api_key.expires_at: must be in the future")
            }
            for name: FieldName in [.deletedBy, .revokedAt, .revokedBy] { key[name] = nil }
            let id = call.world.newID()
            key.set(.id, id)
            key.set(.accountID, call.account)
            key.set(.spaceID, space.id)
            key.set(.createdAt, call.moment.timestamp)
            key.set(.createdBy, call.moment.stamp)
            key.edit(.state) { $0.setEnum(.phase, "PROCESSING") }
            let secret = DatabaseToken.make(id, rules: key, of: space, call.world)
            key.set(.postfix, String(secret.suffix(4)))
            try call.transaction.put(
                Record(
                    kind: .spaceKey, id: id, account: call.account, parent: space.id,
                    created: call.now, message: key))
            try call.transaction.schedule(
                "space_key.ready", subject: id,
                at: call.world.clock.moment(after: settling, from: call.now))
            key.set(.key, secret)
            return call.answer(.spaceApiKey, key)
        },
        "DeleteSpaceApiKey": { call, request in
            let id = request.string(.spaceApiKeyID)
            var key = try call.find(.spaceKey, id, "space key")
            guard key.parent == request.string(.spaceID).lowercased() else {
                throw APIError.notFound("space key", id)
            }
            guard key.message[.deletedAt] == nil else { return call.response }
            key.message.set(.deletedAt, call.moment.timestamp)
            key.message.set(.deletedBy, call.moment.stamp)
            key.message.edit(.state) { $0.setEnum(.phase, "DELETING") }
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
                key.message[.deletedAt] == nil
            else { return }
            key.message.edit(.state) { $0.setEnum(.phase, "READY") }
            try moment.transaction.put(key)
        },
        "space_key.gone": { moment, event in
            try moment.transaction.delete(.spaceKey, event.subject)
        },
    ]
}
