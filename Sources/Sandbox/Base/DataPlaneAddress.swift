import Codec

/// Where the data plane answers: as endpoints have it, the port is told by itself.
struct DataPlaneAddress {
    /// Scheme and host.
    let url: String
    let port: Int

    /// Writes it into an endpoint of a cluster, a node or a space.
    func fill(_ endpoint: inout Message) {
        endpoint.set(.url, url)
        endpoint.set(.restPort, port)
        endpoint.set(.grpcPort, port)
    }
}
