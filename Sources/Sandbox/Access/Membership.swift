import Codec
import GRPCProtocol

/// Who belongs to which account, and in which roles.
enum Membership {
    /// The roles that every account has.
    enum SystemRole: String {
        case owner = "OWNER"
        case admin = "ADMIN"
        case base = "BASE"
    }

    /// The id of the record of a person in an account.
    static func id(_ account: String, _ user: String) -> String { account + "/" + user }

    /// The ids of the roles that a member holds.
    static func roles(of member: Record) -> [String] {
        (member.hidden["roles"] ?? "").split(separator: ",").map(String.init)
    }

    /// Whether a member owns the account.
    static func isOwner(_ member: Record) -> Bool { member.message.bool(.isOwner) }

    /// An account's system role.
    static func systemRole(
        _ role: SystemRole, of account: String, _ transaction: Transaction
    ) throws -> Record {
        for record in try transaction.records(.role, account: account)
        where record.message.enumName(.subType) == "SYSTEM_ROLE_SUB_TYPE_" + role.rawValue {
            return record
        }
        throw APIError(.internal, "the account has no role \(role.rawValue)")
    }

    /// The member as the API shows it.
    static func message(of member: Record, _ transaction: Transaction) throws -> Message {
        var message = member.message
        if let user = try transaction.record(.user, member.parent) {
            message.set(.accountMember, user.message)
        }
        return message
    }

    /// Stores the roles of a member: each once, and the base role among them.
    static func setRoles(_ roles: [String], of member: Record, _ moment: Moment) throws {
        var member = member
        let base = try systemRole(.base, of: member.account, moment.transaction).id
        var unique: [String] = []
        for role in roles + [base] where !unique.contains(role) { unique.append(role) }
        member.hidden["roles"] = unique.joined(separator: ",")
        try moment.transaction.put(member)
    }

    /// Makes a person a member.
    static func add(
        _ user: Record, to account: String, isOwner: Bool, roles: [String], _ moment: Moment
    ) throws {
        var message = moment.new("qdrant.cloud.account.v1.AccountMember")
        message.set(.isOwner, isOwner)
        let member = Record(
            kind: .member, id: id(account, user.id), account: account, parent: user.id,
            created: moment.now, message: message)
        try setRoles(roles, of: member, moment)
        if user.message.string(.defaultAccountID).isEmpty {
            try setDefaultAccount(account, of: user, moment)
        }
    }

    /// Ends a membership.
    static func remove(_ member: Record, _ moment: Moment) throws {
        try moment.transaction.delete(.member, member.id)
        guard let user = try moment.transaction.record(.user, member.parent),
            user.message.string(.defaultAccountID) == member.account
        else { return }
        let next = try accounts(of: user.id, moment.transaction).first
        try setDefaultAccount(next?.account ?? "", of: user, moment)
    }

    /// Where a person belongs to.
    static func accounts(of user: String, _ transaction: Transaction) throws -> [Record] {
        try transaction.records(.member, parent: user)
    }

    static func setDefaultAccount(_ account: String, of user: Record, _ moment: Moment) throws {
        var user = user
        user.message.set(.defaultAccountID, account)
        user.message.set(.lastModifiedAt, moment.timestamp)
        try moment.transaction.put(user)
    }

    /// Hands an account to another member. The old owner stays, as an administrator.
    static func transfer(_ account: Record, to member: Record, _ moment: Moment) throws {
        let transaction = moment.transaction
        let owner = try systemRole(.owner, of: account.id, transaction).id
        let admin = try systemRole(.admin, of: account.id, transaction).id
        for var old in try transaction.records(.member, account: account.id)
        where isOwner(old) && old.id != member.id {
            old.message.set(.isOwner, false)
            try setRoles([admin] + roles(of: old).filter { $0 != owner }, of: old, moment)
        }
        var new = member
        new.message.set(.isOwner, true)
        try setRoles([owner] + roles(of: member), of: new, moment)
        guard let user = try transaction.record(.user, member.parent) else { return }
        var account = account
        account.message.set(.externalOwnerID, user.hidden["external"] ?? user.id)
        account.message.set(.ownerEmail, user.message.string(.email))
        account.message.set(.lastModifiedAt, moment.timestamp)
        try transaction.put(account)
    }

    /// Gives an account its three system roles.
    static func addSystemRoles(to account: String, _ moment: Moment) throws {
        let all = PermissionCatalogue.values
        let rows: [(String, SystemRole, [String])] = [
            ("Owner", .owner, all),
            ("Admin", .admin, all.filter { !["write:account", "delete:account"].contains($0) }),
            ("Base", .base, ["read:profile"]),
        ]
        for (name, role, permissions) in rows {
            let id = Digest.uuid(named: "role/\(account)/\(name.lowercased())")
            var message = moment.new("qdrant.cloud.iam.v1.Role")
            message.set(.id, id)
            message.set(.createdAt, moment.timestamp)
            message.set(.lastModifiedAt, moment.timestamp)
            message.set(.accountID, account)
            message.set(.name, name)
            message.setEnum(.roleType, "SYSTEM")
            message.setEnum(.subType, role.rawValue)
            message.set(.permissions, PermissionCatalogue.messages(permissions, moment.world))
            try moment.transaction.put(
                Record(
                    kind: .role, id: id, account: account, created: moment.now, message: message))
        }
    }
}
