import Contract
import Foundation
import Testing

@testable import Sandbox

/// What people write for the sandbox is understood, or refused with its place.
@Suite struct WrittenFormTests {
    private func check(
        _ shape: Shape, choices: Int = 3, atLeast least: Int, _ read: (YAMLValue) -> String?
    ) {
        let (count, problems) = ShapeSample.unrefused(shape, choices, read)
        #expect(count >= least)
        #expect(problems.isEmpty, "\(problems.count) of \(count): \(problems.prefix(8))")
    }

    private func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func samplesOfAllFormsAreAccepted() throws {
        let all = [
            try SeedShape.whole(.embedded), FaultReader.shape, AdminShapes.time, AdminShapes.token,
            AdminShapes.incident, CollectionShapes.create, CollectionShapes.update,
            CollectionShapes.aliases, CollectionShapes.index, PointShapes.query, PointShapes.scroll,
            PointShapes.queryGroups, PointShapes.matrix, PointShapes.facet, PointShapes.count,
        ]
        for shape in all {
            for choice in 0..<5 {
                _ = try shape.read(ShapeSample(choice: choice).value(shape))
            }
        }
    }

    @Test func everyMistakeInASeedIsRefusedWithItsPlace() throws {
        let shape = try SeedShape.whole(.embedded)
        check(shape, choices: 2, atLeast: 3000) { value in
            problem { _ = try shape.read(value) }
        }
        // Planting checks the same form; a part is enough to see it.
        let cloud = try TestWorld().cloud
        for mutation in ShapeSample(choice: 0).mutations(shape).enumerated()
        where mutation.offset % 211 == 7 {
            let error = problem {
                try Seed(mutation.element.value.json, file: "seed.yaml").plant(in: cloud)
            }
            #expect(
                error?.hasPrefix("seed.yaml: \(mutation.element.path)") == true, "\(error ?? "")")
        }
    }

    @Test func everyMistakeInAFaultIsRefusedWithItsPlace() throws {
        check(FaultReader.shape, atLeast: 100) { value in
            problem {
                _ = try FaultReader.faults(
                    YAMLValue(parsing: value.json), .embedded, name: { "name" })
            }
        }
    }

    @Test func everyMemberOfAFaultHasAnEffect() throws {
        let whole =
            "name: n, method: GetCluster, account: Mine, probability: 0.5, skip: 1, times: 2, "
            + "status: ABORTED, message: m, retry_after: 1s, latency: 2s, break: reset, "
            + "trickle: {bytes: 7, every: 3s}, lifecycle: fail, reason: r, stale: 4s"
        func read(_ tree: YAMLValue) throws -> YAMLValue {
            let fault = try FaultReader.faults(tree, .embedded, name: { "generated" })[0]
            return FaultReader.tree(of: fault)
        }
        let tree = try YAMLValue(parsing: "{\(whole)}")
        guard case .object(let fields) = FaultReader.shape else { return }
        #expect(Set(fields.members.keys) == Set((tree.members ?? []).map(\.name)))
        let full = try read(tree)
        for name in fields.members.keys where !["status", "lifecycle"].contains(name) {
            #expect(try read(tree.without(name)) != full, "\(name)")
        }
    }

    @Test func everyMistakeInARequestToTheAdminAPIIsRefusedWithItsPlace() throws {
        let server = try SandboxServer(
            SandboxConfiguration(realTime: { 1_800_000_000_000_000_000 }))
        defer { server.stop() }
        let requests: [(path: String, shape: Shape)] = [
            ("/time", AdminShapes.time), ("/tokens", AdminShapes.token),
            ("/incidents", AdminShapes.incident), ("/faults", FaultReader.shape),
            ("/worlds", .object([:])),
        ]
        for request in requests {
            check(request.shape, choices: 2, atLeast: 1) { value in
                let answer = server.administer("POST", request.path, body: Array(value.json.utf8))
                let text = String(decoding: answer.body, as: UTF8.self)
                let error = (YAMLValue(json: answer.body)?["error"]?.text) ?? text
                return answer.status == 400 ? error : nil
            }
        }
        for path in ["/calls?affter=1", "/calls?after=x", "/events?limit=-1", "/time?x=1"] {
            #expect(server.administer("GET", path).status == 400, "\(path)")
        }
        #expect(server.administer("DELETE", "/faults/a/b").status == 404)
    }

    @Test func everyMistakeInARequestToADatabaseIsRefusedWithItsPlace() throws {
        for shape in [
            CollectionShapes.create, CollectionShapes.update, CollectionShapes.aliases,
        ] {
            check(shape, choices: 5, atLeast: 20) { value in
                problem { _ = try shape.read(value) }
            }
        }
    }

    @Test func aMistakeNamesItsFileAndLine() throws {
        let text = """
            \u{FEFF}users: [{email: me@example.com}]
            accounts:
              - name: Mine
                owner: me@example.com
                clusters:
                  - {name: one, cloud_provider_id: aws, cloud_provider_region_id: eu-central-1}
                  - name: two
                    packge: gpx1
            """
        let error = #expect(throws: SandboxError.self) {
            try Seed(text, file: "seed.yaml").plant(in: TestWorld().cloud)
        }
        #expect(
            error?.description
                == "seed.yaml: accounts[0].clusters[1].packge: unknown key \"packge\"; "
                + "did you mean \"package\"? (line 8)")
    }

    @Test func aByteOrderMarkIsSkipped() throws {
        for text in ["\u{FEFF}{}", "\u{FEFF}status: UNAVAILABLE"] {
            #expect(try YAMLValue(parsing: text).members != nil)
        }
        let seed = "\u{FEFF}" + DefaultSeed.bare
        #expect(
            try TestWorld(seed: seed).cloud.world.store.transaction {
                try $0.records(.account)
            }.count == 2)
    }

    @Test func whatHasNoEffectIsRefused() throws {
        for (text, place) in [
            ("{latency: 1s, message: x}", "message"),
            ("{stale: 1s, retry_after: 1s}", "retry_after"),
            ("{latency: 1s, reason: x}", "reason"), ("{lifecycle: stuck, reason: x}", "reason"),
            ("{faults: [{latency: 1s}], status: ABORTED}", "status"),
            ("{method: GetClusterr, status: ABORTED}", "did you mean \"GetCluster\""),
            ("{status: UNAVAILABEL}", "did you mean \"UNAVAILABLE\""),
        ] {
            let error = problem {
                _ = try FaultReader.faults(YAMLValue(parsing: text), .embedded, name: { "name" })
            }
            #expect(error?.contains(place) == true, "\(text): \(error ?? "accepted")")
        }
    }
}
