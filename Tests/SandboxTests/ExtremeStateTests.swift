import Codec
import Contract
import Testing

@testable import Sandbox

/// Seeds and stores with numbers that no sandbox wrote.
@Suite struct ExtremeStateTests {
    private static let extremes = ["-9223372036854775808", "-5", "0", "9223372036854775807", "x"]

    /// A seed with something in the first account.
    private static func seed(_ section: String) -> String {
        """
        users: [{email: owner@example.com, given_name: Ada, family_name: Lovelace}]
        accounts:
          - name: Production
            owner: owner@example.com
        \(section.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))

        """
    }

    @Test(arguments: [
        "credit_contracts: [{total_amount: 1e30}]", "credit_contracts: [{total_amount: NaN}]",
        "credit_contracts: [{total_amount: -1}]", "discounts: [{fixed: {value: 1e30}}]",
        "discounts: [{fixed: {value: -92233720368547}}]",
        "discounts: [{percentage: {value: -1e300}}]", "discounts: [{percentage: {value: 101}}]",
        "discounts: [{percentage: {value: \"-Infinity\"}}]",
    ])
    func amountsThatNoBillCanCountAreRefused(_ section: String) throws {
        do {
            _ = try TestWorld(seed: Self.seed(section))
            Issue.record("\(section) was taken")
        } catch let error as SandboxError {
            let text = "\(error)"
            #expect(text.contains("[0]"), "\(section): \(text)")
            #expect(text.contains("a number from 0 to") || text.contains("NaN"), "\(text)")
        }
    }

    @Test func amountsOfOtherProgramsAreClamped() {
        #expect(Millicents.of(major: 1e300) == 100_000_000_000_000)
        #expect(Millicents.of(major: -.infinity) == -100_000_000_000_000)
        #expect(Millicents.of(major: .nan) == 0)
        #expect(Millicents.of(major: 12.345) == 1_234_500)
        #expect(Discounts.reduced(1000, -1e300) == 100_000_000_000_000)
    }

    @Test func momentsAndLengthsDoNotOverflow() {
        let range = Nanoseconds.usable
        #expect(range.upperBound.subtractingReportingOverflow(range.lowerBound).overflow == false)
        for seconds in [Int64.min, -62_135_596_800, 0, 253_402_300_799, .max] {
            for nanos in [-999_999_999, 0, 999_999_999] as [Int32] {
                let sum = Nanoseconds.sum((seconds, nanos))
                #expect(abs(sum - Nanoseconds.usable(sum)) < Nanoseconds.second)
            }
        }
        #expect(Nanoseconds.later(.max, by: .max) == range.upperBound)
        #expect(Nanoseconds.later(0, by: 5) == 5)
        var clock = VirtualClock(speed: .manual, real: { 0 }, notBefore: .max)
        clock.step()
        clock.advance(by: .max)
        clock.set(.min)
        #expect(range.contains(clock.now))
    }

