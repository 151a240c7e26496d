import Foundation
import TestSupport
import Testing

private let id = "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1"

/// Requests that break the contract: the error says what, where and what to do, and nothing leaves.
@Suite struct RefusalTests {
    /// A port that counts who knocks.
    private final class Doorstep {
        let port: Int
        private let listener: Int32

        init() throws {
            let listener = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            self.listener = listener
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                    bind(listener, plain, size) == 0 && listen(listener, 8) == 0
                        && getsockname(listener, plain, &size) == 0
                }
            }
            try #require(bound)
            port = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(listener) }

        var knocks: Int {
            var count = 0
            while case let guest = accept(listener, nil, nil), guest >= 0 {
                close(guest)
                count += 1
            }
            return count
        }
    }

    @Test(arguments: [
        // A method, a field, an enum's value that does not exist.
        (
            "qdrant.api.cluster.list_cluster{}",
            "qdrant.api.cluster has no \"list_cluster\"; did you mean \"list_clusters\"?"
        ),
        (
            "qdrant.api.cluster.create_cluster{cluster={nme='x'}}",
            "cluster: qdrant.cloud.cluster.v1.Cluster has no field \"nme\"; did you mean \"name\"?"
        ),
        (
            "qdrant.api.monitoring.get_cluster_usage_metrics{aggregator='MEAN'}",
            "aggregator: qdrant.cloud.monitoring.v1.Aggregator has no value \"MEAN\"; it has SUM, AVG, "
                + "MAX, MIN"
        ),
        // A wrong type, a bad UUID, a required message that is missing.
        ("qdrant.api.cluster.list_clusters{page_size='many'}", "page_size: expected an integer"),
        (
            "qdrant.api.cluster.get_cluster{cluster_id='x'}",
            "cluster_id: must be a UUID (string.uuid), got \"x\""
        ),
        (
            "qdrant.api.cluster.get_cluster{}",
            "cluster_id: must be a UUID, not empty (string.uuid_empty), got nothing"
        ),
        (
            "qdrant.api.cluster.backup.create_backup{}",
            "  backup.cluster_id: must be a UUID, not empty (string.uuid_empty)"
        ),
        // Rules that span fields.
        (
            "qdrant.api.cluster.list_clusters{cloud_provider_region_id='eu-central-1'}",
            "cloud_provider_id has to be set when cloud_provider_region_id is"
        ),
        (
            "qdrant.api.metering.get_usage_breakdown{start_time='2026-02-01T00:00:00Z', "
                + "end_time='2026-01-01T00:00:00Z'}",
            "end_time has to be later than start_time"
        ),
        // Masked updates: what the mask names is checked, and the mask itself.
        (
            "qdrant.api.cluster.update_cluster{cluster={id='\(id)',name='x'},update_mask={'name'}}",
            "cluster.name: must be at least 2 characters long (string.min_len), got \"x\""
        ),
        (
            "qdrant.api.cluster.update_cluster{cluster={id='\(id)'},update_mask={'nam'}}",
            "update_mask: qdrant.cloud.cluster.v1.Cluster has no field \"nam\"; did you mean \"name\"?"
        ),
        (
            "qdrant.api.cluster.update_cluster{cluster={name='xyz'},update_mask={'name'}}",
            "cluster.id has to be set"
        ),
        (
            "qdrant.api.cluster.update_cluster{cluster={id='\(id)'},update_mask={'configuration.numberOfNodes'}}",
            "paths are in snake_case: write number_of_nodes for numberOfNodes"
        ),
        (
            "qdrant.api.cluster.update_cluster{cluster={id='\(id)',name='xyz'},update_mask={'name.'}}",
            "update_mask: name can only be named as a whole"
        ),
        (
            "qdrant.api.cluster.update_cluster{cluster={id='\(id)',name='xyz'},update_mask={''}}",
            "has no field \"\""
        ),
        (
            "qdrant.api.account.update_account{update_mask={'name'}}",
            "account.name: must be at least 4 characters long"
        ),
        (
            "qdrant.api.cluster.get_cluster({cluster_id='\(id)'}, {retry=3})",
            "unknown call option \"retry\""
        ),
    ])
    func nothingLeavesAndTheErrorHelps(_ code: String, _ expected: String) throws {
        let doorstep = try Doorstep()
        // Nor is the account asked for, when it is not known.
        for account in [["--account", id], []] {
            let result = try qcsh(
                ["--endpoint", "http://127.0.0.1:\(doorstep.port)"] + account + ["-e", code],
                environment: ["QDRANT_CLOUD_API_KEY": "key"])
            #expect(result.status != 0)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains(expected), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count <= 2, "\(result.errors)")
            #expect(doorstep.knocks == 0)
        }
    }

    @Test func aMaskedUpdateThatIsRightLeaves() throws {
        let result = try qcsh(
            ["--sandbox", "-"],
            input: """
                local api = qdrant.api
                local package = api.booking.list_packages { cloud_provider_id = "aws",
                  cloud_provider_region_id = "eu-central-1" }.items[3]
                local made = api.cluster.create_cluster { cluster = { name = "before",
                  cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1",
                  cost_allocation_label = "team",
                  configuration = { number_of_nodes = 1, package_id = package.id } } }.cluster
                local change = { name = "after", cost_allocation_label = qdrant.null }
                local mask = qdrant.mask(change)
                assert(table.concat(mask, " ") == "cost_allocation_label name")
                change.id = made.id
                local changed = api.cluster.update_cluster { cluster = change, update_mask = mask }.cluster
                assert(changed.name == "after" and changed.cost_allocation_label == nil)
                assert(changed.configuration.number_of_nodes == 1)
                assert(table.concat(qdrant.mask { configuration = { number_of_nodes = 2,
                  allowed_ip_source_ranges = { "10.0.0.0/8" } } }, " ")
                  == "configuration.allowed_ip_source_ranges configuration.number_of_nodes")
                """)
        #expect(result.status == 0, "\(result.errors)")
    }
}
