import Codec
import Contract
import GRPCProtocol

/// The API as JSON over HTTP: translates route, query and body into a request message, as
/// grpc-gateway does by google.api.http.
final class RESTGateway {
    let registry: Registry
    /// Made for the first request: it takes a look at the whole contract.
    private lazy var routes = RouteTable(registry: registry)

    /// The largest answer that the gateway takes from a service, as gRPC clients have it.
    private static let maximumAnswerSize = 4 << 20

    init(registry: Registry) { self.registry = registry }

    func answer(_ request: InboundRequest, _ cloud: Cloud) -> OutboundResponse {
        let trace = cloud.world.newTraceID()
        var response: OutboundResponse
        do throws(APIError) {
            let (method, variables, isForm) = try find(request)
            let execution = Execution(
                cloud: cloud, method: method, metadata: Self.metadata(request.headers),
                transport: "rest",
                timeout: request.header(CallTimeout.header).flatMap(CallTimeout.nanoseconds),
                traceID: trace)
            let outcome = execution.run { () throws(APIError) in
                try message(method, variables, request, isForm)
            }
            switch outcome.result {
            case .success(let answer): response = try write(answer)
            case .failure(let error): response = Self.failure(error, registry: registry)
            }
            response.delivery = outcome.delivery
        } catch {
            response = Self.failure(error, registry: registry)
        }
        response.headers.append(("grpc-metadata-qc-trace-id", trace))
        return response
    }

    /// Refuses a call by its headers, or lets its body come.
    func decide(_ head: InboundRequest, _ cloud: Cloud) -> Front.Admission {
        let trace = cloud.world.newTraceID()
        let failure: APIError
        var isAnonymous = false
        do throws(APIError) {
            let (method, _, _) = try find(head)
            let execution = Execution(
                cloud: cloud, method: method, metadata: Self.metadata(head.headers),
                transport: "rest", timeout: nil, traceID: trace)
            guard let error = execution.refusal() else {
                return .admitted(method.bodyBudget, bytes: 0)
            }
            failure = error
            isAnonymous = true
        } catch {
            failure = error
        }
        var response = Self.failure(failure, registry: registry)
        response.headers.append(("grpc-metadata-qc-trace-id", trace))
        return .refused(response, isAnonymous: isAnonymous)
    }

    private func write(_ answer: Cloud.Answer) throws(APIError) -> OutboundResponse {
        let text = JSONWriter(emitsDefaults: true, registry: registry).text(answer.message)
        if text.utf8.count > Self.maximumAnswerSize {
            let size = answer.message.serialized().count
            guard size <= Self.maximumAnswerSize else {
                throw APIError(
                    .resourceExhausted,
                    "grpc: received message larger than max (\(size) vs. "
                        + "\(Self.maximumAnswerSize)); ask for pages")
            }
        }
        return OutboundResponse(
            status: 200,
            headers: [("content-type", "application/json")]
                + answer.metadata.map { ("grpc-metadata-" + $0.name, $0.value) },
            body: Array(text.utf8))
    }

    private func find(
        _ request: InboundRequest
    ) throws(APIError) -> (Method, [(path: [String], value: String)], isForm: Bool) {
        var verb = request.verb
        // Clients that cannot send a verb or a long query post a form in its place.
        let isForm =
            verb == "POST"
            && request.header("content-type")?.lowercased()
                .hasPrefix("application/x-www-form-urlencoded") == true
        if isForm, let override = request.header("x-http-method-override") {
            verb = override.uppercased()
        }
        let matches = routes.matches(path: String(request.path))
        guard !matches.isEmpty else { throw APIError(.notFound, "Not Found") }
        if let match = matches.first(where: { $0.method.route?.verb == verb }) {
            return (match.method, match.variables, isForm && verb != "POST")
        }
        if isForm, let match = matches.first(where: { $0.method.route?.verb == "GET" }) {
            return (match.method, match.variables, true)
        }
        throw APIError(.unimplemented, "Method Not Allowed")
    }

