import CloudClient

/// Where Qdrant Cloud is reached.
enum QdrantCloud {
    static let endpoint = Endpoint(isSecure: true, host: "grpc.cloud.qdrant.io", port: 443)
    static let restEndpoint = Endpoint(isSecure: true, host: "api.cloud.qdrant.io", port: 443)
}
