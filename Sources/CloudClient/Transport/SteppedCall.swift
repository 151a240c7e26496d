import EventLoop

/// A call that takes several steps one after another: further calls, pauses. Main-thread confined.
open class SteppedCall: RunningCall {
    /// The step that is on its way.
    public var step: (any RunningCall)?
    /// What ends the present pause.
    var pause: PollLoop.Timer?
    /// Whether the call was cancelled: no further step may begin.
    public internal(set) var isCancelled = false

    /// Creates a call without a step.
    public init() {}

    public func cancel() {
        isCancelled = true
        step?.cancel()
        pause?.cancel()
        // What runs keeps its completion, which keeps this.
        step = nil
        pause = nil
    }
}
