import Budgets
import Codec
import Contract
import GRPCProtocol

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
            transport: "grpc",
            timeout: request.header(CallTimeout.header).flatMap(CallTimeout.nanoseconds),
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
        let content: MessageFrame.Content
        do throws(MessageFrame.Problem) {
            content = try MessageFrame.read(body, limit: budgets[.requestBody])
        } catch {
            switch error {
            case .empty, .cutPrefix: throw APIError(.internal, "the request has no message")
            case .tooLarge(let length):
                throw APIError(
                    .resourceExhausted,
                    "the request has \(length) bytes, " + budgets.exceeded(.requestBody))
            case .cut, .more:
                throw APIError(.internal, "the request must have exactly one message")
            case .unknownFlag(let flag):
                throw APIError(.internal, "the request's message has an unknown flag \(flag)")
            }
        }
        guard !content.isCompressed else {
            throw APIError(
                .unimplemented,
                "the request is compressed with \(encoding ?? "?"), which is not supported")
        }
        return Array(content.payload)
    }

    /// A message with its prefix.
    static func framed(_ message: Message) -> [UInt8] {
        var frame = message.serialized(after: MessageFrame.prefixSize)
        MessageFrame.writePrefix(of: &frame)
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
