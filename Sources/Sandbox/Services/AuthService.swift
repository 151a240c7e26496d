import Codec

/// Management keys.
enum AuthService: CloudService {
    static let name = "qdrant.cloud.auth.v1.AuthService"

    static let handlers: [String: Handler] = [
        "ListManagementKeys": { call, _ in
            let keys = try call.transaction.records(Kind.managementKey, account: call.account)
            return call.list(keys.map(\.message))
        },
        "CreateManagementKey": { call, request in
            let secret = Digest.hexadecimal(
                (0..<20).map { _ in UInt8.random(in: 0...255, using: &call.cloud.random) })
            var key = call.response.new("management_key")
            let id = call.cloud.newID()
            key.set("id", id)
            key.set("account_id", call.account)
            key.set("created_at", call.cloud.timestamp(call.now))
            key.set("prefix", String(secret.prefix(8)))
            try call.transaction.put(
                Record(
                    kind: Kind.managementKey, id: id, account: call.account,
                    parent: Digest.hexadecimal(Digest.sha256(Array(secret.utf8))),
                    created: call.now, message: key))
            // The secret is told once and not stored.
            key.set("key", secret)
            return call.answer("management_key", key)
        },
        "DeleteManagementKey": { call, request in
            let id = request.string("management_key_id")
            let key = try call.find(Kind.managementKey, id, "management key")
            try call.transaction.delete(Kind.managementKey, key.id)
            return call.response
        },
    ]
}
