import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

@Suite struct ClusterTests {
    @Test func aClusterComesUpNodeByNodeAndItsAddressLast() throws {
        let world = try TestWorld()
        let cluster = try world.create(nodes: 3)
        let id = cluster.string(.id)
        #expect(ClusterState.phase(of: cluster) == "CREATING")
        #expect(cluster.message(.state)?.message(.endpoint)?.string(.url) == "")
        #expect(cluster.message(.configuration)?.string(.version) == "v1.18.1")
        world.pass(7)
        #expect(try world.get(id).message(.state)?.integer(.nodesUp) == 1)
        world.pass(8.5)
        #expect(try world.phase(id) == "HEALTHY")
        #expect(try world.get(id).message(.state)?.message(.endpoint)?.string(.url) == "")
        world.pass(4)
        let ready = try world.get(id)
        #expect(
            ready.message(.state)?.message(.endpoint)?.string(.url)
                == world.cloud.world.dataPlane.url)
        #expect(ready.message(.state)?.integer(.nodesUp) == 3)
        // Both places that tell of scaling say the same.
        let state = try #require(ready.message(.state))
        #expect(state[.scalabilityInfo] == state.message(.capabilities)?[.scalabilityInfo])
    }

    @Test func instantTimeHasItReadyAtOnce() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create().string(.id)
        let cluster = try world.get(id)
        #expect(ClusterState.phase(of: cluster) == "HEALTHY")
        #expect(cluster.message(.state)?.message(.endpoint)?.string(.url).isEmpty == false)
    }

    @Test func maskedUpdatesChangeWhatTheyName() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create { $0.set(.labels, [TestWorld.label($0)]) }.string(.id)
        let answer = try world.clusters("UpdateCluster") { request in
            request.edit(.cluster) {
                $0.set(.id, id)
                $0.set(.accountID, TestWorld.production)
                $0.edit(.configuration) { $0.set(.numberOfNodes, 3) }
            }
            request.edit(.updateMask) {
                $0[.paths] = .list([.string("configuration.number_of_nodes")])
            }
        }
        #expect(ClusterState.phase(of: try #require(answer.message(.cluster))) == "SCALING")
        let cluster = try world.get(id)
        #expect(cluster.string(.name) == "search")
        #expect(cluster.list(.labels).count == 1)
        #expect(cluster.message(.state)?.integer(.nodesUp) == 3)
    }

    @Test func fullUpdatesClearWhatTheyLeaveOut() throws {
        let world = try TestWorld(speed: .instant)
        var cluster = try world.create { $0.set(.labels, [TestWorld.label($0)]) }
        cluster[.labels] = nil
        cluster.set(.name, "renamed")
        _ = try world.clusters("UpdateCluster") { $0.set(.cluster, cluster) }
        let updated = try world.get(cluster.string(.id))
        #expect(updated.string(.name) == "renamed")
        #expect(updated.list(.labels).isEmpty)
        #expect(try world.phase(cluster.string(.id)) == "HEALTHY")
    }

    @Test func unknownMaskPathsAreRefused() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create().string(.id)
        let error = try #require(
            failure {
                try world.clusters("UpdateCluster") { request in
                    request.edit(.cluster) {
                        $0.set(.id, id)
                        $0.set(.accountID, TestWorld.production)
                    }
                    request.edit(.updateMask) {
                        $0[.paths] = .list([.string("configuration.num_nodes")])
                    }
                }
            })
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("num_nodes"))
    }

    @Test func disksDoNotShrinkAndVersionsDoNotGoBack() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create {
            $0.edit(.configuration) {
                $0.set(.version, "v1.17.1")
                $0.edit(.additionalResources) { $0.set(.disk, 10) }
            }
        }
        func change(_ body: (inout Message) -> Void) -> APIError? {
            failure {
                var wanted = cluster
                wanted.edit(.configuration, body)
                return try world.clusters("UpdateCluster") { $0.set(.cluster, wanted) }
            }
        }
        #expect(
            change { $0.edit(.additionalResources) { $0.set(.disk, 5) } }?.code
                == .failedPrecondition)
        #expect(change { $0.set(.version, "v1.16.3") }?.code == .invalidArgument)
        #expect(change { $0.set(.version, "v1.19.0") }?.code == .invalidArgument)
        #expect(
            change { $0.set(.packageID, "00000000-0000-4000-8000-000000000000") }?.code
                == .invalidArgument)
    }

    @Test func upgradesStepThroughMinorVersions() throws {
        let world = try TestWorld()
        let cluster = try world.create { $0.edit(.configuration) { $0.set(.version, "v1.16.3") } }
        let id = cluster.string(.id)
        world.pass(60)
        var wanted = try world.get(id)
        wanted.edit(.configuration) { $0.set(.version, "latest") }
        _ = try world.clusters("UpdateCluster") { $0.set(.cluster, wanted) }
        #expect(try world.phase(id) == "UPGRADING")
        #expect(try world.get(id).message(.configuration)?.string(.version) == "v1.18.1")
        world.pass(5)
        #expect(try world.get(id).message(.state)?.string(.version) == "v1.17.1")
        world.pass(20)
        #expect(try world.get(id).message(.state)?.string(.version) == "v1.18.1")
        #expect(try world.phase(id) == "HEALTHY")
    }

    @Test func suspendResumeAndDeleteGoTheirWay() throws {
        let world = try TestWorld()
        let id = try world.create().string(.id)
        #expect(
            failure { try world.clusters("SuspendCluster") { $0.set(.clusterID, id) } }?.code
                == .failedPrecondition)
        world.pass(60)
        _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, id) }
        #expect(try world.phase(id) == "SUSPENDING")
        world.pass(7)
        #expect(try world.phase(id) == "SUSPENDED")
        #expect(try world.get(id).message(.state)?.integer(.nodesUp) == 0)
        #expect(
            failure { try world.clusters("RestartCluster") { $0.set(.clusterID, id) } }?.code
                == .failedPrecondition)
        _ = try world.clusters("UnsuspendCluster") { $0.set(.clusterID, id) }
        #expect(try world.phase(id) == "RESUMING")
        world.pass(20)
        #expect(try world.phase(id) == "HEALTHY")
        _ = try world.clusters("DeleteCluster") { $0.set(.clusterID, id) }
        let leaving = try world.get(id)
        #expect(leaving[.deletedAt] != nil)
        // A second time does no harm.
        _ = try world.clusters("DeleteCluster") { $0.set(.clusterID, id) }
        world.pass(7)
        #expect(
            failure { try world.clusters("GetCluster") { $0.set(.clusterID, id) } }?.code
                == .notFound)
    }

    @Test func theAddressComesThoughSomethingElseHasBegun() throws {
        let world = try TestWorld()
        let id = try world.create().string(.id)
        world.pass(11.5)
        #expect(try world.phase(id) == "HEALTHY")
        _ = try world.clusters("RestartCluster") { $0.set(.clusterID, id) }
        world.pass(60)
        let url = try world.get(id).message(.state)?.message(.endpoint)?.string(.url)
        #expect(url?.isEmpty == false)
    }

    @Test func anUpgradeThatScalesIsCheckedAndScales() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create { $0.edit(.configuration) { $0.set(.version, "v1.17.1") } }
        var wanted = cluster
        wanted.edit(.configuration) {
            $0.set(.version, "v1.18.1")
            $0.set(.numberOfNodes, 4_000_000_000)
        }
        #expect(
            failure { try world.clusters("UpdateCluster") { $0.set(.cluster, wanted) } }?.code
                == .resourceExhausted)
        wanted.edit(.configuration) { $0.set(.numberOfNodes, 2) }
        _ = try world.clusters("UpdateCluster") { $0.set(.cluster, wanted) }
        let upgraded = try world.get(cluster.string(.id))
        #expect(upgraded.message(.state)?.integer(.nodesUp) == 2)
        #expect(upgraded.message(.state)?.string(.version) == "v1.18.1")
    }

    @Test func whatOnlyTheCloudWritesIsNotTakenFromClients() throws {
        let world = try TestWorld()
        let refused = failure {
            try world.create { $0.set(.deletedAt, world.cloud.world.timestamp(1)) }
        }
        #expect(refused?.violations.map(\.rule) == ["create_cluster.no_read_only_fields"])
    }

    @Test func freeClustersHaveTheirLimits() throws {
        let world = try TestWorld(speed: .instant)
        #expect(failure { try world.create(package: "free2", nodes: 2) }?.code == .invalidArgument)
        let free = try world.create(package: "free2")
        #expect(failure { try world.create("other", package: "free2") }?.code == .resourceExhausted)
        var wanted = try world.get(free.string(.id))
        wanted.edit(.configuration) { $0.set(.numberOfNodes, 2) }
        #expect(
            failure { try world.clusters("UpdateCluster") { $0.set(.cluster, wanted) } }?.code
                == .failedPrecondition)
    }

    @Test func pagesFollowCreationAndTokensBelongToTheirFilters() throws {
        let world = try TestWorld(speed: .instant)
        for index in 0..<5 {
            _ = try world.create("cluster-\(index)")
            world.pass(1)
        }
        var names: [String] = []
        var token: String?
        repeat {
            let page = try world.clusters("ListClusters") { request in
                request.set(.pageSize, 2)
                if let token { request.set(.pageToken, token) }
            }
            #expect(page.integer(.totalSize) == 5)
            names += page.messages(.items).map { $0.string(.name) }
            token = page.optionalString(.nextPageToken)
        } while token != nil
        #expect(names == (0..<5).map { "cluster-\($0)" })

        let whole = try world.clusters("ListClusters") { _ in }
        #expect(whole.messages(.items).count == 5)
        #expect(whole[.totalSize] == nil)

        let first = try world.clusters("ListClusters") { $0.set(.pageSize, 2) }
        let other = failure {
            try world.clusters("ListClusters") { request in
                request.set(.pageToken, first.string(.nextPageToken))
                request.set(.cloudProviderID, "aws")
            }
        }
        #expect(other?.code == .invalidArgument)
    }

    @Test func anIdOfAnotherAccountIsNotFound() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create().string(.id)
        let key = world.cloud.world.managementKey(of: TestWorld.sandbox)
        let error = failure {
            try world.call("cluster.v1.ClusterService", "GetCluster", key: key) {
                $0.set(.accountID, TestWorld.sandbox)
                $0.set(.clusterID, id)
            }
        }
        #expect(error?.code == .notFound)
    }
}

