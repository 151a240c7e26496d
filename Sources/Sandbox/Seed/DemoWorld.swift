import Codec

/// What a new sandbox holds: two accounts, their people and roles, and a management key each.
enum DemoWorld {
    static let production = Digest.uuid(named: "account/Production")
    static let sandbox = Digest.uuid(named: "account/Sandbox")

    /// The secret of an account's first management key. It depends on the sandbox's seed only, so
    /// that it can be told again.
    static func managementKey(of account: String, seed: [UInt8]) -> String {
        Digest.hexadecimal(Digest.hmac(key: seed, "management-key/" + account).prefix(20))
    }

    /// The token of a person, which depends on the sandbox's seed only, too.
    static func userToken(of email: String, seed: [UInt8]) -> String {
        Digest.hexadecimal(Digest.hmac(key: seed, "user-token/" + email).prefix(20))
    }

    /// Fills an empty store. Does nothing to one that is filled.
    static func plant(in cloud: Cloud) throws {
        try cloud.store.transaction { transaction in
            guard try transaction.fact("world") == nil else { return }
            try Planter(cloud: cloud, transaction: transaction).plant()
            try transaction.setFact("world", "demo")
        }
    }
}

private struct Planter {
    let cloud: Cloud
    let transaction: Transaction

    private var created: Int64 { cloud.clock.now - 90 * 86_400 * 1_000_000_000 }

    func plant() throws {
        let owner = try user("owner@example.com", account: DemoWorld.production)
        let admin = try user("admin@example.com", account: DemoWorld.production)
        let viewer = try user("viewer@example.com", account: DemoWorld.production)
        let outsider = try user("outsider@example.com", account: DemoWorld.sandbox)

        try account(
            DemoWorld.production, "Production", owner: "owner@example.com", ["hybrid_cloud"])
        try account(DemoWorld.sandbox, "Sandbox", owner: "outsider@example.com", [])
        for id in [DemoWorld.production, DemoWorld.sandbox] {
            try systemRoles(of: id)
            try managementKey(of: id)
        }
        let viewerRole = try role(
            "Viewer", in: DemoWorld.production,
            ["read:clusters", "read:backups", "read:roles", "read:users"])
        try member(owner, in: DemoWorld.production, isOwner: true, [role("owner"), role("base")])
        try member(admin, in: DemoWorld.production, isOwner: false, [role("admin"), role("base")])
        try member(viewer, in: DemoWorld.production, isOwner: false, [viewerRole, role("base")])
        let other = DemoWorld.sandbox
        try member(
            outsider, in: other, isOwner: true, [role("owner", of: other), role("base", of: other)])
    }

    private func role(_ name: String, of account: String = DemoWorld.production) -> String {
        Digest.uuid(named: "role/\(account)/\(name)")
    }

    private func user(_ email: String, account: String) throws -> String {
        let id = Digest.uuid(named: "user/" + email)
        var user = cloud.new("qdrant.cloud.iam.v1.User")
        user.set("id", id)
        user.set("created_at", cloud.timestamp(created))
        user.set("last_modified_at", cloud.timestamp(created))
        user.set("email", email)
        user.setEnum("status", "ACTIVE")
        user.set("default_account_id", account)
        user.setEnum("onboarding_status", "COMPLETED")
        try transaction.put(
            Record(kind: Kind.user, id: id, account: "", created: created, message: user))
        let token = DemoWorld.userToken(of: email, seed: cloud.seed)
        try transaction.put(
            Record(
                kind: Kind.userToken, id: id, account: "",
                parent: Digest.hexadecimal(Digest.sha256(Array(token.utf8))), created: created,
                message: user))
        return id
    }

    private func account(
        _ id: String, _ name: String, owner: String, _ privileges: [String]
    ) throws {
        var account = cloud.new("qdrant.cloud.account.v1.Account")
        account.set("id", id)
        account.set("created_at", cloud.timestamp(created))
        account.set("last_modified_at", cloud.timestamp(created))
        account.set("name", name)
        account.set("external_owner_id", "auth0|" + Digest.uuid(named: "user/" + owner).prefix(10))
        account.set("owner_email", owner)
        account["privileges"] = .list(privileges.map(Value.string))
        try transaction.put(
            Record(kind: Kind.account, id: id, account: id, created: created, message: account))
    }

    private func systemRoles(of account: String) throws {
        let all = PermissionCatalogue.values
        let rows: [(String, String, [String])] = [
            ("Owner", "OWNER", all),
            ("Admin", "ADMIN", all.filter { !["write:account", "delete:account"].contains($0) }),
            ("Base", "BASE", ["read:profile"]),
        ]
        for (name, subType, permissions) in rows {
            try role(name, in: account, permissions, subType: subType)
        }
    }

    @discardableResult
    private func role(
        _ name: String, in account: String, _ permissions: [String], subType: String? = nil
    ) throws -> String {
        let id = role(name.lowercased(), of: account)
        var role = cloud.new("qdrant.cloud.iam.v1.Role")
        role.set("id", id)
        role.set("created_at", cloud.timestamp(created))
        role.set("last_modified_at", cloud.timestamp(created))
        role.set("account_id", account)
        role.set("name", name)
        role.setEnum("role_type", subType == nil ? "CUSTOM" : "SYSTEM")
        if let subType { role.setEnum("sub_type", subType) }
        role.set("permissions", PermissionService.messages(permissions, like: role))
        try transaction.put(
            Record(kind: Kind.role, id: id, account: account, created: created, message: role))
        return id
    }

    private func member(
        _ user: String, in account: String, isOwner: Bool, _ roles: [String]
    ) throws {
        guard let person = try transaction.record(Kind.user, user) else { return }
        var member = cloud.new("qdrant.cloud.account.v1.AccountMember")
        member.set("account_member", person.message)
        member.set("is_owner", isOwner)
        try transaction.put(
            Record(
                kind: Kind.member, id: account + "/" + user, account: account, parent: user,
                created: created, message: member,
                hidden: ["roles": roles.joined(separator: ",")]))
    }

    private func managementKey(of account: String) throws {
        let secret = DemoWorld.managementKey(of: account, seed: cloud.seed)
        var key = cloud.new("qdrant.cloud.auth.v1.ManagementKey")
        let id = Digest.uuid(named: "management-key/" + account)
        key.set("id", id)
        key.set("account_id", account)
        key.set("created_at", cloud.timestamp(created))
        key.set("prefix", String(secret.prefix(8)))
        try transaction.put(
            Record(
                kind: Kind.managementKey, id: id, account: account,
                parent: Digest.hexadecimal(Digest.sha256(Array(secret.utf8))), created: created,
                message: key))
    }
}
