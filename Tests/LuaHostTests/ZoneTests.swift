import CZone
import Foundation
import Glibc
import TestSupport
import Testing

/// Zones of the C library, and the environment that they are in.
@Suite struct ZoneTests {
    /// The hour of a moment (2026-07-01T12:00:00Z) in the zone that the C library goes by.
    private static func hour() -> Int32 {
        var moment: time_t = 1_782_907_200
        var parts = tm()
        localtime_r(&moment, &parts)
        return parts.tm_hour
    }

    @Test func otherThreadsReadTheEnvironmentMeanwhile() async throws {
        let home = try #require(getenv("PATH").map { String(cString: $0) })
        qzone_reserve()
        let place = getenv("PATH")
        let reader = Task.detached { () -> Bool in
            for _ in 0..<200_000 {
                guard getenv("PATH") == place, let text = getenv("PATH"), strlen(text) > 0 else {
                    return false
                }
            }
            return true
        }
        var hours: Set<Int32> = []
        for _ in 0..<2_000 {
            for zone in [":Asia/Tokyo", ":Europe/Berlin", "UTC0"] {
                #expect(qzone_enter(zone))
                hours.insert(Self.hour())
                qzone_leave()
            }
        }
        #expect(await reader.value)
        #expect(hours == [21, 14, 12])
        #expect(getenv("PATH").map { String(cString: $0) } == home)
        #expect(!qzone_enter(String(repeating: "x", count: 300)))
    }

    @Test(arguments: [nil, "Europe/Berlin", ""] as [String?])
    func theVariableIsTheUsersAfterwards(_ zone: String?) throws {
        let code = """
            assert(time.format(time.parse("2026-07-01T12:00:00Z"), "%H", "Asia/Tokyo") == "21")
            io.write(tostring(env.get("TZ")), "|",
              process.run({ "sh", "-c", "echo ${TZ-unset}" }):text(), "|",
              time.format(time.parse("2026-07-01T12:00:00Z"), "%H", "local"))
            """
        let variables = zone.map { ["TZ": $0] } ?? [:]
        let result = try qcsh(["-e", code], environment: variables)
        #expect(result.status == 0, "\(result.errors)")
        let parts = result.output.split(separator: "|", omittingEmptySubsequences: false)
        try #require(parts.count == 3)
        #expect(parts[0] == zone ?? "nil")
        #expect(parts[1] == zone ?? "unset")
        if let zone { #expect(parts[2].prefix(2) == (zone.isEmpty ? "12" : "14")) }
    }
}
