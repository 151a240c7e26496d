import Contract

/// Answers requests of all kinds. Lives on the server's one event loop.
final class Front {
    let cloud: Cloud
    let grpc: GRPCFront
    let rest: RESTGateway
    let reflection: Reflection
    let health: Health

    init(cloud: Cloud) {
        self.cloud = cloud
        grpc = GRPCFront(cloud: cloud)
        rest = RESTGateway(cloud: cloud)
        reflection = Reflection(registry: cloud.registry)
        health = Health(registry: cloud.registry)
    }

    /// Whether a request speaks gRPC.
    static func isGRPC(_ headers: [(name: String, value: String)]) -> Bool {
        headers.contains { $0.name == "content-type" && $0.value.hasPrefix("application/grpc") }
    }

    /// Answers a request that has been received whole.
    func answer(_ request: InboundRequest) -> OutboundResponse {
        guard Self.isGRPC(request.headers) else { return rest.answer(request) }
        guard request.path == Health.checkPath else { return grpc.answer(request) }
        let trace = cloud.newID()
        do throws(APIError) {
            let message = try GRPCFront.message(in: request.body, nil)
            guard let answer = health.check(message) else {
                throw APIError(.notFound, "the service is not known")
            }
            return GRPCFront.success(GRPCFront.framed(answer), trace: trace)
        } catch {
            return grpc.failure(error, trace: trace)
        }
    }

    /// The answer to one message of a stream; nil for methods that are no streams.
    func streamAnswer(_ path: Substring, _ message: [UInt8]) -> [UInt8]? {
        if Reflection.paths.contains(String(path)) { return reflection.answer(message) }
        if path == Health.watchPath { return health.watch(message) }
        return nil
    }

    /// Whether a path is a streaming method.
    func isStream(_ path: Substring) -> Bool {
        Reflection.paths.contains(String(path)) || path == Health.watchPath
    }
}
