/// What accounts and people may have.
enum QuotaService: CloudService {
    static let name = "qdrant.cloud.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetAuthenticatedUserQuotas": { call, _ in
            var response = call.response
            response.set("max_owned_accounts", Quotas.ownedAccounts)
            response.set("max_member_accounts", Quotas.memberAccounts)
            return response
        },
        "GetAccountQuotas": { call, _ in
            let granted = call.permissions
            let quotas = try call.quotas()
            // A figure that the caller has no use for reads as zero.
            func figure(_ number: Int, _ permission: String) -> Int {
                granted.contains(permission) ? number : 0
            }
            var response = call.response
            response.set("account_id", call.account)
            response.set("max_clusters", figure(quotas.clusters, "write:clusters"))
            response.set("max_cluster_nodes", figure(quotas.nodes, "write:clusters"))
            response.set(
                "max_free_tier_clusters", figure(quotas.freeClusters, "write:clusters"))
            response.set(
                "max_cluster_database_api_keys", figure(quotas.keysPerCluster, "read:api_keys"))
            return response
        },
    ]
}
