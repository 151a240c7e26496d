import Foundation
import TestSupport
import Testing

/// `qcsh call` and `qcsh api` as a person uses them.
@Suite struct CallAndAPITests {
    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    // MARK: - call

    @Test func oneCallPrintsJSONToAProgram() throws {
        let result = try qcsh([
            "call", "--sandbox", "booking.list_packages", "cloud_provider_id=aws",
            "cloud_provider_region_id=eu-central-1",
        ])
        #expect(result.status == 0, "\(result.errors)")
        let items = try #require(try json(result.output)["items"] as? [[String: Any]])
        #expect(items.count > 3 && items.allSatisfy { $0["resourceConfiguration"] != nil })
    }

    @Test func theOutputIsWhatWasAskedFor() throws {
        let arguments = ["call", "--sandbox", "platform.list_global_cloud_providers", "--output"]
        #expect(try qcsh(arguments + ["csv"]).output.hasPrefix("name,id,"))
        #expect(try qcsh(arguments + ["table"]).output.hasPrefix("ID     NAME"))
        #expect(try qcsh(arguments + ["yaml"]).output.contains("- id: aws"))
    }

    @Test func requestsComeAsJSONFromTextFileOrInput() throws {
        let folder = try TemporaryFolder()
        let body = #"{"cloudProviderId":"aws","cloudProviderRegionId":"eu-central-1"}"#
        let file = try folder.write("request.json", body)
        let method = "booking.list_packages"
        let texts = try [
            qcsh(["call", "--sandbox", method, "-d", body]),
            qcsh(["call", "--sandbox", method, "-d", "@" + file]),
            qcsh(["call", "--sandbox", method, "-d", "-"], input: body),
            qcsh([
                "call", "--sandbox", method, "-d", #"{"cloudProviderId":"gcp"}"#,
                "cloud_provider_id=aws", "cloud_provider_region_id=eu-central-1",
            ]),
        ].map(\.output)
        #expect(texts[0].contains("items") && Set(texts).count == 1)
    }

    @Test func pagesAreFetchedToTheEnd() throws {
        let folder = try TemporaryFolder()
        let sandbox = try ServerProcess(
            Project.qcsh, ["sandbox", "--speed", "instant", "--seed", "bare"],
            home: folder.path)
        let account = try #require(sandbox.announcement["account_id"])
        let common = [
            "--endpoint", try #require(sandbox.announcement["endpoint"]), "--account", account,
        ]
        let environment = [
            "QDRANT_CLOUD_API_KEY": try #require(sandbox.announcement["management_key"])
        ]
        func call(_ arguments: String...) throws -> ProgramResult {
            try qcsh(["call"] + common + arguments, environment: environment)
        }
        let packages = try call(
            "booking.list_packages", "cloud_provider_id=aws",
            "cloud_provider_region_id=eu-central-1")
        let items = try #require(try json(packages.output)["items"] as? [[String: Any]])
        let package = try #require(items[3]["id"] as? String)
        for name in ["one", "two", "three"] {
            let made = try call(
                "cluster.create_cluster", "cluster.name=\(name)", "cluster.cloud_provider_id=aws",
                "cluster.cloud_provider_region_id=eu-central-1",
                "cluster.configuration.number_of_nodes=1",
                "cluster.configuration.package_id=\(package)")
            #expect(made.status == 0, "\(made.errors)")
        }
        let page = try call("cluster.list_clusters", "page_size=1").output
        #expect(page.contains("\"base\": 32,"), "whole numbers have no fraction: \(page)")
        let first = try json(page)
        #expect((first["items"] as? [Any])?.count == 1 && first["nextPageToken"] != nil)
        let all = try json(try call("cluster.list_clusters", "page_size=1", "--all").output)
        let names = try #require(all["items"] as? [[String: Any]]).map { $0["name"] as? String }
        #expect(names == ["one", "two", "three"] && all["nextPageToken"] == nil)
        sandbox.stop()
    }

    @Test(arguments: [
        (["cluster.list_cluster"], 2, "unknown method \"cluster.list_cluster\"; did you mean"),
        (
            ["list_backups"], 2,
            "\"list_backups\" is ambiguous; use one of: cluster.backup"
        ),
        (["cluster.list_clusters", "page_siz=1"], 2, "did you mean \"page_size\"?"),
        (["cluster.list_clusters", "-d", "{"], 2, "-d: invalid JSON"),
        (["cluster.list_clusters", "-d", "@/nowhere"], 2, "cannot read /nowhere"),
        (["cluster.get_cluster", "cluster_id=x"], 3, "must be a UUID"),
        (
            ["cluster.get_cluster", "cluster_id=0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1"], 5,
            "NOT_FOUND"
        ),
        (["platform.list_global_cloud_providers", "--all"], 2, "is not a paginated list"),
        (["auth.create_management_key"], 2, "the response contains a secret (management_key.key)"),
        (["cluster.list_clusters", "--timeout", "0"], 2, "--timeout"),
    ])
    func whatGoesWrongHasAStatusAndAReason(
        _ arguments: [String], _ status: Int32, _ expected: String
    ) throws {
        let result = try qcsh(["call", "--sandbox"] + arguments)
        #expect(result.status == status, "\(result)")
        #expect(result.output.isEmpty && result.errors.contains(expected), "\(result)")
    }