extension TestWorld {
    fileprivate static func label(_ cluster: Message) -> Message {
        var label = cluster.new(.labels)
        label.set(.key, "env")
        label.set(.value, "test")
        return label
    }
}

@Suite struct AccessTests {
    @Test func credentialsAndAccountsAreChecked() throws {
        let world = try TestWorld()
        func code(_ authorization: String, account: String = TestWorld.production) -> StatusCode? {
            failure {
                try world.call(
                    "cluster.v1.ClusterService", "ListClusters", authorization: authorization
                ) { $0.set(.accountID, account) }
            }?.code
        }
        #expect(code("") == .unauthenticated)
        #expect(code("apikey wrong") == .unauthenticated)
        #expect(code("basic x") == .unauthenticated)
        // Another account and none at all look the same.
        #expect(code("apikey \(world.key)", account: TestWorld.sandbox) == .permissionDenied)
        #expect(
            code("apikey \(world.key)", account: "00000000-0000-4000-8000-000000000009")
                == .permissionDenied)
        // The scheme's case does not matter.
        _ = try world.call(
            "cluster.v1.ClusterService", "ListClusters", authorization: "ApiKey \(world.key)"
        ) { $0.set(.accountID, TestWorld.production) }
    }

    @Test func methodsForPeopleRefuseKeys() throws {
        let world = try TestWorld()
        let error = failure {
            try world.call("iam.v1.IAMService", "GetAuthenticatedUser") { _ in }
        }
        #expect(error?.code == .permissionDenied)
    }

    @Test func peopleMayDoWhatTheirRolesAllow() throws {
        let world = try TestWorld(speed: .instant)
        func call(_ person: String, _ service: String, _ method: String) throws -> Message {
            let token = world.cloud.world.userToken(of: person)
            return try world.call(service, method, authorization: "Bearer \(token)") { request in
                if request.type.field(named: "account_id") != nil {
                    request.set(.accountID, TestWorld.production)
                }
            }
        }
        let user = try call("viewer@example.com", "iam.v1.IAMService", "GetAuthenticatedUser")
        #expect(user.message(.user)?.string(.email) == "viewer@example.com")
        _ = try call("viewer@example.com", "cluster.v1.ClusterService", "ListClusters")
        let keys = failure {
            try call("viewer@example.com", "auth.v1.AuthService", "ListManagementKeys")
        }
        #expect(keys?.code == .permissionDenied)
        #expect(keys?.message.contains("read:management_keys") == true)
        _ = try call("admin@example.com", "auth.v1.AuthService", "ListManagementKeys")
        let outsider = failure {
            try call("outsider@example.com", "cluster.v1.ClusterService", "ListClusters")
        }
        #expect(outsider?.code == .permissionDenied)
        let mine = try call("viewer@example.com", "iam.v1.IAMService", "ListEffectivePermissions")
        #expect(
            mine.messages(.permissions).map { $0.string(.value) } == [
                "read:roles", "read:users", "read:clusters", "read:backups", "read:profile",
            ])
        // Figures that the caller has no use for are zero.
        let quotas = try call("viewer@example.com", "quota.v1.QuotaService", "GetAccountQuotas")
        #expect(quotas.integer(.maxClusters) == 0)
        let full = try call("owner@example.com", "quota.v1.QuotaService", "GetAccountQuotas")
        #expect(full.integer(.maxClusters) == 10)
    }

    @Test func aDeletedKeyIsRefusedAtOnce() throws {
        let world = try TestWorld()
        let made = try world.call("auth.v1.AuthService", "CreateManagementKey") { request in
            request.edit(.managementKey) { $0.set(.accountID, TestWorld.production) }
        }
        let key = try #require(made.message(.managementKey))
        let secret = key.string(.key)
        #expect(secret.hasPrefix(key.string(.prefix)))
        func list(_ key: String) throws -> Message {
            try world.call("auth.v1.AuthService", "ListManagementKeys", key: key) {
                $0.set(.accountID, TestWorld.production)
            }
        }
        let listed = try list(secret).messages(.items)
        #expect(listed.count == 2)
        #expect(listed.allSatisfy { $0.string(.key).isEmpty })
        _ = try world.call("auth.v1.AuthService", "DeleteManagementKey", key: secret) {
            $0.set(.accountID, TestWorld.production)
            $0.set(.managementKeyID, key.string(.id))
        }
        #expect(failure { try list(secret) }?.code == .unauthenticated)
    }

    @Test func brokenRulesAreToldOneByOne() throws {
        let world = try TestWorld()
        let error = try #require(
            failure {
                try world.clusters("CreateCluster") { request in
                    request.edit(.cluster) { cluster in
                        cluster.set(.accountID, TestWorld.production)
                        cluster.set(.name, "x")
                        cluster.set(.cloudProviderID, "aws")
                    }
                }
            })
        #expect(error.code == .invalidArgument)
        #expect(
            Set(error.violations.map { "\($0.path) \($0.rule)" }) == [
                "cluster.name string.min_len", "cluster.cloud_provider_region_id string.min_len",
                "cluster.configuration required",
            ])
    }

    @Test func publicMethodsNeedNoCredential() throws {
        let world = try TestWorld()
        let method = try #require(
            try world.cloud.world.registry.method(
                path: "/qdrant.cloud.platform.v1.PlatformService/ListGlobalCloudProviders"))
        let answer = try world.cloud.handle(
            method, Message(method.input), metadata: [:]
        ).message
        #expect(answer.messages(.items).count == 3)
    }
}

