import Budgets
import Codec
import GRPCProtocol

/// Answers requests of all kinds. Lives on the server's one event loop.
final class Front {
    let worlds: Worlds
    let grpc: GRPCFront
    let rest: RESTGateway
    let reflection: Reflection
    let health: Health
    let admin: AdminAPI
    let load: ServerLoad
    private let hosts: HostCheck

    init(worlds: Worlds, adminToken: String, hosts: HostCheck, load: ServerLoad) {
        self.worlds = worlds
        self.hosts = hosts
        self.load = load
        let registry = worlds.main.world.registry
        grpc = GRPCFront(registry: registry, budgets: load.budgets)
        rest = RESTGateway(registry: registry)
        reflection = Reflection(registry: registry)
        health = Health(registry: registry)
        admin = AdminAPI(worlds: worlds, token: adminToken)
    }

    var budgets: Budgets { load.budgets }

    /// The decision about a request whose headers have come.
    enum Admission {
        /// It is answered now, whatever its body is. Anonymous: for its credential.
        case refused(OutboundResponse, isAnonymous: Bool)
        /// The request may go on; its body may have at most `bytes` bytes.
        case admitted(Budget, bytes: Int)
    }

    /// Refuses by the headers alone what can be refused so: what costs least comes first, and
    /// nothing of a stranger's is kept or decoded.
    func admit(_ head: InboundRequest) -> Admission {
        let isGRPC = Self.isGRPC(head.headers)
        if let problem = hosts.problem(head) {
            let error = APIError(.permissionDenied, problem)
            return .refused(
                isGRPC
                    ? grpc.failure(error, trace: worlds.main.world.newTraceID())
                    : RESTGateway.failure(error, registry: worlds.main.world.registry, status: 421),
                isAnonymous: false)
        }
        func admitted(_ budget: Budget) -> Admission {
            // A gRPC message stands behind a prefix of five bytes.
            .admitted(budget, bytes: budgets[budget] + (isGRPC ? 5 : 0))
        }
        if isGRPC, head.path == Health.checkPath || isStream(head.path) {
            return admitted(.streamMessage)
        }
        if !isGRPC, head.path.hasPrefix(AdminAPI.prefix) {
            return admin.isAllowed(head)
                ? admitted(.adminBody) : .refused(admin.answer(head), isAnonymous: true)
        }
        do throws(APIError) {
            let path = Self.segments(head)
            let isData = !isGRPC && DataPlane.serves(path)
            let cloud = try worlds.cloud(for: head, isData: isData)
            if isData {
                guard let refusal = DataPlane(cloud).refusal(Self.dataRequest(head, path)) else {
                    return admitted(.requestBody)
                }
                return .refused(Self.response(refusal), isAnonymous: refusal.status == 401)
            }
            let decision =
                isGRPC ? grpc.decide(head, cloud) : rest.decide(head, cloud)
            switch decision {
            case .refused: return decision
            case .admitted(let budget, _): return admitted(budget)
            }
        } catch {
            return .refused(
                isGRPC
                    ? grpc.failure(error, trace: worlds.main.world.newTraceID())
                    : RESTGateway.failure(error, registry: worlds.main.world.registry),
                isAnonymous: false)
        }
    }

    private static func segments(_ request: InboundRequest) -> [String] {
        request.path.split(separator: "/").map { PercentCoding.decode($0) ?? "" }
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
                return grpc.failure(error, trace: worlds.main.world.newTraceID())
            }
        }
        let trace = worlds.main.world.newTraceID()
        do throws(APIError) {
            let message = try grpc.message(in: request.body, nil)
            guard let answer = health.check(message) else {
                throw APIError(.notFound, "unknown service")
            }
            return GRPCFront.success(MessageFrame.framed(answer), trace: trace)
        } catch {
            return grpc.failure(error, trace: trace)
        }
    }

    private func answerHTTP(_ request: InboundRequest) -> OutboundResponse {
        if request.path.hasPrefix(AdminAPI.prefix) { return admin.answer(request) }
        let path = Self.segments(request)
        do throws(APIError) {
            let isData = DataPlane.serves(path)
            let cloud = try worlds.cloud(for: request, isData: isData)
            return isData ? answerData(request, path, cloud) : rest.answer(request, cloud)
        } catch {
            return RESTGateway.failure(error, registry: worlds.main.world.registry)
        }
    }

    private func answerData(
        _ request: InboundRequest, _ path: [String], _ cloud: Cloud
    ) -> OutboundResponse {
        Self.response(DataPlane(cloud).answer(Self.dataRequest(request, path)))
    }

    private static func dataRequest(
        _ request: InboundRequest, _ path: [String]
    ) -> DataRequest {
        DataRequest(
            verb: request.verb, path: path, key: Worlds.databaseKey(of: request),
            cluster: request.header("qcsh-cluster"), body: request.body)
    }

    private static func response(_ answer: DataResponse) -> OutboundResponse {
        let isText = !answer.json.hasPrefix("{")
        return OutboundResponse(
            status: answer.status,
            headers: [("content-type", isText ? "text/plain" : "application/json")],
            body: Array(answer.json.utf8))
    }

    /// The answer to one message of a stream; nil for methods that do not stream.
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
