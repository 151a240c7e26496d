import Foundation
import NIOCore

/// Stops accepting for a moment when the process has no more file descriptors or memory: the
/// connection that cannot be accepted stays ready, and would be tried again and again.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError,
            [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode), !isPaused
        {
            isPaused = true
            let channel = context.channel
            try? channel.syncOptions?.setOption(.autoRead, value: false)
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
                self.isPaused = false
                guard channel.isActive else { return }
                try? channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
        context.fireErrorCaught(error)
    }
}
