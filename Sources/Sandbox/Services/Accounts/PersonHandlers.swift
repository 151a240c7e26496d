import Codec
import GRPCProtocol

/// What concerns one person (a part of IAMService).
enum PersonHandlers {
    static let all: [String: Handler] = [
        "GetAuthenticatedUser": { call, request in
            let user = try call.user()
            if let wanted = request.optionalString(.userID), wanted.lowercased() != user.id {
                throw APIError(.permissionDenied, "user \(wanted) is not the caller")
            }
            return call.answer(.user, user.message)
        },
        "ListUsers": { call, _ in
            let members = try call.transaction.records(.member, account: call.account)
            return call.list(
                try members.compactMap { try call.transaction.record(.user, $0.parent)?.message })
        },
        "UpdateUser": { call, request in
            guard let wanted = request.message(.user) else { return call.response }
            var user = try own(call, wanted.string(.id))
            let account = wanted.string(.defaultAccountID).lowercased()
            guard
                try call.transaction.record(.member, Membership.id(account, user.id)) != nil
            else {
                throw APIError(
                    .invalidArgument,
                    "user.default_account_id: the user does not belong to account \(account)")
            }
            user.message.set(.defaultAccountID, account)
            user.message.set(.lastModifiedAt, call.moment.timestamp)
            try call.transaction.put(user)
            return call.answer(.user, user.message)
        },
        "DeleteUser": deleteUser,
        "GetUserProfile": { call, _ in
            let profile = try call.transaction.record(.profile, try call.user().id)
            return call.answer(
                .userProfile, profile?.message ?? call.response.new(.userProfile))
        },
        "UpdateUserProfile": { call, request in
            guard let profile = request.message(.userProfile) else { return call.response }
            let user = try call.user()
            try call.transaction.put(
                Record(
                    kind: .profile, id: user.id, account: "", parent: user.id, created: call.now,
                    message: profile))
            return call.answer(.userProfile, profile)
        },
        "GetUserConsent": { call, request in
            let type = request.integer(.documentType)
            let found = try call.transaction.record(.consent, "\(try call.user().id)/\(type)")
            // Nothing recorded: no status, no time.
            var consent = found?.message ?? call.response.new(.userConsent)
            consent.set(.documentType, type)
            return call.answer(.userConsent, consent)
        },
        "RecordUserConsent": { call, request in
            let user = try call.user()
            let type = request.integer(.documentType)
            var consent = call.new("qdrant.cloud.iam.v1.UserConsent")
            consent.set(.documentType, type)
            consent.set(.status, request.integer(.statusUpdate))
            consent.set(.lastModifiedAt, call.moment.timestamp)
            consent.set(
                .isAccepted,
                consent.enumName(.status) == "USER_CONSENT_STATUS_ACCEPTED")
            try call.transaction.put(
                Record(
                    kind: .consent, id: "\(user.id)/\(type)", account: "", parent: user.id,
                    created: call.now, message: consent))
            return call.response
        },
        "LogoutUser": { call, _ in
            try call.transaction.delete(.userToken, try call.user().id)
            return call.response
        },
        "ListUserMfaMethods": { call, _ in
            let methods = try call.transaction.records(.mfaMethod, parent: try call.user().id)
            return call.list(methods.map(\.message))
        },
        "UpdateUserMfaMethod": { call, request in
            guard let wanted = request.message(.mfaMethod) else { return call.response }
            var method = try mfaMethod(call, wanted)
            guard method.message[.type] == wanted[.type] else {
                throw APIError(.invalidArgument, "mfa_method.type: the method has another type")
            }
            method.message[.name] = wanted[.name]
            try call.transaction.put(method)
            return call.answer(.mfaMethod, method.message)
        },
        "DeleteUserMfaMethod": { call, request in
            guard let wanted = request.message(.mfaMethod) else { return call.response }
            try call.transaction.delete(.mfaMethod, try mfaMethod(call, wanted).id)
            return call.response
        },
    ]

    private static func mfaMethod(_ call: Call, _ wanted: Message) throws -> Record {
        let id = wanted.string(.externalID)
        guard let method = try call.transaction.record(.mfaMethod, "\(try call.user().id)/\(id)")
        else { throw APIError.notFound("second factor", id) }
        return method
    }

    /// The caller, who must be the user with this id.
    private static func own(_ call: Call, _ id: String) throws -> Record {
        let user = try call.user()
        guard id.lowercased() == user.id else {
            throw APIError(.permissionDenied, "user \(id) is not the caller")
        }
        return user
    }

    private static func deleteUser(_ call: Call, _ request: Message) throws -> Message {
        let id = request.string(.userID).lowercased()
        let user: Record
        if call.world.options.leniencies.contains(.deleteUser),
            case .managementKey(_, let account) = call.actor
        {
            guard let member = try call.transaction.record(.member, Membership.id(account, id)),
                let found = try call.transaction.record(.user, member.parent)
            else { throw APIError.notFound("user", id) }
            user = found
        } else {
            user = try own(call, id)
        }
        let memberships = try Membership.accounts(of: user.id, call.transaction)
        guard !memberships.contains(where: Membership.isOwner) else {
            throw APIError(
                .failedPrecondition, "the user owns an account: transfer or delete it first")
        }
        for member in memberships { try call.transaction.delete(.member, member.id) }
        for kind in [Kind.mfaMethod, .consent, .profile] {
            for record in try call.transaction.records(kind, parent: user.id) {
                try call.transaction.delete(kind, record.id)
            }
        }
        try call.transaction.delete(.userToken, user.id)
        try call.transaction.delete(.user, user.id)
        return call.response
    }
}
