import Codec
import GRPCProtocol

/// Granular database keys: JWTs for one cluster (version 2 of the API).
enum DatabaseKeyService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v2.DatabaseApiKeyService"

    /// How long a new key takes to be known to the database, in virtual seconds.
    private static let activation = 2.0

    static let handlers: [String: Handler] = [
        "ListDatabaseApiKeys": { call, request in
            let cluster = request.optionalString(.clusterID)?.lowercased()
            let keys = try call.transaction.records(.databaseKey, account: call.account)
                .filter { cluster == nil || $0.parent == cluster }
            return call.list(keys.map(\.message))
        },
        "CreateDatabaseApiKey": create,
        "DeleteDatabaseApiKey": { call, request in
            let id = request.string(.databaseApiKeyID)
            let key = try call.find(.databaseKey, id, "database key")
            guard key.parent == request.string(.clusterID).lowercased() else {
                throw APIError.notFound("database key", id)
            }
            try call.transaction.delete(.databaseKey, key.id)
            call.reply.metadata.append(("qc-event-cluster-id", key.parent))
            return call.response
        },
    ]

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard var key = request.message(.databaseApiKey) else { return call.response }
        let cluster = try call.find(.cluster, key.string(.clusterID), "cluster")
        let configuration = cluster.message.message(.configuration)
        guard cluster.message.string(.cloudProviderID) != "hybrid" else {
            throw APIError(
                .failedPrecondition, "hybrid clusters take their keys from Kubernetes secrets")
        }
        guard cluster.message.message(.state)?.bool(.jwtRbac) == true,
            Catalogue.isAtLeast(configuration?.string(.version) ?? "", 1, 11)
        else {
            throw APIError(
                .failedPrecondition, "the cluster does not accept granular keys: enable JWT first")
        }
        guard !ClusterState.isLeaving(cluster.message) else {
            throw APIError(.failedPrecondition, "the cluster is being deleted")
        }
        if let expiry = key.message(.expiresAt), expiry.nanoseconds <= call.now {
            throw APIError(.invalidArgument, "database_api_key.expires_at: must be in the future")
        }
        let present = try call.transaction.records(.databaseKey, parent: cluster.id)
        let most = try call.quotas().keysPerCluster
        guard present.count < most else {
            throw APIError(.resourceExhausted, "a cluster may have \(most) database keys")
        }
        let id = call.world.newID()
        if case .user = call.actor {
            key.set(.createdByEmail, try call.user().message.string(.email))
        }
        key.set(.id, id)
        key.set(.accountID, call.account)
        key.set(.clusterID, cluster.id)
        key.set(.createdAt, call.moment.timestamp)
        let secret = DatabaseToken.make(id, rules: key, of: cluster, call.world)
        key.set(.postfix, String(secret.suffix(4)))
        try call.transaction.put(
            Record(
                kind: .databaseKey, id: id, account: call.account, parent: cluster.id,
                created: call.now, message: key,
                // The database learns of it a little later.
                hidden: [
                    "active_at": "\(call.world.clock.moment(after: activation, from: call.now))"
                ]))
        key.set(.key, secret)
        return call.answer(.databaseApiKey, key)
    }
}
