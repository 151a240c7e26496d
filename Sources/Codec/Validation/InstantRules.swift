import Contract

extension RuleCheck {
    func checkInstant(_ message: Message, _ found: inout [Violation]) {
        let isDuration = rules.type == Numbers.duration
        let name = isDuration ? "duration" : "timestamp"
        let value = Instant(
            seconds: Int64(message.integer(.seconds)),
            nanos: Int32(clamping: message.integer(.nanos)),
            isDuration: isDuration)
        let present = now()
        let clock = Instant(seconds: present.seconds, nanos: present.nanos, isDuration: false)
        var bounds = Bounds<Instant>()
        var allowed: [Instant] = []
        for rule in rules.standard {
            switch rule.operand {
            case .bytes(let payload):
                guard let operand = Instant(payload, isDuration: isDuration) else { continue }
                switch rule.number {
                case InstantRule.const where value != operand:
                    fail(name + ".const", "must be \(operand)", value, &found)
                case InstantRule.lt: bounds.upper = (operand, false)
                case InstantRule.lte: bounds.upper = (operand, true)
                case InstantRule.gt: bounds.lower = (operand, false)
                case InstantRule.gte: bounds.lower = (operand, true)
                case InstantRule.in where isDuration: allowed.append(operand)
                case InstantRule.notIn where isDuration && value == operand:
                    fail("duration.not_in", "must not be \(operand)", value, &found)
                case InstantRule.within where !isDuration:
                    let width = Instant(payload, isDuration: true) ?? operand
                    if value < clock.shifted(by: width, -1) || value > clock.shifted(by: width, 1) {
                        fail("timestamp.within", "must be within \(width) of now", value, &found)
                    }
                default: break
                }
            case .integer(let flag) where flag != 0 && !isDuration:
                if rule.number == InstantRule.ltNow, value > clock {
                    fail("timestamp.lt_now", "must not be in the future", value, &found)
                }
                if rule.number == InstantRule.gtNow, value < clock {
                    fail("timestamp.gt_now", "must not be in the past", value, &found)
                }
            default: break
            }
        }
        if !allowed.isEmpty, !allowed.contains(value) {
            let words = allowed.map(\.description).joined(separator: ", ")
            fail("duration.in", "must be one of \(words)", value, &found)
        }
        if let broken = bounds.broken(by: value) {
            fail(name + "." + broken.rule, broken.message, value, &found)
        }
    }
}

/// A Duration or a Timestamp that compares and prints.
private struct Instant: Comparable, CustomStringConvertible {
    let seconds: Int64
    let nanos: Int32
    let isDuration: Bool

    init(seconds: Int64, nanos: Int32, isDuration: Bool) {
        self.seconds = seconds
        self.nanos = nanos
        self.isDuration = isDuration
    }

    init?(_ payload: [UInt8], isDuration: Bool) {
        guard
            let (seconds, nanos) = payload.withUnsafeBytes({
                try? ProtobufReader().instant($0)
            })
        else { return nil }
        self.init(seconds: seconds, nanos: nanos, isDuration: isDuration)
    }

    static func < (a: Instant, b: Instant) -> Bool {
        (a.seconds, a.nanos) < (b.seconds, b.nanos)
    }

    /// A time that much later (1) or earlier (-1).
    func shifted(by length: Instant, _ sign: Int64) -> Instant {
        let nanos = Int64(self.nanos) + sign * Int64(length.nanos)
        let carry = nanos.flooredQuotient(by: 1_000_000_000)
        return Instant(
            seconds: seconds &+ sign &* length.seconds &+ carry,
            nanos: Int32(nanos - carry * 1_000_000_000), isDuration: isDuration)
    }

    var description: String {
        isDuration
            ? TimeText.duration(seconds: seconds, nanos: nanos)
            : TimeText.rfc3339(seconds: seconds, nanos: nanos)
    }
}
