import Foundation
import TestSupport
import Testing

/// The sandbox by clients that know nothing of it.
@Suite struct OutsideClientTests {
    @Test func everyMethodAnswersAndRefusesAsItsRulesSay() throws {
        let sandbox = try ServerProcess(Project.qcsh, ["sandbox", "--speed", "instant"])
        let result = try run(
            Project.tool("python"),
            [
                "-B", Project.root + "/Tests/Fixtures/peers/contract_walk.py", sandbox.address,
                sandbox.announcement["admin_token"] ?? "",
            ])
        #expect(result.status == 0, "\(result.output.suffix(3000))\(result.errors.suffix(2000))")
        let last = result.output.split(separator: "\n").last.map(String.init) ?? ""
        let counts = try RunningSandbox.json(last)
        print("contract walk: \(last)")
        #expect(counts["methods"] as? Int == 152)
        #expect(counts["failed"] as? Int == 0)
        #expect((counts["valid"] as? Int ?? 0) >= 304)
        #expect((counts["broken"] as? Int ?? 0) >= 1000)
        sandbox.stop()
    }

    @Test func anMCPServerCompletesAllItsTools() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--lenient", "display_name")
        let result = try run(
            Project.root + "/.build/venv-mcp/bin/python",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/full_mcp_client.py", sandbox.endpoint,
                sandbox.key, sandbox.account,
            ])
        #expect(result.status == 0, "\(result.output)\(result.errors.suffix(2000))")
        #expect(result.output.hasSuffix("27 tools\n"))
    }

    @Test func grpcurlCreatesWaitsMakesAKeyAndDeletes() throws {
        let sandbox = try RunningSandbox("--speed", "20", "--seed", "bare")
        func call(_ method: String, _ request: String) throws -> [String: Any] {
            let result = try run(
                Project.tool("grpcurl"),
                [
                    "-plaintext", "-H", "authorization: apikey \(sandbox.key)", "-d", request,
                    sandbox.server.address, "qdrant.cloud." + method,
                ])
            guard result.status == 0 else { return ["exit": Int(result.status)] }
            return try RunningSandbox.json(result.output)
        }
        let account = #""account_id":"\#(sandbox.account)""#
        let packages = try call(
            "booking.v1.BookingService/ListPackages",
            #"{\#(account),"cloud_provider_id":"aws","cloud_provider_region_id":"eu-central-1"}"#)
        let items = try #require(packages["items"] as? [[String: Any]])
        let package = try #require(items.first { $0["name"] as? String == "gpx1" }?["id"])
        let made = try call(
            "cluster.v1.ClusterService/CreateCluster",
            #"""
            {"cluster":{\#(account),"name":"by-grpcurl","cloud_provider_id":"aws",
            "cloud_provider_region_id":"eu-central-1",
            "configuration":{"number_of_nodes":1,"package_id":"\#(package)"}}}
            """#)
        let id = try #require((made["cluster"] as? [String: Any])?["id"] as? String)
        let one = #"{\#(account),"cluster_id":"\#(id)"}"#
        var state: [String: Any] = [:]
        for _ in 0..<200 {
            let answer = try call("cluster.v1.ClusterService/GetCluster", one)
            state = try #require((answer["cluster"] as? [String: Any])?["state"] as? [String: Any])
            let url = (state["endpoint"] as? [String: Any])?["url"] as? String
            if state["phase"] as? String == "CLUSTER_PHASE_HEALTHY", url != nil { break }
        }
        let place = try #require(state["endpoint"] as? [String: Any])
        let key = try call(
            "cluster.auth.v2.DatabaseApiKeyService/CreateDatabaseApiKey",
            #"{"database_api_key":{\#(account),"cluster_id":"\#(id)","name":"app key"}}"#)
        let secret = try #require(
            (key["databaseApiKey"] as? [String: Any])?["key"] as? String)
        // The key is good for the address that the cluster told, after a while.
        let url = "\(place["url"] ?? ""):\(place["restPort"] ?? "")/"
        var answer = ""
        for _ in 0..<100 where !answer.hasSuffix("200") {
            answer = try run(
                "/usr/bin/curl", ["-sS", "-H", "api-key: \(secret)", "-w", "%{http_code}", url]
            ).output
        }
        #expect(answer.contains("vector search engine") && answer.hasSuffix("200"), "\(answer)")
        _ = try call("cluster.v1.ClusterService/DeleteCluster", one)
        for _ in 0..<200 {
            guard try call("cluster.v1.ClusterService/GetCluster", one)["exit"] == nil else {
                break
            }
        }
        // grpcurl ends with 64 and the code: NOT_FOUND.
        #expect(
            try call("cluster.v1.ClusterService/GetCluster", one)["exit"] as? Int == 64 + 5)
    }

    @Test func curlBacksUpAndRestores() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let base = "/api/cluster/backup/v1/accounts/\(sandbox.account)"
        let clusters = "/api/cluster/v1/accounts/\(sandbox.account)/clusters"
        let listed = try RunningSandbox.json(try sandbox.curl("GET", clusters).text)
        let cluster = try #require((listed["items"] as? [[String: Any]])?.first)
        let id = try #require(cluster["id"] as? String)
        let made = try sandbox.curl(
            "POST", base + "/backups",
            body:
                #"{"backup":{"clusterId":"\#(id)","displayName":"by-curl","retentionPeriod":"86400s"}}"#
        )
        #expect(made.status == 200, "\(made.text)")
        let backup = try #require(
            (try RunningSandbox.json(made.text)["backup"] as? [String: Any])?["id"] as? String)
        let got = try sandbox.curl("GET", base + "/backups/" + backup)
        #expect(got.text.contains(#""status":"BACKUP_STATUS_SUCCEEDED""#), "\(got.text)")
        let scaled = try sandbox.curl(
            "PUT", clusters + "/" + id,
            body:
                #"{"cluster":{"configuration":{"numberOfNodes":5}},"updateMask":"configuration.numberOfNodes"}"#
        )
        #expect(scaled.status == 200, "\(scaled.text)")
        #expect(
            try sandbox.curl("GET", clusters + "/" + id).text.contains(#""numberOfNodes":5"#))
        let restored = try sandbox.curl("POST", base + "/backups/\(backup)/restore")
        #expect(restored.status == 200 && restored.text == "{}", "\(restored.text)")
        #expect(
            try sandbox.curl("GET", clusters + "/" + id).text.contains(#""numberOfNodes":3"#))
        let restores = try sandbox.curl("GET", base + "/backup_restores?cluster_id=\(id)")
        #expect(restores.text.contains("BACKUP_RESTORE_STATUS_SUCCEEDED"), "\(restores.text)")
        // A day later the backup's time is over.
        try sandbox.admin("POST", "/time", #"{"advance":"25h"}"#)
        #expect(try sandbox.curl("GET", base + "/backups/" + backup).status == 404)
    }

    @Test func grpcioManagesWhoMayDoWhat() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let iam = "iam.v1.IAMService/"
        let account = #""account_id":"\#(sandbox.account)""#
        let users = try sandbox.grpcio([(iam + "ListUsers", "{\(account)}", 10)])
        let items = try #require(
            (users[0]["response"] as? [String: Any])?["items"] as? [[String: Any]])
        let viewer = try #require(
            items.first { $0["email"] as? String == "viewer@example.com" }?["id"] as? String)
        let made = try sandbox.grpcio([
            (
                iam + "CreateRole",
                #"""
                {"role":{\#(account),"name":"Key maker","role_type":"ROLE_TYPE_CUSTOM",
                "permissions":[{"value":"write:api_keys"},{"value":"write:api_keys"}]}}
                """#.replacing("\n", with: ""), 10
            ),
            (
                iam + "CreateRole",
                #"{"role":{\#(account),"name":"Wrong","role_type":"ROLE_TYPE_CUSTOM","permissions":[{"value":"fly:high"}]}}"#,
                10
            ),
        ])
        let role = try #require(
            (made[0]["response"] as? [String: Any])?["role"] as? [String: Any])
        #expect((role["permissions"] as? [Any])?.count == 1, "permissions are a set")
        #expect(made[1]["code"] as? String == "INVALID_ARGUMENT")
        let id = try #require(role["id"] as? String)
        let assigned = try sandbox.grpcio([
            (
                iam + "AssignUserRoles",
                #"{\#(account),"user_id":"\#(viewer)","role_ids_to_add":["\#(id)"]}"#, 10
            ),
            (iam + "ListRoleUsers", #"{\#(account),"role_id":"\#(id)"}"#, 10),
            (iam + "DeleteRole", #"{\#(account),"role_id":"\#(id)"}"#, 10),
            (iam + "ListUserRoles", #"{\#(account),"user_id":"\#(viewer)"}"#, 10),
            (iam + "GetAuthenticatedUser", "{}", 10),
        ])
        #expect(
            ((assigned[1]["response"] as? [String: Any])?["users"] as? [Any])?.count == 1)
        let left = (assigned[3]["response"] as? [String: Any])?["roles"] as? [[String: Any]]
        #expect(left?.compactMap { $0["name"] as? String }.sorted() == ["Base", "Viewer"])
        #expect(assigned[4]["code"] as? String == "PERMISSION_DENIED", "a key is no person")
    }
}
