import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 stream: gathers a request, writes its answer. Streaming gRPC methods are answered
/// message by message.
final class HTTP2StreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let front: NIOLoopBound<Front>
    private var request: InboundRequest?
    private var streamStarted = false
    private var isAnswered = false

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
            if (request?.body.count ?? 0) > GRPCFront.maximumRequestSize + 5 {
                return reject(context)
            }
            answerStream(context)
            if frame.endStream { finish(context) }
        default: break
        }
    }

    private func begin(_ headers: HPACKHeaders) {
        request = InboundRequest(
            verb: headers.first(name: ":method") ?? "",
            target: headers.first(name: ":path") ?? "/",
            headers: headers.map { ($0.name, $0.value) })
    }

    private func reject(_ context: ChannelHandlerContext) {
        let error = APIError(
            .resourceExhausted,
            "the request has more than \(GRPCFront.maximumRequestSize) bytes")
        let isGRPC = Front.isGRPC(request?.headers ?? [])
        let response =
            isGRPC
            ? front.value.grpc.failure(error, trace: "")
            : RESTGateway.failure(error, registry: front.value.cloud.registry)
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
        write(front.value.answer(request), context)
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
        var block = HPACKHeaders()
        if let status { block.add(name: ":status", value: "\(status)") }
        for (name, value) in headers { block.add(name: name, value: value) }
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
