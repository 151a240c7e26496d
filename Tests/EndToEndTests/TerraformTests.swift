import Foundation
import TestSupport
import Testing

/// The export for Terraform, read by programs that know HCL.
@Suite struct TerraformTests {
    /// Texts that would mean something else to HCL.
    private static let description = #"say "hi" to ${var.x} and %{if true}, 50 % \ done"#

    private func export() throws -> (sandbox: RunningSandbox, file: String, keep: TemporaryFolder) {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let made = try sandbox.qcsh(
            """
            qdrant.roles:create { name = "1 & only", description = [[\(Self.description)]],
              permissions = { "write:clusters", "read:clusters" } }
            qdrant.users:find("admin@example.com"):assign { "1 & only" }
            local c = qdrant.clusters:find "search-prod"
            c:update { allow = { "203.0.113.0/24", "10.0.0.0/8" }, storage = "balanced",
              replication_factor = 2, vectors_on_disk = true, async_scorer = false,
              audit_logging = { enabled = true, rotation = "daily" }, restart_policy = "rolling",
              tolerations = { "dedicated=qdrant:NoSchedule" }, wait = true }
            c:scale { disk = "50GiB", wait = true }
            c:keys():create { name = "documents only", collections = { documents = "write" },
              expires = "2030-01-01" }
            """)
        #expect(made.status == 0, "\(made.errors)")
        let file = folder.path + "/main.tf"
        let result = try qcsh(
            ["--endpoint", sandbox.endpoint, Project.root + "/scripts/terraform-export.lua", file],
            environment: [
                "QDRANT_CLOUD_API_KEY": sandbox.key, "XDG_STATE_HOME": sandbox.server.stateFolder,
            ])
        #expect(result.status == 0, "\(result.errors)")
        return (sandbox, file, folder)
    }

    @Test func whatIsReadBackIsWhatIsThere() throws {
        let (sandbox, file, folder) = try export()
        defer { withExtendedLifetime(folder) {} }
        let read = try run(
            Project.tool("python"),
            ["-B", Project.root + "/Tests/Fixtures/peers/read_hcl.py", file])
        #expect(read.status == 0, "\(read.errors)")
        let document = try RunningSandbox.json(read.output)
        let resources = try #require(document["resources"] as? [String: [String: Any]])
        let imports = try #require(document["imports"] as? [String: String])
        let account = #"{"account_id":"\#(sandbox.account)"}"#
        let left = try sandbox.grpcio([
            ("cluster.v1.ClusterService/ListClusters", account, 10),
            ("iam.v1.IAMService/ListRoles", account, 10),
            ("cluster.auth.v2.DatabaseApiKeyService/ListDatabaseApiKeys", account, 10),
            ("cluster.backup.v1.BackupService/ListBackupSchedules", account, 10),
            ("hybrid.v1.HybridCloudService/ListHybridCloudEnvironments", account, 10),
            ("cluster.backup.v1.BackupService/ListBackups", account, 10),
        ]).map { answer in
            (answer["response"] as? [String: Any])?["items"] as? [[String: Any]] ?? []
        }
        for cluster in left[0] {
            let name = try #require(cluster["name"] as? String)
            let address = "qdrant-cloud_accounts_cluster.\(name)"
            let body = try #require(resources[address], "\(address)")
            #expect(imports[address] == cluster["id"] as? String)
            #expect(body["cloud_provider"] as? String == cluster["cloud_provider_id"] as? String)
            #expect(
                body["cloud_region"] as? String == cluster["cloud_provider_region_id"] as? String)
            #expect(body["delete_backups_on_destroy"] as? Bool == false)
            #expect(
                (body["labels"] as? [[String: Any]] ?? []) as NSArray
                    == (cluster["labels"] as? [[String: Any]] ?? []) as NSArray)
            let wanted = try #require(cluster["configuration"] as? [String: Any])
            let written = try #require((body["configuration"] as? [[String: Any]])?.first)
            for field in ["number_of_nodes", "version", "restart_policy"] {
                #expect(
                    written[field] as? NSObject == wanted[field] as? NSObject, "\(name).\(field)")
            }
            let node = try #require((written["node_configuration"] as? [[String: Any]])?.first)
            #expect(node["package_id"] as? String == wanted["package_id"] as? String)
            let extra = (wanted["additional_resources"] as? [String: Any])?["disk"] as? Int
            let more = (node["resource_configurations"] as? [[String: Any]])?.first
            #expect(more?["amount"] as? Int == extra)
        }
        let search = try #require(resources["qdrant-cloud_accounts_cluster.search-prod"])
        let configuration = try #require((search["configuration"] as? [[String: Any]])?.first)
        #expect(
            configuration["allowed_ip_source_ranges"] as? [String] == [
                "10.0.0.0/8", "203.0.113.0/24",
            ])
        let database = try #require(
            (configuration["database_configuration"] as? [[String: Any]])?.first)
        let collection = try #require((database["collection"] as? [[String: Any]])?.first)
        #expect(collection["replication_factor"] as? Int == 2)
        #expect((collection["vectors"] as? [[String: Any]])?.first?["on_disk"] as? Bool == true)
        let storage = try #require((database["storage"] as? [[String: Any]])?.first)
        #expect(
            (storage["performance"] as? [[String: Any]])?.first?["async_scorer"] as? Bool == false)
        let role = try #require(resources["qdrant-cloud_accounts_role._1---only"])
        #expect(role["description"] as? String == Self.description)
        let custom = left[1].filter { $0["role_type"] as? String == "ROLE_TYPE_CUSTOM" }
        let roles = resources.keys.count { $0.hasPrefix("qdrant-cloud_accounts_role.") }
        #expect(roles == custom.count)
        #expect(
            resources.keys.count { $0.hasPrefix("qdrant-cloud_accounts_database_api_key_v2.") }
                == left[2].count)
        #expect(
            resources.keys.count { $0.hasPrefix("qdrant-cloud_accounts_backup_schedule.") }
                == left[3].count)
        #expect(
            resources.keys.count { $0.hasPrefix("qdrant-cloud_accounts_hybrid_cloud_environment.") }
                == left[4].count)
        // Backups of schedules come and go.
        let manual = left[5].filter { $0["backup_schedule_id"] == nil }
        #expect(!manual.isEmpty)
        #expect(
            Set(imports.filter { $0.key.hasPrefix("qdrant-cloud_accounts_manual_backup.") }.values)
                == Set(manual.compactMap { $0["id"] as? String }))
        let provider = (document["provider"] as? [[String: [String: Any]]])?.first?["qdrant-cloud"]
        #expect(provider?["account_id"] as? String == sandbox.account)
        let users = try #require(resources["qdrant-cloud_accounts_user_roles.admin-example-com"])
        #expect(
            (users["role_ids"] as? [String] ?? []).contains(
                "${qdrant-cloud_accounts_role._1---only.id}"))
        // What has an id is imported, once.
        #expect(Set(imports.keys).isSubset(of: Set(resources.keys)))
        #expect(imports.count == resources.keys.count { !$0.contains("user_roles") })
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/local/bin/terraform")))
    func terraformFormatsNothing() throws {
        let (_, file, folder) = try export()
        defer { withExtendedLifetime(folder) {} }
        let result = try run(
            "/usr/bin/env",
            [
                "TF_CLI_CONFIG_FILE=/dev/null", "CHECKPOINT_DISABLE=1", "/usr/local/bin/terraform",
                "fmt", "-check", "-diff", file,
            ])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
