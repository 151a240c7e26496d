import Foundation
import TestSupport
import Testing

/// The scripts in `scripts/`, as people run them, against a cloud that is quiet, not always there, or
/// slow; another client looks at what they have left.
@Suite(.serialized) struct WorkflowTests {
    /// One run of a script.
    struct Step {
        let script: String
        let arguments: [String]
        var status: Int32 = 0
        /// What its JSON has: each text is to be in it.
        var shown: [String] = []

        init(_ line: String, _ status: Int32 = 0, _ shown: String...) {
            let words = line.split(separator: " ").map(String.init)
            script = words[0]
            arguments = Array(words.dropFirst())
            self.status = status
            self.shown = shown
        }
    }

    /// A story of one account, from nothing to much and back. FOLDER is a folder of its own.
    private static let story = [
        Step("price --region eu-central-1 --cpu 2 --ram 8GiB --nodes 3", 0, "gpx3", "monthly"),
        Step("price --region eu-central-1 --ram 8GiB --all", 0, "gpx3", "mx3"),
        Step(
            "create-cluster alpha --region eu-central-1 --cpu 2 --ram 8GiB --disk 40GiB"
                + " --version v1.17.1 --label env=prod --label team=search --key-file FOLDER/alpha.key",
            0, #""created":true"#, "HEALTHY"),
        // A second run finds what the first one made.
        Step(
            "create-cluster alpha --region eu-central-1 --cpu 2 --ram 8GiB --key-file FOLDER/alpha.key",
            0, #""created":false"#),
        Step("create-cluster beta --region eu-central-1 --package gpx1 --label env=dev", 0, "beta"),
        Step("wait-cluster alpha beta", 0, #""outcome":"done""#),
        Step("wait-cluster nosuch", 1, "no cluster is called"),
        Step("scale-cluster alpha --nodes 2 --cpu 4 --ram 16GiB --yes", 0, "gpx4", #""nodes":2"#),
        Step("scale-cluster alpha --nodes 3", 1),
        Step("allow-list alpha --add 203.0.113.7 --add 10.1.2.3/8", 0, "done"),
        Step("allow-list alpha --file FOLDER/blocks --me 198.51.100.9", 0, "done"),
        Step("allow-list alpha --file FOLDER/blocks --me 192.0.2.1", 1, "locked out"),
        Step("backup alpha --name first-one --retention 7d", 0, "SUCCEEDED"),
        Step("backup-audit --label env=prod", 0, "fresh"),
        Step("backup-policy --label env=prod", 9, "missing"),
        Step("backup-policy --label env=prod --fix", 0, "made"),
        Step("backup-policy --label env=prod --fix --retention 14d", 0, "changed"),
        Step("backup-policy --label env=prod --retention 14d", 0, "as it should be"),
        Step("upgrade-fleet --label env=prod --dry-run", 0, "dry run"),
        Step("upgrade-fleet --label env=prod --yes --journal FOLDER/journal", 0, "done"),
        Step("upgrade-fleet --label env=prod --yes --journal FOLDER/journal", 0, "has it"),
        Step("rolling-restart alpha beta --yes", 0, #""outcome":"done""#),
        Step("office-hours suspend --label env=dev --wait", 0, "beta"),
        Step("office-hours suspend --label env=dev --wait", 0, "[]"),
        Step("office-hours resume --label env=dev --wait", 0, "beta"),
        Step(
            "app-key alpha application --write documents --read users --file FOLDER/app.key", 0,
            "app.key"),
        Step("expiring-keys --within 100d", 9, "soon"),
        Step(
            "rotate-keys alpha application --folder FOLDER --yes --run cat>FOLDER/handed", 0,
            "application"),
        Step("restore alpha --backup first-one --yes", 0, "SUCCEEDED"),
        Step(
            "clone-cluster alpha gamma --label env=staging --key-file FOLDER/gamma.key", 0, "gamma"),
        Step("disaster-drill alpha --yes", 0, #""collections":0"#),
        Step(
            "ephemeral-cluster --package gpx1 -- /bin/sh -c test${IFS}-n${IFS}$QDRANT_URL${IFS}-a${IFS}-n${IFS}$QDRANT_API_KEY"
        ),
        Step("ephemeral-cluster --package gpx1 -- /bin/sh -c exit${IFS}7", 7),
        Step("ephemeral-cluster --sweep", 0, "[]"),
        Step("access-review", 0, "owner@example.com", "management key"),
        Step("user-roles admin@example.com --add Viewer", 0, "Viewer"),
        Step("user-roles admin@example.com --offboard --yes", 0, #""after":"Base""#),
        Step("user-roles owner@example.com --offboard --yes", 1, "owns the account"),
        Step("health-digest --all", 0, "alpha", "well"),
        Step("costs", 0, "alpha"),
        Step("costs --by label:team", 0, "search"),
        Step("hybrid-onboard workshop --file FOLDER/bootstrap.sh", 0, "READY"),
        Step("terraform-export FOLDER/main.tf", 0),
    ]

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
        for step in Self.story {
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
        _ step: Step, _ transport: String, _ sandbox: RunningSandbox, _ folder: String
    ) throws -> ProgramResult {
        let arguments = step.arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder) }
        return try qcsh(
            [
                "--endpoint", sandbox.endpoint, "--transport", transport, "--output", "json",
                Project.root + "/scripts/\(step.script).lua",
            ] + arguments,
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
        let step = Step("rotate-management-key \(prefix) --file FOLDER/new --yes", 0, prefix)
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

    @Test func eachTellsWhatItIsForAndHasItsBound() throws {
        let folder = Project.root + "/scripts"
        let scripts = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".lua") && $0 != "tour.lua" }
        #expect(scripts.count >= 25)
        let readme = try String(contentsOfFile: Project.root + "/README.md", encoding: .utf8)
        let told = Set(Self.story.map(\.script) + ["rotate-management-key"])
        for script in scripts {
            let text = try String(contentsOfFile: folder + "/" + script, encoding: .utf8)
            #expect(text.contains("needs = {") && text.contains("about = \""), "\(script)")
            let help = try qcsh([folder + "/" + script, "--help"])
            #expect(help.status == 0 && help.output.contains(script), "\(script): \(help.errors)")
            #expect(readme.contains("`\(script.dropLast(4))`"), "the README lacks \(script)")
            #expect(told.contains(String(script.dropLast(4))), "no test runs \(script)")
        }
    }
}
