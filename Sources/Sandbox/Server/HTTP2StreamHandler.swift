import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 stream: gathers a request, writes its answer. Streaming gRPC methods are answered
/// message by message.
final class HTTP2StreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private static let ok: HPACKHeaders = {
        var headers = HPACKHeaders()
        headers.reserveCapacity(6)
        headers.add(name: ":status", value: "200")
        return headers
    }()

    private let front: NIOLoopBound<Front>
    private var request: InboundRequest?
    private var streamStarted = false
    private var isAnswered = false
    private var limit = GRPCFront.maximumRequestSize

    init(front: NIOLoopBound<Front>) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            // Trailers of a request say nothing that is used.
            if request == nil { begin(frame.headers) }
            if frame.endStream { finish(context) }
        case .data(let frame):
            guard case .byteBuffer(var buffer) = frame.data else { return }
            request?.body += buffer.readBytes(length: buffer.readableBytes) ?? []
            if (request?.body.count ?? 0) > limit + 5 {
                return reject(context)
            }
            answerStream(context)
            if frame.endStream { finish(context) }
        default: break
        }
    }

    private func begin(_ headers: HPACKHeaders) {
        let begun = InboundRequest(
            verb: headers.first(name: ":method") ?? "",
            target: headers.first(name: ":path") ?? "/",
            headers: headers.map { ($0.name, $0.value) })
        limit = front.value.bodyLimit(begun)
        request = begun
    }

    private func reject(_ context: ChannelHandlerContext) {
        let error = APIError(
            .resourceExhausted,
            "the request has more than \(limit) bytes")
        let isGRPC = Front.isGRPC(request?.headers ?? [])
        let response =
            isGRPC
            ? front.value.grpc.failure(error, trace: "")
            : RESTGateway.failure(error, registry: front.value.rest.registry)
        write(response, context)
    }

    /// Answers the complete messages of a streaming method.
    private func answerStream(_ context: ChannelHandlerContext) {
        guard let path = request?.path, front.value.isStream(path) else { return }
        while let body = request?.body, body.count >= 5 {
            let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
            guard body.count >= 5 + length else { return }
            request?.body.removeFirst(5 + length)
            guard let answer = front.value.streamAnswer(path, Array(body[5..<5 + length])) else {
                return
            }
            if !streamStarted {
                streamStarted = true
                writeHeaders(200, GRPCFront.headers, end: false, context)
            }
            writeData(GRPCFront.framed(answer), end: false, context)
            context.flush()
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let request, !isAnswered else { return }
        if front.value.isStream(request.path), Front.isGRPC(request.headers) {
            // A watch goes on until the client leaves.
            if request.path == Health.watchPath { return }
            isAnswered = true
            let status: [(name: String, value: String)] = [("grpc-status", "0")]
            writeHeaders(
                streamStarted ? nil : 200,
                streamStarted ? status : status + GRPCFront.headers.prefix(1), end: true, context)
            context.flush()
            return
        }
        deliver(front.value.answer(request), context)
    }

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

    /// Tells the client that this stream was not processed and that the connection ends.
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
            return
        }
        let end = min(offset + trickle.bytes, response.body.count)
        writeData(Array(response.body[offset..<end]), end: false, context)
        context.flush()
        context.after(trickle.pause) { [self] in drip(response, from: end, trickle, $0) }
    }

    private func write(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        isAnswered = true
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
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
