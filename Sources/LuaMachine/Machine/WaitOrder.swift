import EventLoop

/// The order in which waits end.
public enum WaitOrder {
    /// As it comes.
    case free
    /// As it comes, and recorded.
    case recorded(any WaitRecorder)
    /// As it was recorded.
    case repeated(any WaitReplay)
}

/// Records the order in which waits end.
public protocol WaitRecorder: AnyObject {
    /// The number of a wait that begins.
    func nextWait() -> Int64

    /// Records that a wait has ended.
    func wake(_ number: Int64)
}

/// Repeats the order in which waits ended.
public protocol WaitReplay: AnyObject {
    /// The number of a wait that begins.
    func nextWait() -> Int64

    /// Runs an action when the turn of a wait has come.
    ///
    /// - Parameter mayStall: whether the recording may have no turn for it.
    func schedule(
        _ number: Int64, on loop: PollLoop, mayStall: Bool, _ action: @escaping () -> Void)

    /// Gives up a wait that was scheduled.
    func withdraw(_ number: Int64, on loop: PollLoop)
}
