import Codec
import Contract

/// Something to be done at a moment.
struct SeedAction {
    let moment: Int64
    /// Where it stands in the seed.
    let place: String
    let run: (Int64) throws -> Void
}

/// Plants a seed: people and accounts at once, everything else by calls at its own time.
final class SeedPlanter {
    let cloud: Cloud
    let start: Int64
    var actions: [SeedAction] = []
    /// The ids of people by their addresses.
    private var userIDs: [String: String] = [:]
    /// The ids of accounts by their names, in the order of the seed.
    private var accountIDs: [String: String] = [:]

    init(_ cloud: Cloud) {
        self.cloud = cloud
        start = cloud.world.clock.now
    }

    func plant(_ written: YAMLValue) throws {
        let tree = try SeedPlanter.read(written, cloud.world.registry)
        // An export goes on at its own time.
        if let text = tree["now"]?.text, let parsed = TimeText.parseRFC3339(text) {
            let now = Nanoseconds.sum(parsed)
            if now > cloud.world.clock.now { cloud.world.clock.set(now) }
        }
        try cloud.world.store.transaction { transaction in
            let moment = Moment(world: cloud.world, transaction: transaction, now: start)
            for (index, user) in (tree["users"]?.items ?? []).enumerated() {
                try plantUser(user, "users[\(index)]", moment)
            }
            try SeedRecords.plant(tree, moment, isKnownEvent: cloud.knowsEvent)
        }
        for (index, account) in (tree["accounts"]?.items ?? []).enumerated() {
            try plantAccount(account, "accounts[\(index)]")
        }
        for action in actions.sorted(by: { $0.moment < $1.moment }) {
            try cloud.catchUp(to: action.moment)
            do {
                try action.run(action.moment)
            } catch let error as APIError {
                throw YAMLValue.Problem(at: action.place, error.message)
            }
        }
    }

    /// Checks the form of a seed.
    private static func read(
        _ tree: YAMLValue, _ registry: Registry
    ) throws -> YAMLValue {
        guard let members = tree.members, !members.isEmpty else {
            let name = Names.nearest(to: tree.text ?? "", in: ["demo", "bare"])
            throw YAMLValue.Problem(
                "must be a map with users and accounts, or the name of a built-in seed"
                    + Names.suggestion(name))
        }
        let read = try SeedShape.whole(registry).read(tree)
        guard !(read["accounts"]?.items ?? read["records"]?.items ?? []).isEmpty else {
            throw YAMLValue.Problem(at: "accounts", "must not be empty")
        }
        return read
    }

    /// The moment that lies an entry's age before the present.
    func moment(_ tree: YAMLValue, _ place: String, default age: Int64 = 0) throws -> Int64 {
        guard let text = tree["age"]?.text else { return start - age }
        return start - (try length(text, place + ".age"))
    }

    func length(_ text: String, _ place: String) throws -> Int64 {
        guard let parsed = TimeText.parseHumanDuration(text),
            (0...3_153_600_000).contains(parsed.seconds)
        else {
            throw YAMLValue.Problem(
                at: place, "expected a duration such as 90d or 12h, got \"\(text)\"")
        }
        return Nanoseconds.sum(parsed)
    }

    func text(_ tree: YAMLValue, _ name: String, _ place: String) throws -> String {
        guard let text = tree[name]?.text, !text.isEmpty else {
            throw YAMLValue.Problem(at: "\(place).\(name)", "is missing")
        }
        return text
    }

    /// Returns the problem of an unknown name.
    func unknown(_ what: String, _ name: String, _ known: [String]) -> String {
        "unknown \(what) \"\(name)\"" + Names.suggestion(Names.nearest(to: name, in: known))
    }

    private func users(_ transaction: Transaction) throws -> [String] {
        try transaction.records(.user).map { $0.message.string(.email) }
    }

    // MARK: - People and accounts

