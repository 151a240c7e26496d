import Codec
import GRPCProtocol

/// Short-lived tokens for the web page of a space.
enum SpaceTokenService: CloudService {
    static let name = "qdrant.cloud.serverless.space.auth.v1.EphemeralDashboardTokenService"

    private static let validity = Nanoseconds.hour

    static let handlers: [String: Handler] = [
        "CreateEphemeralDashboardToken": { call, request in
            let space = try call.find(.space, request.string(.spaceID), "space")
            guard SpaceState.phase(of: space) == "READY" else {
                throw APIError(.failedPrecondition, "the space is not running")
            }
            let id = call.world.newID()
            let secret = "local:v1:" + Digest.base64URL(call.world.random.bytes(32))
            var row = call.new("qdrant.cloud.serverless.space.auth.v1.SpaceApiKey")
            row.set(.id, id)
            row.set(.accountID, call.account)
            row.set(.createdAt, call.moment.timestamp)
            row.set(.spaceID, space.id)
            row.set(.name, "dashboard token")
            row.set(.expiresAt, call.world.timestamp(call.now + validity))
            row.set(.createdBy, call.moment.stamp)
            row.set(.postfix, String(secret.suffix(4)))
            row.edit(.state) { $0.setEnum(.phase, "READY") }
            try call.transaction.put(
                Record(
                    kind: .spaceToken, id: id, account: call.account, parent: space.id,
                    created: call.now, message: row, hidden: ["hash": Digest.hash(secret)]))
            try call.transaction.schedule(
                "space_token.expired", subject: id, at: call.now + validity)
            var token = call.response.new(.ephemeralDashboardToken)
            token.set(.token, secret)
            return call.answer(.ephemeralDashboardToken, token)
        },
        "ListEphemeralDashboardTokens": { call, request in
            let space = request.optionalString(.spaceID)?.lowercased()
            let rows = try call.transaction.records(.spaceToken, account: call.account)
                .filter { space == nil || $0.parent == space }
            return call.list(rows.map(\.message))
        },
        "RevokeEphemeralDashboardToken": { call, request in
            var row = try call.find(
                .spaceToken, request.string(.spaceApiKeyID), "dashboard token")
            guard row.message[.revokedAt] == nil else { return call.response }
            row.message.set(.revokedAt, call.moment.timestamp)
            row.message.set(.revokedBy, call.moment.stamp)
            row.message.edit(.state) { $0.setEnum(.phase, "DISABLED") }
            try call.transaction.put(row)
            return call.response
        },
    ]

    static let events: [String: EventHandler] = [
        "space_token.expired": { moment, event in
            try moment.transaction.delete(.spaceToken, event.subject)
        }
    ]
}
