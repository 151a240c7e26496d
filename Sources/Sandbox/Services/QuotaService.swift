/// What accounts and people may have.
enum QuotaService: CloudService {
    static let name = "qdrant.cloud.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetAuthenticatedUserQuotas": { call, _ in
            var response = call.response
            response.set("max_owned_accounts", Services.Limits.ownedAccounts)
            response.set("max_member_accounts", Services.Limits.memberAccounts)
            return response
        },
        "GetAccountQuotas": { call, _ in
            var granted: Set<String> = []
            if let actor = call.actor {
                let gate = Gate(cloud: call.cloud, transaction: call.transaction)
                granted = try gate.permissions(of: actor, in: call.account) ?? []
            }
            // A figure that the caller has no use for reads as zero.
            func figure(_ number: Int, _ permission: String) -> Int {
                granted.contains(permission) ? number : 0
            }
            var response = call.response
            response.set("account_id", call.account)
            response.set("max_clusters", figure(Services.Limits.clusters, "write:clusters"))
            response.set("max_cluster_nodes", figure(Services.Limits.nodes, "write:clusters"))
            response.set(
                "max_free_tier_clusters", figure(Services.Limits.freeClusters, "write:clusters"))
            response.set(
                "max_cluster_database_api_keys",
                figure(Services.Limits.keysPerCluster, "read:api_keys"))
            return response
        },
    ]
}