    private func message(
        _ method: Method, _ variables: [(path: [String], value: String)],
        _ request: InboundRequest, _ isForm: Bool
    ) throws(APIError) -> Message {
        var message = Message(method.input)
        // Names of enum values that are not known are dropped, as unknown fields are.
        let reader = JSONReader(
            ignoresUnknownFields: true, ignoresUnknownEnumNames: true, registry: registry)
        let body = method.route?.body
        if let body, !request.body.isEmpty, !isForm {
            let json = Self.firstValue(of: request.body)
            do throws(CodecError) {
                if body == "*" {
                    message = try reader.message(
                        Self.withPlainMask(json, of: method), as: method.input,
                        dropsUnknownEnumNames: true)
                } else if let field = method.input.field(named: body), let type = field.messageType
                {
                    message[field] = .message(
                        try reader.message(json, as: type, dropsUnknownEnumNames: true))
                }
            } catch {
                throw APIError(.invalidArgument, error.description)
            }
        }
        if body != "*" {
            let strict = JSONReader(ignoresUnknownFields: true, registry: registry)
            let form = isForm ? String(decoding: request.body, as: UTF8.self) : ""
            let pairs = [request.query ?? "", form[...]].flatMap { $0.split(separator: "&") }
            try Self.read(pairs, into: &message, strict, skipping: variables.map(\.path))
        }
        for (path, value) in variables {
            try Self.set(value, at: path, in: &message, reader)
        }
        return message
    }

    // MARK: - Query

    private static func read(
        _ pairs: [Substring], into message: inout Message, _ reader: JSONReader,
        skipping: [[String]]
    ) throws(APIError) {
        var names: Set<String> = []
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentCoding.decode(parts[0], plusIsSpace: true)
            let value = parts.count > 1 ? PercentCoding.decode(parts[1], plusIsSpace: true) : ""
            guard let name, let value else {
                throw APIError(.invalidArgument, "the query is not percent-encoded properly")
            }
            let path = name.split(separator: ".").map(String.init)
            // Unknown parameters are passed over; what the path says wins.
            guard let canonical = canonical(path, message.type), !skipping.contains(canonical)
            else { continue }
            guard names.insert(name).inserted || isRepeated(canonical, message.type) else {
                throw APIError(.invalidArgument, "too many values for field \"\(name)\"")
            }
            try set(value, at: canonical, in: &message, reader)
        }
    }

    /// The path in the contract's names; nil when the type has no such path.
    private static func canonical(_ path: [String], _ type: MessageType) -> [String]? {
        guard let first = path.first, let field = type.field(named: first) else { return nil }
        guard path.count > 1 else { return [field.name] }
        guard let inner = field.messageType, !field.isRepeated,
            let rest = canonical(Array(path.dropFirst()), inner)
        else { return nil }
        return [field.name] + rest
    }

    private static func isRepeated(_ path: [String], _ type: MessageType) -> Bool {
        guard let field = path.first.flatMap(type.field(named:)) else { return false }
        guard path.count > 1, let inner = field.messageType else { return field.isRepeated }
        return isRepeated(Array(path.dropFirst()), inner)
    }

    private static func set(
        _ text: String, at path: [String], in message: inout Message, _ reader: JSONReader
    ) throws(APIError) {
        var type = message.type
        for name in path.dropLast() {
            guard let inner = type.field(named: name)?.messageType else { return }
            type = inner
        }
        guard let last = path.last, let field = type.field(named: last) else { return }
        let value: Value
        do throws(CodecError) {
            value = try reader.scalar(field.kind == .bool ? flag(text) : text, of: field)
        } catch {
            throw APIError(
                .invalidArgument, "parameter \(path.joined(separator: ".")): \(error)")
        }
        guard field.isRepeated else {
            message.setValue(value, at: path)
            return
        }
        message.append(value, at: path)
    }

    /// The ways in which clients write a flag in a query; JSON knows two of them.
    private static func flag(_ text: String) -> String {
        switch text.lowercased() {
        case "1", "t", "true", "yes", "y": "true"
        case "0", "f", "false", "no", "n": "false"
        default: text
        }
    }

    /// The first JSON value of a body; anything after it is ignored.
    private static func firstValue(of body: [UInt8]) -> [UInt8] {
        let end = body.withUnsafeBytes { bytes -> Int? in
            var scanner = JSONScanner(bytes)
            guard (try? scanner.skipValue(depth: 100)) != nil else { return nil }
            return scanner.offset
        }
        return end.map { Array(body[..<$0]) } ?? body
    }

    /// Accepts `{"paths": [...]}` in addition to the comma-separated form of ProtoJSON.
    private static func withPlainMask(_ body: [UInt8], of method: Method) -> [UInt8] {
        guard method.options.patchSource != nil else { return body }
        return MaskForms.normalised(body) ?? body
    }

    // MARK: - Answers

    static func failure(
        _ error: APIError, registry: Registry, status: Int? = nil
    ) -> OutboundResponse {
        let writer = JSONWriter(emitsDefaults: true, registry: registry)
        let text =
            error.status(registry: registry).map { writer.text($0) }
            ?? "{\"code\":\(error.code.rawValue),\"message\":\"\",\"details\":[]}"
        var headers = [(name: "content-type", value: "application/json")]
        if error.code == .unauthenticated { headers.append(("www-authenticate", error.message)) }
        return OutboundResponse(
            status: status ?? error.code.httpStatus, headers: headers, body: Array(text.utf8))
    }

    /// `Grpc-Metadata-X` becomes `x`; `Authorization` stays.
    private static func metadata(_ headers: [(name: String, value: String)]) -> [String: String] {
        let prefix = "grpc-metadata-"
        var metadata: [String: String] = [:]
        for (name, value) in headers {
            if name.hasPrefix(prefix) {
                metadata[String(name.dropFirst(prefix.count))] = value
            } else if name == "authorization" || name == "user-agent" {
                metadata[name] = value
            }
        }
        return metadata
    }
}

