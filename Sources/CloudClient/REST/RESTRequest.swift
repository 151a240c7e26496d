import Codec
import Contract
import GRPCProtocol

/// A call as an HTTP request, by the method's google.api.http rule.
struct RESTRequest {
    /// The verb.
    let verb: String
    /// Path and query, percent-encoded.
    let target: String
    /// The JSON body; nil for none.
    let body: [UInt8]?

    /// Builds the request.
    ///
    /// Fields in the path are left out of the query; fields in neither path nor body go into the
    /// query with snake_case names, which every known gateway accepts.
    init(_ method: Method, _ request: Message) throws(CallError) {
        guard let route = method.route else {
            throw CallError(.unimplemented, "\(method.name) has no HTTP rule", origin: .local)
        }
        verb = route.verb
        var path = ""
        for segment in route.segments {
            path += "/"
            switch segment {
            case .literal(let text): path += text
            case .single(let variable?), .rest(let variable?):
                let fieldPath = route.variables[variable]
                let text = request.value(at: fieldPath).map(Self.text) ?? ""
                guard !text.isEmpty else {
                    throw CallError(
                        .invalidArgument,
                        "\(fieldPath.joined(separator: ".")) must be set: it is part of the URL",
                        origin: .local)
                }
                path += PercentCoding.encode(text)
            case .single(nil), .rest(nil):
                throw CallError(
                    .unimplemented, "the route \(route.template) has an unnamed variable",
                    origin: .local)
            }
        }
        if let custom = route.customVerb { path += ":" + custom }
        switch route.body {
        case "*"?:
            // `*` is everything that the path does not bind (google/api/http.proto).
            var rest = request
            for variable in route.variables { rest.setValue(nil, at: variable) }
            body = Array(JSONWriter().text(rest).utf8)
            target = path
        case let field?:
            if let field = request.type.field(named: field),
                case .message(let inner) = request[field]
            {
                body = Array(JSONWriter().text(inner).utf8)
            } else {
                body = Array("{}".utf8)
            }
            target = path
        case nil:
            body = nil
            var query: [String] = []
            Self.collect(request, prefix: [], skipping: Set(route.variables), into: &query)
            target = query.isEmpty ? path : path + "?" + query.joined(separator: "&")
        }
    }

    private static func collect(
        _ message: Message, prefix: [String], skipping: Set<[String]>, into query: inout [String]
    ) {
        for (field, value) in message.setFields where message.has(field) {
            let path = prefix + [field.name]
            if skipping.contains(path) { continue }
            let name = path.map { PercentCoding.encode($0) }.joined(separator: ".")
            switch value {
            case .list(let items):
                for item in items {
                    query.append("\(name)=\(PercentCoding.encode(text(item, field)))")
                }
            case .map(let entries):
                for (key, item) in entries {
                    let element = PercentCoding.encode("[\(key.mapKeyText)]")
                    query.append("\(name)\(element)=\(PercentCoding.encode(text(item)))")
                }
            case .message(let inner) where inner.type.wellKnown == nil:
                collect(inner, prefix: path, skipping: skipping, into: &query)
            default: query.append("\(name)=\(PercentCoding.encode(text(value, field)))")
            }
        }
    }

    private static func text(_ value: Value, _ field: Field) -> String {
        if case .enumeration(let number) = value, let name = field.enumType?.name(of: number) {
            return name
        }
        return text(value)
    }

    /// A scalar, or a well-known type in its JSON form without quotes.
    private static func text(_ value: Value) -> String {
        switch value {
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return "\(number)"
        case .uint(let number): return "\(number)"
        case .float(let number): return "\(number)"
        case .double(let number): return "\(number)"
        case .string(let text): return text
        case .bytes(let bytes): return Base64.encode(bytes)
        case .enumeration(let number): return "\(number)"
        case .unknownEnumName(let name): return name
        case .message(let message):
            let json = JSONWriter().text(message)
            return json.hasPrefix("\"") ? String(json.dropFirst().dropLast()) : json
        case .list, .map: return ""
        }
    }
}
