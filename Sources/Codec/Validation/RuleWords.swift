import Contract
import Wire

/// Says in a few words what the rules of a field ask for.
public enum RuleWords {
    private typealias Numbers = ValidateNumbers.Rules

    /// The rules, each in words; `required` is not among them.
    public static func words(_ field: Field) -> [String] { words(field.rules, field) }

    private static func words(_ rules: FieldRules, _ field: Field) -> [String] {
        var words: [String] = []
        switch rules.type {
        case Numbers.string: words = string(rules)
        case Numbers.bytes: words = bounds(rules, lower: 2, upper: 3, exact: 13, "bytes")
        case Numbers.enum: words = enumeration(rules, field)
        case Numbers.repeated:
            words = bounds(rules, lower: 1, upper: 2, exact: nil, "items")
            if integer(rules, 3) == 1 { words.append("no two alike") }
            words += (rules.items.map { self.words($0.value, field) } ?? []).map { "each " + $0 }
        case Numbers.map:
            words = bounds(rules, lower: 1, upper: 2, exact: nil, "entries")
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
        12: "an e-mail address", 13: "a host name", 14: "an IP address", 15: "an IPv4 address",
        16: "an IPv6 address", 17: "a URI", 18: "a URI reference", 21: "a host name or IP address",
        22: "a UUID", 26: "an IP address with prefix length",
        27: "an IPv4 address with prefix length",
        28: "an IPv6 address with prefix length", 29: "an IP block",
        30: "an IPv4 block like 10.0.0.0/8",
        31: "an IPv6 block", 32: "host:port", 33: "a UUID without dashes", 35: "a ULID",
    ]

    private static func string(_ rules: FieldRules) -> [String] {
        var words = bounds(rules, lower: 2, upper: 3, exact: 19, "characters")
        words += rules.standard.compactMap { rule in
            if case .integer(1) = rule.operand { return formats[rule.number] }
            return nil
        }
        let allowed = texts(rules, 10)
        if !allowed.isEmpty { words.append("one of " + allowed.joined(separator: ", ")) }
        words += texts(rules, 6).map { "matches " + $0 }
        return words
    }

    private static func enumeration(_ rules: FieldRules, _ field: Field) -> [String] {
        let refused = rules.standard.contains { rule in
            guard rule.number == 4 else { return false }
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
        let names = [1: "is", 2: "less than", 3: "at most", 4: "more than", 5: "at least"]
        if let least = integer(rules, 5), let most = integer(rules, 3) {
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
        let names = [2: "is", 3: "less than", 4: "at most", 5: "more than", 6: "at least"]
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
