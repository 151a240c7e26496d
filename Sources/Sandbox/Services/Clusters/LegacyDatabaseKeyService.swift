import Codec
import GRPCProtocol

/// Database keys of the older kind: opaque, full access, several clusters (version 1 of the API).
enum LegacyDatabaseKeyService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v1.DatabaseApiKeyService"

    static let handlers: [String: Handler] = [
        "ListDatabaseApiKeys": { call, request in
            let cluster = request.optionalString(.clusterID)?.lowercased()
            let keys = try call.transaction.records(.legacyDatabaseKey, account: call.account)
                .map(\.message)
                .filter { cluster == nil || $0.strings(.clusterIDs).contains(cluster ?? "") }
            return call.list(keys)
        },
        "CreateDatabaseApiKey": { call, request in
            guard var key = request.message(.databaseApiKey) else { return call.response }
            let ids = key.strings(.clusterIDs).map { $0.lowercased() }
            let most = try call.quotas().keysPerCluster
            let present = try call.transaction.records(.legacyDatabaseKey, account: call.account)
            for id in Set(ids).sorted() {
                let cluster = try call.find(.cluster, id, "cluster")
                guard cluster.message.string(.cloudProviderID) != "hybrid",
                    !ClusterState.isLeaving(cluster.message)
                else {
                    throw APIError(
                        .failedPrecondition,
                        "cluster \(id) is hybrid or being deleted, and accepts no keys")
                }
                guard
                    present.filter({ $0.message.strings(.clusterIDs).contains(id) }).count < most
                else {
                    throw APIError(.resourceExhausted, "a cluster may have \(most) database keys")
                }
                guard cluster.message.message(.state)?.bool(.jwtRbac) != true else {
                    throw APIError(
                        .failedPrecondition,
                        "cluster \(id) accepts only granular keys (version 2 of this service)")
                }
            }
            let secret = call.world.marked(Digest.base64URL(call.world.random.bytes(32)))
            let id = call.world.newID()
            key[.key] = nil
            key.set(.id, id)
            key.set(.accountID, call.account)
            key[.clusterIDs] = .list(ids.map(Value.string))
            key.set(.createdAt, call.moment.timestamp)
            key.set(.prefix, String(secret.prefix(6)))
            try call.transaction.put(
                Record(
                    kind: .legacyDatabaseKey, id: id, account: call.account,
                    parent: Digest.hash(secret), created: call.now, message: key))
            key.set(.key, secret)
            return call.answer(.databaseApiKey, key)
        },
        "DeleteDatabaseApiKey": { call, request in
            let id = request.string(.databaseApiKeyID)
            let key = try call.find(.legacyDatabaseKey, id, "database key")
            try call.transaction.delete(.legacyDatabaseKey, key.id)
            return call.response
        },
    ]
}
