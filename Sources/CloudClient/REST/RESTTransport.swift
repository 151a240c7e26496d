import CCurl
import EventLoop
import GRPCProtocol

/// The API as JSON over HTTP, by way of its gateway.
///
/// HTTP/1.1 with kept connections: libcurl before 8.0 resets HTTP/2 streams that servers count.
public final class RESTTransport: Transport {
    private let endpoint: Endpoint
    private let settings: ConnectionSettings
    private let loop: PollLoop
    private var engine: CurlEngine?
    private var waiting: [RESTCall] = []
    private var running: [ObjectIdentifier: RESTCall] = [:]
    private var idle: [OpaquePointer] = []
    /// How many connections are open at most.
    private let maximumConnections = 16

    /// Creates a transport; nothing is opened before the first call.
    public init(endpoint: Endpoint, settings: ConnectionSettings, loop: PollLoop) {
        self.endpoint = endpoint
        self.settings = settings
        self.loop = loop
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let running = RESTCall(call, transport: self, completion: completion)
        if let deadline = call.deadline {
            running.timer = loop.after(deadline - loop.now()) { [self] in
                guard !running.isFinished else { return }
                var error = CallError.transport(.deadlineExceeded, "no answer before the deadline")
                error.outcomeIsUnknown = running.easy != nil
                error.wasNotExecuted = running.easy == nil
                release(running, reusable: false)
                running.finish(.failure(error))
            }
        }
        waiting.append(running)
        loop.enqueue { [weak self] in self?.startWaiting() }
        return running
    }

    public func close() {
        let ended = CallError.transport(.cancelled, "the connection was closed")
        let open = Array(running.values) + waiting
        waiting = []
        for call in open where !call.isFinished {
            release(call, reusable: false)
            loop.enqueue { call.finish(.failure(ended)) }
        }
        for easy in idle { qcurl_easy_free(easy) }
        idle = []
    }

    fileprivate func cancel(_ call: RESTCall) {
        guard !call.isFinished else { return }
        call.abandon()
        release(call, reusable: false)
    }

    private func startWaiting() {
        while !waiting.isEmpty, running.count < maximumConnections {
            let call = waiting.removeFirst()
            guard !call.isFinished else { continue }
            do throws(CallError) {
                try start(call)
            } catch {
                call.finish(.failure(error))
            }
        }
    }

    private func openEngine() throws(CallError) -> CurlEngine {
        if let engine { return engine }
        let opened = try CurlEngine(loop: loop)
        engine = opened
        return opened
    }

    private func start(_ call: RESTCall) throws(CallError) {
        let request = try RESTRequest(call.call.method, call.call.request)
        let engine = try openEngine()
        guard let easy = idle.popLast() ?? qcurl_easy_new() else {
            throw CallError.transport(.unavailable, "libcurl is out of memory")
        }
        call.easy = easy
        call.meter = AnswerMeter(maximumBody: settings.maximumResponseSize)
        qcurl_easy_reset(easy)
        _ = qcurl_set_error_buffer(easy, call.errorBuffer)
        _ = qcurl_set_string(easy, Int32(QCURL_URL.rawValue), endpoint.url + request.target)
        _ = qcurl_set_long(easy, Int32(QCURL_PATH_AS_IS.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_NOSIGNAL.rawValue), 1)
        _ = qcurl_set_long(easy, Int32(QCURL_FOLLOWLOCATION.rawValue), 0)
        _ = qcurl_set_long(easy, Int32(QCURL_HTTP_VERSION.rawValue), Int(QCURL_HTTP_1_1.rawValue))
        _ = qcurl_set_long(
            easy, Int32(QCURL_CONNECTTIMEOUT_MS.rawValue), Int(settings.connectTimeout / 1_000_000))
        _ = qcurl_set_string(easy, Int32(QCURL_ACCEPT_ENCODING.rawValue), "gzip")
        CurlSetup.secure(easy, isLoopback: endpoint.isLoopback, caFile: settings.caFile)
        if request.verb == "GET" {
            _ = qcurl_set_long(easy, Int32(QCURL_HTTPGET.rawValue), 1)
        } else {
            call.body = request.body ?? []
            _ = qcurl_set_long(easy, Int32(QCURL_POST.rawValue), 1)
            // On a connection that was used before, libcurl sends a request again by itself when
            // the connection ends without an answer. A write must not be doubled that way.
            _ = qcurl_set_long(easy, Int32(QCURL_FRESH_CONNECT.rawValue), 1)
            // libcurl reads the bytes until the transfer is over; the call owns them.
            _ = qcurl_set_body(easy, call.pinnedBody(), call.body.count)
            _ = qcurl_set_string(easy, Int32(QCURL_CUSTOMREQUEST.rawValue), request.verb)
        }
        var headers: OpaquePointer?
        func add(_ line: String) { headers = qcurl_headers_add(headers, line) }
        add("accept: application/json")
        add("user-agent: \(settings.userAgent)")
        add(request.body == nil ? "content-type:" : "content-type: application/json")
        add("expect:")
        if let deadline = call.call.deadline {
            add("\(CallTimeout.header): \(CallTimeout.text(deadline - loop.now()))")
        }
        for (name, value) in call.call.metadata {
            // The gateway passes other headers on only under this prefix.
            add(name == "authorization" ? "\(name): \(value)" : "grpc-metadata-\(name): \(value)")
        }
        call.headers = headers
        _ = qcurl_set_headers(easy, headers)
        _ = qcurl_set_sinks(
            easy, RESTCall.headerSink, RESTCall.bodySink, Unmanaged.passUnretained(call).toOpaque())
        running[ObjectIdentifier(call)] = call
        engine.add(easy) { [weak self] code in
            // `call` is kept alive by this closure while libcurl knows its address.
            self?.finished(call, code)
        }
    }

