import Glibc

/// The real clocks. Everything below this target is given them.
enum Clocks {
    /// Nanoseconds of a clock that never goes back.
    static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970.
    static func realTime() -> Int64 { read(CLOCK_REALTIME) }

    /// A clock that shows the real time of its making and then never goes back, whatever becomes of
    /// the machine's own.
    static func steadyTime() -> @Sendable () -> Int64 {
        let difference = realTime() - monotonic()
        return { monotonic() + difference }
    }

    /// Seconds since 1970 and nanoseconds.
    static func wall() -> (seconds: Int64, nanos: Int32) {
        let now = realTime()
        return (now / 1_000_000_000, Int32(now % 1_000_000_000))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
