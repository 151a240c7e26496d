import Codec
import Contract
import Testing

@testable import Sandbox

/// Callers, quotas, the catalogue and misses come to the pipeline as values.
struct PipelineValueTests {
    private func method(_ path: String) throws -> Contract.Method {
        try #require(try Registry.embedded.method(path: "/qdrant.cloud." + path))
    }

    private func request(
        _ method: Contract.Method, _ fill: (inout Message) -> Void = { _ in }
    ) -> Message {
        var request = Message(method.input)
        if method.input.field(named: "account_id") != nil {
            request.set(.accountID, TestWorld.production)
        }
        fill(&request)
        return request
    }

    @Test func aKnownCallerNeedsNoCredential() throws {
        let world = try TestWorld(speed: .instant)
        let list = try method("cluster.v1.ClusterService/ListClusters")
        let actor = Actor.user(id: "7a1f8a24-5a5c-4ac0-9f8e-5f3f1c7e1d10")
        func call(_ permissions: Set<String>?) throws -> Message {
            try world.cloud.handle(
                list, request(list), metadata: [:],
                Cloud.Conditions(caller: Caller(actor: actor, permissions: permissions))
            ).message
        }
        #expect(try call(["read:clusters"]).messages(.items).isEmpty)
        // Nobody could find out what they may do: that is not a refusal.
        #expect(try call(nil).messages(.items).isEmpty)
        let refusal = #expect(throws: APIError.self) { try call(["read:backups"]) }
        #expect(refusal?.code == .permissionDenied)
        #expect(refusal?.message.contains("read:clusters") == true)
        let bare = #expect(throws: APIError.self) {
            try world.cloud.handle(list, request(list), metadata: [:])
        }
        #expect(bare?.code == .unauthenticated)
    }

    @Test func permissionsOfAKnownCallerReachTheServices() throws {
        let world = try TestWorld(speed: .instant)
        let effective = try method("iam.v1.IAMService/ListEffectivePermissions")
        let answer = try world.cloud.handle(
            effective, request(effective), metadata: [:],
            Cloud.Conditions(
                caller: Caller(
                    actor: .user(id: "7a1f8a24-5a5c-4ac0-9f8e-5f3f1c7e1d10"),
                    permissions: ["read:clusters", "read:roles"])))
        let values = answer.message.messages(.permissions).map { $0.string(.value) }
        #expect(values.sorted() == ["read:clusters", "read:roles"])
    }

    @Test func quotasFromElsewhereApply() throws {
        let world = try TestWorld(speed: .instant)
        _ = try world.create()
        world.cloud.world.quotas[TestWorld.production] = Quotas(["max_clusters": 1])
        let refusal = #expect(throws: APIError.self) { try world.create() }
        #expect(refusal?.code == .resourceExhausted)
        world.cloud.world.quotas[TestWorld.production] = Quotas(["max_clusters": 2])
        _ = try world.create()
    }

    @Test func theCatalogueIsAValue() throws {
        let known = Catalogue.builtIn
        var package = try #require(known.packages.first { $0.provider == "aws" && !$0.isFree })
        package.isActive = false
        let catalogue = Catalogue(
            providers: known.providers, regions: known.regions, releases: known.releases,
            packages: [package], diskPrice: 1, backupPrice: 7, tierPrices: known.tierPrices)
        let store = try Store(path: nil, registry: .embedded)
        let cloud = Cloud(
            try World(
                registry: .embedded, store: store,
                clock: VirtualClock(speed: .instant, real: { 1_800_000_000_000_000_000 }),
                seed: [1], catalogue: catalogue),
            services: Services.table)
        let get = try method("booking.v1.BookingService/GetPackage")
        let actor = Caller(actor: .user(id: "u"), permissions: nil)
        func ask(_ id: String) throws -> Message {
            let wanted = request(get) {
                $0.set(.id, id)
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, package.region ?? "")
            }
            return try cloud.handle(
                get, wanted, metadata: [:], Cloud.Conditions(caller: actor)
            ).message
        }
        let shown = try #require(try ask(package.id).message(.package))
        #expect(shown.enumName(.status) == "PACKAGE_STATUS_DEACTIVATED")
        #expect(
            shown.message(.availableAdditionalResources)?.integer(.diskPricePerHour) == 1)
        let other = try #require(known.packages.last { $0.region == package.region })
        let refusal = #expect(throws: APIError.self) { try ask(other.id) }
        #expect(refusal?.code == .notFound)
    }

    @Test func whoOpensATransactionAnswersItsMisses() throws {
        let full = try TestWorld(speed: .instant, seedNumber: 5)
        let id = try full.create().string(.id)
        let empty = Cloud(
            try World(
                registry: .embedded, store: Store(path: nil, registry: .embedded),
                clock: VirtualClock(speed: .instant, real: { 1_800_000_000_000_000_000 }),
                seed: [1], seedNumber: 3),
            services: Services.table)
        let rename = try method("cluster.v1.ClusterService/UpdateCluster")
        let wanted = request(rename) {
            $0.edit(.cluster) {
                $0.set(.id, id)
                $0.set(.accountID, TestWorld.production)
                $0.set(.name, "renamed")
            }
            $0.edit(.updateMask) { $0[.paths] = .list([.string("name")]) }
        }
        var missed: [Miss] = []
        var complete: Set<Miss> = []
        var answer: Message?
        while answer == nil, missed.count < 20 {
            let before = empty.world.random.state
            do {
                answer = try empty.attempt(
                    rename, wanted, metadata: [:],
                    Cloud.Conditions(
                        caller: Caller(actor: .user(id: "u"), permissions: nil),
                        onMiss: { if !complete.contains($0) { throw $0 } })
                ).message
            } catch let miss as Miss {
                #expect(empty.world.random.state == before)
                missed.append(miss)
                complete.insert(miss)
                try copy(miss, from: full.cloud.world.store, to: empty.world.store)
            }
        }
        #expect(answer?.message(.cluster)?.string(.name) == "renamed")
        #expect(missed.first == .record(.cluster, id: id))
        #expect(missed.count < 10)
        // The other store has not changed.
        let original = try full.cloud.world.store.transaction { try $0.record(.cluster, id) }
        #expect(original?.message.string(.name) != "renamed")
    }

    /// Fetches what a transaction has missed.
    private func copy(_ miss: Miss, from source: Store, to target: Store) throws {
        let found = try source.transaction { transaction -> [Record] in
            switch miss {
            case .record(let kind, let id): try [transaction.record(kind, id)].compactMap { $0 }
            case .records(let kind, let account): try transaction.records(kind, account: account)
            case .children(let kind, let parent): try transaction.records(kind, parent: parent)
            case .all(let kind): try transaction.records(kind)
            }
        }
        try target.transaction { transaction in
            for record in found { try transaction.put(record) }
        }
    }

    @Test func aStoreIsCompleteUnlessSomebodySaysOtherwise() throws {
        let store = try Store(path: nil, registry: .embedded)
        let found = try store.transaction { transaction in
            try transaction.records(.cluster, account: "a").count
                + (transaction.record(.cluster, "x") == nil ? 0 : 1)
        }
        #expect(found == 0)
        for (expected, look): (Miss, (Transaction) throws -> Void) in [
            (.record(.cluster, id: "x"), { _ = try $0.record(.cluster, "x") }),
            (.records(.space, account: "a"), { _ = try $0.records(.space, account: "a") }),
            (.records(.space, account: "a"), { _ = try $0.count(.space, account: "a") }),
            (
                .records(.space, account: "a"),
                {
                    _ = try $0.records(.space, account: "a", Transaction.Page(limit: 1))
                }
            ),
            (.children(.backup, parent: "c"), { _ = try $0.records(.backup, parent: "c") }),
            (.all(.user), { _ = try $0.records(.user) }),
        ] {
            #expect(throws: expected) {
                try store.transaction(onMiss: { throw $0 }) { try look($0) }
            }
        }
    }
}
