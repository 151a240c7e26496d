import Contract

extension RuleCheck {
    func checkString(_ text: String, _ found: inout [Violation]) {
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
        var allowed: [[UInt8]] = []
        for rule in rules.standard {
            switch (rule.number, rule.operand) {
            case (1, .bytes(let bytes)) where !text.utf8.elementsEqual(bytes):
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
            case (7, .bytes(let bytes)) where !text.utf8.starts(with: bytes):
                fail("prefix", "must begin with \"\(Self.text(bytes))\"")
            case (8, .bytes(let bytes)) where !text.utf8.reversed().starts(with: bytes.reversed()):
                fail("suffix", "must end with \"\(Self.text(bytes))\"")
            case (9, .bytes(let bytes)) where !Self.contains(text, bytes):
                fail("contains", "must contain \"\(Self.text(bytes))\"")
            case (23, .bytes(let bytes)) where Self.contains(text, bytes):
                fail("not_contains", "must not contain \"\(Self.text(bytes))\"")
            case (10, .bytes(let bytes)): allowed.append(bytes)
            case (11, .bytes(let bytes)) where text.utf8.elementsEqual(bytes):
                fail("not_in", "must not be \"\(text)\"")
            case (12, .integer(1)): format("email", TextFormats.isEmail, "an e-mail address")
            case (13, .integer(1)): format("hostname", TextFormats.isHostname, "a host name")
            case (14, .integer(1)): format("ip", { TextFormats.isIP($0) }, "an IP address")
            case (15, .integer(1)):
                format("ipv4", { TextFormats.isIP($0, version: 4) }, "an IPv4 address")
            case (16, .integer(1)):
                format("ipv6", { TextFormats.isIP($0, version: 6) }, "an IPv6 address")
            case (17, .integer(1)): format("uri", TextFormats.isURI, "a URI")
            case (18, .integer(1)):
                if !TextFormats.isURIReference(text) { fail("uri_ref", "must be a URI reference") }
            case (21, .integer(1)):
                format(
                    "address", { TextFormats.isHostname($0) || TextFormats.isIP($0) },
                    "a host name or an IP address")
            case (22, .integer(1)): format("uuid", TextFormats.isUUID, "a UUID")
            case (33, .integer(1)):
                format("tuuid", TextFormats.isTrimmedUUID, "a UUID without dashes")
            case (26...31, .integer(1)): checkPrefix(rule.number, text, format)
            case (32, .integer(1)):
                format(
                    "host_and_port", { TextFormats.isHostAndPort($0, needsPort: true) },
                    "a host and a port")
            case (35, .integer(1)): format("ulid", TextFormats.isULID, "a ULID")
            case (37, .integer(1)):
                format("protobuf_fqn", TextFormats.isProtobufName, "a name like package.Message")
            case (38, .integer(1)):
                format(
                    "protobuf_dot_fqn",
                    { $0.hasPrefix(".") && TextFormats.isProtobufName(String($0.dropFirst())) },
                    "a name like .package.Message")
            case (24, .integer(let kind)): checkHeader(text, kind, &found)
            case (1...35, _), (37...38, _): break
            default:
                reportUnsupported(value, &found)
            }
        }
        if !allowed.isEmpty, !allowed.contains(Array(text.utf8)) {
            fail("in", "must be one of \(allowed.map { Self.text($0) }.joined(separator: ", "))")
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

    /// `well_known_regex`: the name (1) or value (2) of an HTTP header; strict unless said otherwise.
    private func checkHeader(_ text: String, _ kind: UInt64, _ found: inout [Violation]) {
        let isLoose = rules.standard.contains { rule in
            if rule.number == 25, case .integer(0) = rule.operand { return true }
            return false
        }
        let value = Value.string(text)
        switch kind {
        case 1 where text.isEmpty:
            report(
                "string.well_known_regex.header_name_empty",
                "must be the name of a header, not empty",
                value, &found)
        case 1 where !TextFormats.isHeaderName(text, isStrict: !isLoose):
            report(
                "string.well_known_regex.header_name", "must be the name of a header", value, &found
            )
        case 2 where !TextFormats.isHeaderValue(text, isStrict: !isLoose):
            report(
                "string.well_known_regex.header_value", "must be the value of a header", value,
                &found)
        case 0...2: break
        default: reportUnsupported(value, &found)
        }
    }

    private static func contains(_ text: String, _ part: [UInt8]) -> Bool {
        part.isEmpty || Array(text.utf8).firstRange(of: part) != nil
    }
}
