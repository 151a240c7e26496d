import Codec
import Contract
import GRPCProtocol

/// Accounts and their people.
enum AccountService: CloudService {
    static let name = "qdrant.cloud.account.v1.AccountService"

    static let handlers = own.merging(InviteHandlers.all) { first, _ in first }

    private static let own: [String: Handler] = [
        "ListAccounts": { call, _ in
            switch call.actor {
            case .managementKey(_, let account):
                let record = try call.transaction.record(.account, account)
                return call.list(try record.map { [try visible($0, call)] } ?? [])
            case .user(let id):
                let accounts = try Membership.accounts(of: id, call.transaction).compactMap {
                    try call.transaction.record(.account, $0.account)
                }
                return call.list(try accounts.map { try visible($0, call) })
            case nil: return call.response
            }
        },
        "GetAccount": { call, _ in
            call.answer(.account, try visible(try ownAccount(call), call))
        },
        "CreateAccount": create,
        "UpdateAccount": update,
        "DeleteAccount": { call, _ in
            let user = try call.user()
            guard try isOwner(user.id, of: call.account, call) else {
                throw APIError(.permissionDenied, "only the owner may delete an account")
            }
            try delete(try ownAccount(call), call.moment)
            return call.response
        },
        "LeaveAccount": { call, _ in
            let user = try call.user()
            guard
                let member = try call.transaction.record(
                    .member, Membership.id(call.account, user.id))
            else { throw APIError.notFound("member", user.id) }
            guard !Membership.isOwner(member) else {
                throw APIError(
                    .failedPrecondition,
                    "the owner cannot leave an account: transfer it to another member first")
            }
            try Membership.remove(member, call.moment)
            return call.response
        },
        "ListAccountMembers": { call, _ in
            let members = try call.transaction.records(.member, account: call.account)
            return call.list(try members.map { try Membership.message(of: $0, call.transaction) })
        },
        "GetAccountMember": { call, request in
            let member = try member(request.string(.userID), call)
            return call.answer(
                .accountMember, try Membership.message(of: member, call.transaction))
        },
        "DeleteAccountMember": { call, request in
            let caller = try call.user()
            let member = try member(request.string(.userID), call)
            let others = try call.transaction.records(.member, account: call.account)
                .filter { $0.id != member.id }
            if member.parent == caller.id, others.isEmpty {
                throw APIError(.failedPrecondition, "the last member cannot leave an account")
            }
            if Membership.isOwner(member) {
                guard member.parent == caller.id, let account = try? ownAccount(call) else {
                    throw APIError(.failedPrecondition, "the owner cannot be removed by others")
                }
                // Somebody has to own the account; the platform picks.
                if let heir = others.randomElement(using: &call.world.random) {
                    try Membership.transfer(account, to: heir, call.moment)
                }
            }
            try Membership.remove(member, call.moment)
            return call.response
        },
        "SuggestCompanies": { call, request in
            let name = request.string(.name).lowercased()
            let host = request.string(.email).lowercased().split(separator: "@").last.map(
                String.init)
            guard name.isEmpty != (host == nil) else {
                throw APIError(.invalidArgument, "set either name or email")
            }
            let found = Companies.all.filter { company in
                host.map { company.domain == $0 || $0.hasSuffix("." + company.domain) }
                    ?? company.name.lowercased().contains(name)
            }
            return call.list(
                found.map { company in
                    var message = call.response.new(.items)
                    message.set(.domain, company.domain)
                    message.set(.name, company.name)
                    return message
                })
        },
    ]

    private static func ownAccount(_ call: Call) throws -> Record {
        try call.find(.account, call.account, "account")
    }

    private static func member(_ user: String, _ call: Call) throws -> Record {
        try call.find(
            .member, Membership.id(call.account, user.lowercased()), "member with the user id")
    }

    private static func isOwner(_ user: String, of account: String, _ call: Call) throws -> Bool {
        let member = try call.transaction.record(.member, Membership.id(account, user))
        return member.map(Membership.isOwner) ?? false
    }