@Suite struct PriceTests {
    @Test func quotesAddUpAndRoundByComponent() throws {
        let world = try TestWorld()
        let package = try world.package("gpx3")
        let quote = try world.call("booking.v1.BookingService", "GetQuote") { request in
            request.set(.accountID, TestWorld.production)
            request.set(.cloudProviderID, "aws")
            request.set(.cloudProviderRegionID, "eu-central-1")
            request.set(.numberOfNodes, 3)
            request.set(.packageID, package)
            request.set(.additionalDiskGib, 10)
            request.setEnum(.storageTierType, "BALANCED")
        }
        #expect(quote.message(.package)?.integer(.originalPricePerHour) == 14_448 * 3)
        #expect(quote.message(.extraDisk)?.integer(.originalPricePerHour) == 14 * 10 * 3)
        #expect(quote.message(.diskSpeed)?.integer(.originalPricePerHour) == 1200 * 3)
        #expect(quote.integer(.originalPricePerHour) == 43_344 + 420 + 3600)
        // Ten percent off each, half a millicent rounding up.
        #expect(quote.integer(.discountedPricePerHour) == 39_010 + 378 + 3240)
    }

    @Test func hugeAmountsAreRefused() throws {
        let world = try TestWorld()
        let error = failure {
            try world.call("booking.v1.BookingService", "ListGlobalPackages") { request in
                request.set(.cloudProviderID, "aws")
                request.set(.cloudProviderRegionID, "eu-central-1")
                request.edit(.minResources) { $0.set(.cpu, "9223372036854775807") }
            }
        }
        #expect(error?.code == .invalidArgument)
        let package = try world.package("gpx3")
        let quote = failure {
            try world.call("booking.v1.BookingService", "GetQuote") { request in
                request.set(.accountID, TestWorld.production)
                request.set(.cloudProviderID, "aws")
                request.set(.cloudProviderRegionID, "eu-central-1")
                request.set(.numberOfNodes, 4_294_967_295)
                request.set(.additionalDiskGib, 4_294_967_295)
                request.set(.packageID, package)
            }
        }
        #expect(quote?.code == .invalidArgument)
    }

