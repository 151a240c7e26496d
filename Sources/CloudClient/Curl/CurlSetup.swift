import CCurl
import Contract
import GRPCProtocol
import Glibc

/// Settings and errors that all connections of libcurl share.
enum CurlSetup {
    /// The one place for TLS, schemes and proxies: certificates and names are verified, and no proxy
    /// stands between a machine and itself.
    ///
    /// - Parameter caFile: the certificates to trust; nil for those that the environment names in
    ///   `SSL_CERT_FILE` and `SSL_CERT_DIR`, or else the system's.
    static func secure(_ easy: OpaquePointer, isLoopback: Bool, caFile: String?) {
        _ = qcurl_set_long(easy, Int32(QCURL_SSL_VERIFYPEER.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_SSL_VERIFYHOST.rawValue), 2)
        _ = qcurl_set_string(easy, Int32(QCURL_PROTOCOLS_STR.rawValue), "http,https")
        if let caFile {
            _ = qcurl_set_string(easy, Int32(QCURL_CAINFO.rawValue), caFile)
            _ = qcurl_set_string(easy, Int32(QCURL_CAPATH.rawValue), nil)
        } else {
            // As in OpenSSL's programs, each replaces the system's default of its kind.
            for (name, option) in [
                ("SSL_CERT_FILE", Int32(QCURL_CAINFO.rawValue)),
                ("SSL_CERT_DIR", Int32(QCURL_CAPATH.rawValue)),
            ] {
                guard let path = getenv(name), path.pointee != 0 else { continue }
                _ = qcurl_set_string(easy, option, path)
            }
        }
        if isLoopback { _ = qcurl_set_string(easy, Int32(QCURL_NOPROXY.rawValue), "*") }
    }

    /// libcurl's text for an error.
    static func reason(_ code: CurlCode, buffer: UnsafePointer<CChar>) -> String {
        let detail = String(cString: buffer)
        // The message may quote a proxy's password.
        return detail.isEmpty
            ? String(cString: qcurl_error_text(code.number)) : URLMask.masked(quoting: detail)
    }

    /// libcurl's error as one of ours, with the endpoint and, where it is known, what to do.
    static func error(
        _ code: CurlCode, buffer: UnsafePointer<CChar>, endpoint: Endpoint
    ) -> CallError {
        var reason = reason(code, buffer: buffer)
        switch code {
        case .peerNotVerified:
            reason += "; --ca-file FILE names the certificate authority to trust"
        case .handshakeFailed: reason += "; is it a cleartext port (http://)?"
        case .timedOut: return .transport(.unavailable, "timed out connecting to \(endpoint.url)")
        default: break
        }
        return .notConnected(to: endpoint, reason)
    }

    /// A buffer for the text of a transfer's error.
    static func errorBuffer() -> UnsafeMutablePointer<CChar> {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(QCURL_ERROR_SIZE))
        buffer.initialize(repeating: 0, count: Int(QCURL_ERROR_SIZE))
        return buffer
    }
}
