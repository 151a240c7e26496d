import Codec
import LuaMachine

/// Lengths of time, as functions of the host take them.
enum TimeLength {
    /// A number of seconds, a duration or the text of one ("10m") as nanoseconds; nil for anything else.
    static func nanoseconds(_ value: LuaValue) -> Int64? {
        var seconds = value.number
        if case .duration(let whole, let nanos) = value {
            seconds = Double(whole) + Double(nanos) / 1e9
        } else if case .string = value, let text = value.text {
            guard let length = TimeText.parseHumanDuration(text) else { return nil }
            seconds = Double(length.seconds) + Double(length.nanos) / 1e9
        }
        guard let seconds, seconds >= 0, seconds < 9e9 else { return nil }
        return Int64(seconds * 1e9)
    }
}

extension Parameter where Value == Int64 {
    /// A length of time, in nanoseconds.
    static var length: Self {
        let refusal = HostError.message(
            "a duration must be a number of seconds or a string such as \"10m\"")
        return Self("duration", refusal: { _ in refusal }, read: TimeLength.nanoseconds)
    }
}
