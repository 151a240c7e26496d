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

    init(front: NIOLoopBound<Front>) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepsAlive = head.isKeepAlive
            isTooLarge = false
            request = InboundRequest(
                verb: head.method.rawValue, target: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) })
        case .body(var buffer):
            guard !isTooLarge else { return }
            request?.body += buffer.readBytes(length: buffer.readableBytes) ?? []
            if (request?.body.count ?? 0) > GRPCFront.maximumRequestSize {
                isTooLarge = true
                request?.body = []
            }
        case .end:
            guard let request else { return }
            self.request = nil
            write(answer(request), context)
        }
    }

    private func answer(_ request: InboundRequest) -> OutboundResponse {
        if isTooLarge {
            let error = APIError(
                .resourceExhausted,
                "the request has more than \(GRPCFront.maximumRequestSize) bytes")
            return RESTGateway.failure(error, registry: front.value.cloud.registry)
        }
        if Front.isGRPC(request.headers) {
            return OutboundResponse(
                status: 426, headers: [("content-type", "text/plain"), ("upgrade", "h2c")],
                body: Array("gRPC needs HTTP/2\n".utf8))
        }
        return front.value.answer(request)
    }

    private func write(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "content-length", value: "\(response.body.count)")
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let buffer = context.channel.allocator.buffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        let closes = !keepsAlive
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if closes { channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
