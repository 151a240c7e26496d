import Codec

/// Readings of a cluster.
enum ClusterState {
    /// The phase without its prefix.
    static func phase(of cluster: Message) -> String {
        let name = cluster.message(.state)?.enumName(.phase) ?? "CLUSTER_PHASE_UNSPECIFIED"
        return String(name.dropFirst("CLUSTER_PHASE_".count))
    }

    /// Whether the cluster has been asked to go.
    static func isLeaving(_ cluster: Message) -> Bool { phase(of: cluster) == "DELETING" }

    /// The memory that a node uses, in GiB.
    static func memoryUse(of cluster: Record) -> Double { Double(cluster.number("memory")) / 1024 }

    /// Whether a cluster costs nothing.
    static func isFree(_ record: Record, _ catalogue: Catalogue) -> Bool {
        let id = record.message.message(.configuration)?.string(.packageID) ?? ""
        return catalogue.package(id)?.isFree ?? false
    }

    /// How many nodes the cluster has at present.
    static func nodeCount(_ record: Record) -> Int {
        record.message.message(.state)?.list(.nodes).count ?? 0
    }
}
