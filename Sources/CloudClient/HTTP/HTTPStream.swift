import CCurl
import GRPCProtocol

/// An HTTP exchange whose answer is read piece by piece; libcurl holds the server back while the
/// caller does not read. Main-thread confined.
public final class HTTPStream {
    /// A request.
    public struct Request {
        /// The method, for example `GET`.
        public var verb: String
        /// The whole URL.
        public var url: String
        public var headers: [(name: String, value: String)] = []
        /// The body; nil sends none.
        public var body: [UInt8]?
        /// How long the whole exchange may take, in nanoseconds; nil means no limit.
        public var timeout: Int64?
        /// A proxy's URL that overrides the environment's; empty for none.
        public var proxy: String?
        public var settings = ConnectionSettings()

        /// Creates a request.
        public init(_ verb: String, _ url: String) {
            self.verb = verb
            self.url = url
        }
    }

    /// The beginning of an answer.
    public struct Head: Sendable {
        public var status: Int
        /// As they came, names in lower case.
        public var headers: [(name: String, value: String)] = []
    }

    /// How much of the answer is buffered while the caller does not read, in bytes.
    private static let window = 1 << 20

    private let engine: CurlEngine
    private let request: Request
    private var easy: OpaquePointer?
    private var lines: OpaquePointer?
    private let errorBuffer = CurlSetup.errorBuffer()
    private let pinned: UnsafeMutableBufferPointer<UInt8>
    private var head = Head(status: 0)
    private var isHeadWhole = false
    private var buffer: [UInt8] = []
    private var isPaused = false
    private var meter = AnswerMeter(maximumBody: nil)
    private var ending: Result<Void, CallError>?
    private var onHead: ((Result<Head, CallError>) -> Void)?
    private var onData: ((Result<[UInt8]?, CallError>) -> Void)?

    /// Begins an exchange.
    ///
    /// - Parameter onHead: called once, from the loop, when the answer's headers are there.
    /// - Throws: an UNAVAILABLE ``CallError`` when libcurl cannot be used.
    public init(
        _ request: Request, of client: HTTPClient,
        onHead: @escaping (Result<Head, CallError>) -> Void
    ) throws(CallError) {
        engine = try client.engine()
        self.request = request
        self.onHead = onHead
        pinned = .allocate(capacity: max(1, request.body?.count ?? 0))
        _ = pinned.initialize(from: request.body ?? [])
        guard let easy = qcurl_easy_new() else {
            throw CallError.transport(.unavailable, "libcurl is out of memory")
        }
        self.easy = easy
        configure(easy)
        engine.add(easy) { [weak self] code in self?.ended(code) }
    }

