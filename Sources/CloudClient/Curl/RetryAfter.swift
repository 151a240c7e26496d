import CCurl

/// The header `retry-after` of an answer (RFC 9110, section 10.2.3): seconds, or a date.
public enum RetryAfter {
    /// The longest wait that is understood, in seconds.
    private static let longest: Int64 = 86_400

    /// The seconds since 1970 of a date as HTTP writes it; nil when it is not one.
    public static func date(_ text: String) -> Int64? {
        let seconds = qcurl_date(text)
        return seconds < 0 ? nil : seconds
    }

    /// A number of seconds, in digits with at most one point.
    private static func seconds(_ text: String) -> Double? {
        let isNumber =
            text.first?.isNumber == true && text.last?.isNumber == true
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
            }
        return isNumber ? Double(text) : nil
    }

    /// How long the server asks to wait, in nanoseconds; nil when the text is not understood.
    ///
    /// - Parameters:
    ///   - text: the header's value; of several lengths, as a header that was sent twice has them, the
    ///     longest counts. Fractions are not in the standard, but servers send them.
    ///   - present: the answer's header `date`, by whose clock a date is meant.
    ///   - now: the present time, in seconds since 1970, for an answer without a date.
    public static func nanoseconds(_ text: String, present: String?, now: Int64) -> Int64? {
        let lengths = text.split(separator: ",").map { seconds(String($0).trimmingBlanks) }
        if let length = lengths.compactMap({ $0 }).max(), !lengths.contains(nil) {
            return Int64(min(length, Double(longest)) * 1_000_000_000)
        }
        guard let moment = date(text.trimmingBlanks) else { return nil }
        let (length, overflow) = moment.subtractingReportingOverflow(present.flatMap(date) ?? now)
        return overflow ? nil : length.clamped(to: 0...longest) * 1_000_000_000
    }
}

extension String {
    /// The text without blanks around it.
    fileprivate var trimmingBlanks: String {
        var rest = self[...].drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
