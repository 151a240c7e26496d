import Glibc

/// Where a URL leads to: as much of RFC 3986 as deciding about a request takes.
///
/// libcurl acts on what this decides: an authority that the two could read differently is refused.
public struct HTTPAddress: Sendable, Equatable {
    /// Whether the scheme is `https`.
    public let isSecure: Bool
    /// The host's name in lower case, or its address in the usual form without the brackets of IPv6:
    /// `0x7f000001`, `127.1` and `::ffff:127.0.0.1` are 127.0.0.1.
    public let host: String
    /// The port; the scheme's own when there is none.
    public let port: Int
    /// Whether the URL carries a user or a password.
    public let hasUser: Bool

    /// Reads a URL; nil when it is none of `http` or `https`, or when its host has other characters than
    /// names and addresses have.
    public init?(_ url: String) {
        let lower = url.lowercased()
        guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else { return nil }
        isSecure = lower.hasPrefix("https://")
        var authority = lower.dropFirst(isSecure ? 8 : 7).prefix { !"/?#".contains($0) }
        // Browsers end the authority at a backslash, libcurl does not; blanks end it for some.
        guard
            !authority.unicodeScalars.contains(where: {
                $0.value <= 0x20 || $0 == "\\" || $0.value == 0x7f
            })
        else { return nil }
        hasUser = authority.contains("@")
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
        }
        var portText: Substring = ""
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            portText = authority[authority.index(after: close)...]
            authority = authority[authority.index(after: authority.startIndex)..<close]
        } else if let colon = authority.lastIndex(of: ":") {
            portText = authority[colon...]
            authority = authority[..<colon]
        }
        let isBracketed = authority.contains(":")
        guard !authority.isEmpty,
            authority.utf8.allSatisfy({ byte in
                Endpoint.isName(byte) || (isBracketed && byte == UInt8(ascii: ":"))
            })
        else { return nil }
        host = Self.canonical(String(authority))
        if portText.isEmpty || portText == ":" {
            port = isSecure ? 443 : 80
        } else {
            guard let number = Int(portText.dropFirst()), (1...65_535).contains(number) else {
                return nil
            }
            port = number
        }
    }

    /// An address in its usual form; a name as it is.
    private static func canonical(_ host: String) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        func read() -> String {
            String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, host, &v6) == 1 {
            let mapped = withUnsafeBytes(of: v6) { bytes in
                bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
                    ? Array(bytes[12...]) : nil
            }
            if let mapped { return mapped.map(String.init).joined(separator: ".") }
            return inet_ntop(AF_INET6, &v6, &text, socklen_t(text.count)) == nil ? host : read()
        }
        var v4 = in_addr()
        // Numbers of one to four parts, decimal, octal or hexadecimal, as libcurl takes them.
        guard host.utf8.first.map({ (48...57).contains($0) }) ?? false, inet_aton(host, &v4) != 0
        else { return host }
        return inet_ntop(AF_INET, &v4, &text, socklen_t(text.count)) == nil ? host : read()
    }

    /// Whether the host is this machine.
    public var isLoopback: Bool { Endpoint(isSecure: isSecure, host: host, port: port).isLoopback }
}
