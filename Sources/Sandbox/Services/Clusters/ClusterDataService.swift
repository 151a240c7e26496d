import Codec
import GRPCProtocol

/// What a cluster's database holds.
enum ClusterDataService: CloudService {
    static let name = "qdrant.cloud.ui.v1.ClusterDataService"

    static let handlers: [String: Handler] = [
        "ListCollections": { call, request in
            let cluster = try call.find(.cluster, request.string(.clusterID), "cluster")
            guard Collections.canBeReached(cluster) else {
                throw APIError(.failedPrecondition, "the cluster is not running")
            }
            return call.list(
                Collections.names(of: cluster).map { name in
                    var item = call.response.new(.items)
                    item.set(.name, name)
                    return item
                })
        }
    ]
}
