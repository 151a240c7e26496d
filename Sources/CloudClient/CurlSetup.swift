import CCurl

/// What every connection of libcurl has in common.
enum CurlSetup {
    /// TLS with verification, and proxies from the environment, but never for loopback.
    static func secure(_ easy: OpaquePointer, endpoint: Endpoint, settings: ConnectionSettings) {
        _ = qcurl_set_long(easy, Int32(QCURL_SSL_VERIFYPEER.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_SSL_VERIFYHOST.rawValue), 2)
        _ = qcurl_set_string(easy, Int32(QCURL_PROTOCOLS_STR.rawValue), "http,https")
        if let caFile = settings.caFile {
            _ = qcurl_set_string(easy, Int32(QCURL_CAINFO.rawValue), caFile)
            _ = qcurl_set_string(easy, Int32(QCURL_CAPATH.rawValue), nil)
        }
        if endpoint.isLoopback { _ = qcurl_set_string(easy, Int32(QCURL_NOPROXY.rawValue), "*") }
    }

    /// libcurl's text for an error.
    static func reason(_ code: Int32, buffer: UnsafePointer<CChar>) -> String {
        let detail = String(cString: buffer)
        return detail.isEmpty ? String(cString: qcurl_error_text(code)) : detail
    }

    /// libcurl's error as one of ours, with the endpoint and, where it is known, what to do.
    static func error(
        _ code: Int32, buffer: UnsafePointer<CChar>, endpoint: Endpoint
    ) -> CallError {
        var reason = reason(code, buffer: buffer)
        switch code {
        case 60: reason += "; --ca-file FILE names the certificate authority to trust"
        case 35: reason += "; is it a cleartext port (http://)?"
        case 28: return .transport(.unavailable, "no connection to \(endpoint.url) in time")
        default: break
        }
        return .notConnected(to: endpoint, reason)
    }
}
