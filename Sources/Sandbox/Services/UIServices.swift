import Codec

/// Members with their roles, for the console's overview.
enum AggregationService: CloudService {
    static let name = "qdrant.cloud.ui.v1.AggregationService"

    static let handlers: [String: Handler] = [
        "ListUsersWithRoles": { call, _ in
            let members = try call.transaction.records(.member, account: call.account)
            return call.list(
                try members.compactMap { member in
                    guard let user = try call.transaction.record(.user, member.parent) else {
                        return nil
                    }
                    var item = call.response.new("items")
                    item.set("user", user.message)
                    item.set("roles", try RoleHandlers.roles(of: member, call))
                    return item
                })
        }
    ]
}

/// What a cluster's database holds.
enum ClusterDataService: CloudService {
    static let name = "qdrant.cloud.ui.v1.ClusterDataService"

    static let handlers: [String: Handler] = [
        "ListCollections": { call, request in
            let cluster = try call.find(.cluster, request.string("cluster_id"), "cluster")
            guard Collections.canBeReached(cluster) else {
                throw APIError(.failedPrecondition, "the cluster is not running")
            }
            return call.list(
                Collections.names(of: cluster).map { name in
                    var item = call.response.new("items")
                    item.set("name", name)
                    return item
                })
        }
    ]
}
