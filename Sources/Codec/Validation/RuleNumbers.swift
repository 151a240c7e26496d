// The numbers of the standard rules (buf/validate/validate.proto), by the message that has them.

/// Rules of numbers: FloatRules to SFixed64Rules.
enum NumberRule {
    static let const = 1
    static let lt = 2
    static let lte = 3
    static let gt = 4
    static let gte = 5
    static let `in` = 6
    static let notIn = 7
    /// Of FloatRules and DoubleRules only.
    static let finite = 8
}

/// BoolRules.
enum BoolRule {
    static let const = 1
}

/// StringRules.
enum StringRule {
    static let const = 1
    static let minLen = 2
    static let maxLen = 3
    static let minBytes = 4
    static let maxBytes = 5
    static let pattern = 6
    static let prefix = 7
    static let suffix = 8
    static let contains = 9
    static let `in` = 10
    static let notIn = 11
    static let email = 12
    static let hostname = 13
    static let ip = 14
    static let ipv4 = 15
    static let ipv6 = 16
    static let uri = 17
    static let uriRef = 18
    static let len = 19
    static let lenBytes = 20
    static let address = 21
    static let uuid = 22
    static let notContains = 23
    static let wellKnownRegex = 24
    static let strict = 25
    static let ipWithPrefixLength = 26
    static let ipv4WithPrefixLength = 27
    static let ipv6WithPrefixLength = 28
    static let ipPrefix = 29
    static let ipv4Prefix = 30
    static let ipv6Prefix = 31
    static let hostAndPort = 32
    static let tuuid = 33
    static let ulid = 35
    static let protobufName = 37
    static let protobufDotName = 38

    /// Examples do not constrain values.
    static let example = 34

    /// Whether a rule is one of these.
    static func isKnown(_ number: Int) -> Bool {
        (const...ulid).contains(number) || number == protobufName || number == protobufDotName
    }
}

/// The values of StringRules.well_known_regex (KnownRegex).
enum KnownRegex {
    static let unspecified: UInt64 = 0
    static let headerName: UInt64 = 1
    static let headerValue: UInt64 = 2
}

/// BytesRules.
enum BytesRule {
    static let const = 1
    static let minLen = 2
    static let maxLen = 3
    static let pattern = 4
    static let prefix = 5
    static let suffix = 6
    static let contains = 7
    static let `in` = 8
    static let notIn = 9
    static let ip = 10
    static let ipv4 = 11
    static let ipv6 = 12
    static let len = 13
    /// Examples do not constrain values.
    static let example = 14
    static let uuid = 15
}

/// EnumRules.
enum EnumRule {
    static let const = 1
    static let definedOnly = 2
    static let `in` = 3
    static let notIn = 4
}

/// RepeatedRules.
enum RepeatedRule {
    static let minItems = 1
    static let maxItems = 2
    static let unique = 3
}

/// MapRules.
enum MapRule {
    static let minPairs = 1
    static let maxPairs = 2
}

/// AnyRules.
enum AnyRule {
    static let `in` = 2
    static let notIn = 3
}

/// FieldMaskRules.
enum FieldMaskRule {
    static let const = 1
    static let `in` = 2
    static let notIn = 3
}

/// DurationRules and TimestampRules, whose numbers differ from 7 on.
enum InstantRule {
    static let const = 2
    static let lt = 3
    static let lte = 4
    static let gt = 5
    static let gte = 6
    /// Of DurationRules.
    static let `in` = 7
    /// Of DurationRules.
    static let notIn = 8
    /// Of TimestampRules.
    static let ltNow = 7
    /// Of TimestampRules.
    static let gtNow = 8
    /// Of TimestampRules.
    static let within = 9
}
