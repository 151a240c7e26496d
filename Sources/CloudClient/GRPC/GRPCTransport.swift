import EventLoop
import GRPCProtocol

/// Unary gRPC over HTTP/2: many calls on one connection.
///
/// Retries without being asked: calls that were never sent, that were refused, or whose stream is
/// above a GOAWAY's last one. All other calls in flight when a connection ends have an unknown
/// outcome.
public final class GRPCTransport: Transport, GRPCCallOwner {
    private let endpoint: Endpoint
    private let settings: ConnectionSettings
    private let loop: PollLoop
    private var engine: CurlEngine?
    private var connection: HTTP2Connection?
    /// Connections that take no new calls but still have some in flight.
    private var draining: [HTTP2Connection] = []
    private var waiting: [GRPCCall] = []
    private var firstWaiting = 0
    private var pingInterval: Int64
    private var backoff = Backoff()
    private var reconnect: PollLoop.Timer?
    private var isClosed = false

    /// Creates a transport; nothing is opened before the first call.
    public init(endpoint: Endpoint, settings: ConnectionSettings, loop: PollLoop) {
        self.endpoint = endpoint
        self.settings = settings
        self.loop = loop
        pingInterval = settings.keepaliveInterval
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        if let unknown = call.request.unknownEnumName {
            return refuse(call, unknown, completion)
        }
        var body = call.request.serialized(after: MessageFrame.prefixSize)
        MessageFrame.writePrefix(of: &body)
        return start(
            path: call.method.path, body: body, metadata: call.metadata, deadline: call.deadline,
            completion: completion)
    }

    /// Refuses a request with an enum value that has a name only, as a newer server sends it over
    /// REST.
    private func refuse(
        _ call: OutgoingCall, _ unknown: (path: String, name: String),
        _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let refused = GRPCCall(
            path: call.method.path, body: [], metadata: [], deadline: nil, transport: self,
            settings: settings, completion: completion)
        refused.timer = loop.after(0) {
            refused.finish(
                .failure(
                    CallError(
                        .invalidArgument,
                        "\(unknown.path): this contract has no number for \(unknown.name), so it "
                            + "cannot be sent over gRPC; use --transport rest or a newer contract",
                        origin: .local)))
        }
        return refused
    }

    /// Starts a call of a method that no contract describes.
    ///
    /// - Parameter body: the request in gRPC's framing.
    @discardableResult
    func start(
        path: String, body: [UInt8], metadata: [(name: String, value: String)],
        deadline: Int64?, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let running = GRPCCall(
            path: path, body: body, metadata: metadata, deadline: deadline, transport: self,
            settings: settings, completion: completion)
        if let deadline {
            // The timer keeps the call, so that whatever happens to it, it ends at its deadline; its
            // end cancels the timer.
            running.timer = loop.after(deadline - loop.now()) { [self] in expire(running) }
        }
        waiting.append(running)
        startWaiting()
        return running
    }

    public func close() {
        isClosed = true
        reconnect?.cancel()
        failWaiting(Self.closed)
        connection?.close()
        for connection in draining { connection.close() }
    }

    func cancel(_ call: GRPCCall) {
        guard !call.isFinished else { return }
        call.abandon()
        call.connection?.cancel(call)
    }

    private func expire(_ call: GRPCCall) {
        guard !call.isFinished else { return }
        let connection = call.connection
        let wasSent = call.stream != nil
        var error = CallError.transport(.deadlineExceeded, "no answer before the deadline")
        error.outcomeIsUnknown = wasSent
        error.wasNotExecuted = !wasSent
        connection?.cancel(call)
        call.finish(.failure(error))
    }

    // MARK: - Waiting calls

    private static let longestPingInterval: Int64 = 7_200_000_000_000
    private static let closed = CallError.transport(.cancelled, "the connection was closed")

    private func startWaiting() {
        guard !isClosed else { return failWaiting(Self.closed) }
        while firstWaiting < waiting.count {
            guard let connection else {
                openConnection()
                return
            }
            guard connection.hasRoom else { return }
            let call = waiting[firstWaiting]
            firstWaiting += 1
            if firstWaiting > 64, firstWaiting * 2 > waiting.count {
                waiting.removeFirst(firstWaiting)
                firstWaiting = 0
            }
            if !call.isFinished { connection.start(call) }
        }
        waiting.removeAll(keepingCapacity: true)
        firstWaiting = 0
    }

