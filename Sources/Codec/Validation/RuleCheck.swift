import Contract
import Wire

/// Checks one value against the standard rules of its field.
struct RuleCheck {
    let rules: FieldRules
    let field: Field
    let path: String
    let now: @Sendable () -> (seconds: Int64, nanos: Int32)

    private typealias Numbers = ValidateNumbers.Rules

    func run(_ value: Value, _ found: inout [Violation]) {
        switch (rules.type, value) {
        case (Numbers.string, .string(let text)): checkString(text, &found)
        case (Numbers.enum, .enumeration(let number)): checkEnum(number, &found)
        case (Numbers.repeated, .list(let items)): checkList(items, &found)
        case (Numbers.map, .map(let entries)): checkMap(entries, &found)
        case (Numbers.map, .list): checkMap([:], &found)
        case (Numbers.duration, .message(let message)), (Numbers.timestamp, .message(let message)):
            checkInstant(message, &found)
        case (Numbers.bool, .bool(let flag)):
            for rule in rules.standard where rule.number == 1 {
                if case .integer(let wanted) = rule.operand, (wanted != 0) != flag {
                    report("bool.const", "must be \(wanted != 0)", value, &found)
                }
            }
        case (Numbers.float, .float(let number)): checkFloating(Double(number), "float", &found)
        case (Numbers.double, .double(let number)): checkFloating(number, "double", &found)
        case (_, .int(let number)):
            checkComparable(number, typeName, operand: { signed($0) }, &found)
        case (_, .uint(let number)):
            checkComparable(number, typeName, operand: { unsigned($0) }, &found)
        case (nil, _): break
        default:
            report("unsupported", "has rules that this program cannot check", value, &found)
        }
    }

    private func report(
        _ rule: String, _ message: String, _ value: Value?, _ found: inout [Violation]
    ) {
        found.append(
            Violation(
                path: path, rule: rule, message: message,
                value: value.map { Self.text($0, field) } ?? ""))
    }

    /// A value as it is shown in a message: long text is cut.
    static func text(_ value: Value, _ field: Field) -> String {
        switch value {
        case .string(let text):
            JSONWriter.quoted(text.count > 64 ? text.prefix(61) + "..." : text)
        case .enumeration(let number): field.enumType?.name(of: number) ?? "\(number)"
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)"
        case .float(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .list(let items): "\(items.count) items"
        case .map(let entries): "\(entries.count) entries"
        case .message(let message): JSONWriter().text(message)
        }
    }

    // MARK: - Strings

