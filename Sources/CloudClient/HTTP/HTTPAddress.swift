/// Where a URL leads to: as much of RFC 3986 as deciding about a request takes.
public struct HTTPAddress: Sendable, Equatable {
    /// Whether the scheme is `https`.
    public let isSecure: Bool
    /// The host's name or address in lower case, without the brackets of IPv6.
    public let host: String
    /// The port; the scheme's own when there is none.
    public let port: Int
    /// Whether the URL carries a user or a password.
    public let hasUser: Bool

    /// Reads a URL; nil when it is none of `http` or `https`.
    public init?(_ url: String) {
        let lower = url.lowercased()
        guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else { return nil }
        isSecure = lower.hasPrefix("https://")
        var authority = lower.dropFirst(isSecure ? 8 : 7).prefix { !"/?#\\".contains($0) }
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
        guard !authority.isEmpty else { return nil }
        host = String(authority)
        if portText.isEmpty || portText == ":" {
            port = isSecure ? 443 : 80
        } else {
            guard let number = Int(portText.dropFirst()), (1...65_535).contains(number) else {
                return nil
            }
            port = number
        }
    }

    /// Whether the host is this machine.
    public var isLoopback: Bool { Endpoint(isSecure: isSecure, host: host, port: port).isLoopback }
}
