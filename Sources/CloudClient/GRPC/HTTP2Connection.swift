import Budgets
import CHTTP2
import EventLoop
import GRPCProtocol

/// Receives a connection's events; the transport implements it.
protocol HTTP2ConnectionDelegate: AnyObject {
    /// The connection is open, or has room for another stream.
    func connectionHasRoom(_ connection: HTTP2Connection)
    /// A call was refused and certainly not executed.
    func connection(_ connection: HTTP2Connection, refused call: GRPCCall)
    /// The connection takes no new calls; those in flight go on.
    func connectionDrains(_ connection: HTTP2Connection, wantsFewerPings: Bool)
    /// The connection has closed. Calls in flight have already received their error.
    func connectionEnded(_ connection: HTTP2Connection, error: CallError, wasOpen: Bool)
}

/// One HTTP/2 connection: what libnghttp2 speaks on a socket.
final class HTTP2Connection: GRPCCallOwner {
    /// HTTP/2 error codes (RFC 9113, section 7) that mean something here.
    enum ErrorCode {
        static let noError: UInt32 = 0
        static let refusedStream: UInt32 = 7
        static let cancel: UInt32 = 8
        static let enhanceYourCalm: UInt32 = 11
        static let inadequateSecurity: UInt32 = 12
    }

    enum State {
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
    let loop: PollLoop
    let socket: any StreamSocket
    weak var delegate: (any HTTP2ConnectionDelegate)?
    var session: OpaquePointer?
    var state = State.connecting
    var calls: [Int32: GRPCCall] = [:]
    var remoteLimit: UInt32?
    private var flushIsQueued = false
    private var isReading = false
    /// Streams that were opened since the last flush.
    private var unsentStreams = 0
    private var watchesOutput = false
    private var protocolIsChecked = false

    // Keepalive: a PING after a silence, only while calls are in flight.
    private var keepalive: PollLoop.Timer?
    var silence: PollLoop.Timer?
    private var lastRead: Int64 = 0
    private var pingSent: Int64?
    private let pingInterval: Int64

    /// How many streams we open at most. Adapts: falls to what was in flight when a stream is
    /// refused, and grows by one with every four limits' worth of successes.
    var softLimit = 100
    var successes = 0

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
                .transport(.unavailable, "the connection to \(endpoint.url) closed immediately"))
        }
        state = .open
        lastRead = loop.now()
        // A server begins with its settings; one that is silent is given up as one that is not there.
        silence = loop.after(settings.connectTimeout) { [weak self] in
            guard let self, remoteLimit == nil else { return }
            fail(
                .transport(
                    .unavailable,
                    "\(endpoint.url) accepted the connection, but did not start HTTP/2 in time"))
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
            headers.append((CallTimeout.header, CallTimeout.text(deadline - loop.now())))
        }
        headers += call.metadata.map { ($0.name, $0.value) }
        let stream = HeaderTable.with(headers) { table, count in
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
                    "the server violated HTTP/2 (\(String(cString: violation)))"))
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
            reason = "\(endpoint.url) closed the connection before HTTP/2 started"
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
            finish(call, .failure(unknown))
        }
        delegate?.connectionEnded(self, error: error, wasOpen: wasOpen)
    }

    /// Returns a call that was certainly not executed to the delegate. Without a delegate, the call
    /// fails.
    func refuse(_ call: GRPCCall) {
        if let delegate { return delegate.connection(self, refused: call) }
        var error = CallError.transport(.cancelled, "the connection was closed")
        error.wasNotExecuted = true
        finish(call, .failure(error))
    }

    func drain(wantsFewerPings: Bool) {
        guard state == .open else { return }
        state = .draining
        delegate?.connectionDrains(self, wantsFewerPings: wantsFewerPings)
        closeIfDrained()
    }

    func closeIfDrained() {
        guard state == .draining, calls.isEmpty else { return }
        loop.enqueue { [weak self] in
            guard let self, state == .draining, calls.isEmpty else { return }
            fail(.transport(.unavailable, "the server closed the connection"))
        }
    }

    // MARK: - Keepalive

    /// Notes the answer to a PING.
    func receivedPong() { pingSent = nil }

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
            fail(.transport(.unavailable, "\(endpoint.url) stopped responding"))
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
}
