/// The functions that make a value of another type.
///
/// Source: cel-spec, "List of Standard Definitions".
enum CELConversions {
    static func convert(_ value: CELValue, to type: String) throws(CELError) -> CELValue {
        if value.typeName == type { return value }
        let made: CELValue? =
            switch type {
            case "int": int(value)
            case "uint": uint(value)
            case "double": double(value)
            case "string": string(value)
            case "bytes": bytes(value)
            case "bool": bool(value)
            case "timestamp": timestamp(value)
            default: duration(value)
            }
        guard let made else { throw .noOverload("\(type)()", value) }
        return made
    }

    private static func int(_ value: CELValue) -> CELValue? {
        switch value {
        case .uint(let number): Int64(exactly: number).map { .int($0) }
        case .double(let number): Int64(exactly: number.rounded(.towardZero)).map { .int($0) }
        case .string(let text): Int64(text).map { .int($0) }
        case .timestamp(let time): .int(time.seconds)
        default: nil
        }
    }

    private static func uint(_ value: CELValue) -> CELValue? {
        switch value {
        case .int(let number): UInt64(exactly: number).map { .uint($0) }
        case .double(let number): UInt64(exactly: number.rounded(.towardZero)).map { .uint($0) }
        case .string(let text): UInt64(text).map { .uint($0) }
        default: nil
        }
    }

    private static func double(_ value: CELValue) -> CELValue? {
        switch value {
        case .int(let number): .double(Double(number))
        case .uint(let number): .double(Double(number))
        case .string(let text): Double(text).map { .double($0) }
        default: nil
        }
    }

    private static func string(_ value: CELValue) -> CELValue? {
        switch value {
        case .bool(let flag): .string(flag ? "true" : "false")
        case .int(let number): .string(String(number))
        case .uint(let number): .string(String(number))
        case .double(let number):
            .string(Int64(exactly: number).map(String.init) ?? String(number))
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self).map { .string($0) }
        case .timestamp(let time):
            .string(TimeText.rfc3339(seconds: time.seconds, nanos: time.nanos))
        case .duration(let length):
            .string(TimeText.duration(seconds: length.seconds, nanos: length.nanos))
        default: nil
        }
    }

    private static func bytes(_ value: CELValue) -> CELValue? {
        guard case .string(let text) = value else { return nil }
        return .bytes(Array(text.utf8))
    }

    private static func bool(_ value: CELValue) -> CELValue? {
        switch value {
        case .string("1"), .string("t"), .string("true"), .string("TRUE"), .string("True"):
            .bool(true)
        case .string("0"), .string("f"), .string("false"), .string("FALSE"), .string("False"):
            .bool(false)
        default: nil
        }
    }

    private static func timestamp(_ value: CELValue) -> CELValue? {
        switch value {
        case .timestamp: value
        case .int(let seconds) where TimeText.timestampRange.contains(seconds):
            .timestamp(CELInstant(seconds: seconds, nanos: 0))
        case .string(let text):
            TimeText.parseRFC3339(text).map {
                .timestamp(CELInstant(seconds: $0.seconds, nanos: $0.nanos))
            }
        default: nil
        }
    }

    private static func duration(_ value: CELValue) -> CELValue? {
        switch value {
        case .duration: return value
        case .string(let text):
            // CEL's units end with the hour.
            guard !text.contains("d"), !text.contains("w"),
                let parsed = TimeText.parseHumanDuration(text)
            else { return nil }
            return .duration(CELInstant(seconds: parsed.seconds, nanos: parsed.nanos))
        default: return nil
        }
    }
}
