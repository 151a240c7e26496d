import Codec
import Contract

/// Random numbers that are the same in every run.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Makes messages of any type of the contract: such that keep the rules of each field, and such
/// that break some.
public struct SampleMessages {
    /// How much of a message is set.
    public enum Fill: Sendable {
        /// What the rules ask for.
        case minimal
        /// Each field, and one arm of each oneof.
        case full
        /// Each field that need not be set with this likelihood.
        case some(Double)

        /// Whether it asks for as much as there can be.
        public var isFull: Bool {
            if case .full = self { return true }
            return false
        }
    }

    /// A message that keeps all rules, as small or as large as the rules let it be.
    public mutating func valid(_ type: MessageType, _ fill: Fill) -> Message {
        var made = message(type, fill)
        for attempt in 0..<200 {
            if validator.violations(in: made).isEmpty { return made }
            if attempt % 5 == 4 { made = message(type, attempt < 50 ? fill : .some(0.3)) }
            repair(&made)
        }
        return made
    }

    /// Takes out what a broken rule between fields names, and gives texts another value.
    private mutating func repair(_ message: inout Message) {
        let broken = validator.violations(in: message)
        for field in message.type.fields {
            guard case .message(var resource) = message[field], resource.type.wellKnown == nil
            else {
                continue
            }
            for violation in broken where violation.rule.contains("no_read_only_fields") {
                for word in violation.message.split(whereSeparator: { !($0.isLetter || $0 == "_") })
                {
                    if let named = resource.type.field(named: String(word)) {
                        resource[named] = nil
                    }
                }
            }
            for inner in resource.type.fields where inner.kind == .string && !inner.isRepeated {
                guard broken.contains(where: { $0.message.contains(inner.name) }) else { continue }
                if broken.contains(where: { $0.rule.contains("no_read_only_fields") }) { continue }
                resource[inner] = single(inner, in: resource.type, .minimal, 1)
            }
            message[field] = .message(resource)
        }
        for field in message.type.fields where !field.rules.isRequired && field.hasPresence {
            if broken.contains(where: { $0.path.isEmpty && $0.message.contains(field.name) }) {
                message[field] = nil
            }
        }
    }

    private static let deepest = 6
    private let validator = Validator(now: { (1_790_000_000, 0) })
    private var random: SeededGenerator

    /// Creates a generator; the same seed makes the same messages.
    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A message whose fields keep their own rules; rules between fields may be broken.
    public mutating func message(_ type: MessageType, _ fill: Fill, depth: Int = 0) -> Message {
        var message = Message(type)
        if let known = type.wellKnown { return wellKnown(known, type, field: nil) }
        for field in type.fields where field.oneofIndex == nil {
            if let value = value(of: field, in: type, fill, depth) { message[field] = value }
        }
        for oneof in type.oneofs {
            let isWanted: Bool =
                switch fill {
                case .minimal: oneof.isRequired
                case .full: true
                case .some(let likelihood): oneof.isRequired || chance(likelihood)
                }
            guard isWanted, let index = oneof.fieldIndexes.randomElement(using: &random) else {
                continue
            }
            let field = type.fields[index]
            message[field] = single(field, in: type, fill, depth)
        }
        return message
    }

    private mutating func chance(_ likelihood: Double) -> Bool {
        Double.random(in: 0..<1, using: &random) < likelihood
    }

    private mutating func value(
        of field: Field, in type: MessageType, _ fill: Fill, _ depth: Int
    ) -> Value? {
        if depth > Self.deepest, !field.rules.isRequired, field.messageType != nil { return nil }
        let isNeeded: Bool
        if field.rules.isRequired {
            isNeeded = true
        } else if field.hasPresence {
            isNeeded = false
        } else {
            // Without presence the default has to keep the rules, too.
            isNeeded = breaks(nil, field, in: type)
        }
        switch fill {
        case .minimal where !isNeeded: return nil
        case .some(let likelihood) where !isNeeded && !chance(likelihood): return nil
        default: break
        }
        guard field.isRepeated else { return single(field, in: type, fill, depth) }
        let counts: [Int] = if case .full = fill { [1, 2, 3] } else { [1, 2, 3, 0] }
        for count in counts.shuffled(using: &random) {
            let made = collection(field, count: count, in: type, fill, depth)
            if !breaks(made, field, in: type) { return made }
        }
        return collection(field, count: 1, in: type, fill, depth)
    }

