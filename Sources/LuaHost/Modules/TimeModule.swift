import Codec
import LuaMachine

#if canImport(Glibc)
    import Glibc
#endif

/// What `host/time.lua` is built from: texts, calendar fields, zones and schedules.
///
/// Zones are those of the system's time zone database, by way of the C library.
struct TimeModule {
    func register(in functions: inout HostFunctions) {
        // time_parse(text) → a time; nil when it is none.
        functions["time_parse"] = { call in
            guard let text = call.arguments.value().text,
                let parsed = TimeText.parseRFC3339(text)
            else { return .done }
            call.results.put(.time(seconds: parsed.seconds, nanos: parsed.nanos))
            return .done
        }
        functions["time_duration"] = { call in
            let value = call.arguments.value()
            if let text = value.text {
                guard
                    let parsed = TimeText.parseHumanDuration(text) ?? TimeText.parseDuration(text)
                else { return .done }
                call.results.put(.duration(seconds: parsed.seconds, nanos: parsed.nanos))
            } else if let number = value.number, abs(number) < 9e15 {
                let whole = number.rounded(.towardZero)
                call.results.put(
                    .duration(
                        seconds: Int64(whole), nanos: Int32(((number - whole) * 1e9).rounded())))
            } else if case .duration = value {
                call.results.put(value)
            }
            return .done
        }
        // time_at(seconds, nanos) → a time
        functions["time_at"] = { call in
            guard let seconds = call.arguments.value().number, abs(seconds) < 2e11 else {
                throw HostError.message("time.at needs seconds since 1970")
            }
            let whole = seconds.rounded(.down)
            call.results.put(
                .time(seconds: Int64(whole), nanos: Int32(((seconds - whole) * 1e9).rounded())))
            return .done
        }
        functions["time_fields"] = { call in
            let (seconds, nanos) = try Self.time(call.arguments.value())
            let zone = call.arguments.value().text
            let parts = try Self.inZone(zone) { Self.parts(of: seconds) }
            call.results.table {
                let fields: KeyValuePairs<String, Int> = [
                    "year": Int(parts.tm_year) + 1900, "month": Int(parts.tm_mon) + 1,
                    "day": Int(parts.tm_mday), "hour": Int(parts.tm_hour),
                    "minute": Int(parts.tm_min), "second": Int(parts.tm_sec),
                    "nanos": Int(nanos), "weekday": parts.tm_wday == 0 ? 7 : Int(parts.tm_wday),
                    "day_of_year": Int(parts.tm_yday) + 1, "offset": Int(parts.tm_gmtoff),
                ]
                for (name, number) in fields {
                    call.results.put(name)
                    call.results.put(number)
                }
                call.results.put("is_dst")
                call.results.put(parts.tm_isdst > 0)
                call.results.put("zone")
                call.results.put(parts.tm_zone.map { String(cString: $0) } ?? "UTC")
            }
            return .done
        }
        // time_of(fields, zone) → a time; fields beyond their range carry.
        functions["time_of"] = { call in
            guard let table = call.arguments.value().table else {
                throw HostError.message("time.of needs a table with year, month and day")
            }
            let zone = call.arguments.value().text
            var parts = tm()
            func field(_ name: String, _ fallback: Int32?) throws(HostError) -> Int32 {
                guard let value = table[name], !value.isNil else {
                    if let fallback { return fallback }
                    throw .message("time.of: \(name) is missing")
                }
                // Nanoseconds go up to a billion; the others as far as mktime carries them.
                let most: Int64 = name == "nanos" ? 999_999_999 : 999_999
                guard let number = value.integer, (-most...most).contains(number) else {
                    throw .message(
                        "time.of: \(name) must be a whole number from -\(most) to \(most)")
                }
                return Int32(number)
            }
            parts.tm_year = try field("year", nil) - 1900
            parts.tm_mon = try field("month", 1) - 1
            parts.tm_mday = try field("day", 1)
            parts.tm_hour = try field("hour", 0)
            parts.tm_min = try field("minute", 0)
            parts.tm_sec = try field("second", 0)
            parts.tm_isdst = -1
            let seconds = try Self.inZone(zone) { mktime(&parts) }
            call.results.put(.time(seconds: Int64(seconds), nanos: try field("nanos", 0)))
            return .done
        }
        functions["time_format"] = { call in
            let (seconds, _) = try Self.time(call.arguments.value())
            let format = call.arguments.value().text ?? ""
            let zone = call.arguments.value().text
            var buffer = [CChar](repeating: 0, count: 1024)
            let count = try Self.inZone(zone) {
                var parts = Self.parts(of: seconds)
                // A mark in front tells an empty result from one that is too long.
                return strftime(&buffer, buffer.count, "x" + format, &parts)
            }
            guard count > 0 else { throw HostError.message("time.format: the text is too long") }
            call.results.put(
                String(
                    decoding: buffer[1..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self))
            return .done
        }
        functions["time_next"] = { call in
            let text = call.arguments.value().text ?? ""
            let (seconds, nanos) = try Self.time(call.arguments.value())
            let cron: Cron
            do throws(Cron.Problem) { cron = try Cron(text) } catch {
                throw HostError.message("time.cron: \(error)")
            }
            guard (-9_000_000_000...9_000_000_000).contains(seconds),
                let next = cron.next(after: seconds * 1_000_000_000 + Int64(nanos))
            else { return .done }
            let (whole, rest) = next.flooredDivision(by: 1_000_000_000)
            call.results.put(.time(seconds: whole, nanos: Int32(rest)))
            return .done
        }
    }

    private static func time(_ value: LuaValue) throws(HostError) -> (Int64, Int32) {
        guard case .time(let seconds, let nanos) = value else {
            throw .message("a time is needed, got a \(value.typeName)")
        }
        return (seconds, nanos)
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
            zone == "UTC" || access("/usr/share/zoneinfo/" + zone, R_OK) == 0
        else { throw .message("there is no time zone \"\(zone)\"; they are like Europe/Berlin") }
        let before = getenv("TZ").map { String(cString: $0) }
        setenv("TZ", zone == "UTC" ? "UTC0" : ":" + zone, 1)
        tzset()
        defer {
            if let before { setenv("TZ", before, 1) } else { unsetenv("TZ") }
            tzset()
        }
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
