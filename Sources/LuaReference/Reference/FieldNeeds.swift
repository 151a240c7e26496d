import Contract

extension Field {
    /// Whether a request without the field is refused: it is marked as required, or it has no
    /// presence and its rules do not admit the empty text, zero or the unspecified value that it
    /// would have (protovalidate checks fields without presence even when they are not set).
    public var hasToBeSet: Bool {
        if rules.isRequired { return true }
        if isRepeated {
            // RepeatedRules.min_items
            return rules.ignore == .never
                && rules.standard.contains { rule in
                    if rule.number == 1, case .integer(let least) = rule.operand {
                        return least > 0
                    }
                    return false
                }
        }
        guard !hasPresence, rules.ignore == .never else { return false }
        return rules.standard.contains { rule in
            switch (kind, rule.number, rule.operand) {
            case (.string, StringRule.minimumLength, .integer(let least)),
                (.string, StringRule.minimumBytes, .integer(let least)),
                (.string, StringRule.length, .integer(let least)):
                least > 0
            case (.string, let number, _): StringRule.formats.contains(number)
            case (.int32, 4, .integer(let bound)), (.int64, 4, .integer(let bound)),
                (.uint32, 4, .integer(let bound)), (.uint64, 4, .integer(let bound)):
                // gt: more than zero, or than a number above it.
                Int64(bitPattern: bound) >= 0
            case (.int32, 5, .integer(let bound)), (.int64, 5, .integer(let bound)),
                (.uint32, 5, .integer(let bound)), (.uint64, 5, .integer(let bound)):
                // gte
                Int64(bitPattern: bound) > 0
            case (.enum, 4, .integer(let excluded)): excluded == 0
            default: false
            }
        }
    }

    /// The numbers of rules in `StringRules` of buf/validate/validate.proto.
    private enum StringRule {
        static let minimumLength = 2
        static let minimumBytes = 4
        static let length = 19
        /// email, hostname, ip, ipv4, ipv6, uri, uuid: an empty text is none of them.
        static let formats: Set<Int> = [12, 13, 14, 15, 16, 17, 22]
    }
}
