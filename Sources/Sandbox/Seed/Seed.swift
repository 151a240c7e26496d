import Codec
import Contract

/// Fills a sandbox from YAML: from what people write, by making the calls that would have led
/// there, each at its time; and from what an export wrote, as it was.
struct Seed {
    /// A text of a seed.
    let text: String
    private let tree: Tree

    /// Reads a seed.
    ///
    /// - Parameter text: YAML, or the name of a seed that is built in.
    /// - Throws: ``SandboxError``.
    init(_ text: String) throws(SandboxError) {
        switch text {
        case "demo": self.text = DefaultSeed.demo
        case "bare": self.text = DefaultSeed.bare
        default: self.text = text
        }
        do throws(Tree.Problem) {
            tree = try Tree(parsing: self.text)
        } catch {
            throw SandboxError("the seed \(error)")
        }
    }

    /// Puts everything into an empty sandbox.
    func plant(in cloud: Cloud) throws(SandboxError) {
        do {
            try Planter(cloud).plant(tree)
            let now = cloud.clock.now
            try cloud.catchUp(to: now)
            try cloud.store.transaction { transaction in
                try transaction.setFact("world", "planted")
                try transaction.setFact("moment", "\(now)")
                if let state = cloud.dice.state { try transaction.setFact("dice", "\(state)") }
            }
        } catch let error as Tree.Problem {
            throw SandboxError("the seed: \(error)")
        } catch let error as SandboxError {
            throw error
        } catch {
            throw SandboxError("the seed cannot be planted: \(error)")
        }
    }
}

/// What a seed names, and how it is made.
private struct Section {
    let name: String
    let method: String
    /// The field of the request that takes the resource.
    let field: String

    /// The sections of an account, each of which may refer to what stands in an earlier one.
    static let all = [
        Section(
            name: "roles", method: "qdrant.cloud.iam.v1.IAMService/CreateRole", field: "role"),
        Section(
            name: "invites",
            method: "qdrant.cloud.account.v1.AccountService/CreateAccountInvite",
            field: "account_invite"),
        Section(
            name: "payment_methods",
            method: "qdrant.cloud.payment.v1.PaymentService/CreatePaymentMethod",
            field: "payment_method"),
        Section(
            name: "environments",
            method: "qdrant.cloud.hybrid.v1.HybridCloudService/CreateHybridCloudEnvironment",
            field: "hybrid_cloud_environment"),
        Section(
            name: "clusters", method: "qdrant.cloud.cluster.v1.ClusterService/CreateCluster",
            field: "cluster"),
        Section(
            name: "database_keys",
            method: "qdrant.cloud.cluster.auth.v2.DatabaseApiKeyService/CreateDatabaseApiKey",
            field: "database_api_key"),
        Section(
            name: "backups", method: "qdrant.cloud.cluster.backup.v1.BackupService/CreateBackup",
            field: "backup"),
        Section(
            name: "backup_schedules",
            method: "qdrant.cloud.cluster.backup.v1.BackupService/CreateBackupSchedule",
            field: "backup_schedule"),
        Section(
            name: "spaces", method: "qdrant.cloud.serverless.space.v1.SpaceService/CreateSpace",
            field: "space"),
        Section(
            name: "space_keys",
            method: "qdrant.cloud.serverless.space.auth.v1.SpaceApiKeyService/CreateSpaceApiKey",
            field: "space_api_key"),
        Section(
            name: "space_backups",
            method: "qdrant.cloud.serverless.space.backup.v1.BackupService/CreateBackup",
            field: "backup"),
        Section(
            name: "space_schedules",
            method: "qdrant.cloud.serverless.space.backup.v1.BackupService/CreateBackupSchedule",
            field: "backup_schedule"),
    ]

    /// What a seed says of a resource beside its fields.
    static let extras: Set<String> = [
        "age", "sandbox", "package", "cluster", "space", "suspended_after", "valid_for",
    ]
}

/// Something to be done at a moment.
private struct Action {
    let moment: Int64
    /// Where it stands in the seed.
    let place: String
    let run: (Int64) throws -> Void
}

private final class Planter {
    private let cloud: Cloud
    private let start: Int64
    private var actions: [Action] = []

    init(_ cloud: Cloud) {
        self.cloud = cloud
        start = cloud.clock.now
    }

    func plant(_ tree: Tree) throws {
        for member in tree.members ?? [] {
            guard
                ["users", "accounts", "records", "spans", "events", "version"].contains(member.name)
            else {
                throw Tree.Problem(
                    "\"\(member.name)\" is not known; a seed has users and accounts, or what an "
                        + "export wrote")
            }
        }
        try cloud.store.transaction { transaction in
            let moment = Moment(cloud: cloud, transaction: transaction, now: start)
            for user in tree["users"]?.items ?? [] { try plantUser(user, moment) }
            try SeedRecords.plant(tree, moment)
        }
        for (index, account) in (tree["accounts"]?.items ?? []).enumerated() {
            try plantAccount(account, "accounts[\(index)]")
        }
        for action in actions.sorted(by: { $0.moment < $1.moment }) {
            try cloud.catchUp(to: action.moment)
            do {
                try action.run(action.moment)
            } catch let error as APIError {
                throw Tree.Problem("\(action.place): \(error.message)")
            }
        }
    }

