import Budgets
import CHTTP2

/// What a connection tells its transport.
protocol HTTP2ConnectionDelegate: AnyObject {
    /// The connection is open, or has room for another stream.
    func connectionHasRoom(_ connection: HTTP2Connection)
    /// A call was refused and certainly not executed.
    func connection(_ connection: HTTP2Connection, refused call: GRPCCall)
    /// The connection takes no new calls; those in flight go on.
    func connectionDrains(_ connection: HTTP2Connection, wantsFewerPings: Bool)
    /// The connection is gone. Calls in flight have been told.
    func connectionEnded(_ connection: HTTP2Connection, error: CallError, wasOpen: Bool)
}

/// One HTTP/2 connection: what libnghttp2 speaks on a socket.
final class HTTP2Connection {
    /// HTTP/2 error codes (RFC 9113, section 7) that mean something here.
    enum ErrorCode {
        static let noError: UInt32 = 0
        static let refusedStream: UInt32 = 7
        static let cancel: UInt32 = 8
        static let enhanceYourCalm: UInt32 = 11
        static let inadequateSecurity: UInt32 = 12
    }

    private enum State {
        case connecting
        case open
        case draining
        case closed
    }

    /// How many new streams go out at once. Fewer cost a system call each, more keep the server
    /// idle meanwhile.
    private static let streamsSentTogether = 8
    private static let turnInput = Budgets()[.turnInput]

    private let endpoint: Endpoint
    private let settings: ConnectionSettings
    private let loop: PollLoop
    private let socket: any StreamSocket
    private weak var delegate: (any HTTP2ConnectionDelegate)?
    private var session: OpaquePointer?
    private var state = State.connecting
    private var calls: [Int32: GRPCCall] = [:]
    private var remoteLimit: UInt32?
    private var flushIsQueued = false
    private var isReading = false
    /// Streams that were opened since the last flush.
    private var unsentStreams = 0
    private var watchesOutput = false
    private var protocolIsChecked = false

    // Keepalive: a PING after a silence, only while calls are in flight.
    private var keepalive: PollLoop.Timer?
    private var silence: PollLoop.Timer?
    private var lastRead: Int64 = 0
    private var pingSent: Int64?
    private let pingInterval: Int64

    /// How many streams we open at most. Adapts: falls to what was in flight when a stream is
    /// refused, and grows by one with every four limits' worth of successes.
    private var softLimit = 100
    private var successes = 0

    init(
        endpoint: Endpoint, settings: ConnectionSettings, pingInterval: Int64,
        socket: any StreamSocket, loop: PollLoop, delegate: any HTTP2ConnectionDelegate
    ) {
        self.endpoint = endpoint
        self.settings = settings
        self.pingInterval = pingInterval
        self.socket = socket
        self.loop = loop
        self.delegate = delegate
    }

    /// Whether another stream may be opened now.
    var hasRoom: Bool {
        guard state == .open else { return false }
        // Before SETTINGS came, the peer's limit is not known.
        guard let remoteLimit else { return calls.count < 4 }
        return calls.count < softLimit && UInt32(calls.count) < remoteLimit
    }

    // MARK: - Opening

    func open() {
        socket.open { [weak self] error in
            guard let self, state == .connecting else { return }
            if let error { fail(error) } else { connected() }
        }
    }

    private func connected() {
        let owner = Unmanaged.passUnretained(self).toOpaque()
        var callbacks = Self.callbacks
        session = qh2_open(&callbacks, owner)
        guard session != nil else {
            return fail(.transport(.unavailable, "not enough memory for an HTTP/2 session"))
        }
        guard socket.descriptor >= 0 else {
            return fail(
                .transport(.unavailable, "the connection to \(endpoint.url) closed at once"))
        }
        state = .open
        lastRead = loop.now()
        // A server begins with its settings; one that is silent is given up as one that is not there.
        silence = loop.after(settings.connectTimeout) { [weak self] in
            guard let self, remoteLimit == nil else { return }
            fail(
                .transport(
                    .unavailable,
                    "\(endpoint.url) accepts connections, but does not speak HTTP/2 in time"))
        }
        // Nothing is sent to a server that does not speak HTTP/2: what TLS has agreed on is known
        // after the first attempt to read.
        if endpoint.isSecure, !read() { return }
        watch(output: false)
        flush()
        if state == .open { delegate?.connectionHasRoom(self) }
    }