    private mutating func collection(
        _ field: Field, count: Int, in type: MessageType, _ fill: Fill, _ depth: Int
    ) -> Value {
        if let key = field.mapKey, let value = field.mapValue, let entry = field.messageType {
            var entries: [Value: Value] = [:]
            for index in 0..<count {
                let name = key.kind == .string ? Value.string("key\(index)") : .int(Int64(index))
                entries[name] = single(value, in: entry, fill, depth + 1)
            }
            return .map(entries)
        }
        var items: [Value] = []
        for _ in 0..<count {
            if let item = single(field, in: type, fill, depth + 1), !items.contains(item) {
                items.append(item)
            }
        }
        return .list(items)
    }

    /// Whether a field's own rules are broken when the message has nothing else.
    private func breaks(_ value: Value?, _ field: Field, in type: MessageType) -> Bool {
        var message = Message(type)
        message[field] = value
        return validator.violations(in: message).contains { violation in
            violation.path == field.name || violation.path.hasPrefix(field.name + "[")
        }
    }

    private mutating func single(
        _ field: Field, in type: MessageType, _ fill: Fill, _ depth: Int
    ) -> Value? {
        if let inner = field.messageType {
            if let known = inner.wellKnown {
                for _ in 0..<8 {
                    let made = Value.message(wellKnown(known, inner, field: field))
                    if field.isRepeated || !breaks(made, field, in: type) { return made }
                }
            }
            return .message(message(inner, fill, depth: depth + 1))
        }
        for candidate in candidates(field).shuffled(using: &random) {
            let wrapped: Value = field.isRepeated ? .list([candidate]) : candidate
            let isBroken = validator.violations(in: withOnly(field, wrapped, type)).contains {
                $0.path == field.name + (field.isRepeated ? "[0]" : "")
            }
            if !isBroken { return candidate }
        }
        return candidates(field).first
    }

    private func withOnly(_ field: Field, _ value: Value, _ type: MessageType) -> Message {
        var message = Message(type)
        message[field] = value
        return message
    }

    // MARK: - Values

    private func candidates(_ field: Field) -> [Value] {
        switch field.kind {
        case .bool: [.bool(true)]
        case .int32, .int64, .sint32, .sint64, .sfixed32, .sfixed64:
            [1, 2, 3, 7, 12, 50, 1024, 2026, 30_000].map { .int($0) }
        case .uint32, .uint64, .fixed32, .fixed64: [1, 2, 5, 20, 64, 70_000].map { .uint($0) }
        case .float: [0.5, 12].map { .float($0) }
        case .double: [0.25, 12.5, 99].map { .double($0) }
        case .string: Self.texts.map { .string($0) }
        case .bytes: [.bytes([0, 1, 0xfe, 0xff])]
        case .enum:
            (field.enumType?.values ?? []).filter { $0.number != 0 }.map {
                .enumeration($0.number)
            }
        case .message, .group: []
        }
    }

    /// Texts of all the forms that the contract asks for.
    private static let texts = [
        "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1", "c0ffee00-1234-4abc-8def-0123456789ab",
        "prod-search", "nightly_run", "team search", "v1.15.4", "USD", "DE", "aws", "4242",
        "someone@example.com", "https://app.example.com", "https://example.com/a?b=c#d",
        "10.0.0.0/8", "192.168.1.0/24", "0 2 * * *", "@daily", "1000m", "8GiB", "local:v1:abc",
        "example.com/key", "docs.v2", "In", "Exists", "hybrid", "hybrid", "hybrid", "é – ü",
        "SHA256", "a",
        "read:clusters", "my-namespace", "eyJhbGciOi", "free", "paid", "/package.Service/Method",
        "cluster.id",
    ]

    private mutating func wellKnown(
        _ known: WellKnownType, _ type: MessageType, field: Field?
    ) -> Message {
        var message = Message(type)
        switch known {
        case .timestamp:
            // Later fields hold later times, so that rules between them mostly hold.
            let order = Int64(field?.number ?? 1) * 3600
            message[.seconds] = .int(
                1_767_225_600 + order + Int64.random(in: 0..<600, using: &random))
            message[.nanos] = .int([0, 5_000_000, 123_456_789].randomElement(using: &random) ?? 0)
        case .duration:
            message[.seconds] = .int([1, 60, 86_400, 604_800].randomElement(using: &random) ?? 1)
        case .fieldMask: message[.paths] = .list([.string("name"), .string("labels.key")])
        case .struct, .value, .listValue, .any, .empty: break
        default: message[.value] = candidates(type.fields[0]).randomElement(using: &random)
        }
        return message
    }