/// Finds methods by the path of a URL. Literal segments win over variables.
struct RouteTable {
    struct Match {
        let method: Method
        let variables: [(path: [String], value: String)]
    }

    private struct Entry {
        let method: Method
        let route: HTTPRoute
        let literals: Int
    }

    private var byLength: [Int: [Entry]] = [:]

    init(registry: Registry) {
        for method in (try? registry.allMethods()) ?? [] {
            guard let route = method.route else { continue }
            let literals = route.segments.filter { if case .literal = $0 { true } else { false } }
            byLength[route.segments.count, default: []].append(
                Entry(method: method, route: route, literals: literals.count))
        }
        for length in byLength.keys {
            byLength[length]?.sort { $0.literals > $1.literals }
        }
    }

    /// The methods whose template fits, most literal first. A worse fit than the best is left out.
    func matches(path: String) -> [Match] {
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var best = 0
        var found: [Match] = []
        for entry in byLength[segments.count] ?? [] {
            guard entry.literals >= best else { break }
            guard let variables = Self.bind(entry.route, segments) else { continue }
            best = entry.literals
            found.append(Match(method: entry.method, variables: variables))
        }
        return found
    }

    private static func bind(
        _ route: HTTPRoute, _ segments: [Substring]
    ) -> [(path: [String], value: String)]? {
        var variables: [(path: [String], value: String)] = []
        for (pattern, segment) in zip(route.segments, segments) {
            switch pattern {
            case .literal(let text):
                guard segment == text else { return nil }
            case .single(let variable), .rest(let variable):
                // A percent-encoded slash does not match one segment.
                guard let value = PercentCoding.decode(segment), !value.contains("/") else {
                    return nil
                }
                if let variable { variables.append((route.variables[variable], value)) }
            }
        }
        return variables
    }
}
