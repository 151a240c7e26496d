import CZone
import Codec
import Glibc
import LuaMachine

/// What `host/time.lua` is built from: texts, calendar fields, zones and schedules.
///
/// Zones are those of the system's time zone database, by way of the C library.
struct TimeModule {
    func register(in functions: inout HostFunctions) {
        registerTexts(in: &functions)
        registerCalendar(in: &functions)
    }

    private func registerTexts(in functions: inout HostFunctions) {
        // time_parse(text) → a time; nil when it is none.
        functions.declare("time_parse", .optional(.string)) { call, text in
            guard let parsed = text.flatMap(TimeText.parseRFC3339) else { return }
            call.results.put(.time(seconds: parsed.seconds, nanos: parsed.nanos))
        }
        // time_duration(value) → a duration; nil when it is none.
        functions.declare("time_duration", .any) { call, value in
            if let text = value.text {
                guard
                    let parsed = TimeText.parseHumanDuration(text) ?? TimeText.parseDuration(text)
                else { return }
                call.results.put(.duration(seconds: parsed.seconds, nanos: parsed.nanos))
            } else if let number = value.number, abs(number) < 9e15 {
                let whole = number.rounded(.towardZero)
                call.results.put(
                    .duration(
                        seconds: Int64(whole), nanos: Int32(((number - whole) * 1e9).rounded())))
            } else if case .duration = value {
                call.results.put(value)
            }
        }
        // time_at(seconds) → a time
        functions.declare("time_at", .number) { call, seconds in
            let whole = seconds.rounded(.down)
            guard let exact = Int64(exactly: whole), TimeText.timestampRange.contains(exact) else {
                throw HostError.message(
                    "time.parse needs seconds since 1970, within the years 1 to 9999")
            }
            call.results.put(
                .time(seconds: exact, nanos: Int32(((seconds - whole) * 1e9).rounded())))
        }
        // time_next(schedule, time) → the next time of a cron schedule; nil when there is none.
        functions.declare("time_next", .string, .time) { call, text, time in
            let cron: Cron
            do throws(Cron.Problem) { cron = try Cron(text) } catch {
                throw HostError.message("time.next: \(error)")
            }
            guard let next = cron.next(after: time.seconds) else { return }
            call.results.put(.time(seconds: next, nanos: 0))
        }
    }

