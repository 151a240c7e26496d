/// What accounts and people may have.
enum QuotaService: CloudService {
    static let name = "qdrant.cloud.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetAuthenticatedUserQuotas": { call, _ in
            var response = call.response
            response.set(.maxOwnedAccounts, Quotas.ownedAccounts)
            response.set(.maxMemberAccounts, Quotas.memberAccounts)
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
            response.set(.accountID, call.account)
            response.set(.maxClusters, figure(quotas.clusters, "write:clusters"))
            response.set(.maxClusterNodes, figure(quotas.nodes, "write:clusters"))
            response.set(
                .maxFreeTierClusters, figure(quotas.freeClusters, "write:clusters"))
            response.set(
                .maxClusterDatabaseApiKeys, figure(quotas.keysPerCluster, "read:api_keys"))
            return response
        },
    ]
}
