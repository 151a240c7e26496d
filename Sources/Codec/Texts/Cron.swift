/// A schedule, in UTC: five fields as in classic cron, names such as `@daily`, or `@every` with a
/// duration.
public struct Cron: Sendable {
    /// Why a string is not a valid schedule.
    public enum Problem: Error, Equatable, CustomStringConvertible {
        /// `@every` with an interval out of range.
        case interval(String)
        /// A number of fields other than five.
        case fieldCount(Int, of: String)
        /// A value that the field does not allow.
        case value(String, field: String, allowed: ClosedRange<Int>)
        /// A step that is not a positive number.
        case step(String)

        public var description: String {
            switch self {
            case .interval(let text):
                "expected an interval from a minute to ten years such as 12h, got \"\(text)\""
            case .fieldCount(let count, let text):
                "\"\(text)\" has \(count) fields; expected five: minute, hour, day of the month, "
                    + "month, day of the week"
            case .value(let text, let field, let allowed):
                "invalid \(field) \"\(text)\"; expected \(allowed.lowerBound) to "
                    + "\(allowed.upperBound)"
            case .step(let text): "invalid step in \"\(text)\"; expected a number above zero"
            }
        }
    }

    private enum Rule: Sendable {
        /// Allowed minutes, hours, days of the month, months and days of the week, as bits.
        case fields([UInt64], dayIsFree: Bool, weekdayIsFree: Bool)
        /// Nanoseconds between two times.
        case every(Int64)
        /// Only when the platform starts: never, once the schedule is there.
        case never
    }

    private let rule: Rule

    /// A minute, in nanoseconds.
    private static let minute: Int64 = 60_000_000_000

    /// Ten years, in seconds.
    private static let longest: Int64 = 315_360_000

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    private static let ranges: [(name: String, range: ClosedRange<Int>)] = [
        ("minute", 0...59), ("hour", 0...23), ("day of the month", 1...31), ("month", 1...12),
        ("day of the week", 0...7),
    ]

    /// Reads a schedule.
    public init(_ text: String) throws(Problem) {
        if text == "@reboot" {
            rule = .never
            return
        }
        if text.hasPrefix("@every ") {
            let length = text.dropFirst("@every ".count)
            guard let parsed = TimeText.parseHumanDuration(String(length)),
                (60...Self.longest).contains(parsed.seconds)
            else {
                throw .interval(String(length))
            }
            rule = .every(parsed.seconds * 1_000_000_000 + Int64(parsed.nanos))
            return
        }
        let plain = Self.names[text] ?? text
        let fields = plain.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == Self.ranges.count else {
            throw .fieldCount(fields.count, of: text)
        }
        var sets: [UInt64] = []
        for (field, allowed) in zip(fields, Self.ranges) {
            sets.append(try Self.set(field, allowed.name, allowed.range))
        }
        // Sunday has two numbers.
        if sets[4] & 1 << 7 != 0 { sets[4] |= 1 }
        rule = .fields(
            sets, dayIsFree: fields[2].hasPrefix("*"), weekdayIsFree: fields[4].hasPrefix("*"))
    }

    private static func set(
        _ field: Substring, _ name: String, _ allowed: ClosedRange<Int>
    ) throws(Problem) -> UInt64 {
        var set: UInt64 = 0
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
            let numbers = bounds.compactMap { Int($0) }
            let step = halves.count == 2 ? Int(halves[1]) : 1
            let range: ClosedRange<Int>
            if halves[0] == "*" {
                range = allowed
            } else if numbers.count == bounds.count, (1...2).contains(numbers.count),
                numbers.allSatisfy(allowed.contains), numbers[0] <= numbers[numbers.count - 1]
            {
                // `5/15` begins at five.
                let last =
                    numbers.count == 1 && halves.count == 2
                    ? allowed.upperBound : numbers[numbers.count - 1]
                range = numbers[0]...last
            } else {
                throw .value(String(part), field: name, allowed: allowed)
            }
            guard halves.count <= 2, let step, step > 0 else {
                throw .step(String(part))
            }
            for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
                set |= 1 << UInt64(number)
            }
        }
        return set
    }

    /// The first time after a moment; nil if there is none.
    ///
    /// - Parameter moment: nanoseconds since 1970.
    public func next(after moment: Int64) -> Int64? {
        switch rule {
        case .never: return nil
        case .every(let length):
            let (sum, overflow) = moment.addingReportingOverflow(length)
            return overflow ? nil : sum
        case .fields(let sets, let dayIsFree, let weekdayIsFree):
            // Before 1970, too, a minute begins where it does on a clock.
            let minute = moment.flooredDivision(by: Self.minute).quotient + 1
            let begin = minute.flooredDivision(by: 1440)
            var day = begin.quotient
            var first = Int(begin.remainder)
            // A leap day on a weekday comes at least every forty years.
            for _ in 0..<(366 * 41) {
                if Self.fits(day, sets, dayIsFree, weekdayIsFree) {
                    for time in first..<1440
                    where sets[1] & 1 << UInt64(time / 60) != 0
                        && sets[0] & 1 << UInt64(time % 60) != 0
                    {
                        let (found, overflow) = (day * 1440 + Int64(time))
                            .multipliedReportingOverflow(by: Self.minute)
                        return overflow ? nil : found
                    }
                }
                day += 1
                first = 0
            }
            return nil
        }
    }

    /// Whether a day is meant. When both kinds of days are restricted, either is enough.
    private static func fits(
        _ day: Int64, _ sets: [UInt64], _ dayIsFree: Bool, _ weekdayIsFree: Bool
    ) -> Bool {
        let date = TimeText.civil(fromDays: day)
        guard sets[3] & 1 << UInt64(date.month) != 0 else { return false }
        let fitsDay = sets[2] & 1 << UInt64(date.day) != 0
        // 1970-01-01 was a Thursday.
        let fitsWeekday = sets[4] & 1 << UInt64((day + 4).flooredDivision(by: 7).remainder) != 0
        return dayIsFree || weekdayIsFree ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
    }
}

extension Int64 {
    /// Quotient and remainder of a division that rounds down: the remainder is never negative.
    ///
    /// - Parameter divisor: above zero.
    public func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
