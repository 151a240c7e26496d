import Contract
import Wire

/// Describes the rules of a field in a few words.
public enum RuleWords {
    private typealias Numbers = ValidateNumbers.Rules

    /// The rules, each in words; `required` is not among them.
    public static func words(_ field: Field) -> [String] { words(field.rules, field) }

    private static func words(_ rules: FieldRules, _ field: Field) -> [String] {
        var words: [String] = []
        switch rules.type {
        case Numbers.string: words = string(rules)
        case Numbers.bytes:
            words = bounds(
                rules, lower: BytesRule.minLen, upper: BytesRule.maxLen, exact: BytesRule.len,
                "bytes")
        case Numbers.enum: words = enumeration(rules, field)
        case Numbers.repeated:
            words = bounds(
                rules, lower: RepeatedRule.minItems, upper: RepeatedRule.maxItems, exact: nil,
                "items")
            if integer(rules, RepeatedRule.unique) == 1 { words.append("no duplicates") }
            words += (rules.items.map { self.words($0.value, field) } ?? []).map { "each " + $0 }
        case Numbers.map:
            words = bounds(
                rules, lower: MapRule.minPairs, upper: MapRule.maxPairs, exact: nil, "entries")
            if let key = field.mapKey, let inner = rules.keys {
                words += self.words(inner.value, key).map { "each key " + $0 }
            }
            if let value = field.mapValue, let inner = rules.items {
                words += self.words(inner.value, value).map { "each value " + $0 }
            }
        case Numbers.duration, Numbers.timestamp: words = instant(rules)
        case .some(let type): words = number(rules, type)
        case nil: break
        }
        return words + rules.cel.map { "\($0.message.isEmpty ? $0.expression : $0.message)" }
    }

    private static func integer(_ rules: FieldRules, _ number: Int) -> UInt64? {
        for rule in rules.standard where rule.number == number {
            if case .integer(let value) = rule.operand { return value }
        }
        return nil
    }

    private static func texts(_ rules: FieldRules, _ number: Int) -> [String] {
        rules.standard.compactMap { rule in
            guard rule.number == number, case .bytes(let bytes) = rule.operand else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func bounds(
        _ rules: FieldRules, lower: Int, upper: Int, exact: Int?, _ unit: String
    ) -> [String] {
        if let exact, let count = integer(rules, exact) { return ["\(count) \(unit)"] }
        switch (integer(rules, lower), integer(rules, upper)) {
        case (nil, nil): return []
        case (1, nil): return [unit == "items" ? "at least one" : "not empty"]
        case (let least?, nil): return ["at least \(least) \(unit)"]
        case (nil, let most?): return ["at most \(most) \(unit)"]
        case (let least?, let most?): return ["\(least) to \(most) \(unit)"]
        }
    }

    private static let formats: [Int: String] = [
        StringRule.email: "an e-mail address", StringRule.hostname: "a host name",
        StringRule.ip: "an IP address", StringRule.ipv4: "an IPv4 address",
        StringRule.ipv6: "an IPv6 address", StringRule.uri: "a URI",
        StringRule.uriRef: "a URI reference", StringRule.address: "a host name or IP address",
        StringRule.uuid: "a UUID",
        StringRule.ipWithPrefixLength: "an IP address with prefix length",
        StringRule.ipv4WithPrefixLength: "an IPv4 address with prefix length",
        StringRule.ipv6WithPrefixLength: "an IPv6 address with prefix length",
        StringRule.ipPrefix: "an IP block", StringRule.ipv4Prefix: "an IPv4 block like 10.0.0.0/8",
        StringRule.ipv6Prefix: "an IPv6 block", StringRule.hostAndPort: "host:port",
        StringRule.tuuid: "a UUID without dashes", StringRule.ulid: "a ULID",
    ]

    private static func string(_ rules: FieldRules) -> [String] {
        var words = bounds(
            rules, lower: StringRule.minLen, upper: StringRule.maxLen, exact: StringRule.len,
            "characters")
        words += rules.standard.compactMap { rule in
            if case .integer(1) = rule.operand { return formats[rule.number] }
            return nil
        }
        let allowed = texts(rules, StringRule.in)
        if !allowed.isEmpty { words.append("one of " + allowed.joined(separator: ", ")) }
        words += texts(rules, StringRule.pattern).map { "matches " + $0 }
        return words
    }

    private static func enumeration(_ rules: FieldRules, _ field: Field) -> [String] {
        let refused = rules.standard.contains { rule in
            guard rule.number == EnumRule.notIn else { return false }
            switch rule.operand {
            case .integer(let number): return number == 0
            case .bytes(let packed): return packed.contains(0)
            }
        }
        return refused ? ["not \(field.enumType?.name(of: 0) ?? "0")"] : []
    }

    private static func number(_ rules: FieldRules, _ type: Int) -> [String] {
        func text(_ raw: UInt64) -> String {
            switch type {
            case Numbers.double: shown(Double(bitPattern: raw))
            case Numbers.float: shown(Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw))))
            case Numbers.sint32, Numbers.sint64: "\(Int64(zigZag: raw))"
            case Numbers.sfixed32: "\(Int32(bitPattern: UInt32(truncatingIfNeeded: raw)))"
            case Numbers.uint32, Numbers.uint64, Numbers.fixed32, Numbers.fixed64: "\(raw)"
            default: "\(Int64(bitPattern: raw))"
            }
        }
        func shown(_ number: Double) -> String {
            Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        }
        let names = [
            NumberRule.const: "is", NumberRule.lt: "less than", NumberRule.lte: "at most",
            NumberRule.gt: "more than", NumberRule.gte: "at least",
        ]
        if let least = integer(rules, NumberRule.gte),
            let most = integer(rules, NumberRule.lte)
        {
            return ["\(text(least)) to \(text(most))"]
        }
        return rules.standard.compactMap { rule in
            guard let name = names[rule.number], case .integer(let raw) = rule.operand else {
                return nil
            }
            return "\(name) \(text(raw))"
        }
    }

    private static func instant(_ rules: FieldRules) -> [String] {
        let names = [
            InstantRule.const: "is", InstantRule.lt: "less than", InstantRule.lte: "at most",
            InstantRule.gt: "more than", InstantRule.gte: "at least",
        ]
        return rules.standard.compactMap { rule -> String? in
            guard let name = names[rule.number], case .bytes(let payload) = rule.operand,
                rules.type == Numbers.duration,
                let length = payload.withUnsafeBytes({ try? ProtobufReader().instant($0) })
            else { return nil }
            return "\(name) \(human(length.0, length.1))"
        }
    }

    /// A length in days or hours when it is whole ones.
    private static func human(_ seconds: Int64, _ nanos: Int32) -> String {
        guard nanos == 0, seconds > 0 else {
            return TimeText.duration(seconds: seconds, nanos: nanos)
        }
        for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60)] as [(String, Int64)]
        where seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }
}
