extension RuleCheck {
    func checkBytes(_ bytes: [UInt8], _ found: inout [Violation]) {
        let value = Value.bytes(bytes)
        func fail(_ rule: String, _ message: String) {
            report("bytes." + rule, message, value, &found)
        }
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        var allowed: [[UInt8]] = []
        for rule in rules.standard {
            switch (rule.number, rule.operand) {
            case (BytesRule.const, .bytes(let wanted)) where bytes != wanted:
                fail("const", "must be \(hex(wanted))")
            case (BytesRule.minLen, .integer(let limit)) where bytes.count < limit:
                fail("min_len", "must be at least \(limit) bytes long")
            case (BytesRule.maxLen, .integer(let limit)) where bytes.count > limit:
                fail("max_len", "must be at most \(limit) bytes long")
            case (BytesRule.len, .integer(let limit)) where bytes.count != limit:
                fail("len", "must be \(limit) bytes long")
            case (BytesRule.pattern, .bytes(let operand)):
                guard let pattern = Pattern.cached(Self.text(operand)) else {
                    fail("pattern", "has a pattern that cannot be compiled")
                    continue
                }
                guard let text = String(validating: bytes, as: UTF8.self), pattern.matches(text)
                else {
                    fail("pattern", "must match \(Self.text(operand))")
                    continue
                }
            case (BytesRule.prefix, .bytes(let part)) where !bytes.starts(with: part):
                fail("prefix", "must begin with \(hex(part))")
            case (BytesRule.suffix, .bytes(let part))
            where !bytes.reversed().starts(with: part.reversed()):
                fail("suffix", "must end with \(hex(part))")
            case (BytesRule.contains, .bytes(let part))
            where !part.isEmpty && bytes.firstRange(of: part) == nil:
                fail("contains", "must contain \(hex(part))")
            case (BytesRule.in, .bytes(let other)): allowed.append(other)
            case (BytesRule.notIn, .bytes(let other)) where bytes == other:
                fail("not_in", "must not be \(hex(other))")
            case (BytesRule.ip, .integer(1)): size([4, 16], "ip", "an IP address", bytes, &found)
            case (BytesRule.ipv4, .integer(1)): size([4], "ipv4", "an IPv4 address", bytes, &found)
            case (BytesRule.ipv6, .integer(1)): size([16], "ipv6", "an IPv6 address", bytes, &found)
            case (BytesRule.uuid, .integer(1)): size([16], "uuid", "a UUID", bytes, &found)
            case (BytesRule.const...BytesRule.uuid, _): break
            default: reportUnsupported(value, &found)
            }
        }
        if !allowed.isEmpty, !allowed.contains(bytes) {
            fail("in", "must be one of \(allowed.map(hex).joined(separator: ", "))")
        }
    }

    private func size(
        _ sizes: [Int], _ rule: String, _ what: String, _ bytes: [UInt8],
        _ found: inout [Violation]
    ) {
        guard !sizes.contains(bytes.count) else { return }
        let lengths = sizes.map(String.init).joined(separator: " or ")
        report(
            "bytes." + rule + (bytes.isEmpty ? "_empty" : ""),
            "must be \(what) of \(lengths) bytes", .bytes(bytes), &found)
    }
}