    @Test func aSecretGoesWhereItWasAskedFor() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/key"
        let arguments = ["call", "--sandbox", "auth.create_management_key"]
        let body = ["-d", #"{"managementKey":{}}"#]
        let kept = try qcsh(arguments + body + ["--secret-file", file])
        #expect(kept.status == 0 && kept.output.contains("********"), "\(kept)")
        let key = try String(contentsOfFile: file, encoding: .utf8).dropLast()
        #expect(key.count == 40)
        let shown = try json(try qcsh(arguments + body + ["--reveal"]).output)
        #expect(((shown["managementKey"] as? [String: Any])?["key"] as? String)?.count == 40)
    }

    // MARK: - api

    @Test func allServicesAreListed() throws {
        let page = try qcsh(["api"]).output
        for module in [
            "account", "cluster.backup", "serverless.space.auth", "ui", "cluster.auth v2",
        ] {
            #expect(page.contains("\(module)  "), "\(module)")
        }
        let services = try qcsh(["api", "--json"]).output
        let listed = try JSONSerialization.jsonObject(with: Data(services.utf8)) as? [[String: Any]]
        let methods = listed?.compactMap { ($0["methods"] as? [Any])?.count }.reduce(0, +)
        #expect(listed?.count == 24 && methods == 152)
    }

    @Test func aMethodIsDescribedForPeopleAndPrograms() throws {
        let page = try qcsh(["api", "cluster.create_cluster"]).output
        for part in [
            "POST /api/cluster/v1/accounts/{cluster.account_id}/clusters", "write:clusters",
            "filled in from the session", "2 to 64 characters; matches ^[a-zA-Z0-9-_]+$",
            "rule create_cluster.no_read_only_fields: id, created_at, deleted_at and state are set",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        #expect(!page.contains("\u{1b}"), "colours where there is no terminal")
        let facts = try json(try qcsh(["api", "CreateCluster", "--json"]).output)
        #expect(facts["path"] as? String == "/qdrant.cloud.cluster.v1.ClusterService/CreateCluster")
        #expect((facts["request"] as? [String: Any])?["kind"] as? String == "message")
    }

    @Test(arguments: [
        ("Cluster", "qdrant.cloud.cluster.v1.Cluster\n"),
        ("cluster", "qdrant.cloud.cluster.v1.ClusterService\n"),
        ("clusterphase", "qdrant.cloud.cluster.v1.ClusterPhase\n"),
        ("Cluster.name", "qdrant.cloud.cluster.v1.Cluster.name\n"),
        ("cluster.backup.Backup", "qdrant.cloud.cluster.backup.v1.Backup\n"),
        (
            "cluster.auth.v1.list_database_api_keys",
            "cluster.auth.v1.list_database_api_keys  deprecated\n"
        ),
        ("/qdrant.cloud.cluster.v1.ClusterService/GetCluster", "cluster.get_cluster\n"),
        ("BadRequest", "google.rpc.BadRequest\n"),
        ("cluster.v1", "qdrant.cloud.cluster.v1.ClusterService\n"),
        ("qdrant.cloud.cluster.backup", "qdrant.cloud.cluster.backup.v1.BackupService\n"),
        ("ClusterPhase.HEALTHY", "qdrant.cloud.cluster.v1.ClusterPhase\n"),
    ])
    func thingsAreFoundByTheNamesThatPeopleUse(_ name: String, _ title: String) throws {
        let result = try qcsh(["api", name])
        #expect(result.output.hasPrefix(title), "\(result)")
    }

    @Test func noLineIsLongerThanEightyColumnsUnlessItIsOneWord() throws {
        for name in [
            "cluster.create_cluster", "Cluster", "ClusterConfiguration", "BackupStatus", "",
        ] {
            let page = try qcsh(["api"] + (name.isEmpty ? [] : [name])).output
            for line in page.split(separator: "\n") where line.count > 100 {
                #expect(line.split(separator: " ").count == 1, "\(line)")
            }
        }
    }

    @Test func wordsAreFoundInNamesAndDescriptions() throws {
        let found = try qcsh(["api", "--search", "retention"]).output
        #expect(found.contains("field cluster.backup.v1.Backup.retention_period"))
        #expect(found.contains("1 to 365 days"))
        let nothing = try qcsh(["api", "--search", "xyzzy"])
        #expect(
            nothing.status == 2 && nothing.errors.contains("the API has nothing about \"xyzzy\""))
        let near = try qcsh(["api", "Clustr"])
        #expect(near.status == 2 && near.errors.contains("did you mean \"Cluster\"?"))
        let several = try qcsh(["api", "Backup"])
        #expect(several.errors.contains("qdrant.cloud.serverless.space.backup.v1.Backup"))
    }
}
