import Codec
import Contract
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// What has gone wrong once.
@Suite struct RegressionTests {
    @Test func aFaultOfACallIsNoFaultOfWhatIsDueByItself() throws {
        let world = try TestWorld()
        let first = try world.create("first").string(.id)
        world.pass(60)
        _ = try world.schedule(of: first, "@every 1m")
        world.pass(120)
        // The schedule fires in the same call, and knows nothing of the call's fault.
        let method = try #require(
            try world.cloud.world.registry.method(
                path: "/qdrant.cloud.cluster.v1.ClusterService/CreateCluster"))
        var request = Message(method.input)
        let package = try world.package("gpx1")
        request.edit(.cluster) {
            $0.set(.accountID, TestWorld.production)
            $0.set(.name, "doomed")
            $0.set(.cloudProviderID, "aws")
            $0.set(.cloudProviderRegionID, "eu-central-1")
            $0.edit(.configuration) {
                $0.set(.numberOfNodes, 1)
                $0.set(.packageID, package)
            }
        }
        let made = try world.cloud.handle(
            method, request, metadata: ["authorization": "apikey \(world.key)"],
            Cloud.Conditions(lifecycle: .fails("no capacity"))
        ).message.message(.cluster)
        world.pass(60)
        #expect(try world.phase(made?.string(.id) ?? "") == "FAILED_TO_CREATE")
        #expect(try world.phase(first) == "HEALTHY")
        #expect(
            try world.backups().contains { $0.enumName(.status) == "BACKUP_STATUS_SUCCEEDED" })
    }

    @Test func aRestoredSeriesGivesNoIdTwice() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/snapshot"
        let world = try TestWorld(speed: .instant, seedNumber: 5)
        let first = try world.create("first").string(.id)
        try world.cloud.world.store.write(to: path)
        let fresh = try TestWorld(speed: .instant, seedNumber: 5)
        try fresh.cloud.world.store.replace(by: Store(path: path, registry: .embedded))
        try fresh.cloud.resume()
        let second = try fresh.create("second").string(.id)
        #expect(first != second)
        #expect(try fresh.get(first).string(.name) == "first")
    }

    @Test func factsKeepEveryText() {
        for text in ["a\r\nb=c\nd\\n", "\\", "\r", "\n", "a=b", "ünï\u{301}"] {
            #expect(Facts.decode(Facts.encode(["x": text, "y": "1"])) == ["x": text, "y": "1"])
        }
    }

    @Test func entitlementsAreRecordedOnceWhateverTheyAreCalled() throws {
        let world = try TestWorld()
        func record() throws -> String? {
            try world.own("payment.v1.PaymentService", "RecordCloudMarketplaceEntitlement") {
                $0.set(.entitlementID, "aws-1\r\nquota.max=5\r\nentitlement=zzz")
            }.message(.paymentMethod)?.string(.id)
        }
        #expect(try record() == record())
    }

    @Test func namesInFiltersKeepTheirCase() throws {
        let world = try TestWorld(speed: .instant)
        let space = try world.space().string(.id)
        _ = try world.clusters("ListClusters") { _ in }
        let service = "serverless.space.backup.v1.BackupService"
        _ = try world.own(service, "CreateBackup") {
            $0.edit(.backup) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.spaceID, space.uppercased())
                $0.set(.collectionName, "MyDocs")
            }
        }
        func count(_ name: String) throws -> Int {
            try world.own(service, "ListBackups") {
                $0.set(.collectionName, name)
                $0.set(.spaceID, space.uppercased())
            }.messages(.items).count
        }
        #expect(try (count("MyDocs"), count("mydocs")) == (1, 0))
    }

    @Test func staleListsKeepToTheirFilters() throws {
        let world = try TestWorld()
        let (one, two) = (
            try world.create("one").string(.id), try world.create("two").string(.id)
        )
        world.pass(60)
        world.cloud.world.store.history.isKept = true
        for cluster in [one, two] { _ = try world.backup(of: cluster) }
        world.pass(60)
        for cluster in [one, two] { _ = try world.backup(of: cluster) }
        let method = try #require(
            try world.cloud.world.registry.method(
                path: "/qdrant.cloud.cluster.backup.v1.BackupService/ListBackups"))
        var request = Message(method.input)
        request.set(.accountID, TestWorld.production)
        request.set(.clusterID, one)
        func list(_ stale: Int64) throws -> [String] {
            try world.cloud.handle(
                method, request, metadata: ["authorization": "apikey \(world.key)"],
                Cloud.Conditions(staleBy: stale)
            ).message.messages(.items).map { $0.string(.clusterID) }
        }
        #expect(try list(0) == [one, one])
        #expect(try list(30 * Nanoseconds.second) == [one])
        #expect(try list(90 * Nanoseconds.second) == [])
        request.set(.pageSize, 1)
        #expect(try list(30 * Nanoseconds.second) == [one])
    }

    @Test func openingAgainChangesNoKey() throws {
        let world = try TestWorld()
        func created() throws -> [Message?] {
            try world.own("auth.v1.AuthService", "ListManagementKeys").messages(.items)
                .map { $0.message(.createdAt) }
        }
        let before = try created()
        world.pass(3600)
        try world.cloud.resume()
        #expect(try created() == before)
    }

    @Test func tokensAreNoPlaceForYAML() throws {
        let world = try TestWorld()
        var bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (level, letter) in "bcdefghi".enumerated() {
            let below = Array("abcdefgh")[level]
            let items = Array(repeating: "*\(below)", count: 10).joined(separator: ",")
            bomb += "\(letter): &\(letter) [\(items)]\n"
        }
        let token = "x." + Digest.base64URL(Array(bomb.utf8)) + ".y"
        let start = ContinuousClock.now
        #expect(DatabaseToken.claims(of: token) == nil)
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(throws: YAMLValue.Problem.self) { try YAMLValue(parsing: bomb) }
        let answer = DataPlane(world.cloud).answer(
            DataRequest(verb: "GET", path: ["collections"], key: token, cluster: nil))
        #expect(answer.status == 401)
    }

    @Test func anAccountKeepsItsDefaultWayToPay() throws {
        let world = try TestWorld(seed: "demo")
        var method = try #require(
            try world.own("payment.v1.PaymentService", "ListPaymentMethods").messages(.items)
                .first)
        method[.isDefault] = nil
        method[.status] = nil
        method[.paymentProviderID] = nil
        let changed = try world.own("payment.v1.PaymentService", "UpdatePaymentMethod") {
            $0.set(.paymentMethod, method)
        }.message(.paymentMethod)
        #expect(changed?.bool(.isDefault) == true)
    }

    @Test func twoSandboxesDoNotShareAFolder() throws {
        let folder = try TemporaryFolder()
        let lock = try FolderLock(folder.path)
        let error = #expect(throws: SandboxError.self) { try FolderLock(folder.path) }
        #expect(error?.description.contains(folder.path) == true)
        withExtendedLifetime(lock) {}
    }
}
