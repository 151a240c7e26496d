import Testing

@testable import Codec

/// Schedules mean what github.com/robfig/cron's standard parser makes of them.
@Suite struct CronTests {
    private func seconds(_ text: String) throws -> Int64 {
        try #require(TimeText.parseRFC3339(text)).seconds
    }

    /// The first time after a second before a moment, which is the moment itself when it fits.
    private func fires(_ schedule: String, at moment: String) throws -> Bool {
        let moment = try seconds(moment)
        return try Cron(schedule).next(after: moment - 1) == moment
    }

    // 2026-01-01 is a Thursday.
    @Test(
        arguments: [
            // One number with a step goes on to the end of the field.
            ("0/15 * * * *", "2026-01-01T10:45:00Z", true),
            ("0/15 * * * *", "2026-01-01T10:50:00Z", false),
            ("5/15 * * * *", "2026-01-01T10:20:00Z", true),
            ("5/15 * * * *", "2026-01-01T10:15:00Z", false),
            // Names of months and days, in letters of any case.
            ("0 0 * Jan *", "2026-01-01T00:00:00Z", true),
            ("0 0 * FEB *", "2026-01-01T00:00:00Z", false),
            ("0 0 ? * thu", "2026-01-01T00:00:00Z", true),
            ("0 0 ? Jan Mon-Wed", "2026-01-01T00:00:00Z", false),
            ("0 0 * * mon,thu", "2026-01-01T00:00:00Z", true),
            // Both kinds of days restricted: one is enough.
            ("0 0 1,15 * Sun", "2026-01-01T00:00:00Z", true),
            ("0 0 1,15 * Sun", "2026-01-04T00:00:00Z", true),
            ("0 0 1,15 * Sun", "2026-01-05T00:00:00Z", false),
            // A star with a step restricts, too.
            ("0 0 */10 * 0", "2026-01-04T00:00:00Z", true),
            ("0 0 */10 * 0", "2026-01-11T00:00:00Z", true),
            ("0 0 */10 * 0", "2026-01-21T00:00:00Z", true),
            ("0 0 */10 * 0", "2026-01-22T00:00:00Z", false),
            ("0 0 13 * */2", "2026-01-01T00:00:00Z", true),
            // A star without one does not: both have to fit.
            ("0 0 * * 1", "2026-01-01T00:00:00Z", false),
            ("0 0 */1 * 1", "2026-01-01T00:00:00Z", false),
            ("0 0 1,15 * *", "2026-01-02T00:00:00Z", false),
            ("0 0 15 * ?", "2026-01-15T00:00:00Z", true),
            ("0 0 2,* * 1", "2026-01-02T00:00:00Z", false),
            ("@midnight", "2026-01-02T00:00:00Z", true),
        ])
    func daysAndStepsCombine(_ schedule: String, _ moment: String, _ fires: Bool) throws {
        #expect(try self.fires(schedule, at: moment) == fires)
    }

    @Test(
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
            "* * * 0 *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "5--7 * * * *", "*//2 * * * *",
            "*/0 * * * *", "*/-5 * * * *", "+5 * * * *", "1,,2 * * * *", "x * * * *",
            "* * * jan-x *", "* * mon * *", "* * * * january", "@noon", "@every", "@every 5",
            "@every 30s", "@every Xm", "99999999999999999999 * * * *", "TZ=UTC * * * * *",
        ])
    func everythingElseIsRefused(_ schedule: String) {
        #expect(throws: Cron.Problem.self) { try Cron(schedule) }
    }

    /// (schedule, moment, the next time or nil)
    @Test(
        arguments: [
            ("0 0 * * *", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("0 0 * * *", "1969-12-30T23:59:59Z", "1969-12-31T00:00:00Z"),
            ("30 6 * * *", "0001-01-01T00:00:00Z", "0001-01-01T06:30:00Z"),
            ("0 12 * * *", "1582-10-14T13:00:00Z", "1582-10-15T12:00:00Z"),
            ("0 0 29 2 *", "1896-03-01T00:00:00Z", "1904-02-29T00:00:00Z"),
            ("0 0 * * *", "2262-04-11T23:47:16Z", "2262-04-12T00:00:00Z"),
            ("0 0 1 1 *", "9998-06-01T00:00:00Z", "9999-01-01T00:00:00Z"),
            ("0 0 1 1 *", "9999-01-01T00:00:00Z", nil),
            ("@every 1h", "9999-12-31T23:30:00Z", nil),
            ("@every 90m", "1969-12-31T23:00:00Z", "1970-01-01T00:30:00Z"),
            ("0 0 30 2 *", "2026-01-01T00:00:00Z", nil), ("@reboot", "2026-01-01T00:00:00Z", nil),
        ] as [(String, String, String?)])
    func everyYearHasItsTimes(_ schedule: String, _ moment: String, _ next: String?) throws {
        let found = try Cron(schedule).next(after: seconds(moment))
        #expect(found.map { TimeText.rfc3339(seconds: $0, nanos: 0) } == next)
    }

    @Test(arguments: [Int64.min, -1 << 60, 1 << 60, .max])
    func noMomentStopsTheProgram(_ moment: Int64) throws {
        for schedule in ["* * * * *", "@every 520w", "@yearly"] {
            #expect(try Cron(schedule).next(after: moment) == nil)
        }
    }
}
