/// Takes the credentials of URLs out of texts that are shown or kept: messages, recordings, lists.
///
/// `https://user:password@host` becomes `https://user:***@host`, and `https://token@host`
/// `https://***@host`. The user of an `ssh` URL grants no access and stays. Of parameters that are
/// named like secrets the value is masked, and of the addresses of webhooks the part that authorizes.
public enum URLMask {
    private static let mask = "***"

    /// The text with the credentials of its URLs masked.
    public static func masked(_ text: String) -> String {
        guard text.firstRange(of: "://") != nil else { return text }
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            let name = rest[..<scheme.lowerBound].reversed().prefix {
                $0.isLetter || "+-.".contains($0)
            }
            rest = rest[scheme.upperBound...]
            if let at = endOfUser(rest) {
                result += masked(user: rest[..<at], isSSH: name.starts(with: "hss"))
                rest = rest[at...]
            }
            // A URL inside a URL has credentials of its own.
            let next = rest.firstRange(of: "://")?.lowerBound ?? rest.endIndex
            let address = rest[..<next].prefix(while: isPart)
            result += maskedTail(address)
            rest = rest[address.endIndex...]
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

    /// Returns a URL without its credentials: its user and password, or for `ssh` the password, and
    /// parameters that are named like secrets.
    public static func withoutCredentials(_ url: String) -> String {
        withoutUser(withoutSecretParameters(url))
    }

    private static func withoutSecretParameters(_ url: String) -> String {
        guard let query = url.firstIndex(of: "?") else { return url }
        let end = url[query...].firstIndex(of: "#") ?? url.endIndex
        let pairs = url[url.index(after: query)..<end].split(separator: "&")
        let kept = pairs.filter { !isSecret($0.prefix { $0 != "=" }) }
        guard kept.count < pairs.count else { return url }
        return url[..<query] + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&")) + url[end...]
    }

    private static func withoutUser(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://"), let at = endOfUser(url[scheme.upperBound...])
        else { return url }
        let user = url[scheme.upperBound..<at]
        let isSSH = url[..<scheme.lowerBound].hasSuffix("ssh")
        let kept = isSSH ? user.prefix { $0 != ":" } + "@" : ""
        return url[..<scheme.upperBound] + kept + url[url.index(after: at)...]
    }

    private static func masked(user: Substring, isSSH: Bool) -> String {
        guard let colon = user.firstIndex(of: ":") else { return isSSH ? String(user) : mask }
        // The token may also be before the colon, with an empty password.
        let isAll = user.index(after: colon) == user.endIndex
        return isAll ? mask : user[...colon] + mask
    }

    /// The position of the `@` between the user and the host at the start of a text; nil for none.
    private static func endOfUser(_ text: Substring) -> Substring.Index? {
        let word = text.prefix(while: isPart)
        let authority = word.prefix { !"/?#\\".contains($0) }
        if let at = authority.lastIndex(of: "@") { return at }
        // A password with a slash that is not encoded ends the authority in its middle: the
        // apparent port is a part of it.
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
            return nil
        }
        let port = authority[authority.index(after: colon)...]
        return port.contains(where: { !$0.isNumber }) ? word.lastIndex(of: "@") : nil
    }

    /// Whether a character can be part of a URL in a text.
    private static func isPart(_ character: Character) -> Bool {
        !character.isWhitespace && !"\"'<>`".contains(character)
    }

    // MARK: - Behind the host

    /// Addresses of webhooks: the host or its end, and what stands before the secret part of a path.
    private static let webhooks = [
        ("hooks.slack.com", "/services/"), ("discord.com", "/api/webhooks/"),
        ("discordapp.com", "/api/webhooks/"), (".webhook.office.com", "/webhookb2/"),
        ("api.telegram.org", "/bot"),
    ]

    /// What follows a user, from the host to the end of the URL, with its secrets masked.
    private static func maskedTail(_ address: Substring) -> String {
        let place = address.firstIndex { "?#".contains($0) } ?? address.endIndex
        var result = maskedPath(address[..<place])
        var rest = address[place...]
        while let separator = rest.first {
            result.append(separator)
            let pair = rest.dropFirst().prefix { !"&;?#\\".contains($0) }
            result += masked(pair: pair)
            rest = rest[pair.endIndex...]
        }
        return result
    }

    private static func masked(pair: Substring) -> String {
        guard let equals = pair.firstIndex(of: "="), isSecret(pair[..<equals]) else {
            return String(pair)
        }
        let value = pair[pair.index(after: equals)...]
        return pair[...equals] + (value.isEmpty ? "" : mask) + punctuation(after: value)
    }

    private static func maskedPath(_ path: Substring) -> String {
        let host = path.prefix { !"/:".contains($0) }.split(separator: "@").last ?? ""
        for (name, prefix) in webhooks where host.lowercased().hasSuffix(name) {
            guard let found = path.firstRange(of: prefix) else { continue }
            return path[..<found.upperBound] + mask + punctuation(after: path)
        }
        return String(path)
    }

    /// The punctuation of a sentence after a URL, which does not belong to it.
    private static func punctuation(after text: Substring) -> Substring {
        text.suffix(while: { ":,.)]}".contains($0) })
    }

    /// Whether a parameter is named like a secret; its name may be percent-encoded.
    private static func isSecret(_ name: Substring) -> Bool {
        guard name.contains("%") else { return SecretName.isSecret(parameter: name) }
        var bytes: [UInt8] = []
        var rest = name.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return SecretName.isSecret(parameter: String(decoding: bytes, as: UTF8.self))
    }
}

extension Substring {
    /// The longest end of the text all of whose characters satisfy a condition.
    fileprivate func suffix(while holds: (Character) -> Bool) -> Substring {
        var start = endIndex
        while start > startIndex, holds(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