    private static func isOwner(_ call: Call, of account: String) throws -> Bool {
        guard case .user(let id) = call.actor else { return false }
        return try isOwner(id, of: account, call)
    }

    /// The settings are the owner's business.
    private static func visible(_ account: Record, _ call: Call) throws -> Message {
        var shown = account.message
        if try !isOwner(call, of: account.id) { shown[.settings] = nil }
        return shown
    }

    // MARK: - Create, update, delete

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard var account = request.message(.account) else { return call.response }
        let user = try call.user()
        let owned = try Membership.accounts(of: user.id, call.transaction)
        guard owned.filter(Membership.isOwner).count < Quotas.ownedAccounts else {
            throw APIError(
                .resourceExhausted, "a person may own \(Quotas.ownedAccounts) accounts")
        }
        try checkMemberships(owned.count)
        let id = call.world.newID()
        account.set(.id, id)
        account.set(.createdAt, call.moment.timestamp)
        account.set(.lastModifiedAt, call.moment.timestamp)
        // Whoever creates an account owns it, whatever the request says.
        account.set(.externalOwnerID, user.hidden["external"] ?? user.id)
        account.set(.ownerEmail, user.message.string(.email))
        try call.transaction.put(
            Record(kind: .account, id: id, account: id, created: call.now, message: account))
        try Membership.addSystemRoles(to: id, call.moment)
        var owner = user
        owner.message.setEnum(.onboardingStatus, "COMPLETED")
        try call.transaction.put(owner)
        let role = try Membership.systemRole(.owner, of: id, call.transaction).id
        try Membership.add(owner, to: id, isOwner: true, roles: [role], call.moment)
        return call.answer(.account, account)
    }

    static func checkMemberships(_ count: Int) throws {
        guard count < Quotas.memberAccounts else {
            throw APIError(
                .resourceExhausted, "a person may belong to \(Quotas.memberAccounts) accounts")
        }
    }

    private static func update(_ call: Call, _ request: Message) throws -> Message {
        guard let wanted = request.message(.account) else { return call.response }
        var record = try ownAccount(call)
        let old = record.message
        let isOwner = try isOwner(call, of: call.account)
        func change(_ field: FieldName, _ what: String) throws {
            guard isOwner else {
                throw APIError(.permissionDenied, "only the owner may change \(what)")
            }
            record.message[field] = wanted[field]
        }
        record.message.set(.name, wanted.string(.name))
        if wanted[.company] != old[.company] { try change(.company, "the company") }
        // Whoever does not see the settings cannot mean to clear them.
        if wanted[.settings] != old[.settings], isOwner || wanted[.settings] != nil {
            try change(.settings, "the settings")
        }
        let newOwner = wanted.string(.externalOwnerID)
        var heir: Record?
        if newOwner != old.string(.externalOwnerID) {
            try change(.externalOwnerID, "the owner")
            heir = try call.transaction.records(.member, account: call.account).first {
                let user = try call.transaction.record(.user, $0.parent)
                return user?.hidden["external"] == newOwner || user?.id == newOwner
            }
            guard heir != nil else {
                throw APIError(
                    .invalidArgument,
                    "account.external_owner_id: \(newOwner) is not a member of the account")
            }
        }
        record.message.set(.lastModifiedAt, call.moment.timestamp)
        try call.transaction.put(record)
        if let heir { try Membership.transfer(record, to: heir, call.moment) }
        return call.answer(.account, try visible(try ownAccount(call), call))
    }

    /// Removes an account with all that it has.
    static func delete(_ account: Record, _ moment: Moment) throws {
        for member in try moment.transaction.records(.member, account: account.id) {
            try Membership.remove(member, moment)
        }
        try moment.transaction.deleteAll(account: account.id)
    }
}

/// Companies that are known by name.
enum Companies {
    static let all: [(domain: String, name: String)] = [
        ("acme.com", "Acme Inc"), ("example.com", "Example Corporation"),
        ("example.org", "Example Foundation"), ("globex.example", "Globex"),
        ("initech.example", "Initech"),
    ]
}