    private func openConnection() {
        guard connection == nil, reconnect == nil else { return }
        let wait = backoff.remaining(at: loop.now())
        guard wait <= 0 else {
            reconnect = loop.after(wait) { [weak self] in
                self?.reconnect = nil
                self?.startWaiting()
            }
            return
        }
        do throws(CallError) {
            let connection = HTTP2Connection(
                endpoint: endpoint, settings: settings, pingInterval: pingInterval,
                socket: try makeSocket(), loop: loop, delegate: self)
            self.connection = connection
            connection.open()
        } catch {
            failWaiting(error)
        }
    }

    private func makeSocket() throws(CallError) -> any StreamSocket {
        if let socket = LoopbackSocket(endpoint: endpoint, settings: settings, loop: loop) {
            return socket
        }
        let engine = if let engine { engine } else { try CurlEngine(loop: loop) }
        self.engine = engine
        return CurlSocket(endpoint: endpoint, settings: settings, engine: engine)
    }

    private func failWaiting(_ error: CallError) {
        let failed = waiting[firstWaiting...]
        waiting = []
        firstWaiting = 0
        // Not before start(_:completion:) has returned.
        loop.enqueue { for call in failed { call.finish(.failure(error)) } }
    }
}

extension GRPCTransport: HTTP2ConnectionDelegate {
    func connectionHasRoom(_ connection: HTTP2Connection) {
        guard connection === self.connection else { return }
        startWaiting()
    }

    func connection(_ connection: HTTP2Connection, refused call: GRPCCall) {
        guard !call.isFinished else { return }
        call.reset()
        call.repetitions += 1
        guard call.repetitions <= 100 else {
            var error = CallError.transport(
                .unavailable, "the server refused the call \(call.repetitions) times")
            error.wasNotExecuted = true
            call.finish(.failure(error))
            return
        }
        // The first repetition follows at once; a server that goes on refusing gets a pause.
        guard call.repetitions > 1 else {
            waiting.append(call)
            loop.enqueue { [weak self] in self?.startWaiting() }
            return
        }
        let ceiling = min(1_000_000_000, 2_000_000 << Int64(min(call.repetitions, 9)))
        let pause = Int64(Double(ceiling) * settings.random())
        loop.after(pause) { [weak self] in
            guard let self, !call.isFinished else { return }
            waiting.append(call)
            startWaiting()
        }
    }

    func connectionDrains(_ connection: HTTP2Connection, wantsFewerPings: Bool) {
        if wantsFewerPings {
            // No longer than what servers put up with by themselves (gRFC A8).
            pingInterval = min(2 * pingInterval, Self.longestPingInterval)
            // A server that says so on each connection gets a pause before the next one.
            backoff.fail(at: loop.now(), random: settings.random)
        }
        guard connection === self.connection else { return }
        self.connection = nil
        draining.append(connection)
        if firstWaiting < waiting.count { loop.enqueue { [weak self] in self?.startWaiting() } }
    }

    func connectionEnded(_ connection: HTTP2Connection, error: CallError, wasOpen: Bool) {
        draining.removeAll { $0 === connection }
        if wasOpen {
            backoff.reset()
        } else {
            backoff.fail(at: loop.now(), random: settings.random)
        }
        guard connection === self.connection else { return }
        self.connection = nil
        if wasOpen {
            loop.enqueue { [weak self] in self?.startWaiting() }
        } else {
            failWaiting(error)
        }
    }
}

/// The pause between attempts to connect (grpc/doc/connection-backoff.md, with a shorter start).
struct Backoff {
    private var failures = 0
    private var notBefore: Int64 = 0

    /// Nanoseconds until the next attempt may be made.
    func remaining(at time: Int64) -> Int64 { failures == 0 ? 0 : notBefore - time }

    mutating func fail(at time: Int64, random: () -> Double) {
        var pause = 100_000_000.0
        for _ in 0..<min(failures, 20) { pause = min(pause * 1.6, 20_000_000_000) }
        failures += 1
        notBefore = time + Int64(pause * (0.8 + 0.4 * random()))
    }

    mutating func reset() { failures = 0 }
}
