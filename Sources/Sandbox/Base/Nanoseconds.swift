import Codec

/// Lengths of time in nanoseconds.
enum Nanoseconds {
    static let second: Int64 = 1_000_000_000
    static let minute = 60 * second
    static let hour = 3600 * second
    static let day = 24 * hour

    /// Whole seconds and the rest, as texts are read, together; the nearest that is ``usable``.
    static func sum(_ parsed: (seconds: Int64, nanos: Int32)) -> Int64 {
        let seconds = min(
            max(parsed.seconds, usable.lowerBound / second), usable.upperBound / second)
        return seconds * second + Int64(parsed.nanos)
    }

    /// The moments that can be counted with: the years 1915 to 2200. The difference of two of them
    /// fits in 64 bits.
    static let usable: ClosedRange<Int64> =
        -1_735_689_600 * second...7_258_118_400 * second

    /// The usable moment that is nearest.
    static func usable(_ moment: Int64) -> Int64 {
        min(max(moment, usable.lowerBound), usable.upperBound)
    }

    /// A moment and a length of time after it; the last usable one when it lies beyond.
    static func later(_ moment: Int64, by length: Int64) -> Int64 {
        let (sum, overflow) = moment.addingReportingOverflow(length)
        return overflow ? usable.upperBound : usable(sum)
    }
}

extension Message {
    /// A google.protobuf.Timestamp or Duration in nanoseconds, since 1970 or by itself.
    var nanoseconds: Int64 {
        // Far away moments are as good as the end of time, from which one can still count.
        let seconds = Int64(integer(.seconds))
        let range = Nanoseconds.usable
        let clamped = min(
            max(seconds, range.lowerBound / Nanoseconds.second),
            range.upperBound / Nanoseconds.second)
        return clamped * Nanoseconds.second + Int64(integer(.nanos))
    }
}
