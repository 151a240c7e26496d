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
                    var item = call.response.new(.items)
                    item.set(.user, user.message)
                    item.set(.roles, try RoleHandlers.roles(of: member, call))
                    return item
                })
        }
    ]
}
