import CCurl
import GRPCProtocol

/// A connection that libcurl opens: names are looked up, proxies are gone through, TLS is verified.
final class CurlSocket: StreamSocket {
    private let endpoint: Endpoint
    private let engine: CurlEngine
    private let errorBuffer = CurlSetup.errorBuffer()
    private let settings: ConnectionSettings
    private var easy: OpaquePointer?

    init(endpoint: Endpoint, settings: ConnectionSettings, engine: CurlEngine) {
        self.endpoint = endpoint
        self.settings = settings
        self.engine = engine
    }

    deinit {
        close()
        errorBuffer.deallocate()
    }

    func open(_ completion: @escaping (CallError?) -> Void) {
        guard let easy = qcurl_easy_new() else {
            engine.loop.enqueue {
                completion(.transport(.unavailable, "libcurl is out of memory"))
            }
            return
        }
        self.easy = easy
        _ = qcurl_set_error_buffer(easy, errorBuffer)
        _ = qcurl_set_string(easy, Int32(QCURL_URL.rawValue), endpoint.url + "/")
        _ = qcurl_set_long(easy, Int32(QCURL_CONNECT_ONLY.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_NOSIGNAL.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_FRESH_CONNECT.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_HTTPPROXYTUNNEL.rawValue), 1)
        _ = qcurl_set_long(
            easy, Int32(QCURL_HTTP_VERSION.rawValue), Int(QCURL_HTTP_1_1.rawValue))
        _ = qcurl_set_long(
            easy, Int32(QCURL_CONNECTTIMEOUT_MS.rawValue), Int(settings.connectTimeout / 1_000_000))
        CurlSetup.secure(easy, isLoopback: endpoint.isLoopback, caFile: settings.caFile)
        if endpoint.isSecure { _ = qcurl_offer_h2(easy) }
        engine.add(easy) { [weak self] code in
            guard let self else { return }
            completion(
                code == .ok
                    ? nil : CurlSetup.error(code, buffer: errorBuffer, endpoint: endpoint))
        }
    }

    var descriptor: Int32 { easy.map(qcurl_socket) ?? -1 }

    func send(_ bytes: UnsafePointer<UInt8>?, count: Int) -> Int {
        easy.map { qcurl_send($0, bytes, count) } ?? -1
    }

    func receive(_ bytes: UnsafeMutablePointer<UInt8>?, capacity: Int) -> Int {
        easy.map { qcurl_receive($0, bytes, capacity) } ?? -1
    }

    var applicationProtocol: String? {
        var name = [CChar](repeating: 0, count: 32)
        guard let easy, qcurl_chosen_protocol(easy, &name, name.count) else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func close() {
        guard let easy else { return }
        self.easy = nil
        // While libcurl connects it has no socket to tell of, and ends its own watch.
        engine.loop.unwatch(qcurl_socket(easy))
        engine.remove(easy)
        qcurl_easy_free(easy)
    }
}
