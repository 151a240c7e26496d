/// The text of a credential, as it comes from people and programs.
public enum CredentialText {
    /// Why a text is not a credential, in words that follow the name of its source. The text itself is
    /// not shown.
    public enum Problem: Error, Sendable, CustomStringConvertible {
        /// Nothing but white space.
        case empty
        /// A character that an HTTP header cannot carry.
        case character(Unicode.Scalar)

        public var description: String {
            switch self {
            case .empty: return "is empty"
            case .character(let scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                let what =
                    scalar == "\n" || scalar == "\r" ? "a line break" : "the character U+\(code)"
                return "contains \(what), which no credential may contain"
            }
        }
    }

    /// A credential without the white space around it: `echo` and editors leave line breaks.
    ///
    /// - Throws: a ``Problem`` when nothing is left, or when a header cannot carry it (RFC 9110,
    ///   section 5.5): a line break inside would end the header.
    public static func clean(_ text: String) throws(Problem) -> String {
        let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
        var kept = String(String.UnicodeScalarView(scalars))
        while let last = kept.unicodeScalars.last, last.properties.isWhitespace {
            kept.unicodeScalars.removeLast()
        }
        guard !kept.isEmpty else { throw .empty }
        for scalar in kept.unicodeScalars where !(0x20...0x7e).contains(scalar.value) {
            throw .character(scalar)
        }
        return kept
    }
}