    private func configure(_ easy: OpaquePointer) {
        func set(_ option: qcurl_option, _ value: Int) {
            _ = qcurl_set_long(easy, Int32(option.rawValue), value)
        }
        func set(_ option: qcurl_option, _ value: String?) {
            _ = qcurl_set_string(easy, Int32(option.rawValue), value)
        }
        _ = qcurl_set_error_buffer(easy, errorBuffer)
        set(QCURL_URL, request.url)
        set(QCURL_NOSIGNAL, 1)
        set(QCURL_FOLLOWLOCATION, 0)
        set(QCURL_HTTP_VERSION, Int(QCURL_HTTP_2TLS.rawValue))
        set(QCURL_ACCEPT_ENCODING, "gzip")
        set(QCURL_CONNECTTIMEOUT_MS, Int(request.settings.connectTimeout / 1_000_000))
        if let timeout = request.timeout { set(QCURL_TIMEOUT_MS, Int(max(1, timeout / 1_000_000))) }
        CurlSetup.secure(
            easy, isLoopback: HTTPAddress(request.url)?.isLoopback == true,
            caFile: request.settings.caFile)
        set(QCURL_PATH_AS_IS, 1)
        if let proxy = request.proxy { set(QCURL_PROXY, proxy) }
        if request.verb == "HEAD" {
            set(QCURL_NOBODY, 1)
        } else if let body = request.body {
            set(QCURL_POST, 1)
            _ = qcurl_set_body(easy, UnsafeRawPointer(pinned.baseAddress), body.count)
            set(QCURL_CUSTOMREQUEST, request.verb)
        } else {
            set(QCURL_HTTPGET, 1)
            if request.verb != "GET" { set(QCURL_CUSTOMREQUEST, request.verb) }
        }
        for (name, value) in request.headers + [("expect", "")] {
            // libcurl takes a header without value for one to leave out, unless it ends in ";".
            let isOwn = name == "expect"
            lines = qcurl_headers_add(
                lines, value.isEmpty ? (isOwn ? "\(name):" : "\(name);") : "\(name): \(value)")
        }
        _ = qcurl_set_headers(easy, lines)
        _ = qcurl_set_sinks(
            easy, Self.headSink, Self.bodySink, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        close()
        if let lines { qcurl_headers_free(lines) }
        pinned.deallocate()
        errorBuffer.deallocate()
    }

    /// Ends the exchange at any stage. No callback runs afterwards.
    public func close() {
        onHead = nil
        onData = nil
        guard let easy else { return }
        engine.remove(easy)
        qcurl_easy_free(easy)
        self.easy = nil
    }

    /// Asks for the next piece of the body; nil is its end. One question at a time.
    public func read(_ completion: @escaping (Result<[UInt8]?, CallError>) -> Void) {
        if !buffer.isEmpty {
            let piece = buffer
            buffer = []
            completion(.success(piece))
            if isPaused, let easy {
                isPaused = false
                _ = qcurl_continue(easy)
            }
            return
        }
        switch ending {
        case .success: completion(.success(nil))
        case .failure(let error): completion(.failure(error))
        case nil: onData = completion
        }
    }

    private func ended(_ code: CurlCode) {
        if code == .ok {
            ending = .success(())
        } else {
            let reason =
                meter.exceeded == nil
                ? CurlSetup.reason(code, buffer: errorBuffer) : meter.problem
            ending = .failure(
                code == .timedOut
                    ? CallError(
                        .deadlineExceeded, "\(request.verb) \(request.url): \(reason)",
                        origin: .transport)
                    : CallError(
                        .unavailable, "\(request.verb) \(request.url): \(reason)",
                        origin: .transport))
        }
        giveHead()
        guard buffer.isEmpty, let onData else { return }
        self.onData = nil
        onData(ending.map { $0.map { nil } } ?? .success(nil))
    }

    private func giveHead() {
        guard let onHead else { return }
        self.onHead = nil
        if case .failure(let error) = ending, !isHeadWhole { return onHead(.failure(error)) }
        onHead(.success(head))
    }

    private static let headSink: qcurl_sink = { bytes, size, count, user in
        guard let bytes, let user else { return 0 }
        let stream = Unmanaged<HTTPStream>.fromOpaque(user).takeUnretainedValue()
        // Less than was offered ends the transfer.
        guard stream.meter.takeHeader(size * count) else { return 0 }
        stream.take(
            line: String(
                decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self))
        return size * count
    }

    private func take(line: String) {
        // Trailers are no part of the head.
        guard !isHeadWhole else { return }
        let text = line.prefix { $0 != "\r\n" && $0 != "\r" && $0 != "\n" }
        if text.hasPrefix("HTTP/") {
            let words = text.split(separator: " ")
            head = Head(status: words.count > 1 ? Int(words[1]) ?? 0 : 0)
            isHeadWhole = false
        } else if text.isEmpty {
            // Interim answers are followed by another head.
            guard head.status >= 200 else { return }
            isHeadWhole = true
            engine.loop.enqueue { [weak self] in self?.giveHead() }
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers.append((text[..<colon].lowercased(), String(value)))
        }
    }

    private static let bodySink: qcurl_sink = { bytes, size, count, user in
        guard let bytes, let user else { return 0 }
        let stream = Unmanaged<HTTPStream>.fromOpaque(user).takeUnretainedValue()
        guard stream.buffer.count < window else {
            stream.isPaused = true
            return Int(QCURL_PAUSE.rawValue)
        }
        guard stream.meter.takeBody(size * count, stream.easy) else { return 0 }
        stream.buffer.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
        if let onData = stream.onData {
            stream.onData = nil
            stream.engine.loop.enqueue { [stream] in stream.read(onData) }
        }
        return size * count
    }
}