    /// The moment that lies an entry's age before the present.
    private func moment(_ tree: Tree, _ place: String, default age: Int64 = 0) throws -> Int64 {
        guard let text = tree["age"]?.text else { return start - age }
        return start - (try length(text, place + ".age"))
    }

    private func length(_ text: String, _ place: String) throws -> Int64 {
        guard let parsed = TimeText.parseHumanDuration(text), parsed.seconds >= 0 else {
            throw Tree.Problem("\(place): \"\(text)\" is no length of time like 90d or 12h")
        }
        return parsed.seconds * Nanoseconds.second + Int64(parsed.nanos)
    }

    private func text(_ tree: Tree, _ name: String, _ place: String) throws -> String {
        guard let text = tree[name]?.text, !text.isEmpty else {
            throw Tree.Problem("\(place).\(name): is missing")
        }
        return text
    }

    // MARK: - People and accounts

    private func plantUser(_ tree: Tree, _ moment: Moment) throws {
        let email = try text(tree, "email", "users[]")
        let id = tree["id"]?.text ?? Identities.user(email)
        let past = Moment(
            cloud: cloud, transaction: moment.transaction,
            now: start - 100 * Nanoseconds.day)
        var user = cloud.new("qdrant.cloud.iam.v1.User")
        user.set("id", id)
        user.set("created_at", past.timestamp)
        user.set("last_modified_at", past.timestamp)
        user.set("email", email)
        user.setEnum("status", "ACTIVE")
        user.setEnum("onboarding_status", "COMPLETED")
        let record = Record(
            kind: .user, id: id, account: "", created: past.now, message: user,
            hidden: ["external": "auth0|" + id.filter { $0 != "-" }.prefix(24)])
        try past.transaction.put(record)
        try cloud.putToken(of: record, past)
        var profile = cloud.new("qdrant.cloud.iam.v1.UserProfile")
        for name in ["given_name", "family_name"] {
            if let text = tree[name]?.text { profile.set(name, text) }
        }
        try past.transaction.put(
            Record(
                kind: .profile, id: id, account: "", parent: id, created: past.now,
                message: profile))
        for (type, name) in [("TOTP", nil), ("WEBAUTHN_ROAMING", "Security key")] {
            var method = cloud.new("qdrant.cloud.iam.v1.UserMfaMethod")
            let external = type.lowercased() + "|dev_" + id.prefix(8)
            method.set("external_id", external)
            method.setEnum("type", type)
            method.set("created_at", past.timestamp)
            method.set("last_authenticated_at", moment.timestamp)
            if let name { method.set("name", name) }
            try past.transaction.put(
                Record(
                    kind: .mfaMethod, id: "\(id)/\(external)", account: "", parent: id,
                    created: past.now, message: method))
        }
    }

    private func plantAccount(_ tree: Tree, _ place: String) throws {
        let name = try text(tree, "name", place)
        let owner = try text(tree, "owner", place)
        let id = tree["id"]?.text ?? Identities.account(name)
        let born = try moment(tree, place, default: 90 * Nanoseconds.day)
        let known =
            [
                "name", "id", "owner", "age", "privileges", "company", "settings", "quotas",
                "members",
                "billing_parent", "discounts", "credit_contracts",
            ] + Section.all.map(\.name)
        for member in tree.members ?? [] where !known.contains(member.name) {
            throw Tree.Problem(
                "\(place).\(member.name): is not known; an account has "
                    + known.joined(separator: ", "))
        }
        try cloud.store.transaction { transaction in
            let moment = Moment(cloud: cloud, transaction: transaction, now: born)
            guard let user = try transaction.record(.user, Identities.user(owner)) else {
                throw Tree.Problem("\(place).owner: there is no user \(owner)")
            }
            var fields: [Tree.Member] = []
            for name in ["name", "privileges", "company", "settings"] {
                if let value = tree[name] { fields.append(Tree.Member(name: name, value: value)) }
            }
            var account = try message(.map(fields), "qdrant.cloud.account.v1.Account", place)
            account.set("id", id)
            account.set("created_at", moment.timestamp)
            account.set("last_modified_at", moment.timestamp)
            account.set("external_owner_id", user.hidden["external"] ?? user.id)
            account.set("owner_email", owner)
            var hidden: [String: String] = [:]
            for quota in tree["quotas"]?.members ?? [] {
                guard Quotas.defaults.contains(where: { $0.name == quota.name }),
                    let figure = quota.value.integer
                else {
                    throw Tree.Problem(
                        "\(place).quotas.\(quota.name): is not known, or no number; there are "
                            + Quotas.defaults.map(\.name).joined(separator: ", "))
                }
                hidden["quota." + quota.name] = "\(figure)"
            }
            if let parent = tree["billing_parent"]?.text {
                hidden["billing_parent"] = Identities.account(parent)
            }
            try transaction.put(
                Record(
                    kind: .account, id: id, account: id, created: born, message: account,
                    hidden: hidden))
            try Membership.addSystemRoles(to: id, moment)
            let role = try Membership.systemRole(.owner, of: id, transaction).id
            try Membership.add(user, to: id, isOwner: true, roles: [role], moment)
            try cloud.putManagementKey(of: id, moment)
            try plantContracts(tree, of: id, place, moment)
        }
        for section in Section.all {
            for (index, entry) in (tree[section.name]?.items ?? []).enumerated() {
                try plan(
                    entry, section, "\(place).\(section.name)[\(index)]", account: id,
                    owner: Identities.user(owner), born: born)
            }
        }
        for (index, member) in (tree["members"]?.items ?? []).enumerated() {
            actions.append(
                Action(moment: born, place: "\(place).members[\(index)]") { [self] moment in
                    try plantMember(member, "\(place).members[\(index)]", id, moment)
                })
        }
    }