    private func checkString(_ text: String, _ found: inout [Violation]) {
        // Lengths are counted in code points.
        let length = UInt64(text.unicodeScalars.count)
        let value = Value.string(text)
        func fail(_ rule: String, _ message: String) {
            report("string." + rule, message, value, &found)
        }
        func characters(_ count: UInt64) -> String {
            count == 1 ? "1 character" : "\(count) characters"
        }
        func format(_ rule: String, _ isValid: (String) -> Bool, _ what: String) {
            if text.isEmpty {
                fail(rule + "_empty", "must be \(what), not empty")
            } else if !isValid(text) {
                fail(rule, "must be \(what)")
            }
        }
        var allowed: [String] = []
        for rule in rules.standard {
            switch (rule.number, rule.operand) {
            case (1, .bytes(let bytes)) where text != Self.text(bytes):
                fail("const", "must be \"\(Self.text(bytes))\"")
            case (2, .integer(let limit)) where length < limit:
                fail("min_len", "must be at least \(characters(limit)) long")
            case (3, .integer(let limit)) where length > limit:
                fail("max_len", "must be at most \(characters(limit)) long")
            case (19, .integer(let limit)) where length != limit:
                fail("len", "must be \(characters(limit)) long")
            case (4, .integer(let limit)) where text.utf8.count < limit:
                fail("min_bytes", "must be at least \(limit) bytes long")
            case (5, .integer(let limit)) where text.utf8.count > limit:
                fail("max_bytes", "must be at most \(limit) bytes long")
            case (20, .integer(let limit)) where text.utf8.count != limit:
                fail("len_bytes", "must be \(limit) bytes long")
            case (6, .bytes(let bytes)):
                guard let pattern = Pattern.cached(Self.text(bytes)) else {
                    fail("pattern", "has a pattern that cannot be compiled")
                    continue
                }
                if !pattern.matches(text) { fail("pattern", "must match \(Self.text(bytes))") }
            case (7, .bytes(let bytes)) where !text.hasPrefix(Self.text(bytes)):
                fail("prefix", "must begin with \"\(Self.text(bytes))\"")
            case (8, .bytes(let bytes)) where !text.hasSuffix(Self.text(bytes)):
                fail("suffix", "must end with \"\(Self.text(bytes))\"")
            case (9, .bytes(let bytes)) where !text.contains(Self.text(bytes)):
                fail("contains", "must contain \"\(Self.text(bytes))\"")
            case (23, .bytes(let bytes)) where text.contains(Self.text(bytes)):
                fail("not_contains", "must not contain \"\(Self.text(bytes))\"")
            case (10, .bytes(let bytes)): allowed.append(Self.text(bytes))
            case (11, .bytes(let bytes)) where text == Self.text(bytes):
                fail("not_in", "must not be \"\(text)\"")
            case (12, .integer(1)): format("email", TextFormats.isEmail, "an e-mail address")
            case (13, .integer(1)): format("hostname", TextFormats.isHostname, "a host name")
            case (14, .integer(1)): format("ip", { TextFormats.isIP($0) }, "an IP address")
            case (15, .integer(1)):
                format("ipv4", { TextFormats.isIP($0, version: 4) }, "an IPv4 address")
            case (16, .integer(1)):
                format("ipv6", { TextFormats.isIP($0, version: 6) }, "an IPv6 address")
            case (17, .integer(1)): format("uri", TextFormats.isURI, "a URI")
            case (22, .integer(1)): format("uuid", TextFormats.isUUID, "a UUID")
            case (33, .integer(1)):
                format("tuuid", TextFormats.isTrimmedUUID, "a UUID without dashes")
            case (26...31, .integer(1)): checkPrefix(rule.number, text, format)
            case (1...9, _), (10...11, _), (12...17, .integer), (19...20, _), (22...23, _),
                (26...31, .integer), (33, .integer), (34, _):
                break
            default:
                report("unsupported", "has a rule that this program cannot check", value, &found)
            }
        }
        if !allowed.isEmpty, !allowed.contains(text) {
            fail("in", "must be one of \(allowed.joined(separator: ", "))")
        }
    }

    private func checkPrefix(
        _ number: Int, _ text: String, _ format: (String, (String) -> Bool, String) -> Void
    ) {
        let version: Int? = [27: 4, 28: 6, 30: 4, 31: 6][number]
        let isStrict = number >= 29
        let family = version.map { "IPv\($0)" } ?? "IP"
        let rule = (version.map { "ipv\($0)" } ?? "ip") + (isStrict ? "_prefix" : "_with_prefixlen")
        format(
            rule, { TextFormats.isIPPrefix($0, version: version, isStrict: isStrict) },
            isStrict
                ? "an \(family) prefix like \(version == 6 ? "2001:db8::/32" : "10.0.0.0/8"), host bits zero"
                : "an \(family) address with a prefix length")
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: - Enums, lists, maps

    private func checkEnum(_ number: Int32, _ found: inout [Violation]) {
        let value = Value.enumeration(number)
        func name(_ number: Int32) -> String { field.enumType?.name(of: number) ?? "\(number)" }
        let allowed = list(3).map { Int32(truncatingIfNeeded: $0) }
        let refused = list(4).map { Int32(truncatingIfNeeded: $0) }
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            if rule.number == 1, Int32(truncatingIfNeeded: operand) != number {
                report(
                    "enum.const", "must be \(name(Int32(truncatingIfNeeded: operand)))", value,
                    &found)
            }
            if rule.number == 2, operand != 0, field.enumType?.name(of: number) == nil {
                report("enum.defined_only", "must be a value of the enum", value, &found)
            }
        }
        if !allowed.isEmpty, !allowed.contains(number) {
            report(
                "enum.in", "must be one of \(allowed.map(name).joined(separator: ", "))", value,
                &found)
        }
        if refused.contains(number) {
            report("enum.not_in", "must not be \(name(number))", value, &found)
        }
    }

