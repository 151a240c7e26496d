import Foundation
import TestSupport
import Testing

/// What a sandbox keeps, and how it is told what to do: by its subcommands and from Lua.
@Suite struct SandboxStateTests {
    @Test func acknowledgedWritesSurviveAHundredKills() throws {
        let folder = try TemporaryFolder()
        let seed = Int.random(in: 0..<1_000_000)
        let result = try run(
            Project.tool("python"),
            [
                "-B", Project.root + "/Tests/Fixtures/peers/crash.py", Project.qcsh, folder.path,
                "100", "\(seed)",
            ])
        #expect(result.status == 0, "seed \(seed): \(result.output)\(result.errors.suffix(1000))")
        let last = result.output.split(separator: "\n").last.map(String.init) ?? ""
        let told = try RunningSandbox.json(last)
        print("crashes: \(last)")
        #expect(told["rounds"] as? Int == 100)
        #expect((told["acknowledged"] as? Int ?? 0) > 1000)
    }

    @Test func subcommandsSteerTheSandboxThatRuns() throws {
        let folder = try TemporaryFolder()
        let sandbox = try RunningSandbox("--speed", "manual", "--seed", "bare")
        func command(_ arguments: String...) throws -> ProgramResult {
            try qcsh(
                ["sandbox"] + arguments,
                environment: ["XDG_STATE_HOME": sandbox.server.stateFolder])
        }
        func count() throws -> String {
            try sandbox.qcsh("return #qdrant.api.auth.list_management_keys{}.items").output
        }
        let token = try command("token", "--user", "viewer@example.com").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let me = try TestSupport.qcsh(
            [
                "--endpoint", sandbox.endpoint, "-e",
                "return qdrant.api.iam.get_authenticated_user{}.user.email",
            ], environment: ["QDRANT_CLOUD_TOKEN": token])
        #expect(me.output == "viewer@example.com\n", "\(me.errors)")
        let unknown = try command("token", "--user", "nobody@example.com")
        #expect(unknown.status == 1 && unknown.errors.contains("owner@example.com"))

        let before = try command("time").output
        let after = try command("time", "--advance", "36h").output
        #expect(before < after)
        #expect(try command("time", "--advance", "soon").errors.contains("expected a duration"))

        // A snapshot brings back what was there, and nothing else.
        let file = folder.path + "/state"
        #expect(try command("snapshot", file).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        _ = try sandbox.qcsh("qdrant.api.auth.create_management_key { management_key = {} }")
        #expect(try count() == "2\n")
        #expect(try command("restore", file).status == 0)
        #expect(try count() == "1\n")
        let wrong = try folder.write("wrong", "this is no snapshot, whatever it is")
        #expect(try command("restore", wrong).status == 1)
        #expect(try count() == "1\n", "and nothing is lost")
        #expect(try command("reset", "--seed", "demo").status == 0)
        #expect(
            try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")
        let seed = try folder.write("seed.yaml", try command("seed").output)
        #expect(try command("reset", "--seed", seed).status == 0)
        #expect(
            try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")

        let added = try command(
            "fault", "add", "{name: down, method: cluster.*, status: UNAVAILABLE}")
        #expect(added.output.contains("down"), "\(added.errors)")
        #expect(
            try sandbox.qcsh("return qdrant.api.cluster.list_clusters({}, { retries = 0 })").status
                == 8)
        #expect(try command("fault").output.contains(#""hits":1"#))
        #expect(try command("fault", "remove", "down").status == 0)
        #expect(try command("fault", "remove", "down").status == 1)
        #expect(try command("journal").output.contains("ClusterService/ListClusters"))
        _ = try sandbox.qcsh("qdrant.api.auth.create_management_key { management_key = {} }")
        let events = try command("journal", "--events").output
        #expect(events.contains(#""eventType":"EVENT_TYPE_CREATED""#), "\(events)")
        #expect(events.contains(#""resourceType":"management-key""#), "\(events)")
        sandbox.server.stop()
        #expect(try command("time").errors.contains("no sandbox is running"))
    }

    @Test func twoProcessesWithANumberAnswerTheSame() throws {
        let script = """
            local packages = qdrant.api.booking.list_packages { cloud_provider_id = "aws",
              cloud_provider_region_id = "eu-central-1" }.items
            local lines = {}
            for i = 1, 3 do
              local made = qdrant.api.cluster.create_cluster { cluster = { name = "c" .. i,
                cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1",
                configuration = { number_of_nodes = i, package_id = packages[2].id } } }
              lines[#lines + 1] = json.encode(made)
              lines[#lines + 1] = json.encode(qdrant.api.cluster.get_cluster { cluster_id = made.cluster.id })
              local key = qdrant.api.cluster.auth.create_database_api_key { database_api_key = {
                cluster_id = made.cluster.id, name = "app key" } }
              lines[#lines + 1] = key.database_api_key.key:reveal()
            end
            lines[#lines + 1] = json.encode(qdrant.api.cluster.suggest_cluster_name {})
            return table.concat(lines, " ")
            """
        func run(_ number: String) throws -> String {
            let sandbox = try RunningSandbox("--speed", "instant", "--seed-number", number)
            let port = String(sandbox.endpoint.split(separator: ":")[2])
            let result = try sandbox.qcsh(script)
            #expect(result.status == 0, "\(result.errors)")
            // Where it listens is all that differs.
            return sandbox.key + result.output.replacing(port, with: "PORT")
        }
        let first = try run("41")
        #expect(first.contains("CLUSTER_PHASE_HEALTHY") && first.contains("eyJhb"))
        #expect(try run("41") == first)
        #expect(try run("42") != first)
    }

    @Test func theCommandLineInjectsFaultsAndIsLenient() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "faults.yaml",
            """
            faults:
              - method: cluster.list_clusters
                status: ABORTED
                times: 1
            """)
        let sandbox = try RunningSandbox(
            "--speed", "instant", "--lenient", "denied", "--lenient", "zero_enums", "--fault",
            "{method: iam.list_roles, status: UNAVAILABLE, times: 1}", "--faults", file)
        let answers = try sandbox.grpcio([
            ("iam.v1.IAMService/ListRoles", #"{"account_id":"\#(sandbox.account)"}"#, 5),
            ("iam.v1.IAMService/ListRoles", #"{"account_id":"\#(sandbox.account)"}"#, 5),
            (
                "cluster.v1.ClusterService/ListClusters",
                #"{"account_id":"\#(sandbox.account)"}"#, 5
            ),
        ])
        #expect(
            answers.map { $0["code"] as? String } == ["UNAVAILABLE", "OK", "ABORTED"])
        let anonymous = try run(
            "/usr/bin/curl",
            ["-sS", "-w", "%{http_code}", sandbox.endpoint + "/api/account/v1/accounts"])
        #expect(anonymous.output.hasSuffix("403"))
        let help = try qcsh(["sandbox", "serve", "--help"])
        for rule in ["display_name", "zero_enums", "delete_user", "denied", "payment"] {
            #expect(help.output.contains(rule))
        }
        let wrong = try qcsh(["sandbox", "--fault", "{method: nothing, latency: 1s}"])
        #expect(wrong.status == 1 && wrong.errors.contains("no method named nothing"))
        #expect(try qcsh(["sandbox", "--lenient", "everything"]).status == 2)
        #expect(try qcsh(["sandbox", "--seed", "/no/such/file"]).errors.contains("/no/such/file"))
    }

    @Test func largeStatesAreBroughtBack() throws {
        let folder = try TemporaryFolder()
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        // Together they are more than a request of the API may have.
        let made = try sandbox.qcsh(
            """
            for i = 1, 2 do
              qdrant.api.hybrid.create_hybrid_cloud_environment { hybrid_cloud_environment = {
                name = "env" .. i, configuration = {
                  namespace = "qdrant", ca_certificates = ("x"):rep(3 << 20) } } }
            end
            """)
        #expect(made.status == 0, "\(made.errors)")
        func command(_ arguments: String...) throws -> ProgramResult {
            try qcsh(
                ["sandbox"] + arguments,
                environment: ["XDG_STATE_HOME": sandbox.server.stateFolder])
        }
        let file = folder.path + "/state"
        #expect(try command("snapshot", file).status == 0)
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        #expect(size > 4 << 20, "\(size)")
        #expect(try command("snapshot", file).errors.contains("--force"))
        #expect(try command("reset").status == 0)
        let restored = try command("restore", file)
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(
            try sandbox.curl(
                "GET", "/api/hybrid/v1/accounts/\(sandbox.account)/hybrid-cloud-environments"
            ).status == 429)
        let events = try RunningSandbox.json(try sandbox.admin("GET", "/events"))
        #expect((events["events"] as? [Any])?.count == 4, "two of the seed, two of ours")
    }

    @Test func readinessIsAskedForWithoutAProtoFile() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        for service in ["", "qdrant.cloud.cluster.v1.ClusterService"] {
            let answer = try run(
                Project.tool("grpcurl"),
                [
                    "-plaintext", "-d", #"{"service":"\#(service)"}"#, sandbox.server.address,
                    "grpc.health.v1.Health/Check",
                ])
            #expect(answer.output.contains("SERVING"), "\(answer.errors)")
        }
        for service in ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"] {
            let answer = try run(
                Project.tool("grpcurl"),
                ["-plaintext", sandbox.server.address, "describe", service])
            #expect(answer.output.contains("is a service"), "\(answer.errors)")
        }
    }

    @Test func foldersPortsAndSeedsAreChecked() throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        let first = try RunningSandbox("--data", data, "--speed", "500")
        let second = try qcsh(["sandbox", "--data", data])
        #expect(second.status == 1 && second.errors.contains("another sandbox is using"))
        let clock = try RunningSandbox.json(try first.admin("GET", "/time"))["now"] as? String ?? ""
        first.server.stop()
        for file in ["sandbox.sqlite", "seed", "lock"] {
            let mode = try FileManager.default.attributesOfItem(atPath: data + "/" + file)[
                .posixPermissions]
            #expect(mode as? Int == 0o600, "\(file)")
        }
        // Time goes on from where it was.
        let again = try RunningSandbox("--data", data)
        let later = try RunningSandbox.json(try again.admin("GET", "/time"))["now"] as? String ?? ""
        #expect(later >= clock)
        // Another first state, whole, however it ends.
        try again.admin("POST", "/reset", "bare")
        again.server.stop(SIGKILL)
        let bare = try RunningSandbox("--data", data)
        #expect(
            try bare.curl("GET", "/api/cluster/v1/accounts/\(bare.account)/clusters").text
                == #"{"items":[]}"#)
        bare.server.stop()
        #expect(try qcsh(["sandbox", "--port", "70000"]).status == 2)
        for text in ["", "{}", "- a", "users: []\naccounts: []", "version: 2\nrecords: []"] {
            let seed = try folder.write("seed.yaml", text)
            let result = try qcsh(["sandbox", "--seed", seed])
            #expect(result.status == 1 && result.errors.contains("seed.yaml: "), "\(text)")
        }
    }

    @Test func worldsHaveNothingInCommon() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        func open() throws -> [String: Any] {
            try RunningSandbox.json(try sandbox.admin("POST", "/worlds"))
        }
        let worlds = [try open(), try open()]
        let keys = try worlds.map { try #require($0["management_key"] as? String) }
        func create(_ key: String, _ times: Int) throws {
            let result = try qcsh(
                [
                    "--endpoint", sandbox.endpoint, "-e",
                    "for _ = 1, \(times) do qdrant.api.auth.create_management_key { management_key = {} } end",
                ], environment: ["QDRANT_CLOUD_API_KEY": key])
            #expect(result.status == 0, "\(result.errors)")
        }
        func count(_ key: String) throws -> String {
            try qcsh(
                [
                    "--endpoint", sandbox.endpoint, "-e",
                    "return #qdrant.api.auth.list_management_keys{}.items",
                ], environment: ["QDRANT_CLOUD_API_KEY": key]
            ).output
        }
        try create(keys[0], 3)
        try create(keys[1], 1)
        #expect(try [sandbox.key, keys[0], keys[1]].map(count) == ["1\n", "4\n", "2\n"])
        // A key that was made in a world belongs to it.
        let made = try qcsh(
            [
                "--endpoint", sandbox.endpoint, "--reveal", "--output", "json", "-e",
                "return qdrant.api.auth.create_management_key { management_key = {} }",
            ], environment: ["QDRANT_CLOUD_API_KEY": keys[0]])
        let key = try #require(
            (try RunningSandbox.json(made.output)["managementKey"] as? [String: Any])?["key"]
                as? String)
        #expect(try count(key) == "5\n")
        // A world that was closed is gone with its keys.
        let name = try #require(worlds[0]["world"] as? String)
        try sandbox.admin("DELETE", "/worlds/\(name)")
        let closed = try qcsh(
            ["--endpoint", sandbox.endpoint, "-e", "return qdrant.api.account.list_accounts{}"],
            environment: ["QDRANT_CLOUD_API_KEY": key])
        #expect(closed.status == 4, "\(closed.errors)")
    }

    @Test func scriptsStartAndSteerSandboxes() throws {
        let result = try qcsh(
            ["-"],
            input: """
                local sandbox = require "sandbox"
                local sb <close> = sandbox.start { speed = "instant", seed = "bare", seed_number = 5,
                  faults = { { name = "first", method = "cluster.list_clusters", times = 1,
                    status = "UNAVAILABLE" } } }
                assert(tostring(sb.management_key) ~= sb.management_key:reveal(), "a secret")
                local s = sb:connect()
                local ok, e = pcall(s.api.cluster.list_clusters, {}, { retries = 0 })
                assert(not ok and e.code == "UNAVAILABLE", tostring(e))
                assert(#s.api.cluster.list_clusters {}.items == 0)
                assert(sb:faults()[1].hits == 1)
                sb:clear_faults()
                local before = sb:now()
                assert(sb:advance "36h" > before)
                local admin = sb:connect { user = "admin@example.com" }
                assert(admin.api.iam.get_authenticated_user {}.user.email == "admin@example.com")
                local other = sb:connect { account = "Sandbox" }
                assert(other.api.account.list_accounts {}.items[1].name == "Sandbox")
                s.api.auth.create_management_key { management_key = {} }
                local calls = sb:calls()
                assert(calls[#calls].method:find("CreateManagementKey") and calls[#calls].code == "OK")
                local events = sb:events()
                assert(events[#events].event.eventType == "EVENT_TYPE_CREATED")
                local state = sb:snapshot()
                s.api.auth.create_management_key { management_key = {} }
                sb:restore(state)
                assert(#s.api.auth.list_management_keys {}.items == 2)
                do
                  local world <close> = sb:new_world()
                  local w = world:connect()
                  assert(#w.api.auth.list_management_keys {}.items == 1)
                  w.api.auth.create_management_key { management_key = {} }
                  assert(#w.api.auth.list_management_keys {}.items == 2)
                end
                assert(#s.api.auth.list_management_keys {}.items == 2)
                sb:reset { users = { { email = "me@example.com" } },
                  accounts = { { name = "Mine", owner = "me@example.com" } } }
                assert(sb:connect().api.account.list_accounts {}.items[1].name == "Mine")
                assert(sb:export():find("me@example.com", 1, true))
                local bad, why = pcall(sandbox.start, { speed = "fast" })
                assert(not bad and tostring(why):find("must be instant"), why)
                bad, why = pcall(sb.fault, sb, { method = "nothing", status = "ABORTED" })
                assert(not bad and tostring(why):find("no method named nothing"), why)
                print "done"
                """)
        #expect(result.output == "done\n", "\(result.errors)")
        #expect(result.status == 0)
    }

    @Test func aScriptAttachesToWhatRuns() throws {
        let sandbox = try RunningSandbox("--speed", "manual", "--seed", "bare")
        let code = """
            local sb = require("sandbox").attach()
            sb:fault { name = "x", method = "*", latency = "1ms" }
            return sb.endpoint, #sb:faults(), sb:advance "1h" > sb.endpoint
            """
        let result = try sandbox.qcsh(code)
        #expect(result.output.hasPrefix(sandbox.endpoint + "\n1\n"), "\(result.errors)")
        let embedded = try qcsh(
            [
                "--sandbox", "-e",
                "return require('sandbox').attach():connect().api.account.list_accounts{}.items[1].name",
            ])
        #expect(embedded.output == "Production\n", "\(embedded.errors)")
    }
}
