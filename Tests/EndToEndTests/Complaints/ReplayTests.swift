import Foundation
import TestSupport
import Testing

/// "Save and replay requests": a recorded run is repeated byte for byte, without the network and
/// without secrets.
@Suite struct ReplayTests {
    /// Records a script against a sandbox and repeats it without any; both outputs.
    private func recordAndReplay(
        _ script: String, _ options: [String] = ["--sandbox"],
        environment: [String: String] = [:], arguments: [String] = [],
        between: () throws -> Void = {}
    ) throws -> (recorded: ProgramResult, replayed: ProgramResult, recording: String) {
        let folder = try TemporaryFolder()
        let file = folder.path + "/run.jsonl"
        let recorded = try qcsh(
            options + ["--record", file, script] + arguments, environment: environment)
        try between()
        // Nothing of the first run is there any more: no sandbox, no credential, no proxy.
        let replayed = try qcsh(
            ["--replay", file, script] + arguments,
            environment: ["HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"])
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        return (recorded, replayed, try String(contentsOfFile: file, encoding: .utf8))
    }

    @Test(arguments: ["grpc", "rest"])
    func everyScriptOfTheProjectRepeatsItself(_ transport: String) throws {
        let sandbox = try RunningSandbox("--speed", "200")
        let folder = try TemporaryFolder()
        let (work, before, after) = (
            folder.path + "/work", folder.path + "/before", folder.path + "/after"
        )
        let files = FileManager.default
        try files.createDirectory(atPath: work, withIntermediateDirectories: false)
        try folder.write("work/blocks", "198.51.100.0/24 # the office\n\n10.0.0.0/8\n")
        for step in WorkflowStory.steps {
            // The second run finds the files as the first one did.
            try files.copyItem(atPath: work, toPath: before)
            let (recorded, replayed, _) = try recordAndReplay(
                step.file, ["--endpoint", sandbox.endpoint, "--transport", transport],
                environment: ["QDRANT_CLOUD_API_KEY": sandbox.key],
                arguments: step.arguments(folder: work)
            ) {
                try files.moveItem(atPath: work, toPath: after)
                try files.moveItem(atPath: before, toPath: work)
            }
            #expect(recorded.status == step.status, "\(step.script): \(recorded.errors)")
            #expect(replayed.output == recorded.output, "\(step.script)")
            #expect(
                replayed.errors == recorded.errors && replayed.status == recorded.status,
                "\(step.script): \(replayed.errors) after \(recorded.errors)")
            try files.removeItem(atPath: work)
            try files.moveItem(atPath: after, toPath: work)
        }
    }

    @Test(arguments: ["grpc", "rest"])
    func theTourRepeatsItself(_ transport: String) throws {
        let (recorded, replayed, _) = try recordAndReplay(
            Project.root + "/scripts/tour.lua", ["--sandbox", "--transport", transport])
        #expect(recorded.status == 0, "\(recorded.errors)")
        #expect(replayed.output == recorded.output && replayed.status == 0)
        #expect(replayed.errors == recorded.errors)
    }

    /// A secret in a list is one: the commands of a hybrid environment hold a token.
    @Test func secretsInListsAreMasked() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "commands.lua",
            """
            local made = qdrant.environments:create { name = "workshop", namespace = "qdrant" }
            local answer = qdrant.api.hybrid.generate_bootstrap_commands {
              hybrid_cloud_environment_id = made.id }
            for _, command in ipairs(answer.commands) do io.stderr:write(command:reveal(), "\\n") end
            return #answer.commands
            """)
        let (recorded, replayed, recording) = try recordAndReplay(script)
        #expect(recorded.status == 0, "\(recorded.errors)")
        let commands = recorded.errors.split(separator: "\n")
        #expect(!commands.isEmpty)
        for command in commands { #expect(!recording.contains(command), "\(command)") }
        #expect(replayed.status == 0 && replayed.output == recorded.output, "\(replayed.errors)")
    }

    /// Clocks, random values, programs and pages are what they were, and so is the order in which
    /// waits ended.
    @Test func whatComesFromOutsideIsRepeated() throws {
        let page = try ServerProcess.peer("http_server")
        defer { page.stop() }
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "odd.lua",
            """
            print(os.time(), os.date("%c"), os.clock(), time.now(), time.clock(), qdrant.clock())
            print(math.random(), math.random(1, 1000000), crypto.uuid(), #crypto.random(8))
            math.randomseed()
            print(math.random())
            local order = {}
            task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function(i)
              task.sleep(math.random() / 50)
              local r = process.run { "sh", "-c", "sleep 0.0$(( $(od -An -N1 -tu1 /dev/urandom) % 9 )); echo $RANDOM$$" }
              order[#order + 1] = i .. ":" .. r:text()
            end)
            print(table.concat(order, " "))
            local response = http.get(arg[1] .. "/echo", { headers = { x = tostring(time.now()) } })
            print(response.status, response.headers.date, response.body)
            print(pcall(http.get, arg[1] .. "/close", { retries = 1 }))
            local quick = pcall(task.timeout, 0.05, function() task.sleep(10) end)
            local slow = pcall(task.timeout, 10, function() task.sleep(0.01) end)
            local first = task.race { function() task.sleep(math.random() / 20) return "a" end,
              function() task.sleep(math.random() / 20) return "b" end }
            print(quick, slow, first)
            for _ = 1, 3 do
              local code = task.map({ 1, 2, 3 }, function()
                local ok, e = pcall(qdrant.api.cluster.get_cluster,
                  { cluster_id = "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1" })
                return tostring(ok) .. e.code .. e.trace_id .. e.attempts
              end)
              print(table.concat(code, " "))
            end
            error("the end")
            """)
        let (recorded, replayed, _) = try recordAndReplay(
            script, ["--sandbox"], arguments: ["http://" + page.address])
        #expect(recorded.status == 1 && recorded.errors.contains("the end"), "\(recorded.errors)")
        #expect(recorded.output.split(separator: "\n").count == 10)
        #expect(replayed.output == recorded.output)
        #expect(replayed.errors == recorded.errors && replayed.status == recorded.status)
    }

    @Test func noSecretIsInARecording() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "keys.lua",
            """
            local made = qdrant.api.auth.create_management_key { management_key = {} }
            print(made.management_key.key, made)
            print(http.get(arg[1] .. "/echo", { auth = { bearer = made.management_key.key } }).status)
            io.stderr:write(made.management_key.key:reveal(), "\\n")
            process.run { "echo", made.management_key.key:reveal() }
            local other = qdrant.connect { api_key = made.management_key.key }
            print(pcall(other.api.account.update_account, { account = { id = made.management_key.key:reveal() } }))
            """)
        let page = try ServerProcess.peer("http_server")
        defer { page.stop() }
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let (recorded, replayed, recording) = try recordAndReplay(
            script, ["--endpoint", sandbox.endpoint],
            environment: ["QDRANT_CLOUD_API_KEY": sandbox.key],
            arguments: ["http://" + page.address])
        #expect(recorded.status == 0, "\(recorded.errors)")
        let key = try #require(recorded.errors.split(separator: "\n").first.map(String.init))
        #expect(key.count > 20)
        for secret in [key, sandbox.key] {
            #expect(!recording.contains(secret))
            #expect(!recorded.output.contains(secret))
        }
        #expect(recording.contains("********"))
        #expect(replayed.output == recorded.output)
    }

    @Test func aCallThatWasNotRecordedFailsWithTheNearest() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/run.jsonl"
        #expect(
            try qcsh([
                "--sandbox", "--record", file, "-e",
                "return #qdrant.api.cluster.list_clusters { page_size = 5 }.items",
            ]).status == 0)
        let other = try qcsh([
            "--replay", file, "-e",
            "return #qdrant.api.cluster.list_clusters { page_size = 6 }.items",
        ])
        #expect(other.status == 3)
        #expect(other.errors.contains("replay: this call is not in the recording:"))
        #expect(other.errors.contains(#""pageSize":6}; the nearest is"#), "\(other.errors)")
        let twice = try qcsh([
            "--replay", file, "-e",
            "local c = qdrant.api.cluster c.list_clusters { page_size = 5 } c.list_clusters { page_size = 5 }",
        ])
        #expect(twice.errors.contains("which was answered already"), "\(twice.errors)")
        let clock = try qcsh(["--replay", file, "-e", "return time.now()"])
        #expect(clock.errors.contains(#"asks for "now" more often"#), "\(clock.errors)")
    }

    @Test func aSingleCallIsRecordedAndRepeated() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/call.jsonl"
        let recorded = try qcsh(["call", "--sandbox", "--record", file, "cluster.list_clusters"])
        let replayed = try qcsh(["call", "--replay", file, "cluster.list_clusters"])
        #expect(recorded.status == 0 && recorded.output.contains("search-prod"))
        #expect(replayed.output == recorded.output && replayed.status == 0, "\(replayed.errors)")
        let other = try qcsh(["call", "--replay", file, "auth.list_management_keys"])
        #expect(other.status == 3 && other.errors.contains("not in the recording"))
    }

    @Test func whatIsNoRecordingIsSaid() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write("empty", "")
        let other = try folder.write("other", "{\"recording\":99}\n")
        let text = try folder.write("text", "not json\n")
        for (file, words) in [
            (empty, "is empty"), (other, "not a recording of this version"),
            (text, "text:1 is not a line of a recording"), (folder.path + "/none", "No such file"),
        ] {
            let result = try qcsh(["--replay", file, "-e", "return 1"])
            #expect(result.status == 1 && result.errors.contains(words), "\(result.errors)")
        }
        let both = try qcsh(["--replay", empty, "--record", empty, "-e", "1"])
        #expect(both.status == 2)
        let sandbox = try qcsh([
            "--record", folder.path + "/new", "-e", "sandbox.start {}",
        ])
        #expect(sandbox.errors.contains("cannot start a sandbox of its own"))
    }
}
