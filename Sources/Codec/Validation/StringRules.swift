import Contract

/// The rules of texts.
extension RuleCheck {
    func checkString(_ text: String, _ found: inout [Violation]) {
        var allowed: [[UInt8]] = []
        for rule in rules.standard {
            switch rule.operand {
            case .integer(let operand):
                checkLength(text, rule.number, operand, &found)
                if operand == 1 { checkFormat(text, rule.number, &found) }
                if rule.number == StringRule.wellKnownRegex { checkHeader(text, operand, &found) }
            case .bytes(let operand):
                if rule.number == StringRule.in { allowed.append(operand) }
                checkContent(text, rule.number, operand, &found)
            }
            if !StringRule.isKnown(rule.number) { reportUnsupported(.string(text), &found) }
        }
        if !allowed.isEmpty, !allowed.contains(Array(text.utf8)) {
            let words = allowed.map { Self.text($0) }.joined(separator: ", ")
            report("string.in", "must be one of \(words)", .string(text), &found)
        }
    }

    private func checkLength(
        _ text: String, _ number: Int, _ limit: UInt64, _ found: inout [Violation]
    ) {
        func fail(_ rule: String, _ message: String) {
            report("string." + rule, message, .string(text), &found)
        }
        // Lengths are counted in code points.
        let length = UInt64(text.unicodeScalars.count)
        let characters = limit == 1 ? "1 character" : "\(limit) characters"
        let bytes = UInt64(text.utf8.count)
        switch number {
        case StringRule.minLen where length < limit:
            fail("min_len", "must be at least \(characters) long")
        case StringRule.maxLen where length > limit:
            fail("max_len", "must be at most \(characters) long")
        case StringRule.len where length != limit: fail("len", "must be \(characters) long")
        case StringRule.minBytes where bytes < limit:
            fail("min_bytes", "must be at least \(limit) bytes long")
        case StringRule.maxBytes where bytes > limit:
            fail("max_bytes", "must be at most \(limit) bytes long")
        case StringRule.lenBytes where bytes != limit:
            fail("len_bytes", "must be \(limit) bytes long")
        default: break
        }
    }

    private func checkContent(
        _ text: String, _ number: Int, _ operand: [UInt8], _ found: inout [Violation]
    ) {
        func fail(_ rule: String, _ message: String) {
            report("string." + rule, message, .string(text), &found)
        }
        let shown = Self.text(operand)
        switch number {
        case StringRule.const where !text.utf8.elementsEqual(operand):
            fail("const", "must be \"\(shown)\"")
        case StringRule.pattern:
            guard let pattern = Pattern.cached(shown) else {
                return fail("pattern", "has a pattern that cannot be compiled")
            }
            if !pattern.matches(text) { fail("pattern", "must match \(shown)") }
        case StringRule.prefix where !text.utf8.starts(with: operand):
            fail("prefix", "must begin with \"\(shown)\"")
        case StringRule.suffix where !text.utf8.reversed().starts(with: operand.reversed()):
            fail("suffix", "must end with \"\(shown)\"")
        case StringRule.contains where !Self.contains(text, operand):
            fail("contains", "must contain \"\(shown)\"")
        case StringRule.notContains where Self.contains(text, operand):
            fail("not_contains", "must not contain \"\(shown)\"")
        case StringRule.notIn where text.utf8.elementsEqual(operand):
            fail("not_in", "must not be \"\(text)\"")
        default: break
        }
    }

    // MARK: - Formats

    /// A format that a text must have.
    private struct Format: Sendable {
        /// The rule's id after `string.`.
        let rule: String
        let isValid: @Sendable (String) -> Bool
        let what: String
        /// Whether the empty text has a rule of its own.
        var refusesEmpty = true
    }

