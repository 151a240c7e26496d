import Codec
import Contract
import GRPCProtocol

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
struct Authorizer {
    let world: World
    let transaction: Transaction

    /// The actor that makes a call; nil if the method requires no credential.
    func identify(
        _ method: Method, _ metadata: [String: String], _ cache: inout AdmissionCache
    ) throws -> Actor? {
        guard method.options.requiresAuthentication else { return nil }
        cache.keepUp(with: world.store.accessVersion)
        let header = metadata["authorization"] ?? ""
        let actor: Actor
        do {
            actor = try cache.actor(header) { try authenticate(header) }
        } catch let error as APIError where error.code == .unauthenticated {
            guard world.options.leniencies.contains(.denied) else { throw error }
            throw APIError(.permissionDenied, error.message)
        }
        try checkType(of: actor, method)
        return actor
    }

    private func checkType(of actor: Actor, _ method: Method) throws {
        guard !method.options.actorTypes.isEmpty,
            !method.options.actorTypes.contains(actor.typeName)
        else { return }
        let wanted = method.options.actorTypes.joined(separator: ", ")
        throw APIError(
            .permissionDenied,
            "\(method.name) accepts callers of type \(wanted), got \(actor.typeName)")
    }

    /// Admits a call by its credential, or says why not.
    func admit(
        _ method: Method, _ request: Message, _ metadata: [String: String],
        _ cache: inout AdmissionCache
    ) throws -> Access {
        guard let actor = try identify(method, metadata, &cache) else { return .public }
        guard let account = Self.account(of: method, request) else {
            return Access(actor: actor, account: "", permissions: [])
        }
        let granted = try cache.permissions(of: actor, in: account) {
            try permissions(of: actor, in: account)
        }
        guard let granted else {
            throw APIError(
                .permissionDenied, "the caller does not belong to account \(account)")
        }
        try Self.check(granted, method)
        return Access(actor: actor, account: account, permissions: granted)
    }

    /// Admits a call whose caller is known from elsewhere, or says why not.
    func admit(_ method: Method, _ request: Message, _ caller: Caller) throws -> Access {
        guard method.options.requiresAuthentication else { return .public }
        try checkType(of: caller.actor, method)
        guard let account = Self.account(of: method, request) else {
            return Access(actor: caller.actor, account: "", permissions: [])
        }
        if let known = caller.permissions { try Self.check(known, method) }
        return Access(
            actor: caller.actor, account: account,
            permissions: caller.permissions ?? Set(PermissionCatalogue.values))
    }

    /// The account that a call is about; nil when it is about none, or when the request lacks the
    /// id, which the rules of the contract report better.
    private static func account(of method: Method, _ request: Message) -> String? {
        guard let path = method.accountIDPath,
            case .string(let account) = request.value(at: path), !account.isEmpty
        else { return nil }
        return account.lowercased()
    }

    private static func check(_ granted: Set<String>, _ method: Method) throws {
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
    }

    private func authenticate(_ header: String) throws -> Actor {
        guard !header.isEmpty else {
            throw APIError(.unauthenticated, "the call has no credential")
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
            throw APIError(.unauthenticated, "unknown authorization scheme \(parts[0])")
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
                    record.message.messages(.permissions).map { $0.string(.value) })
            }
            return granted
        }
    }
}
