import Foundation
import TestSupport
import Testing

/// The scripts in `scripts/`, as people run them, against a cloud that is quiet, not always there, or
/// slow; another client looks at what they have left.
@Suite(.serialized) struct WorkflowTests {
    @Test(
        arguments: ["grpc", "rest"],
        [
            ("200", ""), ("200", #"{"method":"*","status":"UNAVAILABLE","probability":0.05}"#),
            ("60", ""),
        ])
    func theStoryIsTold(_ transport: String, _ cloud: (speed: String, faults: String)) throws {
        let sandbox = try RunningSandbox("--speed", cloud.speed)
        if !cloud.faults.isEmpty { try sandbox.admin("POST", "/faults", cloud.faults) }
        let folder = try TemporaryFolder()
        try folder.write("blocks", "198.51.100.0/24 # the office\n\n10.0.0.0/8\n")
        for step in WorkflowStory.steps {
            let result = try run(step, transport, sandbox, folder.path)
            let all = result.output + result.errors
            #expect(result.status == step.status, "\(step.script) \(step.arguments): \(all)")
            let packed = all.filter { !$0.isWhitespace }
            for text in step.shown {
                #expect(
                    packed.contains(text.filter { !$0.isWhitespace }),
                    "\(step.script) \(step.arguments): \(all)")
            }
            if step.status == 0, step.script != "terraform-export", !result.output.isEmpty {
                let value = try? JSONSerialization.jsonObject(with: Data(result.output.utf8))
                #expect(value is [Any], "\(step.script): \(result.output)")
            }
        }
        try sandbox.admin("DELETE", "/faults")
        try look(sandbox, folder.path)
    }

    private func run(
        _ step: WorkflowStory.Step, _ transport: String, _ sandbox: RunningSandbox, _ folder: String
    ) throws -> ProgramResult {
        try qcsh(
            [
                "--endpoint", sandbox.endpoint, "--transport", transport, "--output", "json",
                step.file,
            ] + step.arguments(folder: folder),
            environment: [
                "QDRANT_CLOUD_API_KEY": sandbox.key, "XDG_STATE_HOME": sandbox.server.stateFolder,
            ], folder: folder)
    }

    /// What is left, by grpcio.
    private func look(_ sandbox: RunningSandbox, _ folder: String) throws {
        let account = #"{"account_id":"\#(sandbox.account)"}"#
        let left = try sandbox.grpcio([
            ("cluster.v1.ClusterService/ListClusters", account, 10),
            ("cluster.auth.v2.DatabaseApiKeyService/ListDatabaseApiKeys", account, 10),
            ("cluster.backup.v1.BackupService/ListBackupSchedules", account, 10),
            ("cluster.backup.v1.BackupService/ListBackups", account, 10),
            ("hybrid.v1.HybridCloudService/ListHybridCloudEnvironments", account, 10),
        ]).map { answer in
            ((answer["response"] as? [String: Any])?["items"] as? [[String: Any]] ?? [])
                .filter { $0["deleted_at"] == nil }
        }
        let names = left[0].compactMap { $0["name"] as? String }
        // Those of the seed, and those that stay: nothing of drills and tests.
        #expect(names.sorted() == ["alpha", "beta", "gamma", "search-prod", "staging"])
        let alpha = try #require(left[0].first { $0["name"] as? String == "alpha" })
        let configuration = try #require(alpha["configuration"] as? [String: Any])
        #expect(configuration["number_of_nodes"] as? Int == 2)
        #expect(
            (configuration["allowed_ip_source_ranges"] as? [String])?.sorted()
                == ["10.0.0.0/8", "198.51.100.0/24"])
        let state = try #require(alpha["state"] as? [String: Any])
        #expect(state["phase"] as? String == "CLUSTER_PHASE_HEALTHY")
        let keys = left[1].filter { $0["cluster_id"] as? String == alpha["id"] as? String }
            .compactMap { $0["name"] as? String }
        #expect(keys.sorted() == ["alpha-key", "application"])
        let schedules = left[2].filter { $0["cluster_id"] as? String == alpha["id"] as? String }
        #expect(schedules.count == 1 && schedules[0]["retention_period"] as? String == "1209600s")
        let backups = left[3].compactMap { $0["display_name"] as? String }
        #expect(backups.contains("first-one"))
        #expect(left[4].contains { $0["name"] as? String == "workshop" })
        for file in ["alpha.key", "application.key", "gamma.key", "bootstrap.sh"] {
            let mode = try FileManager.default.attributesOfItem(atPath: folder + "/" + file)[
                .posixPermissions]
            #expect(mode as? Int == 0o600, "\(file)")
        }
        // The new secret was handed over, and not the old one.
        #expect(
            try String(contentsOfFile: folder + "/handed", encoding: .utf8)
                == String(contentsOfFile: folder + "/application.key", encoding: .utf8))
    }

    @Test func aManagementKeyIsMadeAnewWithoutLockingAnybodyOut() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let prefix = try sandbox.qcsh(
            "local k = qdrant.management_keys:create { file = '\(folder.path)/old' } print(k.prefix)"
        ).output.trimmingCharacters(in: .newlines)
        let step = WorkflowStory.Step(
            "rotate-management-key \(prefix) --file FOLDER/new --yes", 0, prefix)
        let result = try run(step, "grpc", sandbox, folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let new = try String(contentsOfFile: folder.path + "/new", encoding: .utf8)
        let works = try qcsh(
            ["--endpoint", sandbox.endpoint, "-e", "return #qdrant.accounts:list()"],
            environment: ["QDRANT_CLOUD_API_KEY": new])
        #expect(works.output == "1\n")
        let old = try String(contentsOfFile: folder.path + "/old", encoding: .utf8)
        let gone = try qcsh(
            ["--endpoint", sandbox.endpoint, "-e", "return #qdrant.accounts:list()"],
            environment: ["QDRANT_CLOUD_API_KEY": old])
        #expect(gone.status == 4)
    }

    @Test func aBrokenClusterIsInTheDigestAndTheReport() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let id = try sandbox.qcsh("print(qdrant.clusters:find('search-prod').id)").output
            .trimmingCharacters(in: .newlines)
        try sandbox.admin("POST", "/incidents", #"{"kind":"out_of_memory","id":"\#(id)"}"#)
        let digest = try run(WorkflowStory.Step("health-digest"), "grpc", sandbox, folder.path)
        #expect(digest.status == 9, "\(digest.errors)")
        #expect(digest.output.contains("a node has no memory left"), "\(digest.output)")
        let report = try run(
            WorkflowStory.Step("report health --file FOLDER/health.html"), "rest", sandbox,
            folder.path)
        #expect(report.status == 0, "\(report.errors)")
        let page = try String(contentsOfFile: folder.path + "/health.html", encoding: .utf8)
        #expect(page.contains("The container reached its memory limit"))
    }

    @Test func eachTellsWhatItIsForAndHasItsBound() throws {
        let folder = Project.root + "/scripts"
        let scripts = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".lua") && $0 != "tour.lua" }
        #expect(scripts.count >= 25)
        let told = Set(WorkflowStory.steps.map(\.script) + ["rotate-management-key"])
        for script in scripts {
            let text = try String(contentsOfFile: folder + "/" + script, encoding: .utf8)
            #expect(text.contains("needs = {") && text.contains("about = \""), "\(script)")
            let help = try qcsh([folder + "/" + script, "--help"])
            #expect(help.status == 0 && help.output.contains(script), "\(script): \(help.errors)")
            #expect(told.contains(String(script.dropLast(4))), "no test runs \(script)")
        }
    }
}
