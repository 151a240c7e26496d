/// The functions of the standard library, of protovalidate and of cel-go's strings.
///
/// Sources: cel-spec, "List of Standard Definitions"; protovalidate, "Custom CEL functions".
enum CELFunctions {
    /// How many arguments a name takes as a function, and called on a value.
    struct Signature {
        var function: ClosedRange<Int>?
        var method: ClosedRange<Int>?
    }

    static let signatures: [String: Signature] = {
        var table: [String: Signature] = [
            "size": Signature(function: 1...1, method: 0...0),
            "matches": Signature(function: 2...2, method: 1...1),
            "getField": Signature(function: 2...2),
        ]
        for name in [
            "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type",
            "uint",
        ] {
            table[name] = Signature(function: 1...1)
        }
        let methods: [(ClosedRange<Int>, [String])] = [
            (
                0...0,
                [
                    "isNan", "isEmail", "isHostname", "isUri", "isUriRef", "isUuid", "unique",
                    "lowerAscii", "upperAscii", "trim", "reverse",
                ]
            ),
            (1...1, ["contains", "startsWith", "endsWith", "isHostAndPort", "charAt", "format"]),
            (0...1, ["isInf", "isIp", "join"] + Array(instantParts.keys)),
            (0...2, ["isIpPrefix"]),
            (1...2, ["indexOf", "lastIndexOf", "split", "substring"]),
            (2...3, ["replace"]),
        ]
        for (counts, names) in methods {
            for name in names { table[name] = Signature(method: counts) }
        }
        return table
    }()

    static func call(
        _ name: String, _ target: CELValue?, _ arguments: [CELValue]
    ) throws(CELError) -> CELValue {
        // A function with a method of the same name takes the target first.
        let all = (target.map { [$0] } ?? []) + arguments
        guard let first = all.first else { throw .wrongCount(name, 0) }
        if let part = instantParts[name] { return try instant(name, part, all) }
        switch name {
        case "size": return .int(Int64(try size(first)))
        case "matches": return .bool(try matches(first, all[1]))
        case "contains", "startsWith", "endsWith": return .bool(try search(name, first, all[1]))
        case "dyn": return first
        case "type":
            return .type(first.typeName)
        case "bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint":
            return try CELConversions.convert(first, to: name)
        case "getField": return try field(first, all[1])
        case "unique": return .bool(try unique(first))
        case "isNan", "isInf": return .bool(try number(name, first, all.dropFirst().first))
        case "isEmail", "isHostname", "isUri", "isUriRef", "isUuid", "isHostAndPort", "isIp",
            "isIpPrefix":
            return .bool(try format(name, all))
        default: return try CELStrings.call(name, all)
        }
    }

    /// A value as text, for messages.
    static func text(_ value: CELValue) -> String {
        if case .string(let text) = value { return JSONWriter.quoted(text) }
        guard let converted = try? CELConversions.convert(value, to: "string"),
            case .string(let text) = converted
        else { return value.typeName }
        return text
    }

