import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// Requests that nobody means, which must not bring the sandbox down.
@Suite struct ExtremeTests {
    private static let seconds: [Int64] = [
        -62_135_596_800, -1, 0, 1, 253_402_300_799,
    ]

    @Test func farAwayTimesAreNoTrouble() throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let cluster = try #require(
            try world.clusters("ListClusters") { _ in }.messages(.items).first
        ).string(.id)
        func time(_ seconds: Int64, _ empty: Message) -> Message {
            var time = empty
            time[.seconds] = .int(seconds)
            time[.nanos] = .int(999_999_999)
            return time
        }
        let methods = [
            "GetClusterUsageMetrics", "GetClusterLogs", "GetClusterEvents",
            "GetClusterInferenceMetrics",
        ]
        for since in Self.seconds {
            for until in Self.seconds where until > since {
                for method in methods {
                    _ = try world.own("monitoring.v1.MonitoringService", method) {
                        $0.set(.clusterID, cluster)
                        $0.set(.since, time(since, $0.new(.since)))
                        $0.set(.until, time(until, $0.new(.until)))
                    }
                }
                _ = try world.own("metering.v1.MeteringService", "GetUsageBreakdown") {
                    $0.set(.startTime, time(since, $0.new(.startTime)))
                    $0.set(.endTime, time(until, $0.new(.endTime)))
                }
            }
            for method in methods {
                _ = try world.own("monitoring.v1.MonitoringService", method) {
                    $0.set(.clusterID, cluster)
                    $0.set(.until, time(since, $0.new(.until)))
                }
            }
        }
        for year in [2000, 2026, 2262, 3000] {
            for month in [1, 12] {
                _ = try world.own("metering.v1.MeteringService", "ListMeterings") {
                    $0.set(.year, year)
                    $0.set(.month, month)
                }
            }
        }
    }

    @Test func largeNumbersAreRefusedOrCounted() throws {
        let world = try TestWorld(speed: .instant)
        for nodes in [11, 4_294_967_295] {
            #expect(world.code { try world.create(nodes: nodes) } == .resourceExhausted)
        }
        #expect(
            world.code {
                try world.create {
                    $0.edit(.configuration) {
                        $0.edit(.additionalResources) { $0.set(.disk, 4_294_967_295) }
                    }
                }
            } == .invalidArgument)
        let big = try world.create {
            $0.edit(.configuration) {
                $0.edit(.additionalResources) { $0.set(.disk, 1_000_000) }
            }
        }.string(.id)
        try world.cloud.advance(by: 300 * Nanoseconds.day)
        let months = try world.own("metering.v1.MeteringService", "ListMonthlyMeterings")
        #expect(months.messages(.items).allSatisfy { $0.integer(.amountMillicents) > 0 })
        _ = try world.backup(of: big)
        #expect(
            world.code {
                try world.space { space in
                    space.edit(.configuration) { $0[.maxStorageBytes] = .uint(.max) }
                }
            } == .invalidArgument)
    }

    @Test func timeHasAnEnd() throws {
        let world = try TestWorld(speed: .instant)
        _ = try world.create()
        _ = try world.space()
        for _ in 0..<17 { try world.cloud.advance(by: 3650 * Nanoseconds.day) }
        #expect(throws: APIError.self) {
            for _ in 0..<2 { try world.cloud.advance(by: 3650 * Nanoseconds.day) }
        }
        #expect(try world.clusters("ListClusters") { _ in }.messages(.items).count == 1)
        #expect(world.cloud.problems.isEmpty)
        let fast = try TestWorld(speed: .factor(1_000_000))
        fast.pass(86_400 * 400)
        #expect(fast.cloud.world.clock.now == Nanoseconds.usable.upperBound)
    }

    @Test func aStepThatCannotBeMadeIsLeftOut() throws {
        let world = try TestWorld()
        try world.cloud.world.store.transaction { transaction in
            // A schedule whose cluster is of another kind altogether.
            try transaction.schedule("cluster.node", subject: "x", payload: "", at: 1)
            try transaction.schedule("nobody.knows", subject: "x", payload: "", at: 2)
        }
        let id = try world.create().string(.id)
        world.pass(60)
        #expect(try world.phase(id) == "HEALTHY")
    }
}
