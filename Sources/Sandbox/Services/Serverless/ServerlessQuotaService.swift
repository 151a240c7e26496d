import Codec

/// What an account may have of spaces, and has.
enum ServerlessQuotaService: CloudService {
    static let name = "qdrant.cloud.serverless.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetQuotas": { call, _ in
            let quotas = try call.quotas()
            let spaces = try call.transaction.records(.space, account: call.account)
            var quota = call.response.new(.quota)
            quota.set(.accountID, call.account)
            quota.set(.maxSpaces, quotas.spaces)
            quota.set(.maxCollectionsPerSpace, quotas.collectionsPerSpace)
            quota.set(.platformMaxStorageBytesPerSpace, quotas.bytesPerSpace)
            quota.set(.usedSpaces, spaces.count)
            // A collection of the sandbox takes a mebibyte.
            let collections = spaces.reduce(0) { $0 + Collections.names(of: $1).count }
            quota.set(.usedStorageBytes, collections << 20)
            return call.answer(.quota, quota)
        }
    ]
}
