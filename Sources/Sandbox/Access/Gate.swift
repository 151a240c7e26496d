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

    /// The number of the value of ActorType.
    var typeNumber: Int {
        switch self {
        case .user: 1
        case .managementKey: 2
        }
    }

    /// The id of the person or of the key.
    var id: String {
        switch self {
        case .user(let id), .managementKey(let id, _): id
        }
    }
}

/// Whom the sandbox has let in lately, and what they may do.
struct AdmissionCache {
    private struct Membership: Hashable {
        let actor: String
        let account: String
    }

    private static let capacity = 10_000

    private var version = -1
    private var actors: [String: Actor] = [:]
    private var granted: [Membership: Set<String>] = [:]

    /// Forgets everything when who may call what has changed.
    mutating func keepUp(with version: Int) {
        guard version != self.version || actors.count > Self.capacity else { return }
        self = AdmissionCache()
        self.version = version
    }

    /// Who presents a credential.
    mutating func actor(_ header: String, _ find: () throws -> Actor) rethrows -> Actor {
        if let known = actors[header] { return known }
        let actor = try find()
        actors[header] = actor
        return actor
    }

    /// What an actor may do in an account; nil for an actor that does not belong to it.
    mutating func permissions(
        of actor: Actor, in account: String, _ find: () throws -> Set<String>?
    ) rethrows -> Set<String>? {
        if case .managementKey(_, let own) = actor { return own == account ? Self.all : nil }
        let key = Membership(actor: actor.id, account: account)
        if let known = granted[key] { return known }
        let found = try find()
        if let found { granted[key] = found }
        return found
    }

    private static let all = Set(PermissionCatalogue.values)
}

/// The first half of the chain: credential, kind of actor, account, permission.
struct Gate {
    let cloud: Cloud
    let transaction: Transaction

    /// Who makes a call: nobody, where a method wants no credential.
    func identify(
        _ method: Method, _ metadata: [String: String], _ cache: inout AdmissionCache
    ) throws -> Actor? {
        guard method.options.requiresAuthentication else { return nil }
        cache.keepUp(with: cloud.store.accessVersion)
        let header = metadata["authorization"] ?? ""
        let actor: Actor
        do {
            actor = try cache.actor(header) { try authenticate(header) }
        } catch let error as APIError where error.code == .unauthenticated {
            guard cloud.options.leniencies.contains(.denied) else { throw error }
            throw APIError(.permissionDenied, error.message)
        }
        if !method.options.actorTypes.isEmpty,
            !method.options.actorTypes.contains(actor.typeName)
        {
            let wanted = method.options.actorTypes.joined(separator: ", ")
            throw APIError(
                .permissionDenied, "\(method.name) is for \(wanted), not for \(actor.typeName)")
        }
        return actor
    }

    /// Lets a call in, or says why not.
    func admit(
        _ method: Method, _ request: Message, _ metadata: [String: String],
        _ cache: inout AdmissionCache
    ) throws -> (actor: Actor?, account: String) {
        guard let actor = try identify(method, metadata, &cache) else { return (nil, "") }
        guard let path = method.accountIDPath else { return (actor, "") }
        guard case .string(let account) = request.value(at: path), !account.isEmpty else {
            // What is wrong with it, the rules of the contract say better.
            return (actor, "")
        }
        let id = account.lowercased()
        let granted = try cache.permissions(of: actor, in: id) {
            try permissions(of: actor, in: id)
        }
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
        return (actor, id)
    }

    private func authenticate(_ header: String) throws -> Actor {
        guard !header.isEmpty else {
            throw APIError(.unauthenticated, "the call carries no credential")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw APIError(.unauthenticated, "the credential has no scheme: send \"apikey KEY\"")
        }
        switch parts[0].lowercased() {
        case "apikey":
            let hash = Digest.hash(String(parts[1]))
            guard let key = try transaction.records(.managementKey, parent: hash).first else {
                throw APIError(.unauthenticated, "the management key is not valid")
            }
            return .managementKey(id: key.id, account: key.account)
        case "bearer":
            let hash = Digest.hash(String(parts[1]))
            guard let token = try transaction.records(.userToken, parent: hash).first else {
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
            guard let member = try transaction.record(.member, account + "/" + id) else {
                return nil
            }
            var granted: Set<String> = []
            for role in Membership.roles(of: member) {
                guard let record = try transaction.record(.role, role) else { continue }
                granted.formUnion(
                    record.message.messages("permissions").map { $0.string("value") })
            }
            return granted
        }
    }
}