    private func checkList(_ items: [Value], _ found: inout [Violation]) {
        let value = Value.list(items)
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            switch rule.number {
            case 1 where items.count < operand:
                report("repeated.min_items", "must have at least \(operand) items", value, &found)
            case 2 where items.count > operand:
                report("repeated.max_items", "must have at most \(operand) items", value, &found)
            case 3 where operand != 0 && Set(items).count != items.count:
                report("repeated.unique", "must not have the same item twice", value, &found)
            default: break
            }
        }
        guard let inner = rules.items?.value else { return }
        for (index, item) in items.enumerated() where !(inner.ignore == .ifZero && item.isDefault) {
            RuleCheck(rules: inner, field: field, path: "\(path)[\(index)]", now: now)
                .run(item, &found)
        }
    }

    private func checkMap(_ entries: [Value: Value], _ found: inout [Violation]) {
        let value = Value.map(entries)
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            if rule.number == 1, entries.count < operand {
                report("map.min_pairs", "must have at least \(operand) entries", value, &found)
            }
            if rule.number == 2, entries.count > operand {
                report("map.max_pairs", "must have at most \(operand) entries", value, &found)
            }
        }
        guard let keyField = field.mapKey, let valueField = field.mapValue else { return }
        for (key, item) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
            let place = "\(path)[\(Validator.subscriptText(key))]"
            if let inner = rules.keys?.value {
                RuleCheck(rules: inner, field: keyField, path: place, now: now).run(key, &found)
            }
            if let inner = rules.items?.value {
                RuleCheck(rules: inner, field: valueField, path: place, now: now).run(item, &found)
            }
        }
    }

    // MARK: - Numbers

    private var typeName: String {
        switch rules.type {
        case Numbers.int32: "int32"
        case Numbers.int64: "int64"
        case Numbers.uint32: "uint32"
        case Numbers.uint64: "uint64"
        case Numbers.sint32: "sint32"
        case Numbers.sint64: "sint64"
        case Numbers.fixed32: "fixed32"
        case Numbers.fixed64: "fixed64"
        case Numbers.sfixed32: "sfixed32"
        case Numbers.sfixed64: "sfixed64"
        default: "\(field.kind)"
        }
    }

    private func signed(_ raw: UInt64) -> Int64 {
        switch rules.type {
        case Numbers.sint32, Numbers.sint64: Int64(zigZag: raw)
        case Numbers.sfixed32: Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: raw)))
        default: Int64(bitPattern: raw)
        }
    }

    private func unsigned(_ raw: UInt64) -> UInt64 { raw }

    private func checkFloating(_ number: Double, _ name: String, _ found: inout [Violation]) {
        if rules.standard.contains(where: { rule in
            if case .integer(1) = rule.operand, rule.number == 8 { return true }
            return false
        }), !number.isFinite {
            report(name + ".finite", "must be finite", .double(number), &found)
        }
        checkComparable(
            number, name,
            operand: { raw in
                name == "float"
                    ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw)))
                    : Double(bitPattern: raw)
            }, &found)
    }

    /// The rules const, lt, lte, gt, gte, in and not_in, which all numbers share. A lower and an
    /// upper bound make one rule whose id has both names; when the upper is below the lower, the
    /// range is the outside ("exclusive").
    private func checkComparable<Number: Comparable & CustomStringConvertible>(
        _ number: Number, _ name: String, operand: (UInt64) -> Number, _ found: inout [Violation]
    ) {
        var bounds = Bounds<Number>()
        for rule in rules.standard {
            guard case .integer(let raw) = rule.operand else { continue }
            switch rule.number {
            case 1 where number != operand(raw):
                fail(name + ".const", "must be \(operand(raw))", number, &found)
            case 2: bounds.upper = (operand(raw), false)
            case 3: bounds.upper = (operand(raw), true)
            case 4: bounds.lower = (operand(raw), false)
            case 5: bounds.lower = (operand(raw), true)
            default: break
            }
        }
        if let broken = bounds.broken(by: number) {
            fail(name + "." + broken.rule, broken.message, number, &found)
        }
        let allowed = list(6).map(operand)
        if !allowed.isEmpty, !allowed.contains(number) {
            let words = allowed.map(\.description).joined(separator: ", ")
            fail(name + ".in", "must be one of \(words)", number, &found)
        }
        if list(7).map(operand).contains(number) {
            fail(name + ".not_in", "must not be \(number)", number, &found)
        }
    }

    private func fail(
        _ rule: String, _ message: String, _ value: some CustomStringConvertible,
        _ found: inout [Violation]
    ) {
        found.append(
            Violation(path: path, rule: rule, message: message, value: value.description))
    }

    /// The operands of a rule that may stand several times or packed.
    private func list(_ number: Int) -> [UInt64] {
        rules.standard.filter { $0.number == number }.flatMap { rule -> [UInt64] in
            switch rule.operand {
            case .integer(let value): return [value]
            case .bytes(let packed):
                return packed.withUnsafeBytes { bytes in
                    var reader = WireReader(bytes)
                    var values: [UInt64] = []
                    while !reader.isAtEnd, let value = try? reader.readVarint() {
                        values.append(value)
                    }
                    return values
                }
            }
        }
    }

    // MARK: - Durations and timestamps

    private func checkInstant(_ message: Message, _ found: inout [Violation]) {
        let isDuration = rules.type == Numbers.duration
        let name = isDuration ? "duration" : "timestamp"
        let value = Instant(
            seconds: Int64(message.integer("seconds")), nanos: Int32(message.integer("nanos")),
            isDuration: isDuration)
        let present = now()
        let clock = Instant(seconds: present.seconds, nanos: present.nanos, isDuration: false)
        var bounds = Bounds<Instant>()
        for rule in rules.standard {
            switch rule.operand {
            case .bytes(let payload):
                guard let operand = Instant(payload, isDuration: isDuration) else { continue }
                switch rule.number {
                case 2 where value != operand:
                    fail(name + ".const", "must be \(operand)", value, &found)
                case 3: bounds.upper = (operand, false)
                case 4: bounds.upper = (operand, true)
                case 5: bounds.lower = (operand, false)
                case 6: bounds.lower = (operand, true)
                default: break
                }
            case .integer(let flag) where flag != 0 && !isDuration:
                if rule.number == 7, !(value < clock) {
                    fail("timestamp.lt_now", "must be in the past", value, &found)
                }
                if rule.number == 8, !(value > clock) {
                    fail("timestamp.gt_now", "must be in the future", value, &found)
                }
            default: break
            }
        }
        if let broken = bounds.broken(by: value) {
            fail(name + "." + broken.rule, broken.message, value, &found)
        }
    }
}

