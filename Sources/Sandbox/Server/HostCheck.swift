/// Which names a sandbox answers to.
///
/// A page in a browser can have its own name resolve to 127.0.0.1 (DNS rebinding) and then send what
/// it likes to a cleartext port. Its requests still carry that name, so it is checked. With TLS
/// the certificate does the same.
struct HostCheck {
    /// Accepted names besides those of the loopback interface, in lower case; nil accepts all.
    private let names: Set<String>?

    /// Creates a check.
    ///
    /// - Parameters:
    ///   - names: the configured names and addresses by which clients reach the sandbox.
    ///   - isSecure: whether it speaks TLS.
    init(_ names: [String], isSecure: Bool) {
        self.names = isSecure ? nil : Set(names.map { $0.lowercased() })
    }

    /// Why a request is not answered, or nil.
    func problem(_ request: InboundRequest) -> String? {
        guard let names else { return nil }
        func isOwn(_ host: String) -> Bool { Self.isLoopback(host) || names.contains(host) }
        if let authority = request.header("host") ?? request.header(":authority"),
            !isOwn(Self.host(authority))
        {
            let host = authority.prefix(253)
            return
                "the sandbox does not answer to the host \"\(host)\": use 127.0.0.1 or localhost,"
                + " or start it with --advertise and that name"
        }
        if let origin = request.header("origin") {
            let authority = origin.split(separator: "/", omittingEmptySubsequences: true).last
            guard origin.contains("://"), let authority, isOwn(Self.host(String(authority))) else {
                return "the sandbox does not answer to pages of \"\(origin.prefix(253))\""
            }
        }
        return nil
    }

    /// Whether a name or an address is one of the loopback interface.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host.hasSuffix(".localhost") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The host of an authority (RFC 3986, section 3.2), in lower case and without its port.
    private static func host(_ authority: String) -> String {
        let authority = authority.lowercased()
        if authority.hasPrefix("[") {
            return String(authority.dropFirst().prefix { $0 != "]" })
        }
        return String(authority.prefix { $0 != ":" })
    }
}
