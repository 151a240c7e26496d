import NIOCore
import NIOHTTP1
import NIOHTTP2

/// Looks at a cleartext connection's first bytes: HTTP/2's preface, or HTTP/1.1.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// How HTTP/2 connections begin (RFC 9113, section 3.4).
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let front: NIOLoopBound<Front>
    private let connection: NIOLoopBound<Connection>
    private var seen = ByteBuffer()

    init(front: NIOLoopBound<Front>, connection: NIOLoopBound<Connection>) {
        self.front = front
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        seen.writeBuffer(&buffer)
        let start = Array(seen.readableBytesView.prefix(Self.preface.count))
        guard start.count >= 4 || !Self.preface.starts(with: start) else { return }
        let isHTTP2 = Self.preface.starts(with: start)
        do {
            if isHTTP2 {
                try Pipelines.addHTTP2(to: context.channel, front, connection)
            } else {
                try Pipelines.addHTTP1(to: context.channel, front, connection)
            }
            connection.value.isIdentified = true
        } catch {
            context.close(promise: nil)
            return
        }
        // What was seen goes to the new handlers, which stand behind this one.
        context.fireChannelRead(wrapInboundOut(seen))
        seen.clear()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

/// The handlers of a connection's pipeline, after ``Connection``.
enum Pipelines {
    /// gRPC and REST over HTTP/2.
    static func addHTTP2(
        to channel: any Channel, _ front: NIOLoopBound<Front>, _ own: NIOLoopBound<Connection>
    ) throws {
        let budgets = front.value.budgets
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(
                parameter: .maxConcurrentStreams, value: min(budgets[.streams], Int(Int32.max))),
            HTTP2Setting(
                parameter: .maxHeaderListSize, value: min(budgets[.requestHeaders], Int(Int32.max))),
        ]
        connection.controlFrameRateLimit.maximumCount = budgets[.controlFrames]
        connection.controlFrameRateLimit.windowLength = .seconds(10)
        var stream = NIOHTTP2Handler.StreamConfiguration()
        // libcurl before 8.0 resets every stream that has ended; what that costs, turns bound.
        stream.streamResetFrameRateLimit.maximumCount = .max
        let handler = NIOHTTP2Handler(
            mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: connection,
            streamConfiguration: stream
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(
                    HTTP2StreamHandler(front: front, connection: own))
            }
        }
        own.value.frames = FrameWatch()
        own.value.farewell = { reason, isSlow in
            let frame = HTTP2Frame(
                streamID: .rootStream,
                payload: .goAway(
                    lastStreamID: .maxID, errorCode: isSlow ? .noError : .enhanceYourCalm,
                    opaqueData: ByteBuffer(string: "the connection is " + reason)))
            channel.writeAndFlush(frame, promise: nil)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// REST over HTTP/1.1.
    static func addHTTP1(
        to channel: any Channel, _ front: NIOLoopBound<Front>, _ own: NIOLoopBound<Connection>
    ) throws {
        let headers = front.value.budgets[.requestHeaders]
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headers
        limits.maxHeaderListSize = headers
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandler(
            HTTP1Handler(front: front, connection: own))
    }
}