    private func plantUser(_ tree: YAMLValue, _ place: String, _ moment: Moment) throws {
        let email = try text(tree, "email", place)
        guard email.contains("@") else {
            throw YAMLValue.Problem(
                at: place + ".email",
                "expected an address such as me@example.com, got \"\(email)\"")
        }
        guard userIDs[email] == nil else {
            throw YAMLValue.Problem(at: place + ".email", "\(email) is listed twice")
        }
        let id = tree["id"]?.text ?? Identities.user(email)
        userIDs[email] = id
        let past = Moment(
            world: cloud.world, transaction: moment.transaction,
            now: start - 100 * Nanoseconds.day)
        var user = cloud.world.new("qdrant.cloud.iam.v1.User")
        user.set(.id, id)
        user.set(.createdAt, past.timestamp)
        user.set(.lastModifiedAt, past.timestamp)
        user.set(.email, email)
        user.setEnum(.status, "ACTIVE")
        user.setEnum(.onboardingStatus, "COMPLETED")
        let record = Record(
            kind: .user, id: id, account: "", created: past.now, message: user,
            hidden: ["external": "auth0|" + id.filter { $0 != "-" }.prefix(24)])
        try past.transaction.put(record)
        try cloud.world.putToken(of: record, past)
        var profile = cloud.world.new("qdrant.cloud.iam.v1.UserProfile")
        for name: FieldName in [.givenName, .familyName] {
            if let text = tree[name.text]?.text { profile.set(name, text) }
        }
        try past.transaction.put(
            Record(
                kind: .profile, id: id, account: "", parent: id, created: past.now,
                message: profile))
        for (type, name) in [("TOTP", nil), ("WEBAUTHN_ROAMING", "Security key")] {
            var method = cloud.world.new("qdrant.cloud.iam.v1.UserMfaMethod")
            let external = type.lowercased() + "|dev_" + id.prefix(8)
            method.set(.externalID, external)
            method.setEnum(.type, type)
            method.set(.createdAt, past.timestamp)
            method.set(.lastAuthenticatedAt, moment.timestamp)
            if let name { method.set(.name, name) }
            try past.transaction.put(
                Record(
                    kind: .mfaMethod, id: "\(id)/\(external)", account: "", parent: id,
                    created: past.now, message: method))
        }
    }

    private func plantAccount(_ tree: YAMLValue, _ place: String) throws {
        let name = try text(tree, "name", place)
        let owner = try text(tree, "owner", place)
        let id = tree["id"]?.text ?? Identities.account(name)
        accountIDs[name] = id
        let born = try moment(tree, place, default: 90 * Nanoseconds.day)
        try cloud.world.store.transaction { transaction in
            let moment = Moment(world: cloud.world, transaction: transaction, now: born)
            guard let user = try transaction.record(.user, userIDs[owner] ?? "") else {
                throw YAMLValue.Problem(
                    at: place + ".owner",
                    try unknown("user", owner, users(transaction)))
            }
            guard try transaction.record(.account, id) == nil else {
                throw YAMLValue.Problem(at: place + ".name", "duplicate account \"\(name)\"")
            }
            let account = try accountMessage(tree, id, user, owner, place, moment)
            let hidden = try accountFacts(tree, place)
            try transaction.put(
                Record(
                    kind: .account, id: id, account: id, created: born, message: account,
                    hidden: hidden))
            try Membership.addSystemRoles(to: id, moment)
            let role = try Membership.systemRole(.owner, of: id, transaction).id
            try Membership.add(user, to: id, isOwner: true, roles: [role], moment)
            try cloud.world.putManagementKey(of: id, moment)
            try plantContracts(tree, of: id, place, moment)
        }
        for section in SeedSection.all {
            for (index, entry) in (tree[section.name]?.items ?? []).enumerated() {
                try plan(
                    entry, section, "\(place).\(section.name)[\(index)]", account: id,
                    owner: userIDs[owner] ?? "", born: born)
            }
        }
        for (index, member) in (tree["members"]?.items ?? []).enumerated() {
            actions.append(
                SeedAction(moment: born, place: "\(place).members[\(index)]") { [self] moment in
                    try plantMember(member, "\(place).members[\(index)]", id, moment)
                })
        }
    }

