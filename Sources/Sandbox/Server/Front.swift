import Codec
import Contract

/// Answers requests of all kinds. Lives on the server's one event loop.
final class Front {
    let worlds: Worlds
    let grpc: GRPCFront
    let rest: RESTGateway
    let reflection: Reflection
    let health: Health
    let admin: AdminAPI

    init(worlds: Worlds, adminToken: String) {
        self.worlds = worlds
        let registry = worlds.main.registry
        grpc = GRPCFront(registry: registry)
        rest = RESTGateway(registry: registry)
        reflection = Reflection(registry: registry)
        health = Health(registry: registry)
        admin = AdminAPI(worlds: worlds, token: adminToken)
    }

    /// The largest body of a request that is taken: whoever may administer the sandbox may send a
    /// whole state.
    func bodyLimit(_ request: InboundRequest) -> Int {
        request.path.hasPrefix(AdminAPI.prefix) && admin.isAllowed(request)
            ? AdminAPI.maximumBodySize : GRPCFront.maximumRequestSize
    }

    /// Whether a request speaks gRPC.
    static func isGRPC(_ headers: [(name: String, value: String)]) -> Bool {
        headers.contains { $0.name == "content-type" && $0.value.hasPrefix("application/grpc") }
    }

    /// Answers a request that has been received whole.
    func answer(_ request: InboundRequest) -> OutboundResponse {
        guard Self.isGRPC(request.headers) else { return answerHTTP(request) }
        guard request.path == Health.checkPath else {
            do throws(APIError) {
                return grpc.answer(request, try worlds.cloud(for: request))
            } catch {
                return grpc.failure(error, trace: worlds.main.newTraceID())
            }
        }
        let trace = worlds.main.newTraceID()
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

    private func answerHTTP(_ request: InboundRequest) -> OutboundResponse {
        if request.path.hasPrefix(AdminAPI.prefix) { return admin.answer(request) }
        let path = request.path.split(separator: "/").map { PercentCoding.decode($0) ?? "" }
        do throws(APIError) {
            let isData = DataPlane.serves(path)
            let cloud = try worlds.cloud(for: request, isData: isData)
            return isData ? answerData(request, path, cloud) : rest.answer(request, cloud)
        } catch {
            return RESTGateway.failure(error, registry: worlds.main.registry)
        }
    }

    private func answerData(
        _ request: InboundRequest, _ path: [String], _ cloud: Cloud
    ) -> OutboundResponse {
        let response = DataPlane(cloud).answer(
            DataPlane.Request(
                verb: request.verb, path: path, key: Worlds.databaseKey(of: request),
                cluster: request.header("qcsh-cluster")))
        let isText = !response.json.hasPrefix("{")
        return OutboundResponse(
            status: response.status,
            headers: [("content-type", isText ? "text/plain" : "application/json")],
            body: Array(response.json.utf8))
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
