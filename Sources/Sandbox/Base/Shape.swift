import Codec
import Contract

/// The required form of a value from outside. Errors name the place of a wrong value and suggest
/// the nearest name.
indirect enum Shape: Sendable {
    /// Any value.
    case anything
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// A text, whose length in bytes is limited.
    case text(ClosedRange<Int>)
    case choice([String])
    case list(Shape)
    /// A map with any names.
    case map(Shape)
    case object(Fields)
    /// A message of the contract.
    case message(MessageShape)
    /// A length of time such as `36h`, in seconds at most.
    case duration(Int64)
    /// A time in the form of RFC 3339.
    case time
    /// An object with exactly one of these members.
    case oneOf([String: Shape])
    /// An object whose form depends on the text of one of its members.
    case tagged(String, [String: Shape])
    /// A form for each type of value.
    case byType([ValueType: Shape])
    /// An object, if one of these members exists and is not a map; otherwise another form.
    case having([String], Shape, otherwise: Shape)

    /// A text that is not empty.
    static let name = Shape.text(1...255)
    /// A number of things.
    static let count = Shape.integer(0...Int.max)

    /// The members of an object.
    struct Fields: Sendable {
        let members: [String: Shape]
        let required: [String]
    }

    /// An object's form.
    ///
    /// - Parameter required: the members that may not be missing.
    static func object(_ members: [String: Shape], required: [String] = []) -> Shape {
        .object(Fields(members: members, required: required))
    }

    /// The types of values.
    enum ValueType: String, Sendable {
        case null
        case flag = "true or false"
        case number = "a number"
        case text = "a text"
        case list = "a list"
        case map = "a map"

        init(_ value: YAMLValue) {
            switch value {
            case .null: self = .null
            case .bool: self = .flag
            case .number: self = .number
            case .string: self = .text
            case .list: self = .list
            case .map: self = .map
            }
        }
    }

    /// Checks a value. A member that is null counts as missing.
    ///
    /// - Returns: the value without members that are null.
    /// - Throws: ``YAMLValue/Problem`` with the path of what is wrong.
    func read(_ value: YAMLValue, at path: String = "") throws(YAMLValue.Problem) -> YAMLValue {
        switch self {
        case .anything: return value
        case .flag:
            guard value.flag != nil else { throw wrongType(value, .flag, path) }
        case .integer(let range):
            guard case .number = value, let number = value.integer else {
                throw Self.expected("a whole number", value, path)
            }
            guard range.contains(number) else { throw outOfRange(number, range, path) }
        case .number(let range):
            guard let number = value.double else { throw wrongType(value, .number, path) }
            guard range.contains(number) else { throw outOfRange(number, range, path) }
        case .text(let sizes):
            guard case .string(let text) = value else { throw wrongType(value, .text, path) }
            guard sizes.contains(text.utf8.count) else {
                throw YAMLValue.Problem(
                    at: path, kind: .value,
                    "must have from \(sizes.lowerBound) to \(sizes.upperBound) bytes")
            }
        case .choice(let names):
            guard case .string(let text) = value else { throw wrongType(value, .text, path) }
            guard names.contains(text) else { throw Self.unknown("value", text, names, path) }
        case .list(let shape):
            guard let items = value.items else { throw wrongType(value, .list, path) }
            var read: [YAMLValue] = []
            for (index, item) in items.enumerated() {
                read.append(try shape.read(item, at: "\(path)[\(index)]"))
            }
            return .list(read)
        case .map(let shape):
            return .map(
                try Self.members(of: value, path) { member, path throws(YAMLValue.Problem) in
                    try shape.read(member.value, at: path)
                })
        case .object(let fields): return try fields.read(value, path)
        case .message(let message): return try message.read(value, path)
        case .duration(let longest):
            guard let text = value.text, let parsed = TimeText.parseHumanDuration(text),
                (0...longest).contains(parsed.seconds)
            else { throw Self.expected("a duration such as 250ms, 36h or 90d", value, path) }
        case .time:
            guard let text = value.text, TimeText.parseRFC3339(text) != nil else {
                throw Self.expected("a time such as 2026-01-31T12:00:00Z", value, path)
            }
        case .oneOf, .tagged, .byType, .having: return try choose(value, path).read(value, at: path)
        }
        return value
    }

    /// Chooses the form for a value among alternatives.
    private func choose(
        _ value: YAMLValue, _ path: String
    ) throws(YAMLValue.Problem) -> Shape {
        switch self {
        case .oneOf(let choices):
            let members = try Self.members(of: value, path)
            for member in members where choices[member.name] == nil {
                throw Self.unknown(
                    "key", member.name, choices.keys.sorted(), Self.join(path, member.name))
            }
            guard members.count == 1 else {
                let names = choices.keys.sorted().joined(separator: ", ")
                throw YAMLValue.Problem(at: path, "expected exactly one of \(names)")
            }
            return .object(choices)
        case .tagged(let tag, let choices):
            _ = try Self.members(of: value, path)
            guard let chosen = value[tag] else {
                throw YAMLValue.Problem(at: Self.join(path, tag), "is missing")
            }
            _ = try Shape.choice(choices.keys.sorted()).read(chosen, at: Self.join(path, tag))
            return choices[chosen.text ?? ""] ?? .anything
        case .byType(let choices):
            guard let shape = choices[ValueType(value)] else {
                let names = choices.keys.map(\.rawValue).sorted().joined(separator: " or ")
                throw Self.expected(names, value, path)
            }
            return shape
        case .having(let names, let shape, let otherwise):
            let hasOne = names.contains { value[$0].map { $0.members == nil } ?? false }
            return hasOne ? shape : otherwise
        default: return self
        }
    }

    // MARK: - Objects

    /// Reads the members of a map with a function; leaves out those that are null.
    static func members(
        of value: YAMLValue, _ path: String,
        _ read: (YAMLValue.Member, String) throws(YAMLValue.Problem) -> YAMLValue = {
            member, _ throws(YAMLValue.Problem) in member.value
        }
    ) throws(YAMLValue.Problem) -> [YAMLValue.Member] {
        guard let members = value.members else { throw expected("a map", value, path) }
        var known: Set<String> = []
        var result: [YAMLValue.Member] = []
        for member in members {
            let place = join(path, member.name)
            guard known.insert(member.name).inserted else {
                throw YAMLValue.Problem(at: place, "occurs twice")
            }
            guard member.value != .null else { continue }
            result.append(YAMLValue.Member(name: member.name, value: try read(member, place)))
        }
        return result
    }

    /// The path of a member.
    static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    // MARK: - Problems

    /// The problem of a name that is not among those that are known.
    static func unknown(
        _ what: String, _ name: String, _ known: [String], _ path: String
    ) -> YAMLValue.Problem {
        let hint = Names.hint(for: name, among: known)
        return YAMLValue.Problem(at: path, "unknown \(what) \"\(name.prefix(100))\"\(hint)")
    }

    /// The problem of a value of another type.
    static func expected(
        _ what: String, _ value: YAMLValue, _ path: String
    ) -> YAMLValue.Problem {
        let found = ValueType(value)
        let shown = value.text.map { "\(found.rawValue) (\($0.prefix(100)))" } ?? found.rawValue
        return YAMLValue.Problem(at: path, "expected \(what), got \(shown)")
    }

    private func wrongType(
        _ value: YAMLValue, _ type: ValueType, _ path: String
    ) -> YAMLValue.Problem { Self.expected(type.rawValue, value, path) }

    private func outOfRange<Number>(
        _ number: Number, _ range: ClosedRange<Number>, _ path: String
    ) -> YAMLValue.Problem {
        let isOpen = "\(range.upperBound)" == "\(Int.max)"
        let wanted =
            isOpen
            ? "\(range.lowerBound) or larger" : "from \(range.lowerBound) to \(range.upperBound)"
        return YAMLValue.Problem(
            at: path, kind: .value, "value \(number) invalid, must be \(wanted)")
    }
}

extension Shape.Fields {
    /// Checks an object.
    fileprivate func read(
        _ value: YAMLValue, _ path: String
    ) throws(YAMLValue.Problem) -> YAMLValue {
        let read = try Shape.members(of: value, path) {
            member, place throws(YAMLValue.Problem) in
            guard let shape = members[member.name] else {
                throw Shape.unknown("key", member.name, members.keys.sorted(), place)
            }
            return try shape.read(member.value, at: place)
        }
        for name in required where !read.contains(where: { $0.name == name }) {
            throw YAMLValue.Problem(at: Shape.join(path, name), "is missing")
        }
        return .map(read)
    }
}
