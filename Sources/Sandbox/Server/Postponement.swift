import NIOCore

extension ChannelHandlerContext {
    /// Does something later on the channel's event loop, unless the channel has ended by then.
    func after(_ nanoseconds: Int64, _ body: @escaping (ChannelHandlerContext) -> Void) {
        let bound = NIOLoopBound((self, body), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) {
            let (context, body) = bound.value
            guard context.channel.isActive else { return }
            body(context)
        }
    }
}
