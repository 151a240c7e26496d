import Budgets
import GRPCProtocol
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 stream: gathers a request, writes its answer. Streaming gRPC methods are answered
/// message by message.
///
/// Headers that are enough to refuse a request refuse it before the body comes.
final class HTTP2StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private static let ok: HPACKHeaders = {
        var headers = HPACKHeaders()
        headers.reserveCapacity(6)
        headers.add(name: ":status", value: "200")
        return headers
    }()

    private let front: NIOLoopBound<Front>
    private let connection: NIOLoopBound<Connection>
    private var request: InboundRequest?
    private var bodyLimit: (budget: Budget, bytes: Int) = (.requestBody, 0)
    /// Bytes that the connection has counted for this stream.
    private var reserved = 0
    /// Messages of a streaming method that are still to be answered.
    private var inbox = ByteBuffer()
    private var streamStarted = false
    private var streamHasEnded = false
    private var isAnswered = false
    /// The state of this request, as the connection counts it.
    private var isOpen = false
    private var awaitsAnswer = false
    private var readIsHeld = false

    init(front: NIOLoopBound<Front>, connection: NIOLoopBound<Connection>) {
        self.front = front
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            // Trailers of a request say nothing that is used.
            if request == nil { begin(frame.headers, context) }
            if frame.endStream { finish(context) }
        case .data(let frame):
            guard case .byteBuffer(let buffer) = frame.data else { return }
            if let exceeded = take(buffer) { return reject(exceeded, context) }
            answerStream(context)
            if frame.endStream { finish(context) }
        default: break
        }
    }

    private func begin(_ headers: HPACKHeaders, _ context: ChannelHandlerContext) {
        let begun = InboundRequest(
            verb: headers.first(name: ":method") ?? "",
            target: headers.first(name: ":path") ?? "/",
            headers: headers.map { ($0.name, $0.value) })
        request = begun
        isOpen = true
        awaitsAnswer = true
        connection.value.requestBegan()
        switch front.value.admit(begun) {
        case .refused(let response, let isAnonymous):
            if isAnonymous { connection.value.admitted(false) }
            write(response, context)
        case .admitted(let budget, let bytes):
            connection.value.admitted(true)
            bodyLimit = (budget, bytes)
            if isStream { release() }
            let length = begun.header("content-length").flatMap { Int($0) }
            if let length, length > bytes { reject(budget, context) }
        }
    }

    private var isStream: Bool {
        guard let request else { return false }
        return front.value.isStream(request.path) && Front.isGRPC(request.headers)
    }

    /// Keeps a piece of the body.
    ///
    /// - Returns: the budget that it exceeds.
    private func take(_ buffer: ByteBuffer) -> Budget? {
        let count = buffer.readableBytes
        if bodyLimit.budget != .adminBody {
            if let exceeded = connection.value.reserve(count) { return exceeded }
            reserved += count
        }
        if isStream {
            var buffer = buffer
            inbox.writeBuffer(&buffer)
            return nil
        }
        guard (request?.body.count ?? 0) + count <= bodyLimit.bytes else { return bodyLimit.budget }
        buffer.withUnsafeReadableBytes { request?.body.append(contentsOf: $0) }
        return nil
    }

    /// The request takes no more room, and the connection waits for nothing of it.
    private func release() {
        if isOpen { connection.value.requestEnded() }
        isOpen = false
        connection.value.release(reserved)
        reserved = 0
    }

    private func reject(_ budget: Budget, _ context: ChannelHandlerContext) {
        let error = APIError(
            .resourceExhausted, "the request is " + front.value.budgets.exceeded(budget))
        let response =
            Front.isGRPC(request?.headers ?? [])
            ? front.value.grpc.failure(error, trace: "")
            : RESTGateway.failure(error, registry: front.value.rest.registry)
        if streamStarted {
            writeHeaders(
                nil, response.headers.filter { $0.name != "content-type" }, end: true, context)
            context.flush()
            conclude()
        } else {
            write(response, context)
        }
    }

    // MARK: - Streams

    /// Answers the complete messages of a streaming method, as far as the peer reads the answers.
    private func answerStream(_ context: ChannelHandlerContext) {
        guard isStream, let path = request?.path else { return }
        while !isAnswered, context.channel.isWritable, inbox.readableBytes >= 5 {
            let limit = front.value.budgets[.streamMessage]
            guard let length = inbox.getInteger(at: inbox.readerIndex + 1, as: UInt32.self),
                length <= limit
            else { return reject(.streamMessage, context) }
            guard let bytes = inbox.getBytes(at: inbox.readerIndex + 5, length: Int(length)) else {
                break
            }
            guard connection.value.mayAnswer else {
                connection.value.whenItMayAnswer { [weak self] in self?.answerStream(context) }
                return
            }
            inbox.moveReaderIndex(forwardBy: 5 + bytes.count)
            connection.value.release(5 + bytes.count)
            reserved -= 5 + bytes.count
            guard let answer = front.value.streamAnswer(path, bytes) else { return }
            if !streamStarted {
                streamStarted = true
                writeHeaders(200, GRPCFront.headers, end: false, context)
            }
            writeData(MessageFrame.framed(answer), end: false, context)
            context.flush()
        }
        inbox.discardReadBytes()
        if streamHasEnded { endStream(context) }
        if readIsHeld, !holdsRead {
            readIsHeld = false
            context.read()
        }
    }

    /// A watch goes on until the client leaves; other streams end when all messages are answered.
    private func endStream(_ context: ChannelHandlerContext) {
        guard !isAnswered, let path = request?.path, path != Health.watchPath else { return }
        guard inbox.readableBytes < 5 || context.channel.isWritable else { return }
        let status: [(name: String, value: String)] = [("grpc-status", "0")]
        writeHeaders(
            streamStarted ? nil : 200,
            streamStarted ? status : status + GRPCFront.headers.prefix(1), end: true, context)
        context.flush()
        conclude()
    }

    /// Whether enough messages wait for an answer.
    private var holdsRead: Bool {
        inbox.readableBytes > front.value.budgets[.streamMessage] + 5
    }

    func read(context: ChannelHandlerContext) {
        if holdsRead { readIsHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { answerStream(context) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - The end

    private func finish(_ context: ChannelHandlerContext) {
        guard let request, !isAnswered else { return }
        if isStream {
            streamHasEnded = true
            return answerStream(context)
        }
        if isOpen { connection.value.requestEnded() }
        isOpen = false
        // A peer that does not read its answers gets no more of them.
        connection.value.whenItMayAnswer { [weak self] in
            guard let self, !isAnswered, awaitsAnswer else { return }
            let response = front.value.answer(request)
            self.request?.body = []
            release()
            deliver(response, context)
        }
    }

    /// The request is answered.
    private func conclude() {
        isAnswered = true
        inbox = ByteBuffer()
        release()
        if awaitsAnswer { connection.value.answered() }
        awaitsAnswer = false
    }

    func channelInactive(context: ChannelHandlerContext) {
        conclude()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { conclude() }

    // MARK: - Deliveries

    private func deliver(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        isAnswered = true
        let delivery = response.delivery
        guard delivery.delay > 0 else { return send(response, context) }
        context.after(delivery.delay) { [self] in send(response, $0) }
    }

    private func send(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        switch response.delivery.breaks {
        case .reset, .dropResponse:
            let frame = HTTP2Frame.FramePayload.rstStream(.internalError)
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        case .disconnect: context.channel.parent?.close(promise: nil)
        case .goAway: sendAway(context)
        case nil:
            guard let trickle = response.delivery.trickle else { return write(response, context) }
            writeHeaders(response.status, response.headers, end: false, context)
            context.flush()
            drip(response, from: 0, trickle, context)
        }
    }

    /// Informs the client that this stream was not processed and that the connection ends.
    private func sendAway(_ context: ChannelHandlerContext) {
        guard let parent = context.channel.parent,
            let stream = try? context.channel.syncOptions?.getOption(
                HTTP2StreamChannelOptions.streamID)
        else { return context.close(promise: nil) }
        let last = HTTP2StreamID(max(0, Int(stream) - 2))
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        parent.writeAndFlush(frame, promise: nil)
        // Other calls of the connection may still be answered.
        parent.eventLoop.scheduleTask(in: .milliseconds(200)) { parent.close(promise: nil) }
    }

    /// Sends the body piece by piece, and the trailers at the end.
    private func drip(
        _ response: OutboundResponse, from offset: Int, _ trickle: Fault.Trickle,
        _ context: ChannelHandlerContext
    ) {
        guard offset < response.body.count else {
            if response.trailers.isEmpty {
                writeData([], end: true, context)
            } else {
                writeHeaders(nil, response.trailers, end: true, context)
            }
            context.flush()
            return conclude()
        }
        let end = min(offset + trickle.bytes, response.body.count)
        writeData(Array(response.body[offset..<end]), end: false, context)
        context.flush()
        context.after(trickle.pause) { [self] in drip(response, from: end, trickle, $0) }
    }

    private func write(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        defer { conclude() }
        let hasBody = !response.body.isEmpty
        let hasTrailers = !response.trailers.isEmpty
        writeHeaders(response.status, response.headers, end: !hasBody && !hasTrailers, context)
        if hasBody { writeData(response.body, end: !hasTrailers, context) }
        if hasTrailers { writeHeaders(nil, response.trailers, end: true, context) }
        context.flush()
    }

    private func writeHeaders(
        _ status: Int?, _ headers: [(name: String, value: String)], end: Bool,
        _ context: ChannelHandlerContext
    ) {
        var block = status == 200 ? Self.ok : HPACKHeaders()
        if let status, status != 200 { block.add(name: ":status", value: "\(status)") }
        for (name, value) in headers {
            // What is never the same again has no place in the table of headers.
            let isUnique = name == "qc-trace-id"
            block.add(name: name, value: value, indexing: isUnique ? .nonIndexable : .indexable)
        }
        let frame = HTTP2Frame.FramePayload.headers(.init(headers: block, endStream: end))
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    private func writeData(_ bytes: [UInt8], end: Bool, _ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        let frame = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(buffer), endStream: end))
        let promise = context.eventLoop.makePromise(of: Void.self)
        connection.value.count(bytes.count, until: promise)
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
