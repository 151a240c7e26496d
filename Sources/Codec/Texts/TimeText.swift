/// Text forms of google.protobuf.Timestamp and google.protobuf.Duration (ProtoJSON).
public enum TimeText {
    /// The seconds that a Timestamp may hold: years 0001 to 9999.
    public static let timestampRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
    /// The seconds that a Duration may hold: about ±10,000 years.
    public static let durationRange: ClosedRange<Int64> = -315_576_000_000...315_576_000_000

    /// RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits.
    public static func rfc3339(seconds: Int64, nanos: Int32) -> String {
        let seconds = min(max(seconds, timestampRange.lowerBound), timestampRange.upperBound)
        let nanos = min(max(nanos, 0), 999_999_999)
        let days = seconds.flooredQuotient(by: 86_400)
        let secondOfDay = Int(seconds - days * 86_400)
        let (year, month, day) = civil(fromDays: days)
        return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T"
            + pad(secondOfDay / 3600, 2) + ":" + pad(secondOfDay / 60 % 60, 2) + ":"
            + pad(secondOfDay % 60, 2) + fraction(nanos) + "Z"
    }

    /// Seconds with 0, 3, 6 or 9 fractional digits and the suffix `s`.
    public static func duration(seconds: Int64, nanos: Int32) -> String {
        let sign = seconds < 0 || nanos < 0 ? "-" : ""
        return sign + String(seconds.magnitude) + fraction(Int32(min(nanos.magnitude, 999_999_999)))
            + "s"
    }

    /// Reads the form of ProtoJSON: RFC 3339 with a capital `T` and `Z`, any offset and at most nine
    /// fractional digits; nil for anything else.
    public static func parseProtoJSON(_ text: String) -> (seconds: Int64, nanos: Int32)? {
        text.utf8.contains { $0 == 0x20 || $0 == 0x74 || $0 == 0x7a } ? nil : parseRFC3339(text)
    }

    /// Reads RFC 3339 with any offset and at most nine fractional digits; nil for anything else. As the
    /// standard allows, letters are of any case and a blank may be in the place of the `T`.
    public static func parseRFC3339(_ text: String) -> (seconds: Int64, nanos: Int32)? {
        var scan = Scanner(text)
        guard let year = scan.digits(4), scan.take("-"), let month = scan.digits(2), scan.take("-"),
            let day = scan.digits(2), scan.take("T") || scan.take("t") || scan.take(" "),
            let hour = scan.digits(2), scan.take(":"), let minute = scan.digits(2), scan.take(":"),
            let second = scan.digits(2)
        else { return nil }
        var nanos: Int32 = 0
        if scan.take(".") {
            guard let parsed = scan.fraction() else { return nil }
            nanos = parsed
        }
        var offset = 0
        if !(scan.take("Z") || scan.take("z")) {
            let sign = scan.take("+") ? 1 : scan.take("-") ? -1 : 0
            guard sign != 0, let hours = scan.digits(2), scan.take(":"),
                let minutes = scan.digits(2), hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard scan.isAtEnd, (1...12).contains(month), (1...daysIn(month, year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let time = Int64(hour * 3600 + minute * 60 + second - offset)
        let seconds = days(fromCivil: year, month, day) * 86_400 + time
        guard timestampRange.contains(seconds) else { return nil }
        return (seconds, nanos)
    }

    /// Reads `"3.5s"`; nil for anything else.
    public static func parseDuration(_ text: String) -> (seconds: Int64, nanos: Int32)? {
        var scan = Scanner(text)
        let negative = scan.take("-")
        guard let seconds = scan.number() else { return nil }
        var nanos: Int32 = 0
        if scan.take(".") {
            guard let parsed = scan.fraction() else { return nil }
            nanos = parsed
        }
        guard scan.take("s"), scan.isAtEnd, durationRange.contains(seconds) else { return nil }
        return negative ? (-seconds, -nanos) : (seconds, nanos)
    }

    /// Reads what people write: `"36h"`, `"7d"`, `"1h30m"`, `"250ms"`, `"3.5s"`; nil otherwise.
    public static func parseHumanDuration(_ text: String) -> (seconds: Int64, nanos: Int32)? {
        let units: [(String, Int64)] = [
            ("ms", 1_000_000), ("us", 1000), ("ns", 1), ("w", 604_800_000_000_000),
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
            ("s", 1_000_000_000),
        ]
        var scan = Scanner(text)
        let negative = scan.take("-")
        var seconds: Int64 = 0
        var nanos: Int64 = 0
        var parts = 0
        while !scan.isAtEnd {
            guard let whole = scan.number() else { return nil }
            var part: Int32 = 0
            if scan.take(".") {
                guard let parsed = scan.fraction() else { return nil }
                part = parsed
            }
            guard let unit = units.first(where: { scan.take($0.0) }) else { return nil }
            let perSecond: Int64 = 1_000_000_000
            let (product, overflow) = whole.multipliedReportingOverflow(
                by: max(unit.1 / perSecond, 1))
            guard !overflow, unit.1 < perSecond || durationRange.contains(product) else {
                return nil
            }
            if unit.1 >= perSecond {
                seconds += product
                nanos += Int64(part) * (unit.1 / perSecond)
            } else {
                seconds += whole / (perSecond / unit.1)
                nanos += whole % (perSecond / unit.1) * unit.1
                nanos += Int64(part) * unit.1 / perSecond
            }
            parts += 1
            // So many parts that their sum would not fit are no duration of a person.
            guard parts <= 16 else { return nil }
        }
        seconds += nanos / 1_000_000_000
        nanos %= 1_000_000_000
        guard parts > 0, durationRange.contains(seconds) else { return nil }
        return negative ? (-seconds, -Int32(nanos)) : (seconds, Int32(nanos))
    }

    // MARK: - Calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms")

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
    public static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = y.flooredQuotient(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that is a number of days after 1970-01-01.
    public static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = z.flooredQuotient(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(day))
    }

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func fraction(_ nanos: Int32) -> String {
        if nanos == 0 { return "" }
        if nanos % 1_000_000 == 0 { return "." + pad(Int(nanos / 1_000_000), 3) }
        if nanos % 1000 == 0 { return "." + pad(Int(nanos / 1000), 6) }
        return "." + pad(Int(nanos), 9)
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var position = 0

        init(_ text: String) { bytes = Array(text.utf8) }

        var isAtEnd: Bool { position == bytes.count }

        mutating func take(_ text: String) -> Bool {
            guard bytes[position...].starts(with: text.utf8) else { return false }
            position += text.utf8.count
            return true
        }

        mutating func digits(_ count: Int) -> Int? {
            guard bytes.count - position >= count else { return nil }
            var number = 0
            for byte in bytes[position..<position + count] {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + Int(byte - 0x30)
            }
            position += count
            return number
        }

        mutating func number() -> Int64? {
            var length = 0
            while position + length < bytes.count,
                (0x30...0x39).contains(bytes[position + length])
            { length += 1 }
            guard (1...18).contains(length) else { return nil }
            return digits(length).map(Int64.init)
        }

        /// Up to nine digits as nanoseconds.
        mutating func fraction() -> Int32? {
            let start = position
            guard let number = number(), position - start <= 9 else { return nil }
            var nanos = number
            for _ in 0..<(9 - (position - start)) { nanos *= 10 }
            return Int32(nanos)
        }
    }
}

extension Int64 {
    /// Division that rounds towards negative infinity.
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