    private func accountMessage(
        _ tree: YAMLValue, _ id: String, _ user: Record, _ owner: String, _ place: String,
        _ moment: Moment
    ) throws -> Message {
        var fields: [YAMLValue.Member] = []
        for name in ["name", "privileges", "company", "settings"] {
            if let value = tree[name] {
                fields.append(YAMLValue.Member(name: name, value: value))
            }
        }
        var account = try message(.map(fields), "qdrant.cloud.account.v1.Account", place)
        account.set(.id, id)
        account.set(.createdAt, moment.timestamp)
        account.set(.lastModifiedAt, moment.timestamp)
        account.set(.externalOwnerID, user.hidden["external"] ?? user.id)
        account.set(.ownerEmail, owner)
        return account
    }

    /// Quotas and the parent of an account's bills.
    private func accountFacts(_ tree: YAMLValue, _ place: String) throws -> [String: String] {
        var hidden: [String: String] = [:]
        for quota in tree["quotas"]?.members ?? [] {
            hidden["quota." + quota.name] = quota.value.text
        }
        if let parent = tree["billing_parent"]?.text {
            hidden["billing_parent"] = accountIDs[parent] ?? Identities.account(parent)
        }
        return hidden
    }

    private func plantMember(_ tree: YAMLValue, _ place: String, _ account: String, _ now: Int64)
        throws
    {
        let email = try text(tree, "user", place)
        try cloud.world.store.transaction { transaction in
            let moment = Moment(world: cloud.world, transaction: transaction, now: now)
            guard let user = try transaction.record(.user, userIDs[email] ?? "") else {
                throw YAMLValue.Problem(
                    at: place + ".user", try unknown("user", email, users(transaction)))
            }
            let present = try transaction.records(.role, account: account)
            let roles = try (tree["roles"]?.items ?? []).map { wanted in
                let name = wanted.text ?? ""
                guard let role = present.first(where: { $0.message.string(.name) == name }) else {
                    throw YAMLValue.Problem(
                        at: place + ".roles",
                        unknown("role", name, present.map { $0.message.string(.name) }))
                }
                return role.id
            }
            try Membership.add(user, to: account, isOwner: false, roles: roles, moment)
        }
    }

    /// Discounts and contracts, which no call creates.
    private func plantContracts(
        _ tree: YAMLValue, of account: String, _ place: String, _ moment: Moment
    ) throws {
        let kinds:
            [(section: String, kind: Kind, type: String, from: FieldName, until: FieldName)] = [
                (
                    "discounts", .discount, "qdrant.cloud.billing.v1.Discount", .validFrom,
                    .validUntil
                ),
                (
                    "credit_contracts", .creditContract, "qdrant.cloud.billing.v1.CreditContract",
                    .activeFrom, .activeTo
                ),
            ]
        for (section, kind, type, from, until) in kinds {
            for (index, entry) in (tree[section]?.items ?? []).enumerated() {
                let place = "\(place).\(section)[\(index)]"
                let id = Digest.uuid(named: "\(section)/\(account)/\(index)")
                var record = try message(stripped(entry), type, place)
                let validity = try length(entry["valid_for"]?.text ?? "365d", place + ".valid_for")
                try checkAmounts(record, place)
                if record[from] == nil { record.set(from, moment.timestamp) }
                if record[until] == nil {
                    record.set(until, cloud.world.timestamp(moment.now + validity))
                }
                if kind == .creditContract {
                    record.set(.id, id)
                    record.set(.accountID, account)
                }
                try moment.transaction.put(
                    Record(
                        kind: kind, id: id, account: account, created: moment.now,
                        message: record))
            }
        }
    }

    /// Amounts that bills can count with.
    private func checkAmounts(_ record: Message, _ place: String) throws {
        let amounts: [(field: String, value: Value?, most: Double)] = [
            ("percentage", record.message(.percentage)?[.value], 100),
            ("fixed", record.message(.fixed)?[.value], Millicents.mostMajor),
            ("total_amount", record[.totalAmount], Millicents.mostMajor),
        ]
        for amount in amounts {
            guard case .double(let value) = amount.value, !(0...amount.most).contains(value)
            else { continue }
            throw YAMLValue.Problem(
                at: "\(place).\(amount.field)",
                "must be a number from 0 to \(Int(amount.most))")
        }
    }
}