    private func plantMember(_ tree: Tree, _ place: String, _ account: String, _ now: Int64) throws
    {
        let email = try text(tree, "user", place)
        try cloud.store.transaction { transaction in
            let moment = Moment(cloud: cloud, transaction: transaction, now: now)
            guard let user = try transaction.record(.user, Identities.user(email)) else {
                throw Tree.Problem("\(place).user: there is no user \(email)")
            }
            let present = try transaction.records(.role, account: account)
            let roles = try (tree["roles"]?.items ?? []).map { wanted in
                let name = wanted.text ?? ""
                guard let role = present.first(where: { $0.message.string("name") == name }) else {
                    throw Tree.Problem("\(place).roles: there is no role \"\(name)\"")
                }
                return role.id
            }
            try Membership.add(user, to: account, isOwner: false, roles: roles, moment)
        }
    }

    /// Discounts and contracts, which no call creates.
    private func plantContracts(
        _ tree: Tree, of account: String, _ place: String, _ moment: Moment
    ) throws {
        let kinds: [(section: String, kind: Kind, type: String, from: String, until: String)] = [
            (
                "discounts", .discount, "qdrant.cloud.billing.v1.Discount", "valid_from",
                "valid_until"
            ),
            (
                "credit_contracts", .creditContract, "qdrant.cloud.billing.v1.CreditContract",
                "active_from", "active_to"
            ),
        ]
        for (section, kind, type, from, until) in kinds {
            for (index, entry) in (tree[section]?.items ?? []).enumerated() {
                let place = "\(place).\(section)[\(index)]"
                let id = Digest.uuid(named: "\(section)/\(account)/\(index)")
                var record = try message(stripped(entry), type, place)
                let validity = try length(entry["valid_for"]?.text ?? "365d", place + ".valid_for")
                if record[from] == nil { record.set(from, moment.timestamp) }
                if record[until] == nil {
                    record.set(until, cloud.timestamp(moment.now + validity))
                }
                if kind == .creditContract {
                    record.set("id", id)
                    record.set("account_id", account)
                }
                try moment.transaction.put(
                    Record(
                        kind: kind, id: id, account: account, created: moment.now,
                        message: record))
            }
        }
    }

    // MARK: - Calls

    private func stripped(_ tree: Tree) -> Tree {
        .map((tree.members ?? []).filter { !Section.extras.contains($0.name) })
    }

    private func message(_ tree: Tree, _ type: String, _ place: String) throws -> Message {
        guard let type = try cloud.registry.message(named: type) else {
            throw Tree.Problem("\(place): the contract has no \(type)")
        }
        do {
            return try JSONReader(registry: cloud.registry).message(Array(tree.json.utf8), as: type)
        } catch {
            throw Tree.Problem("\(place): \(error)")
        }
    }