    private func registerCalendar(in functions: inout HostFunctions) {
        // time_fields(time, zone) → { year, month, … }
        functions.declare("time_fields", .time, .optional(.string)) { call, time, zone in
            let parts = try Self.inZone(zone) { Self.parts(of: time.seconds) }
            Self.write(parts, nanos: time.nanos, to: call.results)
        }
        // time_of(fields, zone) → a time; fields beyond their range carry.
        functions.declare("time_of", .table, .optional(.string)) { call, table, zone in
            var parts = tm()
            parts.tm_year = try Self.field("year", of: table, nil) - 1900
            parts.tm_mon = try Self.field("month", of: table, 1) - 1
            parts.tm_mday = try Self.field("day", of: table, 1)
            parts.tm_hour = try Self.field("hour", of: table, 0)
            parts.tm_min = try Self.field("minute", of: table, 0)
            parts.tm_sec = try Self.field("second", of: table, 0)
            let offset = table["offset"].flatMap(\.integer).map { Int($0) }
            let seconds = Int64(try Self.inZone(zone) { Self.seconds(of: parts, offset: offset) })
            let nanos = try Self.field("nanos", of: table, 0)
            guard TimeText.timestampRange.contains(seconds) else {
                throw HostError.message("time.of: the time is out of range: years 1 to 9999")
            }
            call.results.put(.time(seconds: seconds, nanos: nanos))
        }
        functions.declare("time_format", .time, .string, .optional(.string)) {
            call, time, format, zone in
            var buffer = [CChar](repeating: 0, count: 1024)
            let count = try Self.inZone(zone) {
                var parts = Self.parts(of: time.seconds)
                // A mark in front tells an empty result from one that is too long.
                return strftime(&buffer, buffer.count, "x" + format, &parts)
            }
            guard count > 0 else { throw HostError.message("time.format: the text is too long") }
            call.results.put(
                String(
                    decoding: buffer[1..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }

    private static func write(_ parts: tm, nanos: Int32, to results: TapeWriter) {
        results.table {
            let fields: KeyValuePairs<String, Int> = [
                "year": Int(parts.tm_year) + 1900, "month": Int(parts.tm_mon) + 1,
                "day": Int(parts.tm_mday), "hour": Int(parts.tm_hour),
                "minute": Int(parts.tm_min), "second": Int(parts.tm_sec),
                "nanos": Int(nanos), "weekday": parts.tm_wday == 0 ? 7 : Int(parts.tm_wday),
                "day_of_year": Int(parts.tm_yday) + 1, "offset": Int(parts.tm_gmtoff),
            ]
            for (name, number) in fields {
                results.put(name)
                results.put(number)
            }
            results.put("is_dst")
            results.put(parts.tm_isdst > 0)
            results.put("zone")
            results.put(parts.tm_zone.map { String(cString: $0) } ?? "UTC")
        }
    }

    /// A field of a calendar time; an error when it is missing and nothing stands for it.
    private static func field(
        _ name: String, of table: LuaTable, _ fallback: Int32?
    ) throws(HostError) -> Int32 {
        guard let value = table[name], !value.isNil else {
            if let fallback { return fallback }
            throw .message("time.of: \(name) is missing")
        }
        // Nanoseconds go up to a billion; the others as far as mktime carries them.
        let most: Int64 = name == "nanos" ? 999_999_999 : 999_999
        guard let number = value.integer, (-most...most).contains(number) else {
            throw .message("time.of: \(name) must be a whole number from -\(most) to \(most)")
        }
        return Int32(number)
    }

    /// The time of calendar fields in the zone of the process.
    ///
    /// - Parameter offset: seconds east of UTC; decides which of two times is meant where a clock is set
    ///   back and shows both as the same fields.
    private static func seconds(of fields: tm, offset: Int?) -> time_t {
        var parts = fields
        parts.tm_isdst = -1
        let seconds = mktime(&parts)
        guard let offset, parts.tm_gmtoff != offset else { return seconds }
        // A clock is mostly set back by an hour.
        for step in [3600, -3600, 1800, -1800] {
            let other = Self.parts(of: Int64(seconds + step))
            if other.tm_gmtoff == offset, other.tm_hour == parts.tm_hour,
                other.tm_min == parts.tm_min, other.tm_mday == parts.tm_mday
            {
                return seconds + step
            }
        }
        return seconds
    }

    private static func parts(of seconds: Int64) -> tm {
        var parts = tm()
        var clock = time_t(seconds)
        localtime_r(&clock, &parts)
        return parts
    }

    /// Calls a body while the process is in a zone: `UTC` unless one is named, `local` for the
    /// user's.
    private static func inZone<Result>(
        _ zone: String?, _ body: () -> Result
    ) throws(HostError) -> Result {
        let zone = zone ?? "UTC"
        guard zone != "local" else {
            tzset()
            return body()
        }
        let isName = zone.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/_+-".contains($0))
        }
        guard isName, !zone.isEmpty, !zone.hasPrefix("/"),
            zone == "UTC" || access("/usr/share/zoneinfo/" + zone, R_OK) == 0,
            qzone_enter(zone == "UTC" ? "UTC0" : ":" + zone)
        else { throw .message("unknown time zone \"\(zone)\"; expected one like Europe/Berlin") }
        defer { qzone_leave() }
        return body()
    }
}

extension LuaValue {
    /// Whether the value is nil.
    var isNil: Bool {
        if case .nil = self { return true }
        return false
    }
}
