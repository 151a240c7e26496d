import Codec
import GRPCProtocol

/// Invitations to an account (a part of AccountService).
enum InviteHandlers {
    /// How long an invitation waits for an answer.
    private static let validity = 30 * Nanoseconds.day

    static let all: [String: Handler] = [
        "ListAccountInvites": { call, request in
            let wanted = request.list(.statuses)
            let invites = try call.transaction.records(.invite, account: call.account)
                .map(\.message)
                .filter { wanted.isEmpty || wanted.contains($0[.status] ?? .enumeration(0)) }
            return call.list(invites)
        },
        "ListReceivedAccountInvites": { call, _ in
            let email = try call.user().message.string(.email)
            let invites = try call.transaction.records(.invite)
                .filter { isFor(email, $0) }
            return call.list(invites.map(\.message))
        },
        "GetAccountInvite": { call, request in
            call.answer(.accountInvite, try invite(call, request).message)
        },
        "CreateAccountInvite": create,
        "DeleteAccountInvite": { call, request in
            _ = try finish(try invite(call, request), "CANCELED", call.moment)
            return call.response
        },
        "AcceptAccountInvite": { call, request in
            let (user, invite) = try received(call, request)
            let present = try Membership.accounts(of: user.id, call.transaction)
            guard !present.contains(where: { $0.account == invite.account }) else {
                throw APIError(.alreadyExists, "you are already a member of the account")
            }
            try AccountService.checkMemberships(present.count)
            let answered = try finish(invite, "ACCEPTED", call.moment)
            // A role may have gone since.
            let roles = try invite.message.strings(.userRoleIDs).filter {
                try call.transaction.record(.role, $0)?.account == invite.account
            }
            try Membership.add(
                user, to: invite.account, isOwner: false, roles: roles, call.moment)
            return call.answer(.invite, answered)
        },
        "RejectAccountInvite": { call, request in
            let (_, invite) = try received(call, request)
            return call.answer(.invite, try finish(invite, "REJECTED", call.moment))
        },
    ]

    static let events: [String: EventHandler] = [
        "invite.expired": { moment, event in
            // The contract has no status for it: the platform withdraws the invitation.
            guard let invite = try moment.transaction.record(.invite, event.subject),
                isPending(invite)
            else { return }
            _ = try finish(invite, "CANCELED", moment)
        }
    ]

    private static func invite(_ call: Call, _ request: Message) throws -> Record {
        try call.find(.invite, request.string(.inviteID), "invitation")
    }

    private static func isPending(_ invite: Record) -> Bool {
        invite.message.enumName(.status) == "ACCOUNT_INVITE_STATUS_PENDING"
    }

    private static func isFor(_ email: String, _ invite: Record) -> Bool {
        invite.message.string(.userEmail).lowercased() == email.lowercased()
    }

    /// The invitation that the caller answers. The caller is not a member yet, so the call has no
    /// account.
    private static func received(
        _ call: Call, _ request: Message
    ) throws -> (user: Record, invite: Record) {
        let user = try call.user()
        let id = request.string(.inviteID).lowercased()
        guard let invite = try call.transaction.record(.invite, id),
            invite.account == request.string(.accountID).lowercased()
        else { throw APIError.notFound("invitation", id) }
        guard isFor(user.message.string(.email), invite) else {
            throw APIError(.permissionDenied, "the invitation is for another user")
        }
        return (user, invite)
    }

    private static func finish(
        _ invite: Record, _ status: String, _ moment: Moment
    ) throws -> Message {
        guard isPending(invite) else {
            let present = invite.message.enumName(.status) ?? ""
            throw APIError(
                .failedPrecondition, "the invitation is no longer pending: \(present)")
        }
        var invite = invite
        invite.message.setEnum(.status, status)
        invite.message.set(.lastModifiedAt, moment.timestamp)
        try moment.transaction.put(invite)
        return invite.message
    }

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard var invite = request.message(.accountInvite) else { return call.response }
        let user = try call.user()
        let email = invite.string(.userEmail)
        var roles: [String] = []
        for id in invite.strings(.userRoleIDs).map({ $0.lowercased() })
        where !roles.contains(id) {
            guard let role = try call.transaction.record(.role, id), role.account == call.account
            else {
                throw APIError(
                    .invalidArgument,
                    "account_invite.user_role_ids: the account has no role \(id)")
            }
            guard role.message.enumName(.subType) != "SYSTEM_ROLE_SUB_TYPE_OWNER" else {
                throw APIError(
                    .invalidArgument,
                    "account_invite.user_role_ids: an account has one owner; transfer it with "
                        + "UpdateAccount")
            }
            roles.append(id)
        }
        for member in try call.transaction.records(.member, account: call.account) {
            let present = try call.transaction.record(.user, member.parent)
            if present?.message.string(.email).lowercased() == email.lowercased() {
                throw APIError(.alreadyExists, "\(email) is already a member of the account")
            }
        }
        for other in try call.transaction.records(.invite, account: call.account)
        where isPending(other) && isFor(email, other) {
            throw APIError(.alreadyExists, "\(email) already has a pending invitation")
        }
        let id = call.world.newID()
        let account = try call.find(.account, call.account, "account")
        invite.set(.id, id)
        invite.set(.accountID, call.account)
        invite.set(.accountName, account.message.string(.name))
        invite[.userRoleIDs] = .list(roles.map(Value.string))
        invite.set(.createdAt, call.moment.timestamp)
        invite.set(.lastModifiedAt, call.moment.timestamp)
        invite.set(.createdByUserID, user.id)
        invite.set(.createdByEmail, user.message.string(.email))
        invite.setEnum(.status, "PENDING")
        try call.transaction.put(
            Record(
                kind: .invite, id: id, account: call.account, created: call.now, message: invite))
        try call.transaction.schedule("invite.expired", subject: id, at: call.now + validity)
        return call.answer(.accountInvite, invite)
    }
}
