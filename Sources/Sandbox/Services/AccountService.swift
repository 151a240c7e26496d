import Codec

/// Accounts and their people, for reading.
enum AccountService: CloudService {
    static let name = "qdrant.cloud.account.v1.AccountService"

    static let handlers: [String: Handler] = [
        "ListAccounts": { call, _ in
            switch call.actor {
            case .managementKey(_, let account):
                let record = try call.transaction.record(Kind.account, account)
                return call.list(record.map { [visible($0.message, call)] } ?? [])
            case .user(let id):
                let accounts = try call.transaction.records(Kind.account).filter {
                    try call.transaction.record(Kind.member, $0.id + "/" + id) != nil
                }
                return call.list(accounts.map { visible($0.message, call) })
            case nil: return call.response
            }
        },
        "GetAccount": { call, _ in
            let record = try call.find(Kind.account, call.account, "account")
            return call.answer("account", visible(record.message, call))
        },
        "ListAccountMembers": { call, _ in
            let members = try call.transaction.records(Kind.member, account: call.account)
            return call.list(members.map(\.message))
        },
        "GetAccountMember": { call, request in
            let user = request.string("user_id").lowercased()
            guard let member = try call.transaction.record(Kind.member, call.account + "/" + user)
            else { throw APIError.notFound("member", user) }
            return call.answer("account_member", member.message)
        },
        // Nobody can be invited yet, so there are no invitations and no companies to know of.
        "ListAccountInvites": { call, _ in call.response },
        "ListReceivedAccountInvites": { call, _ in call.response },
        "GetAccountInvite": { _, request in
            throw APIError.notFound("invitation", request.string("invite_id"))
        },
        "SuggestCompanies": { call, _ in call.response },
    ]

    /// The settings are the owner's business.
    private static func visible(_ account: Message, _ call: Call) -> Message {
        var shown = account
        var isOwner = false
        if case .user(let id) = call.actor,
            let member = try? call.transaction.record(
                Kind.member, account.string("id") + "/" + id)
        {
            isOwner = member.message.bool("is_owner")
        }
        if !isOwner { shown["settings"] = nil }
        return shown
    }
}
