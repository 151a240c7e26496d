import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// What accounts and people may have, and no more.
@Suite struct QuotaTests {
    private static let seed = """
        users: [{email: owner@example.com}]
        accounts:
          - name: Production
            owner: owner@example.com
            quotas: {max_clusters: 3, max_cluster_nodes: 2, max_cluster_database_api_keys: 2,
                     max_spaces: 1, max_free_tier_clusters: 1}
            payment_methods: [{type: PAYMENT_PROVIDER_TYPE_STRIPE}]
        """

    @Test func accountsHaveTheirOwnFigures() throws {
        let world = try TestWorld(speed: .instant, seed: Self.seed)
        let told = try world.own("quota.v1.QuotaService", "GetAccountQuotas")
        #expect(told.integer(.maxClusters) == 3 && told.integer(.maxClusterNodes) == 2)
        #expect(world.code { try world.create(nodes: 3) } == .resourceExhausted)
        let ids = try (0..<3).map { try world.create("cluster-\($0)").string(.id) }
        #expect(world.code { try world.create("more") } == .resourceExhausted)
        #expect(world.code { try world.create("more", package: "free2") } == .resourceExhausted)
        // One that leaves makes room.
        _ = try world.clusters("DeleteCluster") { $0.set(.clusterID, ids[0]) }
        _ = try world.create("more", package: "free2")

        func key() throws -> Message {
            try world.own("cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                $0.edit(.databaseApiKey) {
                    $0.set(.accountID, TestWorld.production)
                    $0.set(.clusterID, ids[1])
                    $0.set(.name, "app key")
                }
            }
        }
        _ = try (0..<2).map { _ in try key() }
        #expect(world.code(key) == .resourceExhausted)

        _ = try world.space("first")
        #expect(world.code { try world.space("second") } == .resourceExhausted)
        let serverless = try world.own("serverless.quota.v1.QuotaService", "GetQuotas")
            .message(.quota)
        #expect(serverless?.integer(.maxSpaces) == 1 && serverless?.integer(.usedSpaces) == 1)
    }

    @Test func peopleOwnAFewAccountsOnly() throws {
        let world = try TestWorld(speed: .instant, seed: Self.seed)
        func create(_ name: String) throws -> Message {
            try world.call(as: "owner@example.com", "account.v1.AccountService", "CreateAccount") {
                $0 = Message($0.type)
                $0.edit(.account) {
                    $0.set(.name, name)
                    $0.set(.externalOwnerID, "whoever")
                }
            }
        }
        let first = try #require(try create("Second").message(.account))
        #expect(first.string(.ownerEmail) == "owner@example.com")
        #expect(first.string(.externalOwnerID).hasPrefix("auth0|"))
        _ = try (0..<3).map { try create("More \($0)") }
        #expect(world.code { try create("One too many") } == .resourceExhausted)
        let quotas = try world.call(
            as: "owner@example.com", "quota.v1.QuotaService", "GetAuthenticatedUserQuotas")
        #expect(quotas.integer(.maxOwnedAccounts) == 5)
        let listed = try world.call(
            as: "owner@example.com", "account.v1.AccountService", "ListAccounts")
        #expect(listed.messages(.items).count == 5)
    }
}
