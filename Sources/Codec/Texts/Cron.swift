/// A schedule in UTC, as github.com/robfig/cron reads its standard form: five fields, names such as
/// `@daily`, or `@every` with a duration.
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
        /// Allowed minutes, hours, days of the month, months and days of the week.
        case fields([Values])
        /// Seconds between two times.
        case every(Int64)
        /// Only when the platform starts: never, once the schedule is there.
        case never
    }

    /// The values that a field allows.
    private struct Values: Sendable {
        /// As bits.
        var bits: UInt64 = 0
        /// Whether it has a `*` or `?` without a step above one: it restricts nothing by itself.
        var isFree = false

        func contains(_ number: Int) -> Bool { bits & 1 << UInt64(number) != 0 }
    }

    private struct Field {
        let name: String
        let range: ClosedRange<Int>
        /// Names of the values from the lowest on.
        var words: [Substring] = []
    }

    private let rule: Rule

    /// Ten years, in seconds.
    private static let longest: Int64 = 315_360_000

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    ]

    private static let fields = [
        Field(name: "minute", range: 0...59), Field(name: "hour", range: 0...23),
        Field(name: "day of the month", range: 1...31),
        Field(
            name: "month", range: 1...12,
            words: "jan feb mar apr may jun jul aug sep oct nov dec".split(separator: " ")),
        Field(
            name: "day of the week", range: 0...6,
            words: "sun mon tue wed thu fri sat".split(separator: " ")),
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
            rule = .every(parsed.seconds)
            return
        }
        let parts = (Self.names[text] ?? text).split { $0 == " " || $0 == "\t" }
        guard parts.count == Self.fields.count else {
            throw .fieldCount(parts.count, of: text)
        }
        var values: [Values] = []
        for (part, field) in zip(parts, Self.fields) {
            values.append(try Self.values(part, field))
        }
        rule = .fields(values)
    }

    private static func values(_ text: Substring, _ field: Field) throws(Problem) -> Values {
        var values = Values()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
            let numbers = bounds.compactMap { number($0, field) }
            let step = halves.count == 2 ? digits(halves[1]) : 1
            let range: ClosedRange<Int>
            if halves[0] == "*" || halves[0] == "?" {
                range = field.range
                values.isFree = values.isFree || step == 1
            } else if numbers.count == bounds.count, (1...2).contains(numbers.count),
                numbers.allSatisfy(field.range.contains), numbers[0] <= numbers[numbers.count - 1]
            {
                // `5/15` begins at five.
                let last =
                    numbers.count == 1 && halves.count == 2
                    ? field.range.upperBound : numbers[numbers.count - 1]
                range = numbers[0]...last
            } else {
                throw .value(String(part), field: field.name, allowed: field.range)
            }
            guard halves.count <= 2, let step, step > 0 else {
                throw .step(String(part))
            }
            for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
                values.bits |= 1 << UInt64(number)
            }
        }
        return values
    }

    /// A value by its digits or its name, in letters of any case.
    private static func number(_ text: Substring, _ field: Field) -> Int? {
        if let index = field.words.firstIndex(of: Substring(text.lowercased())) {
            return field.range.lowerBound + index
        }
        return digits(text)
    }

    /// A number without a sign.
    private static func digits(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// The first time after a moment; nil if there is none before the year 10000.
    ///
    /// - Parameter moment: seconds since 1970, rounded down.
    /// - Returns: seconds since 1970.
    public func next(after moment: Int64) -> Int64? {
        guard TimeText.timestampRange.contains(moment) else { return nil }
        let next = unlimitedNext(after: moment)
        return next.flatMap { TimeText.timestampRange.contains($0) ? $0 : nil }
    }

    /// - Parameter moment: within the range of timestamps, so that sums do not overflow.
    private func unlimitedNext(after moment: Int64) -> Int64? {
        switch rule {
        case .never: return nil
        case .every(let length): return moment + length
        case .fields(let fields):
            // Before 1970, too, a minute begins where it does on a clock.
            let minute = moment.flooredDivision(by: 60).quotient + 1
            let begin = minute.flooredDivision(by: 1440)
            var day = begin.quotient
            var first = Int(begin.remainder)
            // A leap day on a weekday comes at least every forty years.
            for _ in 0..<(366 * 41) {
                if Self.fits(day, fields) {
                    for time in first..<1440
                    where fields[1].contains(time / 60) && fields[0].contains(time % 60) {
                        return (day * 1440 + Int64(time)) * 60
                    }
                }
                day += 1
                first = 0
            }
            return nil
        }
    }

    /// Whether the fields allow a day. When both kinds of days are restricted, either is enough.
    private static func fits(_ day: Int64, _ fields: [Values]) -> Bool {
        let date = TimeText.civil(fromDays: day)
        guard fields[3].contains(date.month) else { return false }
        let fitsDay = fields[2].contains(date.day)
        // 1970-01-01 was a Thursday.
        let fitsWeekday = fields[4].contains(Int((day + 4).flooredDivision(by: 7).remainder))
        return fields[2].isFree || fields[4].isFree
            ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
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
