import Codec
import GRPCProtocol

/// People, roles and permissions.
enum IAMService: CloudService {
    static let name = "qdrant.cloud.iam.v1.IAMService"

    static let handlers: [String: Handler] = RoleHandlers.all.merging(PersonHandlers.all) {
        first, _ in first
    }
}

/// Roles and who holds them (a part of IAMService).
enum RoleHandlers {
    static let all: [String: Handler] = [
        "ListPermissions": { call, _ in
            call.list(
                PermissionCatalogue.messages(PermissionCatalogue.values, call.world),
                in: .permissions)
        },
        "ListRoles": { call, _ in
            let roles = try call.transaction.records(.role, account: call.account)
            return call.list(roles.map(\.message))
        },
        "GetRole": { call, request in
            call.answer(.role, try role(call, request.string(.roleID)).message)
        },
        "CreateRole": { call, request in
            guard var role = request.message(.role) else { return call.response }
            try checkName(of: role, call, except: nil)
            let id = call.world.newID()
            role.set(.id, id)
            role.set(.accountID, call.account)
            role.set(.createdAt, call.moment.timestamp)
            role[.subType] = nil
            return call.answer(.role, try store(role, id, created: call.now, call))
        },
        "UpdateRole": { call, request in
            guard var wanted = request.message(.role) else { return call.response }
            let record = try custom(call, wanted.string(.id))
            try checkName(of: wanted, call, except: record.id)
            wanted.set(.id, record.id)
            wanted[.createdAt] = record.message[.createdAt]
            wanted[.subType] = nil
            return call.answer(
                .role, try store(wanted, record.id, created: record.created, call))
        },
        "DeleteRole": { call, request in
            let record = try custom(call, request.string(.roleID))
            try call.transaction.delete(.role, record.id)
            for member in try call.transaction.records(.member, account: call.account) {
                let roles = Membership.roles(of: member)
                guard roles.contains(record.id) else { continue }
                try Membership.setRoles(
                    roles.filter { $0 != record.id }, of: member, call.moment)
            }
            return call.response
        },
        "ListEffectivePermissions": { call, _ in
            let granted = call.permissions
            let ordered = PermissionCatalogue.values.filter(granted.contains)
            return call.list(
                PermissionCatalogue.messages(ordered, call.world), in: .permissions)
        },
        "ListUserRoles": { call, request in
            let member = try member(call, request.string(.userID))
            return call.list(try roles(of: member, call), in: .roles)
        },
        "ListRoleUsers": { call, request in
            let role = try role(call, request.string(.roleID))
            let users = try call.transaction.records(.member, account: call.account)
                .filter { Membership.roles(of: $0).contains(role.id) }
                .compactMap { try call.transaction.record(.user, $0.parent)?.message }
            return call.list(users, in: .users)
        },
        "AssignUserRoles": assign,
    ]

    /// The roles of a member as the API shows them.
    static func roles(of member: Record, _ call: Call) throws -> [Message] {
        try Membership.roles(of: member).compactMap {
            try call.transaction.record(.role, $0)?.message
        }
    }

    private static func role(_ call: Call, _ id: String) throws -> Record {
        try call.find(.role, id, "role")
    }

    private static func custom(_ call: Call, _ id: String) throws -> Record {
        let record = try role(call, id)
        guard record.message.enumName(.roleType) == "ROLE_TYPE_CUSTOM" else {
            throw APIError(
                .failedPrecondition,
                "\(record.message.string(.name)) is a system role, which cannot be changed")
        }
        return record
    }

    private static func member(_ call: Call, _ user: String) throws -> Record {
        try call.find(.member, Membership.id(call.account, user.lowercased()), "user")
    }

    private static func checkName(of role: Message, _ call: Call, except id: String?) throws {
        let name = role.string(.name)
        let others = try call.transaction.records(.role, account: call.account)
        guard !others.contains(where: { $0.id != id && $0.message.string(.name) == name }) else {
            throw APIError(.alreadyExists, "the account already has a role \"\(name)\"")
        }
    }

    /// Stores a role whose permissions are a set of known ones.
    private static func store(
        _ role: Message, _ id: String, created: Int64, _ call: Call
    ) throws -> Message {
        var role = role
        var values: [String] = []
        for (index, permission) in role.messages(.permissions).enumerated() {
            let value = permission.string(.value)
            guard PermissionCatalogue.contains(value) else {
                throw APIError(
                    .invalidArgument,
                    "role.permissions[\(index)].value: unknown permission \"\(value)\"")
            }
            if !values.contains(value) { values.append(value) }
        }
        role.set(.permissions, PermissionCatalogue.messages(values, call.world))
        role.set(.lastModifiedAt, call.moment.timestamp)
        try call.transaction.put(
            Record(kind: .role, id: id, account: call.account, created: created, message: role))
        return role
    }

    private static func assign(_ call: Call, _ request: Message) throws -> Message {
        let member = try member(call, request.string(.userID))
        let added = Set(request.strings(.roleIDsToAdd).map { $0.lowercased() })
        let removed = Set(request.strings(.roleIDsToDelete).map { $0.lowercased() })
        var roles = Membership.roles(of: member)
        for id in (added.union(removed)).sorted() {
            guard let role = try call.transaction.record(.role, id), role.account == call.account
            else { throw APIError.notFound("role", id) }
            let kind = role.message.enumName(.subType) ?? ""
            if kind.hasSuffix("_OWNER"), added.contains(id) != roles.contains(id) {
                throw APIError(
                    .failedPrecondition,
                    "an account has one owner; transfer it with UpdateAccount")
            }
            if kind.hasSuffix("_OWNER") || kind.hasSuffix("_BASE"), removed.contains(id) {
                throw APIError(
                    .failedPrecondition, "the role \(role.message.string(.name)) cannot be removed")
            }
        }
        roles += added.subtracting(roles).sorted()
        // What is in both lists goes.
        try Membership.setRoles(
            roles.filter { !removed.contains($0) }, of: member, call.moment)
        return call.response
    }
}