    private static let formats: [Int: Format] = {
        func ip(_ version: Int?) -> @Sendable (String) -> Bool {
            { TextFormats.isIP($0, version: version) }
        }
        return [
            StringRule.email: Format(
                rule: "email", isValid: TextFormats.isEmail, what: "an e-mail address"),
            StringRule.hostname: Format(
                rule: "hostname", isValid: TextFormats.isHostname, what: "a host name"),
            StringRule.ip: Format(rule: "ip", isValid: ip(nil), what: "an IP address"),
            StringRule.ipv4: Format(rule: "ipv4", isValid: ip(4), what: "an IPv4 address"),
            StringRule.ipv6: Format(rule: "ipv6", isValid: ip(6), what: "an IPv6 address"),
            StringRule.uri: Format(rule: "uri", isValid: TextFormats.isURI, what: "a URI"),
            StringRule.uriRef: Format(
                rule: "uri_ref", isValid: TextFormats.isURIReference, what: "a URI reference",
                refusesEmpty: false),
            StringRule.address: Format(
                rule: "address",
                isValid: { TextFormats.isHostname($0) || TextFormats.isIP($0) },
                what: "a host name or an IP address"),
            StringRule.uuid: Format(rule: "uuid", isValid: TextFormats.isUUID, what: "a UUID"),
            StringRule.tuuid: Format(
                rule: "tuuid", isValid: TextFormats.isTrimmedUUID, what: "a UUID without dashes"),
            StringRule.hostAndPort: Format(
                rule: "host_and_port",
                isValid: { TextFormats.isHostAndPort($0, needsPort: true) },
                what: "a host and a port"),
            StringRule.ulid: Format(rule: "ulid", isValid: TextFormats.isULID, what: "a ULID"),
            StringRule.protobufName: Format(
                rule: "protobuf_fqn", isValid: TextFormats.isProtobufName,
                what: "a name like package.Message"),
            StringRule.protobufDotName: Format(
                rule: "protobuf_dot_fqn",
                isValid: {
                    $0.hasPrefix(".") && TextFormats.isProtobufName(String($0.dropFirst()))
                }, what: "a name like .package.Message"),
        ]
    }()

    private func checkFormat(_ text: String, _ number: Int, _ found: inout [Violation]) {
        guard let format = Self.formats[number] ?? Self.prefixFormat(number) else { return }
        if text.isEmpty, format.refusesEmpty {
            report(
                "string.\(format.rule)_empty", "must be \(format.what), not empty",
                .string(text), &found)
        } else if !format.isValid(text) {
            report("string.\(format.rule)", "must be \(format.what)", .string(text), &found)
        }
    }

    /// The format of an address with a prefix; nil for other rules.
    private static func prefixFormat(_ number: Int) -> Format? {
        guard (StringRule.ipWithPrefixLength...StringRule.ipv6Prefix).contains(number) else {
            return nil
        }
        let version: Int? =
            switch number {
            case StringRule.ipv4WithPrefixLength, StringRule.ipv4Prefix: 4
            case StringRule.ipv6WithPrefixLength, StringRule.ipv6Prefix: 6
            default: nil
            }
        let isStrict = number >= StringRule.ipPrefix
        let family = version.map { "IPv\($0)" } ?? "IP"
        let rule = (version.map { "ipv\($0)" } ?? "ip") + (isStrict ? "_prefix" : "_with_prefixlen")
        let example = version == 6 ? "2001:db8::/32" : "10.0.0.0/8"
        return Format(
            rule: rule,
            isValid: { TextFormats.isIPPrefix($0, version: version, isStrict: isStrict) },
            what: isStrict
                ? "an \(family) prefix like \(example), host bits zero"
                : "an \(family) address with a prefix length")
    }

    /// `well_known_regex`: the name (1) or value (2) of an HTTP header; strict unless said otherwise.
    private func checkHeader(_ text: String, _ kind: UInt64, _ found: inout [Violation]) {
        let isLoose = rules.standard.contains { rule in
            if rule.number == StringRule.strict, case .integer(0) = rule.operand { return true }
            return false
        }
        let value = Value.string(text)
        switch kind {
        case KnownRegex.headerName where text.isEmpty:
            report(
                "string.well_known_regex.header_name_empty",
                "must be the name of a header, not empty",
                value, &found)
        case KnownRegex.headerName where !TextFormats.isHeaderName(text, isStrict: !isLoose):
            report(
                "string.well_known_regex.header_name", "must be the name of a header", value, &found
            )
        case KnownRegex.headerValue where !TextFormats.isHeaderValue(text, isStrict: !isLoose):
            report(
                "string.well_known_regex.header_value", "must be the value of a header", value,
                &found)
        case KnownRegex.unspecified...KnownRegex.headerValue: break
        default: reportUnsupported(value, &found)
        }
    }

    private static func contains(_ text: String, _ part: [UInt8]) -> Bool {
        part.isEmpty || Array(text.utf8).firstRange(of: part) != nil
    }
}