/// A lower and an upper bound, each with whether it is allowed itself.
private struct Bounds<Number: Comparable & CustomStringConvertible> {
    var lower: (value: Number, isAllowed: Bool)?
    var upper: (value: Number, isAllowed: Bool)?

    func broken(by number: Number) -> (rule: String, message: String)? {
        let lowerName = lower.map { $0.isAllowed ? "gte" : "gt" }
        let upperName = upper.map { $0.isAllowed ? "lte" : "lt" }
        let isAbove =
            lower.map { number > $0.value || ($0.isAllowed && number == $0.value) } ?? true
        let isBelow =
            upper.map { number < $0.value || ($0.isAllowed && number == $0.value) } ?? true
        let lowerWords = lower.map {
            ($0.isAllowed ? "at least " : "greater than ") + "\($0.value)"
        }
        let upperWords = upper.map { ($0.isAllowed ? "at most " : "less than ") + "\($0.value)" }
        guard let lower, let upper, let lowerName, let upperName, let lowerWords, let upperWords
        else {
            guard !(isAbove && isBelow), let rule = lowerName ?? upperName,
                let words = lowerWords ?? upperWords
            else { return nil }
            return (rule, "must be \(words)")
        }
        if upper.value < lower.value {
            guard !isAbove, !isBelow else { return nil }
            return ("\(lowerName)_\(upperName)_exclusive", "must be \(lowerWords) or \(upperWords)")
        }
        guard !(isAbove && isBelow) else { return nil }
        return ("\(lowerName)_\(upperName)", "must be \(lowerWords) and \(upperWords)")
    }
}

/// A Duration or a Timestamp that compares and prints.
private struct Instant: Comparable, CustomStringConvertible {
    let seconds: Int64
    let nanos: Int32
    let isDuration: Bool

    init(seconds: Int64, nanos: Int32, isDuration: Bool) {
        self.seconds = seconds
        self.nanos = nanos
        self.isDuration = isDuration
    }

    init?(_ payload: [UInt8], isDuration: Bool) {
        guard
            let (seconds, nanos) = payload.withUnsafeBytes({
                try? ProtobufReader().instant($0)
            })
        else { return nil }
        self.init(seconds: seconds, nanos: nanos, isDuration: isDuration)
    }

    static func < (a: Instant, b: Instant) -> Bool {
        (a.seconds, a.nanos) < (b.seconds, b.nanos)
    }

    var description: String {
        isDuration
            ? TimeText.duration(seconds: seconds, nanos: nanos)
            : TimeText.rfc3339(seconds: seconds, nanos: nanos)
    }
}
