import Budgets
import Codec
import Contract

/// Answers gRPC calls (grpc/doc/PROTOCOL-HTTP2.md).
final class GRPCFront {
    private let registry: Registry
    private let budgets: Budgets
    /// The methods that were called, by their paths.
    private var methods: [Substring: Method] = [:]

    init(registry: Registry, budgets: Budgets) {
        self.registry = registry
        self.budgets = budgets
    }

    private func method(_ path: Substring) -> Method? {
        if let known = methods[path] { return known }
        guard let found = try? registry.method(path: String(path)) else { return nil }
        // One spelling of each method is kept, not all that a peer thinks of.
        if found.path == path { methods[path] = found }
        return found
    }

    /// Refuses a call by its headers, or lets its message come.
    func decide(_ head: InboundRequest, _ cloud: Cloud) -> Front.Admission {
        let trace = cloud.world.newTraceID()
        guard let method = method(head.path) else {
            let error = APIError(.unimplemented, "unknown method \(head.path)")
            return .refused(failure(error, trace: trace), isAnonymous: false)
        }
        let execution = Execution(
            cloud: cloud, method: method, metadata: Self.metadata(head.headers),
            transport: "grpc", timeout: nil, traceID: trace)
        if let error = execution.refusal() {
            return .refused(failure(error, trace: trace), isAnonymous: true)
        }
        return .admitted(method.bodyBudget, bytes: 0)
    }

    /// Answers a unary call whose request has been received whole.
    func answer(_ request: InboundRequest, _ cloud: Cloud) -> OutboundResponse {
        let trace = cloud.world.newTraceID()
        guard let method = method(request.path) else {
            return failure(APIError(.unimplemented, "unknown method \(request.path)"), trace: trace)
        }
        let execution = Execution(
            cloud: cloud, method: method, metadata: Self.metadata(request.headers),
            transport: "grpc", timeout: Execution.timeout(request.header("grpc-timeout")),
            traceID: trace)
        let outcome = execution.run { () throws(APIError) in
            let payload = try message(in: request.body, request.header("grpc-encoding"))
            do throws(CodecError) {
                return try ProtobufReader().message(payload, as: method.input)
            } catch {
                throw APIError(.invalidArgument, "the request cannot be read: \(error)")
            }
        }
        var response: OutboundResponse
        switch outcome.result {
        case .success(let answer):
            response = Self.success(Self.framed(answer.message), trace: trace, answer.metadata)
        case .failure(let error): response = failure(error, trace: trace)
        }
        response.delivery = outcome.delivery
        return response
    }

    /// The metadata that services see.
    static func metadata(_ headers: [(name: String, value: String)]) -> [String: String] {
        var metadata: [String: String] = [:]
        metadata.reserveCapacity(headers.count)
        for (name, value) in headers where name.utf8.first != UInt8(ascii: ":") {
            if metadata[name] == nil { metadata[name] = value }
        }
        return metadata
    }

    /// The one message of a request.
    func message(in body: [UInt8], _ encoding: String?) throws(APIError) -> [UInt8] {
        guard body.count >= 5 else {
            throw APIError(.internal, "the request has no message")
        }
        let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard length <= budgets[.requestBody] else {
            throw APIError(
                .resourceExhausted,
                "the request has \(length) bytes, " + budgets.exceeded(.requestBody))
        }
        guard body.count == length + 5 else {
            throw APIError(.internal, "the request has not exactly one message")
        }
        guard body[0] == 0 else {
            throw APIError(
                .unimplemented,
                "the request is compressed with \(encoding ?? "?"), which is not taken")
        }
        return Array(body[5...])
    }

    /// A message with its prefix.
    static func framed(_ message: Message) -> [UInt8] { framed(message.serialized()) }

    /// A serialized message with its prefix.
    static func framed(_ message: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(message.count + 5)
        frame.append(0)
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(contentsOf: message)
        return frame
    }

    /// The headers of every answer that has a body.
    static let headers: [(name: String, value: String)] = [
        ("content-type", "application/grpc")
    ]

    static func success(
        _ body: [UInt8], trace: String, _ metadata: [(name: String, value: String)] = []
    ) -> OutboundResponse {
        OutboundResponse(
            status: 200, headers: headers + metadata, body: body,
            trailers: [("grpc-status", "0"), ("qc-trace-id", trace)])
    }

    /// An error without a body: headers and trailers in one.
    func failure(_ error: APIError, trace: String) -> OutboundResponse {
        var trailers: [(name: String, value: String)] = [
            ("content-type", "application/grpc"), ("grpc-status", "\(error.code.rawValue)"),
            ("grpc-message", PercentCoding.encode(error.message, keeping: .printable)),
            ("qc-trace-id", trace),
        ]
        if error.hasDetails, let status = error.status(registry: registry) {
            let encoded = Base64.encode(status.serialized()).prefix { $0 != "=" }
            trailers.append(("grpc-status-details-bin", String(encoded)))
        }
        return OutboundResponse(status: 200, headers: trailers)
    }
}

extension Method {
    /// How large a request of the method may be.
    var bodyBudget: Budget { options.requiresAuthentication ? .requestBody : .anonymousBody }
}
