import CCurl

/// The result of a transfer of libcurl (CURLcode).
struct CurlCode: Equatable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    private init(_ code: qcurl_code) { number = Int32(truncatingIfNeeded: code.rawValue) }

    static let ok = CurlCode(QCURL_OK)
    static let timedOut = CurlCode(QCURL_OPERATION_TIMEDOUT)
    static let handshakeFailed = CurlCode(QCURL_SSL_CONNECT_ERROR)
    static let peerNotVerified = CurlCode(QCURL_PEER_FAILED_VERIFICATION)

    /// The failures of connecting, proxies and handshakes: nothing of the request was sent.
    private static let beforeRequest = [
        QCURL_COULDNT_RESOLVE_PROXY, QCURL_COULDNT_RESOLVE_HOST, QCURL_COULDNT_CONNECT,
        QCURL_OPERATION_TIMEDOUT, QCURL_SSL_CONNECT_ERROR, QCURL_SSL_CERTPROBLEM,
        QCURL_SSL_CIPHER, QCURL_PEER_FAILED_VERIFICATION, QCURL_SSL_CACERT_BADFILE,
    ].map { CurlCode($0) }

    /// Whether the transfer ended before any of the request was sent.
    var isBeforeRequest: Bool { Self.beforeRequest.contains(self) }
}
