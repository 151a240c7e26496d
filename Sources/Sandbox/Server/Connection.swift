import Budgets
import NIOCore

/// One peer's connection, ahead of whatever it speaks: hands on what the peer sends in turns, stops
/// reading while the peer does not read, and gives it up when it exceeds a budget.
///
/// Everything that a peer can make grow is counted here or bounded by HTTP/2's windows, which cover
/// one stream each.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Says farewell in the protocol's own words before the connection is closed.
    typealias Farewell = (_ reason: String, _ isSlow: Bool) -> Void

    /// The number of bytes passed on between two looks at the clock; it adapts to the time that the
    /// last ones took.
    private static let slices = 256...4096
    /// How long a peer gets to see the farewell.
    private static let farewellTime = TimeAmount.milliseconds(100)

    let load: ServerLoad
    /// Set by the handler of the protocol.
    var farewell: Farewell?
    /// Follows the frames that are written, on an HTTP/2 connection.
    var frames: FrameWatch?
    /// Whether the protocol is known.
    var isIdentified = false

    private var context: ChannelHandlerContext?
    /// Input that is not handed on yet.
    private var pending = ByteBuffer()
    private var isWorking = false
    private var isQueued = false
    private var readIsHeld = false
    private var isDoomed = false
    private var isCounted = false

    /// Bytes since the protocol made anything of them: an endless line, a chunk's endless extension.
    private var unused = 0
    private var unusedSince = NIODeadline.now()
    private var slice = 1024
    /// Bytes of requests that have not come whole.
    private var input = 0
    /// Bytes of answers that the peer has not taken.
    private var output = 0
    private var waiting: [() -> Void] = []
    private var refusals = 0
    /// Requests that have begun and not ended.
    private var openRequests = 0
    /// Requests and streams that have not been answered.
    private var openAnswers = 0

    private var lastInput = NIODeadline.now()
    private var lastOutput = NIODeadline.now()
    private var lastRequest = NIODeadline.now()
    private var lastBuffered = 0
    private var check: Scheduled<Void>?

    init(_ load: ServerLoad) { self.load = load }

    private var budgets: Budgets { load.budgets }

    // MARK: - Its life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        load.connections += 1
        isCounted = true
        scheduleCheck()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        forget()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        forget()
        context.fireChannelInactive()
    }

    /// Gives back what the connection counted for.
    private func forget() {
        check?.cancel()
        waiting = []
        pending.clear()
        guard isCounted else { return }
        isCounted = false
        load.connections -= 1
        load.input -= input
        load.output -= output
        input = 0
        output = 0
    }

    /// Ends the connection for a budget that the peer has exceeded.
    func end(_ budget: Budget) {
        guard !isDoomed else { return }
        let isSlow = budget == .slowRequest || budget == .slowRead || budget == .idle
        farewell?(budgets.exceeded(budget), isSlow)
        doom()
    }

    /// Reads nothing more, and closes when the peer had time to see what was written last.
    func doom() {
        guard !isDoomed else { return }
        isDoomed = true
        pending.clear()
        guard let context else { return }
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.farewellTime) { channel.close(promise: nil) }
    }

    // MARK: - Input

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDoomed else { return }
        lastInput = .now()
        var buffer = unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = buffer } else { pending.writeBuffer(&buffer) }
        if !isQueued { work(for: budgets[.turnTime]) }
    }

    /// ``work(for:)`` hands on the input, and reports the end of it.
    func channelReadComplete(context: ChannelHandlerContext) {}

    /// Hands on what was received, for some nanoseconds at most; the rest waits for its turn.
    func work(for nanoseconds: Int) {
        isQueued = false
        guard !isWorking, let context else { return }
        isWorking = true
        var begun = NIODeadline.now()
        let end = begun + .nanoseconds(Int64(nanoseconds))
        var hasWorked = false
        while !isDoomed, context.channel.isWritable,
            let bytes = pending.readSlice(length: min(slice, pending.readableBytes)),
            bytes.readableBytes > 0
        {
            if unused == 0 { unusedSince = lastInput }
            unused += bytes.readableBytes
            context.fireChannelRead(wrapInboundOut(bytes))
            // Requests that wait for an answer to an earlier one are not looked at yet.
            if openRequests == 0, openAnswers > 0 { unused = 0 }
            hasWorked = true
            if frames == nil, unused > 2 * budgets[.requestHeaders] {
                self.end(.requestHeaders)
            }
            guard pending.readableBytes > 0 else { break }
            let now = NIODeadline.now()
            adjustSlice(now - begun)
            begun = now
            if now > end { break }
        }
        isWorking = false
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        if hasWorked { context.fireChannelReadComplete() }
        guard !isDoomed, context.channel.isWritable else { return }
        if pending.readableBytes > 0 {
            isQueued = true
            load.enqueue(self)
        } else if readIsHeld {
            readIsHeld = false
            context.read()
        }
    }

    /// Hands on less at once when it costs much: the turn ends at the end of a slice.
    private func adjustSlice(_ time: TimeAmount) {
        let turn = Int64(budgets[.turnTime])
        if time.nanoseconds > turn / 4 {
            slice = max(Self.slices.lowerBound, slice / 2)
        } else if time.nanoseconds < turn / 16 {
            slice = min(Self.slices.upperBound, slice * 2)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isDoomed { return }
        if pending.readableBytes > 0 || !context.channel.isWritable {
            readIsHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        if context.channel.isWritable, !isQueued { work(for: budgets[.turnTime]) }
    }

    // MARK: - Output

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if frames != nil {
            switch frames?.wrote(unwrapOutboundIn(data)) {
            case .answer: lastOutput = .now()
            case .connectionError: doom()
            case .other, nil: break
            }
        }
        context.write(data, promise: promise)
    }

    /// Whether the peer has taken enough of earlier answers to get another.
    var mayAnswer: Bool {
        output == 0
            || (output < budgets[.connectionOutput] && load.output < budgets[.totalOutput])
    }

    /// Does something when ``mayAnswer`` holds: at once, or when the peer has read.
    func whenItMayAnswer(_ body: @escaping () -> Void) {
        if mayAnswer, waiting.isEmpty { body() } else { waiting.append(body) }
    }

    /// Counts bytes of an answer that is written, until the promise is kept.
    func count(_ bytes: Int, until promise: EventLoopPromise<Void>) {
        guard isCounted else { return }
        output += bytes
        load.output += bytes
        promise.futureResult.assumeIsolated().whenComplete { [self] _ in
            guard isCounted else { return }
            output -= bytes
            load.output -= bytes
            lastOutput = .now()
            while mayAnswer, !waiting.isEmpty { waiting.removeFirst()() }
        }
    }

    // MARK: - Requests

    /// Whether a line or a head has begun to come, over HTTP/1.1.
    private var hasPartialHead: Bool { frames == nil && isIdentified && unused > 0 }

    /// The protocol has made something of what came last, over HTTP/1.1.
    func inputWasUsed() { unused = 0 }

    /// A request has begun.
    func requestBegan() {
        openRequests += 1
        openAnswers += 1
        lastRequest = .now()
    }

    /// A request has come whole, or its rest does not matter.
    func requestEnded() { openRequests -= 1 }

    /// A request has been answered, or is gone.
    func answered() {
        openAnswers -= 1
        lastRequest = .now()
    }

    /// A request was let in, or was refused for its credential.
    func admitted(_ isAdmitted: Bool) {
        refusals = isAdmitted ? 0 : refusals + 1
        if refusals > budgets[.anonymousRequests] { end(.anonymousRequests) }
    }

    /// Counts bytes of a request that has not come whole.
    ///
    /// - Returns: the budget that they exceed; then they are not counted.
    func reserve(_ bytes: Int) -> Budget? {
        if input + bytes > budgets[.connectionInput] { return .connectionInput }
        if load.input + bytes > budgets[.totalInput] { return .totalInput }
        input += bytes
        load.input += bytes
        return nil
    }

    /// Gives back what ``reserve(_:)`` has counted.
    func release(_ bytes: Int) {
        guard isCounted else { return }
        input -= bytes
        load.input -= bytes
    }

    // MARK: - Time

    private func scheduleCheck() {
        guard let context else { return }
        let shortest = [Budget.firstBytes, .slowRequest, .slowRead, .idle].map { budgets[$0] }.min()
        let pause = max(20_000_000, min((shortest ?? 0) / 4, 5_000_000_000))
        check = context.eventLoop.assumeIsolated().scheduleTask(
            in: .nanoseconds(Int64(pause))
        ) { [weak self] in self?.checkTimes() }
    }

    private func checkTimes() {
        guard let context, !isDoomed, isCounted else { return }
        let buffered =
            (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)).flatMap { $0 }
            ?? 0
        if buffered < lastBuffered { lastOutput = .now() }
        if buffered == 0, output == 0 { lastOutput = .now() }
        lastBuffered = buffered
        if !isIdentified, hasPassed(.firstBytes, since: lastRequest) {
            end(.firstBytes)
        } else if buffered > 0 || output > 0, hasPassed(.slowRead, since: lastOutput) {
            end(.slowRead)
        } else if openRequests > 0, hasPassed(.slowRequest, since: lastInput) {
            end(.slowRequest)
        } else if hasPartialHead, hasPassed(.slowRequest, since: unusedSince) {
            end(.slowRequest)
        } else if openAnswers == 0, hasPassed(.idle, since: lastRequest) {
            end(.idle)
        } else {
            scheduleCheck()
        }
    }

    private func hasPassed(_ budget: Budget, since moment: NIODeadline) -> Bool {
        NIODeadline.now() - moment > .nanoseconds(Int64(budgets[budget]))
    }
}

/// Follows the frames that are written to an HTTP/2 connection (RFC 9113, section 4.1).
struct FrameWatch {
    /// What a piece of output amounts to.
    enum Finding {
        /// A part of an answer.
        case answer
        /// GOAWAY with an error: the peer has broken a rule, and nothing more is read.
        case connectionError
        case other
    }

    private static let data: UInt8 = 0
    private static let headers: UInt8 = 1
    private static let goAway: UInt8 = 7

    /// How much of a frame's payload is still to come.
    private var payload = 0

    /// Looks at what is written: whole frames, whose payload may come in a piece of its own.
    mutating func wrote(_ buffer: ByteBuffer) -> Finding {
        var buffer = buffer
        var finding = Finding.other
        while buffer.readableBytes > 0 {
            let skipped = min(payload, buffer.readableBytes)
            buffer.moveReaderIndex(forwardBy: skipped)
            payload -= skipped
            guard payload == 0, let header = buffer.readBytes(length: 9) else { break }
            payload = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            switch header[3] {
            case Self.data, Self.headers: finding = .answer
            case Self.goAway:
                // The last stream, and the error's number.
                let error = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self) ?? 0
                if error != 0 { finding = .connectionError }
            default: break
            }
        }
        return finding
    }
}
