import Budgets
import GRPCProtocol
import NIOCore
import NIOHTTP1

/// REST over HTTP/1.1.
///
/// A request that its head alone refuses keeps nothing of its body.
final class HTTP1Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let front: NIOLoopBound<Front>
    private let connection: NIOLoopBound<Connection>
    private var request: InboundRequest?
    private var bodyLimit: (budget: Budget, bytes: Int) = (.requestBody, 0)
    /// The answer to the request, whatever else the peer sends.
    private var refusal: OutboundResponse?
    /// Bytes of the body that came and were not kept.
    private var dropped = 0
    private var reserved = 0
    private var keepsAlive = false
    /// Whether a request has begun that has not come whole.
    private var isReceiving = false
    /// Whether the answer to a request has begun that has not been written whole.
    private var isAnswering = false
    /// Whether nothing more is answered.
    private var isOver = false

    init(front: NIOLoopBound<Front>, connection: NIOLoopBound<Connection>) {
        self.front = front
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.value.farewell = { [weak self] reason, isSlow in
            // Without its head, input is not known to be a request and gets no answer.
            guard let self, isReceiving, !isAnswering else { return }
            fail(
                isSlow ? 408 : 429, APIError(.resourceExhausted, "the connection is " + reason),
                context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { connection.value.farewell = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        connection.value.inputWasUsed()
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let buffer): take(buffer, context)
        case .end: finish(context)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        keepsAlive = head.isKeepAlive
        refusal = nil
        dropped = 0
        isReceiving = true
        connection.value.requestBegan()
        let begun = InboundRequest(
            verb: head.method.rawValue, target: head.uri,
            headers: head.headers.map { ($0.name.lowercased(), $0.value) })
        request = begun
        if Front.isGRPC(begun.headers) {
            refusal = OutboundResponse(
                status: 426, headers: [("content-type", "text/plain"), ("upgrade", "h2c")],
                body: Array("gRPC needs HTTP/2\n".utf8))
        } else {
            switch front.value.admit(begun) {
            case .refused(let response, let isAnonymous):
                refusal = response
                if isAnonymous { connection.value.admitted(false) }
            case .admitted(let budget, let bytes):
                connection.value.admitted(true)
                bodyLimit = (budget, bytes)
                let length = begun.header("content-length").flatMap { Int($0) }
                if let length, length > bytes { exceed(budget) }
            }
        }
        // RFC 9110, section 10.1.1: who expects to be told waits for it.
        guard begun.header("expect")?.lowercased() == "100-continue" else { return }
        if let refusal { return refuse(refusal, context) }
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func exceed(_ budget: Budget) {
        let error = APIError(
            .resourceExhausted, "the request is " + front.value.budgets.exceeded(budget))
        refusal = RESTGateway.failure(error, registry: front.value.rest.registry)
        request?.body = []
        release()
    }

    private func take(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        let count = buffer.readableBytes
        if refusal == nil {
            if bodyLimit.budget != .adminBody {
                if let exceeded = connection.value.reserve(count) {
                    exceed(exceeded)
                } else {
                    reserved += count
                }
            }
            if (request?.body.count ?? 0) + count > bodyLimit.bytes { exceed(bodyLimit.budget) }
        }
        guard let refusal else {
            return buffer.withUnsafeReadableBytes { request?.body.append(contentsOf: $0) }
        }
        // Most clients read no answer before they have sent everything; but there is an end to it.
        dropped += count
        if dropped > 2 * front.value.budgets[.requestBody] { refuse(refusal, context) }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let request, isReceiving else { return }
        isReceiving = false
        self.request = nil
        connection.value.requestEnded()
        // A peer that does not read its answers gets no more of them.
        connection.value.whenItMayAnswer { [weak self] in
            guard let self, !isOver else { return }
            let response = refusal ?? front.value.answer(request)
            release()
            deliver(response, context)
        }
    }

    private func release() {
        connection.value.release(reserved)
        reserved = 0
    }

    /// Answers before the request has come whole; nothing more is read.
    private func refuse(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        keepsAlive = false
        release()
        write(response, context)
        connection.value.doom()
    }

    private func fail(_ status: Int, _ error: APIError, _ context: ChannelHandlerContext) {
        var response = RESTGateway.failure(error, registry: front.value.rest.registry)
        response.status = status
        refuse(response, context)
    }

    // MARK: - Deliveries

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
        writeBody(response.body[offset..<end], context)
        context.flush()
        context.after(trickle.pause) { [self] in drip(response, from: end, trickle, $0) }
    }

    private func writeHead(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        isAnswering = true
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "content-length", value: "\(response.body.count)")
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func writeBody(_ bytes: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        connection.value.count(bytes.count, until: promise)
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
    }

    private func writeEnd(_ context: ChannelHandlerContext) {
        let closes = !keepsAlive
        let channel = context.channel
        isAnswering = false
        connection.value.answered()
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if closes { channel.close(promise: nil) }
        }
    }

    private func write(_ response: OutboundResponse, _ context: ChannelHandlerContext) {
        writeHead(response, context)
        writeBody(response.body[...], context)
        writeEnd(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOver, !isAnswering, error is HTTPParserError else {
            return context.close(promise: nil)
        }
        connection.value.requestBegan()
        let isHeaders = (error as? HTTPParserError) == .headerOverflow
        let reason =
            isHeaders
            ? front.value.budgets.exceeded(.requestHeaders) : "not HTTP/1.1: \(error)"
        fail(isHeaders ? 431 : 400, APIError(.invalidArgument, "the request is " + reason), context)
    }
}
