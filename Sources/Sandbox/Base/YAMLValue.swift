import Codec
import Foundation
import GuardedYAML
import Yams

/// A value as YAML and JSON have it: faults, seeds and the admin API come as such.
indirect enum YAMLValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case list([YAMLValue])
    case map([Member])

    /// A name and its value, in the order of the text.
    struct Member: Equatable {
        let name: String
        var value: YAMLValue
    }

    /// A text that cannot be read, or says something that is not understood.
    struct Problem: Error, CustomStringConvertible {
        /// The path of the value, as in `faults[0].status`; empty for the whole text.
        let path: String
        let kind: Kind
        let reason: String

        /// A problem with a value.
        enum Kind {
            /// Its type, or its name.
            case form
            /// It has the right type, and cannot be used.
            case value
        }

        /// Creates a problem of a value.
        init(at path: String = "", kind: Kind = .form, _ reason: String) {
            self.path = path
            self.kind = kind
            self.reason = reason
        }

        /// The problem as one of the value that the text belongs to.
        func inside(_ outer: String) -> Problem {
            Problem(at: path.isEmpty ? outer : "\(outer).\(path)", kind: kind, reason)
        }

        var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

        /// The problem with its line in the text that it is about.
        func located(in text: String) -> String {
            guard !path.isEmpty, let line = YAMLText.line(of: steps, in: text) else {
                return description
            }
            return "\(description) (line \(line))"
        }

        /// The steps of the path.
        private var steps: [YAMLText.Step] {
            path.split(separator: ".").flatMap { part -> [YAMLText.Step] in
                let pieces = part.split(separator: "[")
                let items = pieces.dropFirst().compactMap { Int($0.dropLast()) }
                    .map(YAMLText.Step.item)
                return part.hasPrefix("[")
                    ? pieces.compactMap { Int($0.dropLast()) }.map(YAMLText.Step.item)
                    : pieces.prefix(1).map { .member(String($0)) } + items
            }
        }
    }

    /// Reads YAML, or JSON, which is YAML.
    ///
    /// - Throws: ``Problem`` with line and column.
    init(parsing text: String) throws(Problem) {
        do throws(YAMLText.Problem) {
            self = try YAMLText.document(text).map(Self.value) ?? .null
        } catch {
            throw Problem("cannot be read: \(error)")
        }
    }

    /// How deep JSON may be nested.
    private static let deepest = 100

    private static func value(_ node: Node) throws(YAMLText.Problem) -> YAMLValue {
        switch node {
        case .scalar(let scalar):
            guard let scalarValue = try? YAMLScalar(scalar) else {
                // A number that cannot be kept: what it is for refuses the text.
                return .string(scalar.string)
            }
            return switch scalarValue {
            case .null: .null
            case .flag(let flag): .bool(flag)
            case .integer(let number): .number("\(number)")
            // A member's form says whether it may be a number; these have none in JSON.
            case .number(let number):
                number.isFinite ? .number("\(number)") : .string(scalar.string)
            case .text(let text): .string(text)
            case .bytes(let bytes): .string(String(decoding: bytes, as: UTF8.self))
            }
        case .sequence(let items):
            var values: [YAMLValue] = []
            for item in items { values.append(try value(item)) }
            return .list(values)
        case .mapping(let pairs):
            var members: [Member] = []
            for (key, inner) in pairs {
                members.append(Member(name: key.string ?? "", value: try value(inner)))
            }
            return .map(members)
        case .alias: return .null
        }
    }

    /// Reads JSON and nothing else, as a stranger may send it; nil when it is none.
    init?(json: [UInt8]) {
        let read = json.withUnsafeBytes { bytes -> YAMLValue? in
            var scanner = JSONScanner(bytes)
            guard let tree = try? Self.scan(&scanner, depth: Self.deepest),
                (try? scanner.expectEnd()) != nil
            else { return nil }
            return tree
        }
        guard let read else { return nil }
        self = read
    }

    private static func scan(
        _ scanner: inout JSONScanner, depth: Int
    ) throws(CodecError) -> YAMLValue {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: deepest)) }
        switch try scanner.peek() {
        case .null:
            try scanner.word("null")
            return .null
        case .bool: return .bool(try scanner.bool())
        case .string: return .string(try scanner.string())
        case .number: return .number(try scanner.number())
        case .array:
            try scanner.expect("[")
            var items: [YAMLValue] = []
            if scanner.take("]") { return .list(items) }
            repeat { items.append(try scan(&scanner, depth: depth - 1)) } while scanner.take(",")
            try scanner.expect("]")
            return .list(items)
        case .object:
            try scanner.expect("{")
            var members: [Member] = []
            if scanner.take("}") { return .map(members) }
            repeat {
                let name = try scanner.string()
                try scanner.expect(":")
                members.append(
                    Member(name: name, value: try scan(&scanner, depth: depth - 1)))
            } while scanner.take(",")
            try scanner.expect("}")
            return .map(members)
        }
    }

    // MARK: - Reading

    /// The value of a member of a map.
    subscript(name: String) -> YAMLValue? {
        members?.first { $0.name == name }?.value
    }

    var members: [Member]? { if case .map(let members) = self { members } else { nil } }
    var items: [YAMLValue]? { if case .list(let items) = self { items } else { nil } }
    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    /// The text of a string, or of a number.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }
    var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }

    // MARK: - Writing

    /// As JSON.
    var json: String {
        switch self {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): JSONWriter.quoted(text)
        case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
        case .map(let members):
            "{"
                + members.map { JSONWriter.quoted($0.name) + ":" + $0.value.json }
                .joined(separator: ",") + "}"
        }
    }

    /// As YAML.
    var yaml: String { (try? Yams.serialize(node: node)) ?? "" }

    private var node: Node {
        switch self {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .number(let text):
            Node(text, Tag(text.contains(where: { ".eE".contains($0) }) ? .float : .int))
        case .string(let text):
            // What would read as something else is quoted.
            Self.isPlain(text)
                ? Node(text, Tag(.str), .plain)
                : Node(text, Tag(.str), text.contains("\n") ? .literal : .doubleQuoted)
        case .list(let items): Node(items.map(\.node), Tag(.seq))
        case .map(let members):
            Node(members.map { (Node($0.name, Tag(.str), .plain), $0.value.node) }, Tag(.map))
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.first, first.isLetter || first == "/" else { return false }
        guard
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_./@ ".contains($0)) }
            ),
            text.last != " "
        else { return false }
        return ![
            "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
        ].contains(text.lowercased())
    }

    /// A map of names and values, without those that are nil.
    static func object(_ members: [(String, YAMLValue?)]) -> YAMLValue {
        .map(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// A moment as RFC 3339 text.
    static func time(_ moment: Int64) -> YAMLValue {
        .string(
            TimeText.rfc3339(
                seconds: moment / Nanoseconds.second, nanos: Int32(moment % Nanoseconds.second)))
    }
}
