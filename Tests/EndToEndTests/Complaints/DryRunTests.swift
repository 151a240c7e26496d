import TestSupport
import Testing

/// "Dry run": a script shows what it would change, and changes nothing.
@Suite struct DryRunTests {
    private static let script = """
        local api = qdrant.api
        local made = api.auth.create_management_key { management_key = {} }
        print(qdrant.is_echo(made), made.management_key.id)
        local clusters = api.cluster.list_clusters {}.items
        print(#clusters, qdrant.is_echo(clusters))
        local renamed = api.cluster.update_cluster {
          cluster = { id = clusters[1].id, name = "renamed" }, update_mask = { "name" } }
        print(renamed.cluster.name, renamed.cluster.configuration.number_of_nodes
          == clusters[1].configuration.number_of_nodes, qdrant.is_echo(renamed))
        api.cluster.delete_cluster { cluster_id = clusters[2].id }
        print(#api.cluster.list_clusters {}.items)
        """

    @Test(arguments: ["grpc", "rest"])
    func readsLeaveAndChangesAreShown(_ transport: String) throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let result = try qcsh(
            ["--endpoint", sandbox.endpoint, "--transport", transport, "--dry-run", "-"],
            input: Self.script, environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
        #expect(
            result.output == """
                true\t00000000-d000-4000-8000-000000000001
                2\tfalse
                renamed\ttrue\ttrue
                2

                """, "\(result.errors)")
        #expect(result.status == 0)
        for method in [
            "auth.create_management_key", "cluster.update_cluster", "cluster.delete_cluster",
        ] {
            #expect(result.errors.contains("qcsh: dry run: \(method) would send {"))
        }
        let calls = try sandbox.admin("GET", "/calls").lowercased()
        for verb in ["create", "update", "delete"] { #expect(!calls.contains(verb), "\(calls)") }
    }

    /// What a script has made in a dry run, it can read, change and delete.
    @Test func echoesAreReadAgain() throws {
        let result = try qcsh(
            ["--sandbox", "--dry-run", "-"],
            input: """
                local api = qdrant.api.cluster
                local package = qdrant.api.booking.list_packages {
                  cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1" }.items[1]
                local id = api.create_cluster { cluster = { name = "made", cloud_provider_id = "aws",
                  cloud_provider_region_id = "eu-central-1",
                  configuration = { number_of_nodes = 1, package_id = package.id } } }.cluster.id
                print(api.get_cluster { cluster_id = id }.cluster.name)
                api.update_cluster { cluster = { id = id, name = "other" }, update_mask = { "name" } }
                print(api.get_cluster { cluster_id = id }.cluster.name,
                  api.get_cluster { cluster_id = id }.cluster.configuration.number_of_nodes)
                api.delete_cluster { cluster_id = id }
                print(select(2, pcall(api.get_cluster, { cluster_id = id })).code)
                """)
        #expect(result.output == "made\nother\t1\nNOT_FOUND\n", "\(result.errors)")
    }

    @Test func aWrongChangeIsRefusedAsEver() throws {
        let result = try qcsh([
            "--sandbox", "--dry-run", "-e",
            "qdrant.api.cluster.create_cluster { cluster = { name = 'x' } }",
        ])
        #expect(result.status == 3)
        #expect(result.errors.contains("string.min_len"))
        #expect(!result.errors.contains("would send"))
    }

    @Test func aSingleCallHasItToo() throws {
        let result = try qcsh([
            "call", "--sandbox", "--dry-run", "--reveal", "auth.create_management_key",
            "management_key:={}",
        ])
        #expect(result.status == 0)
        #expect(result.errors.contains("dry run: auth.create_management_key would send"))
        #expect(result.output.contains("00000000-d000-4000-8000-000000000001"))
    }
}
