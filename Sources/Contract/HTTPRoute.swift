/// The HTTP rule of a method, as google/api/http.proto defines it.
public struct HTTPRoute: Sendable {
    /// One part of a path template.
    public enum Segment: Sendable, Equatable {
        /// Text that has to stand there, not percent-encoded.
        case literal(String)
        /// `*`: exactly one segment, bound to a variable when it has one.
        case single(variable: Int?)
        /// `**`: the rest of the path, bound to a variable when it has one.
        case rest(variable: Int?)
    }

    /// What can be wrong with a rule.
    public enum ParseError: Error, Equatable, Sendable {
        /// The template does not follow the grammar of google/api/http.proto.
        case invalidTemplate(String)
    }

    /// `GET`, `PUT`, `POST`, `DELETE`, `PATCH` or a custom verb.
    public let verb: String
    /// The template as written.
    public let template: String
    /// `*` when the body is the whole request, a field's name when it is that field, nil for none.
    public let body: String?
    /// The parsed template.
    public let segments: [Segment]
    /// Field paths of the variables, in the order of their appearance.
    public let variables: [[String]]
    /// The custom verb after a final colon.
    public let customVerb: String?

    /// Parses a rule.
    public init(verb: String, template: String, body: String?) throws(ParseError) {
        self.verb = verb
        self.template = template
        self.body = body
        guard template.hasPrefix("/") else { throw .invalidTemplate(template) }
        var segments: [Segment] = []
        var variables: [[String]] = []
        var rest = template.dropFirst()
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("}") {
            customVerb = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        } else {
            customVerb = nil
        }
        for part in Self.split(rest) {
            guard part.hasPrefix("{") else {
                segments.append(Self.segment(part, variable: nil))
                continue
            }
            guard part.hasSuffix("}"), part.count > 2 else { throw .invalidTemplate(template) }
            let inner = part.dropFirst().dropLast()
            let pieces = inner.split(separator: "=", maxSplits: 1)
            guard !pieces.isEmpty, !inner.hasPrefix("=") else { throw .invalidTemplate(template) }
            variables.append(pieces[0].split(separator: ".").map(String.init))
            let variable = variables.count - 1
            guard pieces.count == 2 else {
                segments.append(.single(variable: variable))
                continue
            }
            for piece in pieces[1].split(separator: "/") {
                segments.append(Self.segment(piece, variable: variable))
            }
        }
        self.segments = segments
        self.variables = variables
    }

    private static func segment(_ part: Substring, variable: Int?) -> Segment {
        switch part {
        case "*": .single(variable: variable)
        case "**": .rest(variable: variable)
        default: .literal(String(part))
        }
    }

    /// Splits at slashes outside of braces.
    private static func split(_ template: Substring) -> [Substring] {
        var parts: [Substring] = []
        var start = template.startIndex
        var depth = 0
        for index in template.indices {
            switch template[index] {
            case "{": depth += 1
            case "}": depth -= 1
            case "/" where depth == 0:
                parts.append(template[start..<index])
                start = template.index(after: index)
            default: break
            }
        }
        parts.append(template[start...])
        return parts
    }
}
