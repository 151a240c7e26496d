import Codec

/// Roles, permissions and people, for reading (the API's IAMService).
enum PermissionService: CloudService {
    static let name = "qdrant.cloud.iam.v1.IAMService"

    static let handlers: [String: Handler] = [
        "GetAuthenticatedUser": { call, request in
            guard case .user(let id) = call.actor,
                let user = try call.transaction.record(Kind.user, id)
            else { throw APIError(.permissionDenied, "only a person has a user") }
            if let wanted = request.optionalString("user_id"), wanted.lowercased() != id {
                throw APIError(.permissionDenied, "user \(wanted) is somebody else")
            }
            return call.answer("user", user.message)
        },
        "GetUserProfile": { call, _ in
            var profile = call.response.new("user_profile")
            if case .user(let id) = call.actor,
                let user = try call.transaction.record(Kind.user, id)
            {
                let name = user.message.string("email").prefix { $0 != "@" }
                profile.set("given_name", String(name))
            }
            return call.answer("user_profile", profile)
        },
        "GetUserConsent": { call, request in
            // Nothing has been recorded: no status, no time.
            var consent = call.response.new("user_consent")
            consent.set("document_type", request.integer("document_type"))
            return call.answer("user_consent", consent)
        },
        "ListUserMfaMethods": { call, _ in call.response },
        "ListUsers": { call, _ in
            let members = try call.transaction.records(Kind.member, account: call.account)
            return call.list(members.compactMap { $0.message.message("account_member") })
        },
        "ListPermissions": { call, _ in
            call.list(
                messages(PermissionCatalogue.values, in: call.response.new("permissions")),
                in: "permissions")
        },
        "ListRoles": { call, _ in
            let roles = try call.transaction.records(Kind.role, account: call.account)
            return call.list(roles.map(\.message))
        },
        "GetRole": { call, request in
            let role = try call.find(Kind.role, request.string("role_id"), "role")
            return call.answer("role", role.message)
        },
        "ListEffectivePermissions": { call, _ in
            guard let actor = call.actor else { return call.response }
            let gate = Gate(cloud: call.cloud, transaction: call.transaction)
            let granted = try gate.permissions(of: actor, in: call.account) ?? []
            let ordered = PermissionCatalogue.values.filter(granted.contains)
            return call.list(
                messages(ordered, in: call.response.new("permissions")), in: "permissions")
        },
        "ListUserRoles": { call, request in
            let user = request.string("user_id").lowercased()
            guard let member = try call.transaction.record(Kind.member, call.account + "/" + user)
            else { throw APIError.notFound("user", user) }
            let roles = try (member.hidden["roles"] ?? "").split(separator: ",").compactMap {
                try call.transaction.record(Kind.role, String($0))?.message
            }
            return call.list(roles, in: "roles")
        },
        "ListRoleUsers": { call, request in
            let role = try call.find(Kind.role, request.string("role_id"), "role")
            let members = try call.transaction.records(Kind.member, account: call.account)
            let holders = members.filter {
                ($0.hidden["roles"] ?? "").split(separator: ",").contains(Substring(role.id))
            }
            return call.list(
                holders.compactMap { $0.message.message("account_member") }, in: "users")
        },
    ]

    /// Permissions as messages of the type that a role's `permissions` have.
    static func messages(_ values: [String], like role: Message) -> [Message] {
        messages(values, in: role.new("permissions"))
    }

    private static func messages(_ values: [String], in empty: Message) -> [Message] {
        values.map { value in
            var message = empty
            message.set("value", value)
            if let group = PermissionCatalogue.groups.first(where: { $0.values.contains(value) }) {
                message.set("category", group.category)
            }
            return message
        }
    }
}
