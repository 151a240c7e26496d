import Codec
import GRPCProtocol

/// Short-lived tokens for the database's own web page.
enum DashboardTokenService: CloudService {
    static let name = "qdrant.cloud.cluster.auth.v1.EphemeralDashboardTokenService"

    static let handlers: [String: Handler] = [
        "CreateEphemeralDashboardToken": { call, request in
            let cluster = try call.find(.cluster, request.string(.clusterID), "cluster")
            let phase = cluster.message.message(.state)?.enumName(.phase) ?? ""
            guard phase == "CLUSTER_PHASE_HEALTHY" else {
                throw APIError(.failedPrecondition, "the cluster is not running")
            }
            let secret = "local:v1:" + Digest.base64URL(call.world.random.bytes(32))
            var token = call.response.new(.ephemeralDashboardToken)
            token.set(.token, secret)
            return call.answer(.ephemeralDashboardToken, token)
        }
    ]
}
