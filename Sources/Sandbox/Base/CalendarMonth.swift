import Codec

/// A calendar month in UTC.
struct CalendarMonth: Hashable, Comparable {
    let year: Int
    /// 1 to 12.
    let month: Int

    init(year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    /// The month that a moment lies in.
    init(containing moment: Int64) {
        let days = Int64((Double(moment) / Double(Nanoseconds.day)).rounded(.down))
        let date = TimeText.civil(fromDays: days)
        year = date.year
        month = date.month
    }

    /// Its first moment, in nanoseconds since 1970.
    var start: Int64 {
        let range = Nanoseconds.usable
        let days = TimeText.days(fromCivil: year, month, 1)
        return min(
            max(days, range.lowerBound / Nanoseconds.day), range.upperBound / Nanoseconds.day)
            * Nanoseconds.day
    }

    /// The first moment after the month.
    var end: Int64 { next.start }

    var next: CalendarMonth {
        month == 12
            ? CalendarMonth(year: year + 1, month: 1)
            : CalendarMonth(year: year, month: month + 1)
    }

    /// `2026-08`.
    var text: String { "\(year)-" + (month < 10 ? "0" : "") + "\(month)" }

    static func < (a: CalendarMonth, b: CalendarMonth) -> Bool {
        (a.year, a.month) < (b.year, b.month)
    }

    /// The months from one to another, both included.
    static func range(from first: CalendarMonth, to last: CalendarMonth) -> [CalendarMonth] {
        var months: [CalendarMonth] = []
        var month = first
        while month <= last {
            months.append(month)
            month = month.next
        }
        return months
    }
}