    private func watch(output: Bool) {
        watchesOutput = output
        loop.watch(socket.descriptor, for: output ? [.input, .output] : .input) { [weak self] _ in
            self?.socketIsReady()
        }
    }

    // MARK: - Calls

    /// Opens a stream for a call. Only when ``hasRoom``.
    func start(_ call: GRPCCall) {
        guard let session else { return }
        var headers: [(String, String)] = [
            (":method", "POST"), (":scheme", endpoint.isSecure ? "https" : "http"),
            (":path", call.path), (":authority", endpoint.authority),
            ("content-type", "application/grpc"), ("te", "trailers"),
            ("user-agent", settings.userAgent), ("grpc-accept-encoding", "gzip"),
        ]
        if let deadline = call.deadline {
            headers.append(("grpc-timeout", Self.timeout(deadline - loop.now())))
        }
        headers += call.metadata.map { ($0.name, $0.value) }
        let stream = Self.withHeaders(headers) { table, count in
            call.body.withUnsafeBufferPointer {
                qh2_request(session, table, count, $0.baseAddress, $0.count)
            }
        }
        guard stream > 0 else {
            // Stream ids are used up: this connection is finished, the call is not.
            drain(wantsFewerPings: false)
            refuse(call)
            return
        }
        call.stream = stream
        call.connection = self
        if calls.isEmpty { lastRead = loop.now() }
        calls[stream] = call
        armKeepalive()
        queueFlush()
        sendAhead(session)
    }

    /// Sends what has gathered before the turn of the loop ends: the server works on it while the
    /// caller still reads the answers that came together. Without this both work in alternation.
    private func sendAhead(_ session: OpaquePointer) {
        unsentStreams += 1
        // nghttp2 does not send inside its callbacks for reading.
        guard unsentStreams >= Self.streamsSentTogether, !isReading else { return }
        unsentStreams = 0
        // Whatever stops it stops the queued flush, too, which tells those who are concerned.
        _ = qh2_flush(session)
    }

    /// Resets a call's stream, because the caller has given it up.
    func cancel(_ call: GRPCCall) {
        guard let stream = call.stream, calls.removeValue(forKey: stream) != nil, let session else {
            return
        }
        qh2_reset(session, stream, ErrorCode.cancel)
        queueFlush()
        delegate?.connectionHasRoom(self)
        closeIfDrained()
    }

    /// Closes the connection for good: its calls end, none is repeated.
    func close() {
        delegate = nil
        fail(.transport(.cancelled, "the connection was closed"))
    }

