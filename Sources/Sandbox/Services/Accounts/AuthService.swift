import Codec

/// Management keys.
enum AuthService: CloudService {
    static let name = "qdrant.cloud.auth.v1.AuthService"

    static let handlers: [String: Handler] = [
        "ListManagementKeys": { call, _ in
            let keys = try call.transaction.records(.managementKey, account: call.account)
            return call.list(keys.map(\.message))
        },
        "CreateManagementKey": { call, request in
            let secret = call.world.marked(Digest.hexadecimal(call.world.random.bytes(20)))
            var key = call.response.new(.managementKey)
            let id = call.world.newID()
            key.set(.id, id)
            key.set(.accountID, call.account)
            key.set(.createdAt, call.moment.timestamp)
            key.set(.prefix, String(secret.prefix(8)))
            try call.transaction.put(
                Record(
                    kind: .managementKey, id: id, account: call.account,
                    parent: Digest.hash(secret), created: call.now, message: key))
            // The secret is told once and not stored.
            key.set(.key, secret)
            return call.answer(.managementKey, key)
        },
        "DeleteManagementKey": { call, request in
            let id = request.string(.managementKeyID)
            let key = try call.find(.managementKey, id, "management key")
            try call.transaction.delete(.managementKey, key.id)
            return call.response
        },
    ]
}