    @Test func theKnownPriceIsMet() throws {
        let package = try #require(
            Catalogue.builtIn.package("2b194353-30d4-4c76-8b4d-4d7dd04a82a6"))
        #expect(package.name == "mx6")
        #expect(package.price == 167_168)
    }

    @Test func noTwoActivePackagesOfATierShareTheirSize() {
        for region in Catalogue.builtIn.regions {
            let offered = Catalogue.builtIn.packages.filter {
                $0.region == region.id && $0.provider == region.provider && $0.isActive
                    && $0.gpu == 0
            }
            let sizes = offered.map { "\($0.cpu)/\($0.ram)/\($0.isPremium)" }
            #expect(Set(sizes).count == sizes.count, "\(region.id)")
        }
    }
}

@Suite struct DatabaseKeyTests {
    private func make(
        _ world: TestWorld, _ cluster: String, _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let answer = try world.call("cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey")
        {
            request in
            request.edit(.databaseApiKey) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.clusterID, cluster)
                $0.set(.name, "app-key")
                change(&$0)
            }
        }
        return try #require(answer.message(.databaseApiKey))
    }

    @Test func keysAreTokensThatVerify() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let key = try make(world, cluster) { key in
            var rule = key.new(.accessRules)
            rule.edit(.globalAccess) { $0.setEnum(.accessType, "READ_ONLY") }
            key.set(.accessRules, [rule])
        }
        let parts = key.string(.key).split(separator: ".").map(String.init)
        #expect(parts.count == 3)
        #expect(key.string(.key).hasPrefix("eyJhb"))
        let secret = DatabaseToken.secret(of: cluster, seed: world.cloud.world.seed)
        #expect(Digest.base64URL(Digest.hmac(key: secret, parts[0] + "." + parts[1])) == parts[2])
        let claims = String(decoding: try #require(Base64.decode(parts[1])), as: UTF8.self)
        #expect(claims.contains(#""access":"r""#))
        #expect(key.string(.key).hasSuffix(key.string(.postfix)))
    }

    @Test func mixedRulesAreRefusedAndExpiryLiesAhead() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let past = failure {
            try make(world, cluster) {
                $0.set(.expiresAt, world.cloud.world.timestamp(world.time.now - 1_000_000_000))
            }
        }
        #expect(past?.code == .invalidArgument)
    }

    @Test func farAwayExpiriesAndStraySecretsDoNoHarm() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        _ = try make(world, cluster) { key in
            key.edit(.expiresAt) { $0.set(.seconds, 253_402_300_799) }
        }
        let stray = failure { try make(world, cluster) { $0.set(.key, "stray") } }
        #expect(stray?.violations.map(\.rule) == ["create_database_api_key.no_read_only_fields"])
        let listed = try world.call(
            "cluster.auth.v2.DatabaseApiKeyService", "ListDatabaseApiKeys"
        ) { $0.set(.accountID, TestWorld.production) }
        #expect(listed.messages(.items).map { $0.string(.key) } == [""])
    }

    @Test func olderClustersAndOlderKeysGoTogether() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let legacy = failure {
            try world.call("cluster.auth.v1.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                request in
                request.edit(.databaseApiKey) {
                    $0.set(.accountID, TestWorld.production)
                    $0[.clusterIDs] = .list([.string(cluster)])
                }
            }
        }
        #expect(legacy?.code == .failedPrecondition)
    }
}