    @Test(arguments: extremes)
    func hiddenNumbersAndFactsDoNotStopIt(_ text: String) throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let cluster = try #require(
            try world.clusters("ListClusters") { _ in }.messages(.items).first
        ).string(.id)
        try world.cloud.world.store.transaction { transaction in
            for kind in Kind.allCases {
                for var record in try transaction.records(kind, account: TestWorld.production) {
                    for name in ["generation", "tokens", "memory", "active_at"] {
                        record.hidden[name] = text
                    }
                    for quota in Quotas.defaults { record.hidden["quota." + quota.name] = text }
                    try transaction.put(record)
                }
            }
        }
        // The same use once more, with other figures.
        try world.cloud.world.store.transaction { transaction in
            for span in try transaction.spans(account: TestWorld.production) {
                var facts = span.facts
                for name in ["nodes", "disk", "gib", "tier"] { facts[name] = text }
                try transaction.begin(
                    Span(
                        account: span.account, kind: span.kind, subject: span.subject,
                        begun: span.begun, ended: span.ended, facts: facts))
            }
        }
        for (service, method) in [
            ("monitoring.v1.MonitoringService", "GetClusterUsageMetrics"),
            ("monitoring.v1.MonitoringService", "GetClusterSummaryMetrics"),
            ("monitoring.v1.MonitoringService", "GetClusterLogs"),
            ("monitoring.v1.MonitoringService", "GetClusterEvents"),
            ("monitoring.v1.MonitoringService", "ListClusterAlerts"),
        ] {
            _ = try world.own(service, method) { $0.set(.clusterID, cluster) }
        }
        _ = try world.own("billing.v1.BillingService", "ListInvoices")
        _ = try world.own("quota.v1.QuotaService", "GetAccountQuotas")
        _ = try? world.clusters("RestartCluster") { $0.set(.clusterID, cluster) }
        try world.cloud.advance(by: 40 * Nanoseconds.day)
        _ = try world.own("metering.v1.MeteringService", "ListMonthlyMeterings")
        _ = try world.own("monitoring.v1.MonitoringService", "ListClusterAlerts") {
            $0.set(.clusterID, cluster)
        }
    }

    @Test func eventsOfOtherProgramsArePassedOver() throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let cluster = try #require(
            try world.clusters("ListClusters") { _ in }.messages(.items).first
        ).string(.id)
        let generation = try world.cloud.world.store.transaction {
            try $0.record(.cluster, cluster)?.hidden["generation"] ?? ""
        }
        try world.cloud.world.store.transaction { transaction in
            for (kind, payload) in [
                ("cluster.failed", "\(generation):"), ("cluster.failed", "\(generation):BOGUS/x"),
                ("cluster.node", "\(generation):0/BOGUS"), ("cluster.node", "\(generation):/"),
                ("cluster.node", "\(generation):99999999999999999999/HEALTHY"),
            ] {
                try transaction.schedule(kind, subject: cluster, payload: payload, at: 1)
            }
        }
        try world.cloud.advance(by: Nanoseconds.hour)
        #expect(try world.phase(cluster) == "HEALTHY")
    }

    @Test func aRecordHoldsTheTypeOfItsKind() throws {
        let record = """
            version: 1
            now: "0001-01-01T00:00:00Z"
            records:
              - {kind: cluster, id: a, type: google.protobuf.Empty, created: "2026-01-01T00:00:00Z"}
            """
        #expect(throws: SandboxError.self) { try TestWorld(seed: record) }
        // Those that a sandbox makes are what the table says.
        let world = try TestWorld(speed: .instant, seed: "demo")
        try world.cloud.world.store.transaction { transaction in
            for kind in Kind.allCases {
                for record in try transaction.records(kind, account: TestWorld.production) {
                    #expect(kind.holds(record.message.type.fullName), "\(kind)")
                }
            }
        }
    }

    @Test func theLastMonthOfTimeHasAnEnd() throws {
        let world = try TestWorld(speed: .manual)
        let cluster = try world.create().string(.id)
        world.cloud.world.clock.set(Nanoseconds.usable.upperBound)
        for interval in 1...3 {
            _ = try world.own("monitoring.v1.MonitoringService", "GetClusterInferenceMetrics") {
                $0.set(.clusterID, cluster)
                $0.set(.interval, interval)
            }
        }
    }

    @Test func patternsOfFaultsTakeLinearTime() {
        let pattern = String(repeating: "*", count: 200_000) + "!"
        #expect(!Fault.matches(pattern[...], "ClusterService.GetCluster"))
        #expect(!Fault.matches((String(repeating: "*a", count: 5000) + "!")[...], "aaaaaaaaaa"))
        for (pattern, text, fits) in [
            ("*", "", true), ("a*b", "ab", true), ("a*b", "a", false), ("ab*ba", "aba", false),
            ("*Cluster*", "GetClusterLogs", true), ("Get*", "GetCluster", true),
            ("*er", "GetCluster", true), ("*b*c*", "abc", true), ("*c*b*", "abc", false),
            ("abc", "abc", true), ("abc", "abd", false), ("", "", true),
        ] {
            #expect(Fault.matches(pattern[...], text[...]) == fits, "\(pattern) \(text)")
        }
    }

    @Test func aRequestNamesABoundedNumberOfBrokenRules() throws {
        let error = APIError(
            violations: (0..<10_000).map {
                Violation(path: "labels[\($0)]", rule: "required", message: "is missing", value: "")
            })
        #expect(error.violations.count == APIError.mostViolations)
        #expect(error.message.hasSuffix("; and 9900 more"))
    }
}
