/// Takes the credentials of URLs out of texts that are shown or kept: messages, recordings, lists.
///
/// `https://user:password@host` becomes `https://user:***@host`, and `https://token@host`
/// `https://***@host`. The user of an `ssh` URL grants no access and stays.
public enum URLMask {
    private static let mask = "***"

    /// The text with the credentials of its URLs masked.
    public static func masked(_ text: String) -> String {
        guard text.contains("@") else { return text }
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            let name = rest[..<scheme.lowerBound].reversed().prefix {
                $0.isLetter || "+-.".contains($0)
            }
            rest = rest[scheme.upperBound...]
            guard let at = endOfUser(rest) else { continue }
            result += masked(user: rest[..<at], isSSH: name.starts(with: "hss"))
            rest = rest[at...]
        }
        return result + rest
    }

    /// An address that may lack its scheme, such as `user:password@host`, with the part before its
    /// host masked.
    public static func masked(address: String) -> String {
        guard !address.contains("://"), let at = address.lastIndex(of: "@") else {
            return masked(address)
        }
        return masked(user: address[..<at], isSSH: false) + address[at...]
    }

    /// A text about an address in single quotes that may lack its scheme, as libcurl writes it.
    public static func masked(quoting text: String) -> String {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        let isPaired = parts.count % 2 == 1
        return parts.enumerated().map { index, part in
            isPaired && index % 2 == 1 ? masked(address: String(part)) : masked(String(part))
        }.joined(separator: "'")
    }

    /// A URL without what it authorizes with: its user and password, or the password for `ssh`.
    public static func withoutCredentials(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://"), let at = endOfUser(url[scheme.upperBound...])
        else { return url }
        let user = url[scheme.upperBound..<at]
        let isSSH = url[..<scheme.lowerBound].hasSuffix("ssh")
        let kept = isSSH ? user.prefix { $0 != ":" } + "@" : ""
        return url[..<scheme.upperBound] + kept + url[url.index(after: at)...]
    }

    private static func masked(user: Substring, isSSH: Bool) -> String {
        guard let colon = user.firstIndex(of: ":") else { return isSSH ? String(user) : mask }
        // A token may stand before the colon, too, with nothing after it.
        let isAll = user.index(after: colon) == user.endIndex
        return isAll ? mask : user[...colon] + mask
    }

    /// The position of the `@` between the user and the host at the start of a text; nil for none.
    private static func endOfUser(_ text: Substring) -> Substring.Index? {
        let word = text.prefix { !$0.isWhitespace && !"\"'<>`".contains($0) }
        let authority = word.prefix { !"/?#\\".contains($0) }
        if let at = authority.lastIndex(of: "@") { return at }
        // A password with a slash that is not encoded ends the authority in its middle: what looks
        // like a port is none.
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
            return nil
        }
        let port = authority[authority.index(after: colon)...]
        return port.contains(where: { !$0.isNumber }) ? word.lastIndex(of: "@") : nil
    }
}
