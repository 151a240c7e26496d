// The least that a gRPC server on swift-nio does: takes a request, and answers with the same bytes
// each time. What a sandbox adds to it is what the benchmark wants to know.
//
//   nio-echo FILE      FILE holds the framed answer; prints the port

import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// Answers each stream when its request is complete.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let answer: ByteBuffer

    init(_ answer: ByteBuffer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .data(let frame) = unwrapInboundIn(data), frame.endStream else { return }
        write(
            .headers(
                .init(
                    headers: HPACKHeaders([
                        (":status", "200"), ("content-type", "application/grpc"),
                    ]))), context)
        write(.data(.init(data: .byteBuffer(answer))), context)
        write(
            .headers(.init(headers: HPACKHeaders([("grpc-status", "0")]), endStream: true)), context
        )
        context.flush()
    }

    private func write(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(payload), promise: nil)
    }
}

guard CommandLine.arguments.count == 2,
    let bytes = FileManager.default.contents(atPath: CommandLine.arguments[1])
else {
    print("usage: nio-echo FILE")
    exit(2)
}
let answer = ByteBuffer(bytes: bytes)
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try ServerBootstrap(group: group)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            var connection = NIOHTTP2Handler.ConnectionConfiguration()
            connection.initialSettings = [
                HTTP2Setting(parameter: .maxConcurrentStreams, value: 256),
                HTTP2Setting(parameter: .initialWindowSize, value: 1 << 20),
            ]
            connection.controlFrameRateLimit.maximumCount = .max
            var stream = NIOHTTP2Handler.StreamConfiguration()
            stream.streamResetFrameRateLimit.maximumCount = .max
            stream.targetWindowSize = 1 << 20
            let handler = NIOHTTP2Handler(
                mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: connection,
                streamConfiguration: stream
            ) { stream in
                stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandler(EchoHandler(answer))
                }
            }
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }
    .bind(host: "127.0.0.1", port: 0).wait()
print(server.localAddress?.port ?? 0)
fflush(nil)
try server.closeFuture.wait()
