import Codec
import Contract

/// Who calls.
enum Actor: Equatable {
    /// A person.
    case user(id: String)
    /// A management key of an account.
    case managementKey(id: String, account: String)

    /// The name of the value of ActorType.
    var typeName: String {
        switch self {
        case .user: "ACTOR_TYPE_USER"
        case .managementKey: "ACTOR_TYPE_MANAGEMENT_KEY"
        }
    }
}

/// The first half of the chain: credential, kind of actor, account, permission.
struct Gate {
    let cloud: Cloud
    let transaction: Transaction

    /// Lets a call in, or says why not.
    func admit(
        _ method: Method, _ request: Message, _ metadata: [String: String]
    ) throws -> (actor: Actor?, account: String) {
        guard method.options.requiresAuthentication else { return (nil, "") }
        let actor = try authenticate(metadata["authorization"])
        if !method.options.actorTypes.isEmpty,
            !method.options.actorTypes.contains(actor.typeName)
        {
            let wanted = method.options.actorTypes.joined(separator: ", ")
            throw APIError(
                .permissionDenied, "\(method.name) is for \(wanted), not for \(actor.typeName)")
        }
        guard let path = method.accountIDPath else { return (actor, "") }
        guard case .string(let account) = request.value(at: path), !account.isEmpty else {
            // What is wrong with it, the rules of the contract say better.
            return (actor, "")
        }
        let granted = try permissions(of: actor, in: account.lowercased())
        guard let granted else {
            throw APIError(
                .permissionDenied, "the caller does not belong to account \(account)")
        }
        let needed = method.options.checkedPermissions
        let missing = needed.filter { !granted.contains($0) }
        let isAllowed =
            method.options.requiresAllPermissions
            ? missing.isEmpty : needed.isEmpty || missing.count < needed.count
        guard isAllowed else {
            let what = missing.joined(
                separator: method.options.requiresAllPermissions ? ", " : " or ")
            throw APIError(.permissionDenied, "\(method.name) needs the permission \(what)")
        }
        return (actor, account.lowercased())
    }

    private func authenticate(_ header: String?) throws -> Actor {
        guard let header, !header.isEmpty else {
            throw APIError(.unauthenticated, "the call carries no credential")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw APIError(.unauthenticated, "the credential has no scheme: send \"apikey KEY\"")
        }
        switch parts[0].lowercased() {
        case "apikey":
            let hash = Digest.hexadecimal(Digest.sha256(Array(parts[1].utf8)))
            guard let key = try transaction.records(Kind.managementKey, parent: hash).first else {
                throw APIError(.unauthenticated, "the management key is not valid")
            }
            return .managementKey(id: key.id, account: key.account)
        case "bearer":
            let hash = Digest.hexadecimal(Digest.sha256(Array(parts[1].utf8)))
            guard let token = try transaction.records(Kind.userToken, parent: hash).first else {
                throw APIError(.unauthenticated, "the token is not valid")
            }
            return .user(id: token.id)
        default:
            throw APIError(.unauthenticated, "the scheme \(parts[0]) is not known")
        }
    }

    /// What an actor may do in an account; nil when the actor does not belong to it.
    func permissions(of actor: Actor, in account: String) throws -> Set<String>? {
        switch actor {
        case .managementKey(_, let own):
            return own == account ? Set(PermissionCatalogue.values) : nil
        case .user(let id):
            guard let member = try transaction.record(Kind.member, account + "/" + id) else {
                return nil
            }
            var granted: Set<String> = []
            for role in (member.hidden["roles"] ?? "").split(separator: ",") {
                guard let record = try transaction.record(Kind.role, String(role)) else { continue }
                granted.formUnion(
                    record.message.messages("permissions").map { $0.string("value") })
            }
            return granted
        }
    }
}

/// The kinds of records.
enum Kind {
    static let account = "account"
    static let user = "user"
    static let userToken = "user_token"
    /// A person in an account: the id is account/user.
    static let member = "member"
    static let role = "role"
    /// The parent is the hash of the secret.
    static let managementKey = "management_key"
    static let cluster = "cluster"
    /// The parent is the cluster.
    static let databaseKey = "database_key"
    static let legacyDatabaseKey = "legacy_database_key"
}