    /// Plans the calls that make a resource.
    private func plan(
        _ entry: Tree, _ section: Section, _ place: String, account: String, owner: String,
        born: Int64
    ) throws {
        let moment = entry["age"] == nil ? born : try moment(entry, place)
        let name =
            entry["name"]?.text ?? entry["display_name"]?.text ?? entry["user_email"]?.text
            ?? place.split(separator: ".").last.map(String.init) ?? place
        let id = Digest.uuid(named: "\(section.name)/\(account)/\(name)")
        actions.append(
            Action(moment: moment, place: place) { [self] now in
                try create(entry, section, place, account, owner, id, now)
            })
        if let text = entry["suspended_after"]?.text {
            let then = moment + (try length(text, place + ".suspended_after"))
            actions.append(
                Action(moment: min(start, then), place: place) { [self] now in
                    try call(
                        "qdrant.cloud.cluster.v1.ClusterService/SuspendCluster", account, owner, now
                    ) { $0.set("cluster_id", id) }
                })
        }
        if section.name == "environments", entry["configuration"] != nil {
            actions.append(
                Action(moment: moment + Nanoseconds.minute, place: place) { [self] now in
                    try call(
                        "qdrant.cloud.hybrid.v1.HybridCloudService/GenerateBootstrapCommands",
                        account, owner, now
                    ) { $0.set("hybrid_cloud_environment_id", id) }
                })
        }
    }

    private func create(
        _ entry: Tree, _ section: Section, _ place: String, _ account: String, _ owner: String,
        _ id: String, _ now: Int64
    ) throws {
        guard let method = try cloud.registry.method(path: "/" + section.method),
            let type = method.input.field(named: section.field)?.messageType
        else { throw Tree.Problem("\(place): the contract has no \(section.method)") }
        var fields = stripped(entry)
        if section.name == "roles", let permissions = entry["permissions"]?.items {
            // In a seed, permissions are words.
            fields = .map(
                (fields.members ?? []).map { member in
                    member.name != "permissions"
                        ? member
                        : Tree.Member(
                            name: member.name,
                            value: .list(permissions.map { .object([("value", $0)]) }))
                })
        }
        var resource = try message(fields, type.fullName, place)
        resource.set("account_id", account)
        if section.name == "roles" { resource.setEnum("role_type", "CUSTOM") }
        for (reference, list) in [("cluster", "clusters"), ("space", "spaces")] {
            guard let name = entry[reference]?.text else { continue }
            resource.set(reference + "_id", Digest.uuid(named: "\(list)/\(account)/\(name)"))
        }
        if let name = entry["package"]?.text {
            let package = Catalogue.packages.first {
                $0.name == name && $0.provider == resource.string("cloud_provider_id")
                    && ($0.region == nil
                        || $0.region == resource.string("cloud_provider_region_id"))
            }
            guard let package else {
                throw Tree.Problem("\(place).package: \(name) is not offered there")
            }
            resource.edit("configuration") { $0.set("package_id", package.id) }
        }
        cloud.chosenIDs = [id]
        defer { cloud.chosenIDs = [] }
        try call(section.method, account, owner, now) { $0.set(section.field, resource) }
        try complete(entry, section, id, now)
    }

    /// Sets what only a sandbox knows.
    private func complete(_ entry: Tree, _ section: Section, _ id: String, _ now: Int64) throws {
        let kinds: [String: Kind] = [
            "clusters": .cluster, "spaces": .space, "payment_methods": .paymentMethod,
        ]
        guard let kind = kinds[section.name] else { return }
        try cloud.store.transaction { transaction in
            guard var record = try transaction.record(kind, id) else { return }
            if kind == .paymentMethod { record.message.setEnum("status", "ACTIVE") }
            for name in ["collections", "inference_models"] {
                guard let items = entry["sandbox"]?[name]?.items else { continue }
                record.hidden[name] = items.compactMap(\.text).joined(separator: ",")
            }
            if kind == .cluster {
                _ = try ClusterLifecycle.store(
                    record, Moment(cloud: cloud, transaction: transaction, now: now))
            } else {
                try transaction.put(record)
            }
        }
    }

    /// Makes a call at a moment of the past, as the account's owner.
    private func call(
        _ path: String, _ account: String, _ owner: String, _ now: Int64,
        _ fill: (inout Message) -> Void
    ) throws {
        guard let method = try cloud.registry.method(path: "/" + path),
            let handler = Services.handlers[method.path]
        else { throw Tree.Problem("the contract has no \(path)") }
        var request = Message(method.input)
        if method.input.field(named: "account_id") != nil { request.set("account_id", account) }
        fill(&request)
        let violations = Validator(now: {
            (now / Nanoseconds.second, Int32(now % Nanoseconds.second))
        }).violations(in: request)
        guard violations.isEmpty else { throw APIError(violations: violations) }
        try cloud.store.transaction { transaction in
            var caller = cloud.new("qdrant.cloud.common.v1.Caller")
            caller.set("actor_id", owner)
            caller.setEnum("actor_type", "USER")
            let moment = Moment(
                cloud: cloud, transaction: transaction, now: now, caller: caller)
            let call = Call(
                method: method, moment: moment, actor: .user(id: owner), account: account,
                metadata: [:], reply: Reply())
            let response = try handler(call, request)
            try EventRecorder.record(call, request, response)
        }
    }
}
