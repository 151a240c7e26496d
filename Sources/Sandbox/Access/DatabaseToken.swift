import Codec

/// The keys of databases: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256, as the database
/// itself reads them.
enum DatabaseToken {
    /// What a token lets its bearer do.
    struct Grant {
        /// What may be done with all collections.
        var everywhere: Right?
        /// What may be done with single ones.
        var collections: [String: Right] = [:]

        /// Whether a collection may be read, or written.
        func allows(_ collection: String, writing: Bool) -> Bool {
            if everywhere == .manage || (everywhere == .read && !writing) { return true }
            guard let right = collections[collection] else { return false }
            return !writing || right != .read
        }
    }

    enum Right: Sendable {
        case read
        case write
        case manage
    }

    /// What a token says.
    struct Claims {
        /// The key's id.
        let id: String
        /// The cluster or the space.
        let database: String
        /// Which of the server's worlds it belongs to.
        let world: String
        /// Seconds since 1970.
        let expires: Int64?
        let grant: Grant
    }

    /// The secret that a database checks its tokens with.
    static func secret(of database: String, seed: [UInt8]) -> [UInt8] {
        Digest.hmac(key: seed, "cluster-jwt/" + database)
    }

    /// Makes the token of a key.
    static func make(_ id: String, rules key: Message, of database: Record, _ world: World)
        -> String
    {
        var claims = "\"access\":\(access(key))"
        if let expiry = key.message(.expiresAt) {
            claims += ",\"exp\":\(expiry.integer(.seconds))"
        }
        claims += ",\"jti\":\"\(id)\",\"sub\":\"\(database.id)\""
        if !world.name.isEmpty { claims += ",\"world\":\(JSONWriter.quoted(world.name))" }
        let header = Digest.base64URL(Array("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".utf8))
        let signed = header + "." + Digest.base64URL(Array("{\(claims)}".utf8))
        let signature = Digest.hmac(key: secret(of: database.id, seed: world.seed), signed)
        return signed + "." + Digest.base64URL(signature)
    }

    private static func access(_ key: Message) -> String {
        let rules = key.messages(.accessRules)
        if let global = rules.compactMap({ $0.message(.globalAccess) }).first {
            return global.enumName(.accessType)?.hasSuffix("_MANAGE") == true ? "\"m\"" : "\"r\""
        }
        guard !rules.isEmpty else { return "\"m\"" }
        let entries = rules.compactMap { $0.message(.collectionAccess) }.map { rule in
            let isReadOnly = rule.enumName(.accessType)?.hasSuffix("READ_ONLY") == true
            let collection = JSONWriter.quoted(rule.string(.collectionName))
            return "{\"collection\":\(collection),\"access\":\"\(isReadOnly ? "r" : "rw")\"}"
        }
        return "[" + entries.joined(separator: ",") + "]"
    }

    /// What a token says, before its signature is checked.
    static func claims(of token: String) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64.decode(String(parts[1])),
            let fields = YAMLValue(json: payload),
            let id = fields["jti"]?.text, let database = fields["sub"]?.text
        else { return nil }
        var grant = Grant()
        switch fields["access"]?.text {
        case "m": grant.everywhere = .manage
        case "r": grant.everywhere = .read
        default:
            for rule in fields["access"]?.items ?? [] {
                guard let name = rule["collection"]?.text else { continue }
                grant.collections[name] = rule["access"]?.text == "r" ? .read : .write
            }
        }
        return Claims(
            id: id, database: database, world: fields["world"]?.text ?? "",
            expires: fields["exp"]?.integer.map { Int64($0) }, grant: grant)
    }

    /// Whether a token was signed for a database.
    static func isSigned(_ token: String, for database: String, seed: [UInt8]) -> Bool {
        guard let dot = token.lastIndex(of: "."),
            let signature = Base64.decode(String(token[token.index(after: dot)...]))
        else { return false }
        let expected = Digest.hmac(
            key: secret(of: database, seed: seed), String(token[..<dot]))
        return Digest.areEqual(signature, expected)
    }
}
