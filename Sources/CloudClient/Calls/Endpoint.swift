import Contract

/// Where an API is reached.
public struct Endpoint: Sendable, Hashable {
    /// Why a string is not a valid endpoint.
    public struct ParseError: Error, Sendable, CustomStringConvertible {
        /// The kind of the error.
        public enum Reason: Sendable, Equatable {
            case unknownScheme(String)
            case pathOrUser
            case openBracket
            case port
            case afterHost
            case host(String)
            case noHost
            case cleartext
        }

        /// The text.
        public let text: String
        public let reason: Reason

        public var description: String {
            let rest =
                switch reason {
                case .unknownScheme(let scheme):
                    ": unknown scheme \(scheme); use https://host:port, host:port or "
                        + "http://127.0.0.1:port"
                case .pathOrUser: ": expected host:port, without a path or user"
                case .openBracket: ": missing closing bracket"
                case .port: ": the port must be a number from 1 to 65535"
                case .afterHost: ": only a port may follow the host"
                case .host(let host):
                    ": \"\(URLMask.masked(address: host))\" is not a host name or address"
                case .noHost: ": missing host"
                case .cleartext:
                    ": cleartext is for loopback addresses only, since it would expose the "
                        + "credential to the network; use https://"
                }
            return "endpoint \"\(URLMask.masked(address: text))\"\(rest)"
        }
    }

    /// Whether the connection is encrypted.
    public let isSecure: Bool
    /// The host's name or address, without the brackets of IPv6.
    public let host: String
    /// The port.
    public let port: Int

    /// Creates an endpoint.
    public init(isSecure: Bool, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// Parses `host:port` or `https://host:port` (TLS), or `http://host:port` (cleartext, which
    /// is for loopback addresses only).
    public init(_ text: String) throws(ParseError) {
        var rest = text[...]
        var isSecure = true
        if let mark = rest.firstRange(of: "://") {
            // Scheme and host mean the same in capitals (RFC 3986, sections 3.1 and 3.2.2).
            let scheme = rest[..<mark.lowerBound].lowercased()
            guard scheme == "https" || scheme == "http" else {
                throw ParseError(text: text, reason: .unknownScheme(scheme))
            }
            isSecure = scheme == "https"
            rest = rest[mark.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@"), !rest.contains("?") else {
            throw ParseError(text: text, reason: .pathOrUser)
        }
        var port = isSecure ? 443 : 80
        var host = rest
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else {
                throw ParseError(text: text, reason: .openBracket)
            }
            host = rest[rest.index(after: rest.startIndex)..<close]
            rest = rest[rest.index(after: close)...]
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            rest = rest[colon...]
        } else {
            rest = rest[rest.endIndex...]
        }
        if rest.hasPrefix(":") {
            guard let number = Int(rest.dropFirst()), (1...65_535).contains(number) else {
                throw ParseError(text: text, reason: .port)
            }
            port = number
        }
        guard rest.isEmpty || rest.hasPrefix(":") else {
            throw ParseError(text: text, reason: .afterHost)
        }
        let allowed = host.contains(":") ? "0123456789abcdefABCDEF:." : Self.nameCharacters
        guard host.allSatisfy(allowed.contains) else {
            throw ParseError(text: text, reason: .host(String(host)))
        }
        guard !host.isEmpty else {
            throw ParseError(text: text, reason: .noHost)
        }
        self.init(isSecure: isSecure, host: host.lowercased(), port: port)
        guard isSecure || isLoopback else {
            throw ParseError(text: text, reason: .cleartext)
        }
    }

    private static let nameCharacters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

    /// Whether a byte may stand in the name of a host.
    static func isName(_ byte: UInt8) -> Bool { nameCharacters.utf8.contains(byte) }

    /// Whether the host is this machine.
    public var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (host.hasPrefix("127.")
                && host.split(separator: ".", omittingEmptySubsequences: false).count == 4
                && host.split(separator: ".").allSatisfy { UInt8($0) != nil })
    }

    /// `host:port`, as an HTTP/2 `:authority` has it; the default port is left out.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// `https://host:port`.
    public var url: String { (isSecure ? "https://" : "http://") + authority }
}
