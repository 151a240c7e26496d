import NIOCore
import NIOHTTP1

/// REST over HTTP/1.1.
final class HTTP1Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let front: NIOLoopBound<Front>
    private var request: InboundRequest?
    private var keepsAlive = false
    private var isTooLarge = false
    private var limit = GRPCFront.maximumRequestSize

    init(front: NIOLoopBound<Front>) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepsAlive = head.isKeepAlive
            isTooLarge = false
            let begun = InboundRequest(
                verb: head.method.rawValue, target: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) })
            limit = front.value.bodyLimit(begun)
            request = begun
        case .body(var buffer):
            guard !isTooLarge else { return }
            request?.body += buffer.readBytes(length: buffer.readableBytes) ?? []
            if (request?.body.count ?? 0) > limit {
                isTooLarge = true
                request?.body = []
            }
        case .end:
            guard let request else { return }
            self.request = nil
            deliver(answer(request), context)
        }
    }

    private func answer(_ request: InboundRequest) -> OutboundResponse {
        if isTooLarge {
            let error = APIError(
                .resourceExhausted,
                "the request has more than \(limit) bytes")
            return RESTGateway.failure(error, registry: front.value.rest.registry)
        }
        if Front.isGRPC(request.headers) {
            return OutboundResponse(
                status: 426, headers: [("content-type", "text/plain"), ("upgrade", "h2c")],
                body: Array("gRPC needs HTTP/2\n".utf8))
        }
        return front.value.answer(request)
    }

    private func deliver(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        let delay = response.delivery.delay
        guard delay > 0 else { return send(response, context) }
        context.after(delay) { [self] in send(response, $0) }
    }

    private func send(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        // HTTP/1.1 has no streams: all that can break is the connection.
        if response.delivery.breaks != nil { return context.close(promise: nil) }
        guard let trickle = response.delivery.trickle else { return write(response, context) }
        writeHead(response, context)
        context.flush()
        drip(response, from: 0, trickle, context)
    }

    /// Sends the body piece by piece.
    private func drip(
        _ response: OutboundResponse, from offset: Int, _ trickle: Fault.Trickle,
        _ context: ChannelHandlerContext
    ) {
        guard offset < response.body.count else { return writeEnd(context) }
        let end = min(offset + trickle.bytes, response.body.count)
        let buffer = context.channel.allocator.buffer(bytes: response.body[offset..<end])
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        context.after(trickle.pause) { [self] in drip(response, from: end, trickle, $0) }
    }

    private func writeHead(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "content-length", value: "\(response.body.count)")
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func writeEnd(_ context: ChannelHandlerContext) {
        let closes = !keepsAlive
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if closes { channel.close(promise: nil) }
        }
    }

    private func write(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        writeHead(response, context)
        let buffer = context.channel.allocator.buffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        writeEnd(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
