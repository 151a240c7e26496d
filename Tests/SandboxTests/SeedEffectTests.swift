import Testing

@testable import Sandbox

/// A key of a seed that is accepted has an effect.
@Suite struct SeedEffectTests {
    private static let whole = """
        users:
          - {email: a@example.com, id: 11111111-1111-4111-8111-111111111111, given_name: A, family_name: B}
          - {email: b@example.com}
        accounts:
          - name: Parent
            owner: b@example.com
          - name: Mine
            id: 22222222-2222-4222-8222-222222222222
            owner: b@example.com
            age: 80d
            billing_parent: Parent
            privileges: [hybrid_cloud, serverless]
            company: {domain: example.com, name: Example}
            settings: {mfa_required: true}
            quotas: {max_clusters: 7}
            roles: [{name: Viewer, description: looks, permissions: [read:clusters]}]
            members: [{user: a@example.com, roles: [Viewer]}]
            invites: [{user_email: new@example.com, age: 2d}]
            discounts: [{name: D1, percentage: {value: 10}, valid_for: 455d}]
            credit_contracts: [{total_amount: 1000, currency: USD, notes: n, valid_for: 300d}]
            payment_methods: [{type: PAYMENT_PROVIDER_TYPE_STRIPE, age: 70d}]
            environments: [{name: on-premises, age: 30d, configuration: {namespace: qdrant-one}}]
            clusters:
              - name: search
                age: 60d
                cloud_provider_id: aws
                cloud_provider_region_id: eu-central-1
                package: gpx3
                suspended_after: 59d
                configuration: {number_of_nodes: 3, version: v1.17.1}
                sandbox: {collections: [documents], inference_models: [qdrant/bm25]}
            database_keys: [{cluster: search, name: service, age: 59d}]
            backups: [{cluster: search, display_name: before, age: 20d}]
            backup_schedules: [{cluster: search, display_name: nightly, schedule: 0 2 * * *, retention_period: 604800s, age: 3d}]
            spaces:
              - name: assistant
                age: 25d
                cloud_provider_id: aws
                cloud_provider_region_id: eu-central-1
                configuration: {}
                sandbox: {collections: [memories]}
            space_keys: [{space: assistant, name: assistant key, age: 24d}]
            space_backups: [{space: assistant, age: 5d}]
            space_schedules: [{space: assistant, name: weekly, schedule: 0 3 * * 0, retention_period: 2592000s, age: 4d}]
        """

    /// All that a seed leads to; nil when it is refused.
    private func state(_ seed: YAMLValue) throws -> String? {
        do {
            return try SeedRecords.export(TestWorld(seed: seed.json, seedNumber: 7).cloud)
        } catch is SandboxError {
            return nil
        }
    }

    /// A value without one of its members, for each, with the member's path.
    private func without(_ value: YAMLValue, _ path: String) -> [(path: String, value: YAMLValue)] {
        switch value {
        case .map(let members):
            members.indices.flatMap { index -> [(path: String, value: YAMLValue)] in
                let place = Shape.join(path, members[index].name)
                var rest = members
                rest.remove(at: index)
                return [(place, .map(rest))]
                    + without(members[index].value, place).map { inner in
                        var changed = members
                        changed[index].value = inner.value
                        return (inner.path, .map(changed))
                    }
            }
        case .list(let items):
            items.indices.flatMap { index in
                without(items[index], "\(path)[\(index)]").map { inner in
                    var changed = items
                    changed[index] = inner.value
                    return (inner.path, .list(changed))
                }
            }
        default: []
        }
    }

    @Test func aSeedWithoutOneOfItsKeysIsRefusedOrLeadsElsewhere() throws {
        let seed = try YAMLValue(parsing: Self.whole)
        let full = try SeedRecords.export(TestWorld(seed: seed.json, seedNumber: 7).cloud)
        #expect(try state(seed) == full)
        // An empty message says what its absence says.
        let silent: Set<String> = ["accounts[1].spaces[0].configuration"]
        for (path, value) in without(seed, "") where !silent.contains(path) {
            #expect(try state(value) != full, "\(path) has no effect")
        }
        // All keys of sections and accounts that the form knows, and no message's, are in the sample.
        let words = Set(without(seed, "").compactMap { $0.path.split(separator: ".").last })
        guard case .object(let whole) = try SeedShape.whole(.embedded),
            case .list(.message(let account)) = whole.members["accounts"]
        else { return }
        for (name, shape) in account.own {
            #expect(words.contains(name[...]), "\(name)")
            guard case .list(.message(let section)) = shape else { continue }
            for own in section.own.keys { #expect(words.contains(own[...]), "\(name).\(own)") }
        }
    }
}