    private func finished(_ call: RESTCall, _ code: CurlCode) {
        guard let easy = call.easy else { return }
        var status = 0
        _ = qcurl_get_long(easy, Int32(QCURL_INFO_RESPONSE_CODE.rawValue), &status)
        let result: Result<Reply, CallError>
        if code == .ok {
            result = call.result(status: status, now: settings.now())
        } else if call.meter.exceeded != nil {
            result = .failure(.transport(.resourceExhausted, call.meter.problem))
        } else {
            var error = CurlSetup.error(code, buffer: call.errorBuffer, endpoint: endpoint)
            let isBefore = code.isBeforeRequest
            error.wasNotExecuted = isBefore
            error.outcomeIsUnknown = !isBefore
            if !isBefore {
                let reason = CurlSetup.reason(code, buffer: call.errorBuffer)
                error.message =
                    "the connection to \(endpoint.url) was lost (\(reason))"
            }
            result = .failure(error)
        }
        release(call, reusable: code == .ok)
        call.finish(result)
    }

    private func release(_ call: RESTCall, reusable: Bool) {
        running[ObjectIdentifier(call)] = nil
        if let easy = call.easy {
            engine?.remove(easy)
            if reusable { idle.append(easy) } else { qcurl_easy_free(easy) }
        }
        call.easy = nil
        loop.enqueue { [weak self] in self?.startWaiting() }
    }
}

/// One REST call on its way.
private final class RESTCall: TransportCall, RunningCall {
    let call: OutgoingCall
    weak var transport: RESTTransport?
    var easy: OpaquePointer?
    var headers: OpaquePointer?
    let errorBuffer = CurlSetup.errorBuffer()
    var meter = AnswerMeter(maximumBody: nil)

    var body: [UInt8] = []
    private var pinned: UnsafeMutableBufferPointer<UInt8>?
    private var received: [UInt8] = []
    private var hasBody = false
    /// The largest body of an error that is taken, in bytes.
    private static let largestError = 1 << 20
    private var traceID: String?
    private var contentType = ""
    private var retryAfter: String?
    private var date: String?

    init(
        _ call: OutgoingCall, transport: RESTTransport,
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        self.call = call
        self.transport = transport
        super.init(completion: completion)
    }

    deinit {
        if let headers { qcurl_headers_free(headers) }
        pinned?.deallocate()
        errorBuffer.deallocate()
    }

    func cancel() { transport?.cancel(self) }

    /// Whether `count` more bytes of the body are accepted. Error bodies have a lower limit.
    private func takes(_ count: Int) -> Bool {
        if !hasBody, let easy {
            hasBody = true
            var status = 0
            _ = qcurl_get_long(easy, Int32(QCURL_INFO_RESPONSE_CODE.rawValue), &status)
            if !(200..<300).contains(status) {
                meter.limitBody(to: Self.largestError)
            }
        }
        return meter.takeBody(count, easy)
    }

    /// The body at an address that stays the same.
    func pinnedBody() -> UnsafeRawPointer? {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, body.count))
        _ = buffer.initialize(from: body)
        pinned = buffer
        return UnsafeRawPointer(buffer.baseAddress)
    }

    private static func call(_ user: UnsafeMutableRawPointer?) -> RESTCall? {
        user.map { Unmanaged<RESTCall>.fromOpaque($0).takeUnretainedValue() }
    }

    static let headerSink: qcurl_sink = { bytes, size, count, user in
        if let bytes, let call = call(user) {
            // Less than was offered ends the transfer.
            guard call.meter.takeHeader(size * count) else { return 0 }
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            call.receive(header: String(decoding: line, as: UTF8.self))
        }
        return size * count
    }

    static let bodySink: qcurl_sink = { bytes, size, count, user in
        if let bytes, let call = call(user) {
            guard call.takes(size * count) else { return 0 }
            call.received.append(
                contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        return size * count
    }

    private func receive(header line: String) {
        // Trailers say nothing about the body that has come.
        guard !hasBody else { return }
        guard let colon = line.firstIndex(of: ":") else {
            // A status line: headers of an earlier, informational answer do not count.
            if line.hasPrefix("HTTP/") { (contentType, retryAfter, date) = ("", nil, nil) }
            return
        }
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        switch name {
        case "content-type": contentType = value
        case "qc-trace-id", "grpc-metadata-qc-trace-id", "grpc-trailer-qc-trace-id":
            traceID = value
        case "retry-after": retryAfter = value
        case "date": date = value
        default: break
        }
    }

    /// - Parameter now: the present time, in seconds since 1970.
    func result(status: Int, now: Int64) -> Result<Reply, CallError> {
        if (200..<300).contains(status) {
            guard contentType.hasPrefix("application/json") else {
                var error = CallError.transport(
                    .unknown,
                    "the server answered HTTP \(status) with "
                        + (contentType.isEmpty ? "no content type" : contentType)
                        + ", which is not JSON; is this the API's REST endpoint?")
                error.httpStatus = status
                return .failure(error)
            }
            return .success(Reply(body: received, format: .json, traceID: traceID))
        }
        var error: CallError
        if let body = ErrorDetails.decode(body: received) {
            error = CallError(
                StatusCode(rawValue: body.code) ?? .unknown, body.message, origin: .server)
            error.details = body.details
        } else {
            error = .transport(
                StatusCode(httpStatusOfREST: status), "the server answered HTTP \(status)")
        }
        error.httpStatus = status
        error.traceID = traceID
        error.retryAfter = retryAfter.flatMap {
            RetryAfter.nanoseconds($0, present: date, now: now)
        }
        error.readViolations()
        return .failure(error)
    }
}
