import CCurl

/// One HTTP request and its answer, whatever it is about.
public enum HTTPExchange {
    /// What is asked.
    public struct Request {
        public var verb: String
        /// The whole URL.
        public var url: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]

        /// Creates a request.
        public init(
            _ verb: String, _ url: String, headers: [(name: String, value: String)] = [],
            body: [UInt8] = []
        ) {
            self.verb = verb
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    /// What is answered.
    public struct Response {
        public let status: Int
        public let body: [UInt8]
    }

    /// Something that can be stopped.
    public final class Running {
        fileprivate var stop: () -> Void = {}

        /// Ends the exchange; its completion is not called.
        public func cancel() { stop() }
    }

    /// Begins an exchange over HTTP/1.1.
    ///
    /// - Parameters:
    ///   - endpoint: where the URL leads to, for errors and TLS.
    ///   - completion: called once, from the loop.
    public static func start(
        _ request: Request, to endpoint: Endpoint, _ settings: ConnectionSettings,
        on loop: PollLoop, completion: @escaping (Result<Response, CallError>) -> Void
    ) -> Running {
        let running = Running()
        do throws(CallError) {
            let transfer = try Transfer(request, endpoint, settings, CurlEngine(loop: loop))
            running.stop = { transfer.end() }
            transfer.begin { result in
                transfer.end()
                completion(result)
            }
        } catch {
            loop.enqueue { completion(.failure(error)) }
        }
        return running
    }
}

/// A transfer of libcurl.
private final class Transfer {
    private let engine: CurlEngine
    private let endpoint: Endpoint
    private var easy: OpaquePointer?
    private var headers: OpaquePointer?
    private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: 256)
    private let pinned: UnsafeMutableBufferPointer<UInt8>
    private var received: [UInt8] = []
    private let limit: Int

    init(
        _ request: HTTPExchange.Request, _ endpoint: Endpoint, _ settings: ConnectionSettings,
        _ engine: CurlEngine
    ) throws(CallError) {
        self.engine = engine
        self.endpoint = endpoint
        limit = settings.maximumResponseSize
        errorBuffer.initialize(repeating: 0, count: 256)
        pinned = .allocate(capacity: max(1, request.body.count))
        _ = pinned.initialize(from: request.body)
        guard let easy = qcurl_easy_new() else {
            throw CallError.transport(.unavailable, "libcurl has no memory left")
        }
        self.easy = easy
        _ = qcurl_set_error_buffer(easy, errorBuffer)
        _ = qcurl_set_string(easy, Int32(QCURL_URL.rawValue), request.url)
        _ = qcurl_set_long(easy, Int32(QCURL_PATH_AS_IS.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_NOSIGNAL.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_FOLLOWLOCATION.rawValue), 0)
        _ = qcurl_set_long(easy, Int32(QCURL_HTTP_VERSION.rawValue), Int(QCURL_HTTP_1_1.rawValue))
        _ = qcurl_set_long(
            easy, Int32(QCURL_CONNECTTIMEOUT_MS.rawValue), Int(settings.connectTimeout / 1_000_000))
        CurlSetup.secure(easy, endpoint: endpoint, settings: settings)
        if request.verb == "GET" {
            _ = qcurl_set_long(easy, Int32(QCURL_HTTPGET.rawValue), 1)
        } else {
            _ = qcurl_set_long(easy, Int32(QCURL_POST.rawValue), 1)
            _ = qcurl_set_body(easy, UnsafeRawPointer(pinned.baseAddress), request.body.count)
            _ = qcurl_set_string(easy, Int32(QCURL_CUSTOMREQUEST.rawValue), request.verb)
        }
        for (name, value) in request.headers + [("expect", "")] {
            headers = qcurl_headers_add(headers, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        _ = qcurl_set_headers(easy, headers)
    }

    deinit {
        if let headers { qcurl_headers_free(headers) }
        pinned.deallocate()
        errorBuffer.deallocate()
    }

    func begin(_ completion: @escaping (Result<HTTPExchange.Response, CallError>) -> Void) {
        guard let easy else { return }
        _ = qcurl_set_sinks(
            easy, { _, size, count, _ in size * count }, Self.sink,
            Unmanaged.passUnretained(self).toOpaque())
        engine.add(easy) { [self] code in
            guard code == 0 else {
                completion(
                    .failure(CurlSetup.error(code, buffer: errorBuffer, endpoint: endpoint)))
                return
            }
            var status = 0
            _ = qcurl_get_long(easy, Int32(QCURL_INFO_RESPONSE_CODE.rawValue), &status)
            completion(.success(HTTPExchange.Response(status: status, body: received)))
        }
    }

    private static let sink: qcurl_sink = { bytes, size, count, user in
        guard let bytes, let user else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(user).takeUnretainedValue()
        // Less than was offered ends the transfer.
        guard transfer.received.count + size * count <= transfer.limit else { return 0 }
        transfer.received.append(
            contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
        return size * count
    }

    func end() {
        guard let easy else { return }
        engine.remove(easy)
        qcurl_easy_free(easy)
        self.easy = nil
    }
}
