/// The header of a script, its first statement: `script { about = …, needs = { … } }`. A module of
/// a library has the header `library { … }`.
///
/// The header is read without running any code, so it may contain only literals.
public struct ScriptHeader: Sendable {
    /// Why a header cannot be used.
    public struct Problem: Error, Sendable, CustomStringConvertible {
        public let message: String
        public let position: Position

        public var description: String { "\(position.line):\(position.column): \(message)" }
    }

    /// A literal.
    public indirect enum Value: Sendable {
        case bool(Bool)
        case integer(Int64)
        case float(Double)
        case string(String)
        /// Positional elements and named ones.
        case table(items: [Value], members: [(name: String, value: Value)])
    }

    /// What the script is for.
    public var about: String?
    /// The permissions that it needs, as it names them; nil when it does not say.
    public var needs: [(word: String, position: Position)]?
    /// Whether it deletes things of the cloud.
    public var deletes = false
    /// The declarations of arguments, as `cli.parse` takes them.
    public var arguments: [Value] = []
    /// Where it stands.
    public var position: Position

    /// Which word a header begins with, and what it may say.
    public enum Kind: String, Sendable {
        case script, library

        fileprivate var known: [String] {
            switch self {
            case .script: ["about", "args", "needs", "deletes", "epilog", "name", "api"]
            case .library: ["about", "needs", "deletes"]
            }
        }
    }

    /// Reads the header of a script, or of a library's module; nil when its first statement is none.
    ///
    /// - Throws: a ``Problem`` when it contains anything but literals, or an unknown field. A text
    ///   that is not valid Lua has no header.
    public static func read(
        _ source: [UInt8], kind: Kind = .script
    ) throws(Problem) -> ScriptHeader? {
        guard let statement = try? Parser.firstStatement(source),
            let call = call(in: statement), case .name(kind.rawValue, _) = call.function,
            call.method == nil
        else { return nil }
        guard call.arguments.count == 1, case .table(let fields, _) = call.arguments[0] else {
            throw Problem(
                message: "\(kind) takes one table: \(kind) { about = \"…\", needs = { … } }",
                position: call.position)
        }
        var header = ScriptHeader(position: call.position)
        for field in fields {
            guard let name = field.key?.text else {
                throw Problem(message: "\(kind) takes only named fields", position: field.position)
            }
            guard kind.known.contains(name) else {
                let known = kind.known.joined(separator: ", ")
                throw Problem(
                    message: "\(kind) has no field \"\(name)\"; expected one of \(known)",
                    position: field.position)
            }
            let value = try literal(field.value, name)
            switch (name, value) {
            case ("about", .string(let text)): header.about = text
            case ("deletes", .bool(let flag)): header.deletes = flag
            case ("args", .table(let items, _)): header.arguments = items
            case ("needs", .table(_, let members)) where members.isEmpty:
                header.needs = try words(field.value)
            case ("about", _), ("deletes", _), ("needs", _):
                let wanted = [
                    "about": "a string", "deletes": "true or false",
                    "needs": "a list of strings",
                ]
                throw Problem(
                    message: "\(name) must be \(wanted[name] ?? "")",
                    position: field.value.position)
            default: break
            }
        }
        return header
    }

    /// `script {…}`, also as the value of a local or what is returned.
    private static func call(in statement: Statement) -> Call? {
        switch statement {
        case .call(let call): return call
        case .local(_, let values, _):
            if values.count == 1, case .call(let call) = values[0] { return call }
            return nil
        default: return nil
        }
    }

    private static func words(
        _ expression: Expression
    ) throws(Problem) -> [(word: String, position: Position)] {
        guard case .table(let fields, _) = expression else { return [] }
        var words: [(word: String, position: Position)] = []
        for field in fields {
            guard let word = field.value.text else {
                throw Problem(
                    message: "needs must be a list of strings such as \"read:clusters\"",
                    position: field.value.position)
            }
            words.append((word, field.value.position))
        }
        return words
    }

    private static func literal(
        _ expression: Expression, _ name: String
    ) throws(Problem) -> Value {
        switch expression {
        case .bool(let flag, _): return .bool(flag)
        case .integer(let number, _): return .integer(number)
        case .float(let number, _): return .float(number)
        case .string(let bytes, _): return .string(String(decoding: bytes, as: UTF8.self))
        case .unary("-", .integer(let number, _), _): return .integer(0 &- number)
        case .unary("-", .float(let number, _), _): return .float(-number)
        case .table(let fields, _):
            var items: [Value] = []
            var members: [(name: String, value: Value)] = []
            for field in fields {
                let value = try literal(field.value, name)
                guard let key = field.key else {
                    items.append(value)
                    continue
                }
                guard let text = key.text else {
                    throw Problem(
                        message: "\(name): keys must be names", position: field.position)
                }
                members.append((text, value))
            }
            return .table(items: items, members: members)
        default:
            throw Problem(
                message: "\(name): a header may contain only literals, so that it can be read "
                    + "without running the script", position: expression.position)
        }
    }
}