    /// The text of `grpc-timeout`: at most eight digits and a unit.
    static func timeout(_ nanoseconds: Int64) -> String {
        let units: [(Int64, String)] = [
            (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
        ]
        let rest = max(1_000, nanoseconds)
        for (size, name) in units where rest / size < 100_000_000 {
            return "\((rest + size - 1) / size)\(name)"
        }
        return "\(min(rest / 3_600_000_000_000, 99_999_999))H"
    }

    private static func withHeaders<Result>(
        _ headers: [(String, String)],
        _ body: (UnsafePointer<qh2_header>?, Int) -> Result
    ) -> Result {
        // One allocation holds all names and values.
        var text: [UInt8] = []
        text.reserveCapacity(512)
        for (name, value) in headers {
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: value.utf8)
        }
        return text.withUnsafeBytes { bytes in
            var position = bytes.bindMemory(to: CChar.self).baseAddress
            let table = headers.map { name, value in
                let start = position
                let middle = start.map { $0 + name.utf8.count }
                position = middle.map { $0 + value.utf8.count }
                return qh2_header(
                    name: start, name_length: name.utf8.count, value: middle,
                    value_length: value.utf8.count, is_secret: name == "authorization")
            }
            return table.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }

    // MARK: - Input and output

    private func socketIsReady() {
        guard session != nil, state != .closed else { return }
        // Callbacks may drop the last other reference to this connection.
        withExtendedLifetime(self) {
            if read() { flush() }
        }
    }

    /// Reads what has come, within the budget for a turn of the loop.
    ///
    /// - Returns: whether the connection is still there.
    private func read() -> Bool {
        guard let session else { return false }
        isReading = true
        let result = qh2_read(session, Self.turnInput)
        isReading = false
        lastRead = loop.now()
        pingSent = nil
        checkProtocol()
        guard state != .closed else { return false }
        if result < 0 {
            lost(result)
            return false
        }
        // TLS may have decrypted more than was taken, which the descriptor does not tell.
        if result == 1 { loop.enqueue { [weak self] in self?.socketIsReady() } }
        return true
    }

    /// TLS only: the handshake has to have chosen h2. Known after the first read.
    private func checkProtocol() {
        guard endpoint.isSecure, !protocolIsChecked else { return }
        protocolIsChecked = true
        if socket.applicationProtocol != "h2" {
            fail(
                .transport(
                    .unavailable,
                    "\(endpoint.url) does not offer HTTP/2 (ALPN h2), which gRPC needs"))
        }
    }

    private func queueFlush() {
        guard !flushIsQueued else { return }
        flushIsQueued = true
        loop.enqueue { [weak self] in
            guard let self else { return }
            flushIsQueued = false
            flush()
        }
    }

    private func flush() {
        guard let session, state != .closed else { return }
        unsentStreams = 0
        let result = qh2_flush(session)
        if result < 0 { return lost(result) }
        if let violation = qh2_violation(session) {
            // A peer that never spoke HTTP/2 has broken none of its rules.
            if remoteLimit == nil { return lost(-2) }
            return fail(
                .transport(
                    .internal,
                    "the server broke a rule of HTTP/2 (\(String(cString: violation)))"))
        }
        let needsOutput = result == 1
        if needsOutput != watchesOutput {
            watch(output: needsOutput)
        }
    }

    private func lost(_ result: Int32) {
        var reason = "the connection to \(endpoint.url) was lost"
        let farewell = session.map { String(cString: qh2_farewell($0)) } ?? ""
        if !farewell.isEmpty { reason += " (\(farewell))" }
        if result < -2 { reason += " (\(String(cString: qh2_error_text(result))))" }
        if remoteLimit == nil {
            reason = "\(endpoint.url) closed the connection before it spoke HTTP/2"
            if result < -1 { reason = "\(endpoint.url) does not speak HTTP/2" }
            if !endpoint.isSecure { reason += "; is it a TLS port (https://), or another program?" }
        }
        fail(.transport(.unavailable, reason))
    }

    // MARK: - Ending

    private func fail(_ error: CallError) {
        guard state != .closed else { return }
        let wasOpen = remoteLimit != nil
        state = .closed
        silence?.cancel()
        keepalive?.cancel()
        socket.close()
        let orphans = calls
        calls = [:]
        if let session {
            // Inside one of nghttp2's callbacks the session must live on.
            loop.enqueue { qh2_close(session) }
        }
        session = nil
        for call in orphans.values {
            if !wasOpen, delegate != nil {
                refuse(call)
                continue
            }
            var unknown = error
            unknown.outcomeIsUnknown = true
            unknown.message += "; whether the call was executed is not known"
            finish(call, .failure(unknown))
        }
        delegate?.connectionEnded(self, error: error, wasOpen: wasOpen)
    }

    /// Gives a call that certainly was not executed back. Where nobody takes it, it ends.
    private func refuse(_ call: GRPCCall) {
        if let delegate { return delegate.connection(self, refused: call) }
        var error = CallError.transport(.cancelled, "the connection was closed")
        error.wasNotExecuted = true
        finish(call, .failure(error))
    }

    private func drain(wantsFewerPings: Bool) {
        guard state == .open else { return }
        state = .draining
        delegate?.connectionDrains(self, wantsFewerPings: wantsFewerPings)
        closeIfDrained()
    }

    private func closeIfDrained() {
        guard state == .draining, calls.isEmpty else { return }
        loop.enqueue { [weak self] in
            guard let self, state == .draining, calls.isEmpty else { return }
            fail(.transport(.unavailable, "the server closed the connection"))
        }
    }

    // MARK: - Keepalive

    private func armKeepalive() {
        guard keepalive == nil, !calls.isEmpty, state != .closed else { return }
        let due = lastRead + pingInterval - loop.now()
        keepalive = loop.after(due) { [weak self] in
            self?.keepalive = nil
            self?.checkSilence()
        }
    }

    private func checkSilence() {
        guard !calls.isEmpty, state != .closed, let session else { return }
        let present = loop.now()
        if let pingSent, present - pingSent >= settings.keepaliveTimeout {
            fail(.transport(.unavailable, "\(endpoint.url) does not answer any more"))
        } else if pingSent != nil {
            keepalive = loop.after(settings.keepaliveTimeout) { [weak self] in
                self?.keepalive = nil
                self?.checkSilence()
            }
        } else if present - lastRead >= pingInterval {
            pingSent = present
            qh2_ping(session)
            queueFlush()
            keepalive = loop.after(settings.keepaliveTimeout) { [weak self] in
                self?.keepalive = nil
                self?.checkSilence()
            }
        } else {
            armKeepalive()
        }
    }

    // MARK: - What the session reports

    private static func connection(_ owner: UnsafeMutableRawPointer?) -> HTTP2Connection? {
        owner.map { Unmanaged<HTTP2Connection>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let callbacks = qh2_callbacks(
        send: { owner, bytes, length in
            connection(owner)?.socket.send(bytes, count: length) ?? -1
        },
        receive: { owner, bytes, capacity in
            connection(owner)?.socket.receive(bytes, capacity: capacity) ?? -1
        },
        header: { owner, stream, name, nameLength, value, valueLength in
            connection(owner)?.received(
                stream, UnsafeBufferPointer(start: name, count: nameLength),
                UnsafeBufferPointer(start: value, count: valueLength))
        },
        headers_end: { _, _, _ in },
        data: { owner, stream, bytes, length in
            connection(owner)?.received(
                stream, UnsafeBufferPointer(start: bytes, count: length))
        },
        stream_end: { owner, stream, error in connection(owner)?.ended(stream, error) },
        goaway: { owner, last, error in connection(owner)?.goAway(last, error) },
        settings: { owner, limit in connection(owner)?.received(limit: limit) },
        pong: { owner in connection(owner)?.pingSent = nil })

    private func received(_ stream: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let call = calls[stream], let error = call.receive(data: bytes) else { return }
        giveUp(call, stream, error)
    }

    private func received(
        _ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) {
        guard let call = calls[stream], let error = call.receive(header: name, value: value) else {
            return
        }
        giveUp(call, stream, error)
    }

    private func giveUp(_ call: GRPCCall, _ stream: Int32, _ error: CallError) {
        guard let session else { return }
        calls[stream] = nil
        qh2_reset(session, stream, ErrorCode.cancel)
        finish(call, .failure(error))
    }

    /// Tells a call's end, but not from inside a callback of nghttp2: whoever hears it may wait for
    /// another call, which would read from the session again.
    private func finish(_ call: GRPCCall, _ result: Result<Reply, CallError>) {
        loop.enqueue { call.finish(result) }
    }

    private func received(limit: UInt32) {
        silence?.cancel()
        remoteLimit = limit
        if state == .open { delegate?.connectionHasRoom(self) }
    }

    private func goAway(_ lastStream: Int32, _ error: UInt32) {
        // nghttp2 ends the streams above the last one with REFUSED_STREAM.
        drain(wantsFewerPings: error == ErrorCode.enhanceYourCalm)
    }

    private func ended(_ stream: Int32, _ error: UInt32) {
        guard let call = calls.removeValue(forKey: stream) else { return closeIfDrained() }
        defer {
            if state == .open { delegate?.connectionHasRoom(self) }
            closeIfDrained()
        }
        if error == ErrorCode.refusedStream, !call.hasStatus {
            softLimit = max(1, calls.count)
            successes = 0
            refuse(call)
            return
        }
        let complaint = session.map { String(cString: qh2_complaint($0)) } ?? ""
        if error == ErrorCode.noError || (call.hasStatus && complaint.isEmpty) {
            successes += 1
            if successes >= 4 * softLimit {
                successes = 0
                softLimit += 1
            }
            finish(call, call.result())
            return
        }
        let code: StatusCode =
            switch error {
            case ErrorCode.cancel: .cancelled
            case ErrorCode.enhanceYourCalm: .resourceExhausted
            case ErrorCode.inadequateSecurity: .permissionDenied
            default: .internal
            }
        var failure = CallError.transport(
            code,
            complaint.isEmpty
                ? "the server broke the call off (HTTP/2 error \(error))"
                : "the server broke a rule of HTTP/2 (\(complaint))")
        failure.outcomeIsUnknown = true
        finish(call, .failure(failure))
    }
}
