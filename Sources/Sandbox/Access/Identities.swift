import GRPCProtocol

/// Secrets that a sandbox can derive again, because they depend only on its seed, and the ids of
/// the objects that a seed names.
enum Identities {
    /// The id of an account, by its name in the seed.
    static func account(_ name: String) -> String { Digest.uuid(named: "account/" + name) }

    /// The id of a person.
    static func user(_ email: String) -> String { Digest.uuid(named: "user/" + email) }

    /// The id of an account's first management key.
    static func managementKey(of account: String) -> String {
        Digest.uuid(named: "management-key/" + account)
    }
}

extension World {
    /// The secret of an account's first management key.
    func managementKey(of account: String) -> String {
        marked(Digest.hexadecimal(Digest.hmac(key: seed, "management-key/" + account).prefix(20)))
    }

    /// The token of a person. Logging out makes it invalid, and the next one is another.
    func userToken(of email: String, generation: Int = 0) -> String {
        let name = "user-token/" + email + (generation == 0 ? "" : "/\(generation)")
        return marked(Digest.hexadecimal(Digest.hmac(key: seed, name).prefix(20)))
    }

    /// Stores what is needed to recognise the token of a person.
    func putToken(of user: Record, generation: Int = 0, _ moment: Moment) throws {
        let token = userToken(of: user.message.string(.email), generation: generation)
        let present = try moment.transaction.record(.userToken, user.id)
        let record = Record(
            kind: .userToken, id: user.id, account: "", parent: Digest.hash(token),
            created: present?.created ?? moment.now, message: user.message,
            hidden: ["generation": "\(generation)"])
        guard present?.parent != record.parent else { return }
        try moment.transaction.put(record)
    }

    /// The present token of a person, made when there is none.
    ///
    /// - Throws: NOT_FOUND.
    func token(forUser email: String, _ moment: Moment) throws -> String {
        let users = try moment.transaction.records(.user)
        guard let user = users.first(where: { $0.message.string(.email) == email }) else {
            let known = users.map { $0.message.string(.email) }.joined(separator: ", ")
            throw APIError(.notFound, "user \(email) not found; existing users: \(known)")
        }
        if let present = try moment.transaction.record(.userToken, user.id) {
            return userToken(of: email, generation: present.number("generation"))
        }
        let generation = user.number("tokens") + 1
        var changed = user
        changed.hidden["tokens"] = "\(generation)"
        try moment.transaction.put(changed)
        try putToken(of: changed, generation: generation, moment)
        return userToken(of: email, generation: generation)
    }

    /// Stores this world's secrets in a state that came from elsewhere.
    func renewSecrets(_ moment: Moment) throws {
        let transaction = moment.transaction
        for user in try transaction.records(.user) {
            guard let token = try transaction.record(.userToken, user.id) else { continue }
            try putToken(of: user, generation: token.number("generation"), moment)
        }
        for account in try transaction.records(.account) {
            let id = Identities.managementKey(of: account.id)
            guard try transaction.record(.managementKey, id) != nil else { continue }
            try putManagementKey(of: account.id, moment)
        }
    }

    /// Makes the first management key of an account known.
    func putManagementKey(of account: String, _ moment: Moment) throws {
        let secret = managementKey(of: account)
        let id = Identities.managementKey(of: account)
        if var present = try moment.transaction.record(.managementKey, id) {
            guard present.parent != Digest.hash(secret) else { return }
            present.parent = Digest.hash(secret)
            present.message.set(.prefix, String(secret.prefix(8)))
            return try moment.transaction.put(present)
        }
        var key = new("qdrant.cloud.auth.v1.ManagementKey")
        key.set(.id, id)
        key.set(.accountID, account)
        key.set(.createdAt, moment.timestamp)
        key.set(.prefix, String(secret.prefix(8)))
        try moment.transaction.put(
            Record(
                kind: .managementKey, id: id, account: account, parent: Digest.hash(secret),
                created: moment.now, message: key))
    }
}
