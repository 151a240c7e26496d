import Codec

/// What an account may have of spaces, and has.
enum ServerlessQuotaService: CloudService {
    static let name = "qdrant.cloud.serverless.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetQuotas": { call, _ in
            let quotas = try call.quotas()
            let spaces = try call.transaction.records(.space, account: call.account)
            var quota = call.response.new("quota")
            quota.set("account_id", call.account)
            quota.set("max_spaces", quotas.spaces)
            quota.set("max_collections_per_space", quotas.collectionsPerSpace)
            quota.set("platform_max_storage_bytes_per_space", quotas.bytesPerSpace)
            quota.set("used_spaces", spaces.count)
            // A collection of the sandbox takes a mebibyte.
            let collections = spaces.reduce(0) { $0 + Collections.names(of: $1).count }
            quota.set("used_storage_bytes", collections << 20)
            return call.answer("quota", quota)
        }
    ]
}
