import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// The small database at the sandbox's port: which keys open it, and for what.
@Suite struct DataPlaneTests {
    private func ask(
        _ world: TestWorld, _ verb: String, _ path: String, _ key: String?, cluster: String? = nil
    ) -> DataResponse {
        DataPlane(world.cloud).answer(
            DataRequest(
                verb: verb, path: path.split(separator: "/").map(String.init), key: key,
                cluster: cluster))
    }

    private func key(
        _ world: TestWorld, _ cluster: String, _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let answer = try world.own(
            "cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey"
        ) { request in
            request.edit(.databaseApiKey) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.clusterID, cluster)
                $0.set(.name, "app key")
                change(&$0)
            }
        }
        return try #require(answer.message(.databaseApiKey))
    }

    private func running(_ world: TestWorld) throws -> String {
        let id = try world.create(nodes: 2).string(.id)
        world.pass(60)
        return id
    }

    @Test func keysBecomeActiveExpireAndEnd() throws {
        let world = try TestWorld()
        let cluster = try running(world)
        let made = try key(world, cluster) {
            $0.set(
                .expiresAt,
                world.cloud.world.timestamp(world.cloud.world.clock.now + Nanoseconds.hour))
        }
        let secret = made.string(.key)
        #expect(ask(world, "GET", "/", nil).status == 401)
        #expect(ask(world, "GET", "/readyz", nil).status == 401)
        #expect(ask(world, "GET", "/healthz", nil).status == 200)
        #expect(ask(world, "GET", "/", secret).status == 401, "not active yet")
        world.pass(3)
        let root = ask(world, "GET", "/", secret)
        #expect(root.status == 200 && root.json.contains(#""version":"1.18.1""#))
        #expect(ask(world, "GET", "/readyz", secret).json == "all shards are ready")
        let peers = try YAMLValue(parsing: ask(world, "GET", "/cluster", secret).json)
        #expect(peers["result"]?["peers"]?.members?.count == 2)
        // A letter changed, and it is no key any more.
        let forged = secret.replacing("eyJhY2Nlc3MiOiJtIi", with: "eyJhY2Nlc3MiOiJyIi")
        #expect(forged != secret && ask(world, "GET", "/", forged).status == 401)
        world.pass(3600)
        #expect(ask(world, "GET", "/", secret).json.contains("ExpiredSignature"))
        let other = try key(world, cluster)
        world.pass(3)
        #expect(ask(world, "GET", "/", other.string(.key)).status == 200)
        _ = try world.own("cluster.auth.v2.DatabaseApiKeyService", "DeleteDatabaseApiKey") {
            $0.set(.clusterID, cluster)
            $0.set(.databaseApiKeyID, other.string(.id))
        }
        #expect(ask(world, "GET", "/", other.string(.key)).status == 401)
    }

    @Test func aDatabaseThatDoesNotRunDoesNotAnswer() throws {
        let world = try TestWorld()
        let cluster = try running(world)
        let secret = try key(world, cluster).string(.key)
        world.pass(3)
        #expect(ask(world, "GET", "/", secret).status == 200)
        _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, cluster) }
        world.pass(10)
        #expect(ask(world, "GET", "/", secret).status == 503)
        _ = try world.clusters("DeleteCluster") { $0.set(.clusterID, cluster) }
        world.pass(10)
        #expect(ask(world, "GET", "/", secret).status == 401)
    }

    @Test func keysAreGoodForWhatTheirRulesSay() throws {
        let world = try TestWorld()
        let cluster = try running(world)
        let manager = try key(world, cluster).string(.key)
        let reader = try key(world, cluster) { key in
            var rule = key.new(.accessRules)
            rule.edit(.globalAccess) { $0.setEnum(.accessType, "READ_ONLY") }
            key.set(.accessRules, [rule])
        }.string(.key)
        let narrow = try key(world, cluster) { key in
            var rule = key.new(.accessRules)
            rule.edit(.collectionAccess) {
                $0.set(.collectionName, "docs")
                $0.setEnum(.accessType, "READ_WRITE")
            }
            key.set(.accessRules, [rule])
        }.string(.key)
        world.pass(3)
        #expect(ask(world, "PUT", "/collections/docs", reader).status == 403)
        #expect(ask(world, "PUT", "/collections/docs", narrow).status == 403)
        #expect(ask(world, "PUT", "/collections/docs", manager).status == 200)
        #expect(ask(world, "PUT", "/collections/docs", manager).status == 409)
        #expect(ask(world, "PUT", "/collections/other", manager).status == 200)
        #expect(ask(world, "PUT", "/collections/a:b", manager).status == 422)
        func names(_ key: String) -> String { ask(world, "GET", "/collections", key).json }
        #expect(names(reader).contains("docs") && names(reader).contains("other"))
        #expect(names(narrow).contains("docs") && !names(narrow).contains("other"))
        #expect(ask(world, "GET", "/collections/docs", narrow).status == 200)
        #expect(ask(world, "GET", "/collections/other", narrow).status == 403)
        #expect(ask(world, "GET", "/cluster", narrow).status == 403)
        #expect(ask(world, "GET", "/collections/missing", manager).status == 404)
        // The console sees the same.
        let listed = try world.call(
            as: "owner@example.com", "ui.v1.ClusterDataService", "ListCollections"
        ) { $0.set(.clusterID, cluster) }
        #expect(listed.messages(.items).map { $0.string(.name) } == ["docs", "other"])
        // What was created after a backup is lost by its restore.
        let backup = try world.backup(of: cluster).string(.id)
        world.pass(20)
        #expect(ask(world, "DELETE", "/collections/other", manager).status == 200)
        #expect(ask(world, "PUT", "/collections/late", manager).status == 200)
        _ = try world.own("cluster.backup.v1.BackupService", "RestoreBackup") {
            $0.set(.backupID, backup)
        }
        world.pass(60)
        #expect(names(manager).contains("other") && !names(manager).contains("late"))
    }

    @Test func keysOfSpacesAndOlderKeysWorkToo() throws {
        let world = try TestWorld()
        let space = try world.space().string(.id)
        world.pass(5)
        let made = try #require(
            try world.own("serverless.space.auth.v1.SpaceApiKeyService", "CreateSpaceApiKey") {
                $0.edit(.spaceApiKey) {
                    $0.set(.accountID, TestWorld.production)
                    $0.set(.spaceID, space)
                    $0.set(.name, "app key")
                }
            }.message(.spaceApiKey))
        #expect(made.message(.state)?.enumName(.phase) == "SPACE_API_KEY_STATE_PHASE_PROCESSING")
        #expect(ask(world, "GET", "/", made.string(.key)).status == 401)
        world.pass(3)
        #expect(ask(world, "GET", "/", made.string(.key)).status == 200)
        // Clusters without granular keys have opaque ones, which may open several.
        func cluster(_ name: String) throws -> String {
            try #require(
                try world.call(
                    "cluster.v1.ClusterService", "CreateCluster",
                    metadata: ["qc-jwt-rbac": "false"]
                ) { request in
                    request.edit(.cluster) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.name, name)
                        $0.set(.cloudProviderID, "aws")
                        $0.set(.cloudProviderRegionID, "eu-central-1")
                        $0.edit(.configuration) {
                            $0.set(.numberOfNodes, 1)
                            $0.set(.packageID, (try? world.package("gpx1")) ?? "")
                        }
                    }
                }.message(.cluster)
            ).string(.id)
        }
        let clusters = [try cluster("one"), try cluster("two")]
        world.pass(60)
        func legacy(_ ids: [String]) throws -> String {
            try #require(
                try world.own("cluster.auth.v1.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                    $0.edit(.databaseApiKey) {
                        $0.set(.accountID, TestWorld.production)
                        $0[.clusterIDs] = .list(ids.map(Value.string))
                    }
                }.message(.databaseApiKey)
            ).string(.key)
        }
        let single = try legacy([clusters[0]])
        #expect(ask(world, "GET", "/cluster", single).status == 200)
        let both = try legacy(clusters)
        #expect(ask(world, "GET", "/cluster", both).status == 400)
        #expect(ask(world, "GET", "/cluster", both, cluster: clusters[1]).status == 200)
        #expect(ask(world, "GET", "/cluster", single, cluster: clusters[1]).status == 400)
        // From now on there are granular keys; the older ones go on.
        _ = try world.clusters("EnableClusterJwtRbac") { $0.set(.clusterID, clusters[0]) }
        world.pass(30)
        #expect(ask(world, "GET", "/cluster", single).status == 200)
        #expect(world.code { try key(world, clusters[1]) } == .failedPrecondition)
        _ = try key(world, clusters[0])
    }
}