    private static func size(_ value: CELValue) throws(CELError) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .bytes(let bytes): return bytes.count
        case .list(let items): return items.count
        case .map(let entries): return entries.count
        default: throw .noOverload("size()", value)
        }
    }

    private static func matches(_ text: CELValue, _ pattern: CELValue) throws(CELError) -> Bool {
        guard case .string(let text) = text, case .string(let pattern) = pattern else {
            throw .noOverload("matches()", text, pattern)
        }
        guard let compiled = Pattern.cached(pattern) else {
            throw .badPattern(pattern)
        }
        return compiled.matches(text)
    }

    private static func search(
        _ name: String, _ whole: CELValue, _ part: CELValue
    ) throws(CELError) -> Bool {
        let haystack: [UInt8]
        let needle: [UInt8]
        switch (whole, part) {
        case (.string(let a), .string(let b)): (haystack, needle) = (Array(a.utf8), Array(b.utf8))
        case (.bytes(let a), .bytes(let b)): (haystack, needle) = (a, b)
        default: throw .noOverload("\(name)()", whole, part)
        }
        switch name {
        case "startsWith": return haystack.starts(with: needle)
        case "endsWith": return haystack.reversed().starts(with: needle.reversed())
        default: return haystack.firstRange(of: needle) != nil || needle.isEmpty
        }
    }

    private static func field(_ value: CELValue, _ name: CELValue) throws(CELError) -> CELValue {
        guard case .message(let message) = value, case .string(let name) = name else {
            throw .noOverload("getField()", value, name)
        }
        guard let field = message.type.field(named: name) else {
            throw .noField(name, of: message.type.fullName)
        }
        return try CELValue(message[field], of: field)
    }

    private static func unique(_ value: CELValue) throws(CELError) -> Bool {
        guard case .list(let items) = value else { throw .noOverload("unique()", value) }
        // 1 and 1u are equal, but not the same.
        for (index, item) in items.enumerated() {
            let isKnown = items[..<index].contains { $0 == item && $0.typeName == item.typeName }
            if isKnown { return false }
        }
        return true
    }

    private static func number(
        _ name: String, _ value: CELValue, _ sign: CELValue?
    ) throws(CELError) -> Bool {
        guard case .double(let number) = value else { throw .noOverload("\(name)()", value) }
        if name == "isNan" { return number.isNaN }
        switch sign {
        case nil: return number.isInfinite
        case .int(let wanted):
            return number.isInfinite && (wanted == 0 || (wanted > 0) == (number > 0))
        case .some(let other): throw .noOverload("isInf()", value, other)
        }
    }

    // MARK: - Formats

    private static func format(_ name: String, _ all: [CELValue]) throws(CELError) -> Bool {
        guard case .string(let text) = all[0] else { throw .noOverload("\(name)()", all[0]) }
        switch name {
        case "isEmail": return TextFormats.isEmail(text)
        case "isHostname": return TextFormats.isHostname(text)
        case "isUri": return TextFormats.isURI(text)
        case "isUriRef": return TextFormats.isURIReference(text)
        case "isUuid": return TextFormats.isUUID(text)
        case "isHostAndPort":
            guard case .bool(let needsPort) = all[1] else { throw .noOverload("\(name)()", all[1]) }
            return TextFormats.isHostAndPort(text, needsPort: needsPort)
        default: break
        }
        var version: Int?
        var isStrict = false
        for argument in all.dropFirst() {
            switch argument {
            case .int(0): break
            case .int(let number): version = Int(clamping: number)
            case .bool(let flag) where name == "isIpPrefix": isStrict = flag
            default: throw .noOverload("\(name)()", all[0], argument)
            }
        }
        guard version == nil || version == 4 || version == 6 else { return false }
        return name == "isIp"
            ? TextFormats.isIP(text, version: version)
            : TextFormats.isIPPrefix(text, version: version, isStrict: isStrict)
    }

    // MARK: - Parts of a time

    private enum InstantPart {
        case year, month, dayOfMonth, date, dayOfWeek, dayOfYear
        case hours, minutes, seconds, milliseconds
    }

    private static let instantParts: [String: InstantPart] = [
        "getFullYear": .year, "getMonth": .month, "getDayOfMonth": .dayOfMonth, "getDate": .date,
        "getDayOfWeek": .dayOfWeek, "getDayOfYear": .dayOfYear, "getHours": .hours,
        "getMinutes": .minutes, "getSeconds": .seconds, "getMilliseconds": .milliseconds,
    ]

    private static func instant(
        _ name: String, _ part: InstantPart, _ all: [CELValue]
    ) throws(CELError) -> CELValue {
        switch (all[0], all.dropFirst().first) {
        case (.duration(let length), nil): return .int(try durationPart(name, part, length))
        case (.timestamp(let time), nil): return .int(timestampPart(part, time, offset: 0))
        case (.timestamp(let time), .string(let zone)):
            return .int(timestampPart(part, time, offset: try offset(of: zone)))
        default: throw .noOverload("\(name)()", all[0])
        }
    }

    private static func durationPart(
        _ name: String, _ part: InstantPart, _ length: CELInstant
    ) throws(CELError) -> Int64 {
        switch part {
        case .hours: return length.seconds / 3600
        case .minutes: return length.seconds / 60
        case .seconds: return length.seconds
        case .milliseconds: return Int64(length.nanos) / 1_000_000
        default: throw .noOverload("\(name)()", .duration(length))
        }
    }

    private static func timestampPart(
        _ part: InstantPart, _ time: CELInstant, offset: Int64
    ) -> Int64 {
        let local = time.seconds + offset
        let days = local.flooredQuotient(by: 86_400)
        let second = local - days * 86_400
        let date = TimeText.civil(fromDays: days)
        return switch part {
        case .year: Int64(date.year)
        case .month: Int64(date.month - 1)
        case .dayOfMonth: Int64(date.day - 1)
        case .date: Int64(date.day)
        case .dayOfWeek: days + 4 - (days + 4).flooredQuotient(by: 7) * 7
        case .dayOfYear: days - TimeText.days(fromCivil: date.year, 1, 1)
        case .hours: second / 3600
        case .minutes: second / 60 % 60
        case .seconds: second % 60
        case .milliseconds: Int64(time.nanos) / 1_000_000
        }
    }

    /// Seconds east of UTC of `UTC`, `+02:00` or `-0530`; names of zones need a database of them.
    private static func offset(of zone: String) throws(CELError) -> Int64 {
        if zone.isEmpty || zone == "UTC" || zone == "Z" { return 0 }
        var digits = zone[...]
        let isWest = digits.hasPrefix("-")
        if isWest || digits.hasPrefix("+") { digits = digits.dropFirst() }
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hours = Int64(parts[0]), let minutes = Int64(parts[1]),
            (0...23).contains(hours), (0...59).contains(minutes)
        else {
            throw .unknownZone(zone)
        }
        return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
