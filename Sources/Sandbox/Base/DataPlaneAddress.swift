import Codec

/// The address of the data plane, with the port in a field of its own, as in the API's endpoints.
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