    // MARK: - Breaking

    /// The message with one value changed to something odd, somewhere inside.
    public mutating func broken(_ message: Message, depth: Int = 0) -> Message {
        var changed = message
        guard let field = message.type.fields.randomElement(using: &random) else { return message }
        if depth < 4, !field.isMap, chance(0.6) {
            switch message[field] {
            case .message(let inner) where inner.type.wellKnown == nil:
                changed[field] = .message(broken(inner, depth: depth + 1))
                return changed
            case .list(var items):
                if let index = items.indices.randomElement(using: &random),
                    case .message(let inner) = items[index], inner.type.wellKnown == nil
                {
                    items[index] = .message(broken(inner, depth: depth + 1))
                    changed[field] = .list(items)
                    return changed
                }
            default: break
            }
        }
        changed[field] = odd(field, message[field])
        return changed
    }

    private mutating func odd(_ field: Field, _ present: Value?) -> Value? {
        if chance(0.2) { return nil }
        if field.isMap { return .map([:]) }
        if field.isRepeated {
            guard case .list(let items) = present ?? .list([]) else { return nil }
            if chance(0.3), let first = items.first { return .list(items + [first]) }
            if chance(0.3), let first = items.first {
                return .list([Value](repeating: first, count: 70))
            }
            guard let one = oddSingle(field) else { return .list([]) }
            return .list(items + [one])
        }
        return oddSingle(field)
    }

    private mutating func oddSingle(_ field: Field) -> Value? {
        switch field.kind {
        case .bool: return .bool(chance(0.5))
        case .int32, .sint32, .sfixed32:
            return .int(
                [0, -1, 1, 13, 251, 1999, 3001, .init(Int32.min)].randomElement(using: &random)!)
        case .int64, .sint64, .sfixed64:
            return .int([0, -1, 1, .min, .max].randomElement(using: &random)!)
        case .uint32, .fixed32:
            return .uint([0, 1, 81, 65_536, .init(UInt32.max)].randomElement(using: &random)!)
        case .uint64, .fixed64: return .uint([0, 1, .max].randomElement(using: &random)!)
        case .float: return .float([0, -1, 200, .infinity].randomElement(using: &random)!)
        case .double:
            return .double([0, -0.5, 100.5, .infinity, .nan].randomElement(using: &random)!)
        case .string: return .string(Self.oddTexts.randomElement(using: &random)!)
        case .bytes: return .bytes([])
        case .enum:
            let known = field.enumType?.values.map(\.number) ?? []
            return .enumeration((known + [0, 999, -1]).randomElement(using: &random)!)
        case .message, .group:
            guard let type = field.messageType else { return nil }
            switch type.wellKnown {
            case .timestamp, .duration:
                var message = Message(type)
                message[.seconds] = .int(
                    [0, -1, 1, 86_399, 31_536_001, 4_000_000_000].randomElement(using: &random)!)
                return .message(message)
            default: return .message(Message(type))
            }
        }
    }

    private static let oddTexts =
        texts + [
            "", " ", "x", "ab", "abc", "a\nb", "\u{e9}\u{301}", "日本語のなまえ", "UPPER", "a b c d",
            "10.0.0.1/8", "10.0.0.0/33", "300.0.0.0/8", "::/0", "not-a-uuid",
            "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a", "someone@", "@example.com", "a@b@c", "http://",
            "ftp://example.com", "https://localhost", "//x/y", "us", "usd", "USDX", "D", "12", "v1",
            "1.2.3", "* * * *", "@midnight", "x @every 5m y", "@every 5µs", "*****",
            "99 99 99 99 99",
            "example.com/", "/key", "-dash", "dash-", "local:v0:", "vault:v99999:x", "1000", "8GB",
            String(repeating: "a", count: 64), String(repeating: "a", count: 65),
            String(repeating: "n", count: 300), "日" + String(repeating: "b", count: 63),
        ]
}
