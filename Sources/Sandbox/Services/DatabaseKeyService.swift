import Codec
import Contract

/// Granular database keys: JWTs for one cluster (version 2 of the API).
enum DatabaseKeyService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v2.DatabaseApiKeyService"

    static let handlers: [String: Handler] = [
        "ListDatabaseApiKeys": { call, request in
            let cluster = request.optionalString("cluster_id")?.lowercased()
            let keys = try call.transaction.records(Kind.databaseKey, account: call.account)
                .filter { cluster == nil || $0.parent == cluster }
            return call.list(keys.map(\.message))
        },
        "CreateDatabaseApiKey": create,
        "DeleteDatabaseApiKey": { call, request in
            let id = request.string("database_api_key_id")
            let key = try call.find(Kind.databaseKey, id, "database key")
            guard key.parent == request.string("cluster_id").lowercased() else {
                throw APIError.notFound("database key", id)
            }
            try call.transaction.delete(Kind.databaseKey, key.id)
            return call.response
        },
    ]

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard var key = request.message("database_api_key") else { return call.response }
        let cluster = try call.find(Kind.cluster, key.string("cluster_id"), "cluster")
        let configuration = cluster.message.message("configuration")
        guard cluster.message.string("cloud_provider_id") != "hybrid" else {
            throw APIError(
                .failedPrecondition, "hybrid clusters take their keys from Kubernetes secrets")
        }
        guard cluster.message.message("state")?.bool("jwt_rbac") == true,
            Catalogue.isAtLeast(configuration?.string("version") ?? "", 1, 11)
        else {
            throw APIError(
                .failedPrecondition, "the cluster does not take granular keys: enable JWT first")
        }
        guard !ClusterLifecycle.isLeaving(cluster.message) else {
            throw APIError(.failedPrecondition, "the cluster is being deleted")
        }
        if let expiry = key.message("expires_at"), expiry.nanoseconds <= call.now {
            throw APIError(.invalidArgument, "database_api_key.expires_at: must be in the future")
        }
        let present = try call.transaction.records(Kind.databaseKey, parent: cluster.id)
        guard present.count < Services.Limits.keysPerCluster else {
            throw APIError(
                .resourceExhausted,
                "a cluster may have \(Services.Limits.keysPerCluster) database keys")
        }
        let id = call.cloud.newID()
        key.set("id", id)
        key.set("account_id", call.account)
        key.set("cluster_id", cluster.id)
        key.set("created_at", call.cloud.timestamp(call.now))
        let secret = token(id, key, cluster, seed: call.cloud.seed)
        key.set("postfix", String(secret.suffix(4)))
        try call.transaction.put(
            Record(
                kind: Kind.databaseKey, id: id, account: call.account, parent: cluster.id,
                created: call.now, message: key))
        key.set("key", secret)
        return call.answer("database_api_key", key)
    }

    /// The secret that a cluster checks its tokens with.
    static func clusterSecret(_ cluster: String, seed: [UInt8]) -> [UInt8] {
        Digest.hmac(key: seed, "cluster-jwt/" + cluster)
    }

    /// A JWT as the database reads it: HS256, `access`, and `exp` when the key expires.
    private static func token(
        _ id: String, _ key: Message, _ cluster: Record, seed: [UInt8]
    ) -> String {
        var claims = "\"access\":\(access(key))"
        if let expiry = key.message("expires_at") {
            claims += ",\"exp\":\(expiry.integer("seconds"))"
        }
        claims += ",\"jti\":\"\(id)\""
        let header = Digest.base64URL(Array("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".utf8))
        let signed = header + "." + Digest.base64URL(Array("{\(claims)}".utf8))
        let signature = Digest.hmac(key: clusterSecret(cluster.id, seed: seed), signed)
        return signed + "." + Digest.base64URL(signature)
    }

    private static func access(_ key: Message) -> String {
        let rules = key.messages("access_rules")
        if let global = rules.compactMap({ $0.message("global_access") }).first {
            return global.enumName("access_type")?.hasSuffix("READ_ONLY") == true
                ? "\"r\"" : "\"m\""
        }
        guard !rules.isEmpty else { return "\"m\"" }
        let entries = rules.compactMap { $0.message("collection_access") }.map { rule in
            let isReadOnly = rule.enumName("access_type")?.hasSuffix("READ_ONLY") == true
            let collection = JSONWriter.quoted(rule.string("collection_name"))
            return "{\"collection\":\(collection),\"access\":\"\(isReadOnly ? "r" : "rw")\"}"
        }
        return "[" + entries.joined(separator: ",") + "]"
    }
}

/// Database keys of the older kind: opaque, full access, several clusters (version 1 of the API).
enum LegacyDatabaseKeyService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v1.DatabaseApiKeyService"

    static let handlers: [String: Handler] = [
        "ListDatabaseApiKeys": { call, request in
            let cluster = request.optionalString("cluster_id")?.lowercased()
            let keys = try call.transaction.records(Kind.legacyDatabaseKey, account: call.account)
                .map(\.message)
                .filter { cluster == nil || $0.strings("cluster_ids").contains(cluster ?? "") }
            return call.list(keys)
        },
        "CreateDatabaseApiKey": { call, request in
            guard var key = request.message("database_api_key") else { return call.response }
            let ids = key.strings("cluster_ids").map { $0.lowercased() }
            for id in ids {
                let cluster = try call.find(Kind.cluster, id, "cluster")
                guard cluster.message.message("state")?.bool("jwt_rbac") != true else {
                    throw APIError(
                        .failedPrecondition,
                        "cluster \(id) takes granular keys only (version 2 of this service)")
                }
            }
            let secret = Digest.base64URL(
                (0..<32).map { _ in UInt8.random(in: 0...255, using: &call.cloud.random) })
            let id = call.cloud.newID()
            key["key"] = nil
            key.set("id", id)
            key.set("account_id", call.account)
            key["cluster_ids"] = .list(ids.map(Value.string))
            key.set("created_at", call.cloud.timestamp(call.now))
            key.set("prefix", String(secret.prefix(6)))
            try call.transaction.put(
                Record(
                    kind: Kind.legacyDatabaseKey, id: id, account: call.account,
                    created: call.now, message: key,
                    hidden: ["hash": Digest.hexadecimal(Digest.sha256(Array(secret.utf8)))]))
            key.set("key", secret)
            return call.answer("database_api_key", key)
        },
        "DeleteDatabaseApiKey": { call, request in
            let id = request.string("database_api_key_id")
            let key = try call.find(Kind.legacyDatabaseKey, id, "database key")
            try call.transaction.delete(Kind.legacyDatabaseKey, key.id)
            return call.response
        },
    ]
}

/// Short-lived tokens for the database's own web page.
enum DashboardTokenService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v1.EphemeralDashboardTokenService"

    static let handlers: [String: Handler] = [
        "CreateEphemeralDashboardToken": { call, request in
            let cluster = try call.find(Kind.cluster, request.string("cluster_id"), "cluster")
            let phase = cluster.message.message("state")?.enumName("phase") ?? ""
            guard phase == "CLUSTER_PHASE_HEALTHY" else {
                throw APIError(.failedPrecondition, "the cluster is not running")
            }
            var token = call.response.new("ephemeral_dashboard_token")
            let secret = Digest.hmac(key: call.cloud.seed, "dashboard/\(cluster.id)/\(call.now)")
            token.set("token", "local:v1:" + Digest.base64URL(secret))
            return call.answer("ephemeral_dashboard_token", token)
        }
    ]
}
