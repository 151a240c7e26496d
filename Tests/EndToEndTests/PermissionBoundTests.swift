import Foundation
import TestSupport
import Testing

/// Scripts with less power than their key. What is refused does not leave the machine.
@Suite struct PermissionBoundTests {
    /// Each forbidden thing, tried by a script whose header allows reading clusters only.
    private static let attempts = [
        ("other permission", "qdrant.api.auth.list_management_keys {}"),
        (
            "write",
            "qdrant.api.cluster.suspend_cluster { cluster_id = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' }"
        ),
        (
            "delete",
            "qdrant.api.cluster.delete_cluster { cluster_id = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' }"
        ),
        (
            "other account",
            "qdrant.api.cluster.list_clusters { account_id = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' }"
        ),
        (
            "other account by option",
            "qdrant.api.cluster.list_clusters({}, { account_id = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' })"
        ),
        ("other context", "qdrant.connect { context = 'prod' }"),
        ("other endpoint", "qdrant.connect { endpoint = 'example.com:443' }"),
        ("fs.read", "fs.read '/etc/hostname'"), ("io.open", "io.open '/etc/hostname'"),
        ("io.lines", "io.lines '/etc/hostname'"), ("dofile", "dofile '/etc/hostname'"),
        ("loadfile", "loadfile '/etc/hostname'"), ("fs.write", "fs.write(TARGET, 'x')"),
        ("io.open for writing", "io.open(TARGET, 'w')"), ("io.output", "io.output(TARGET)"),
        ("os.remove", "os.remove(KEPT)"), ("os.rename", "os.rename(KEPT, TARGET)"),
        ("fs.remove", "fs.remove(KEPT)"), ("secret:write", "secret.new('x'):write(TARGET)"),
        ("os.getenv", "os.getenv 'HOME'"), ("env", "return env.HOME"),
        ("process.run", "process.run { 'touch', TARGET }"),
        ("io.popen", "io.popen('touch ' .. TARGET)"),
        ("os.execute", "os.execute('touch ' .. TARGET)"), ("http", "http.get(URL)"),
    ]

    @Test func eachForbiddenThingIsStoppedAndNothingArrives() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let page = try ServerProcess.peer("http_server")
        defer { page.stop() }
        let folder = try TemporaryFolder()
        let kept = try folder.write("kept", "kept")
        var script = """
            script { needs = { "read:clusters" } }
            local TARGET, KEPT, URL = "\(folder.path)/made", "\(kept)", "http://\(page.address)/echo"
            local through = {}
            local function try(name, body)
              local ok, problem = pcall(body)
              if ok or type(problem) ~= "table" or problem.origin ~= "bound" then
                through[#through + 1] = name .. ": " .. tostring(problem)
              end
            end

            """
        for (name, code) in Self.attempts {
            script += "try(\"\(name)\", function() \(code) end)\n"
        }
        script +=
            "print(#qdrant.api.cluster.list_clusters {}.items .. ' ' .. table.concat(through, '\\n'))"
        let file = try folder.write("script.lua", script)
        let result = try qcsh(
            ["--endpoint", sandbox.endpoint, "--account", sandbox.account, file],
            environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
        #expect(result.output == "2 \n", "\(result.errors)")
        // Only what is allowed has arrived.
        let calls = try #require(
            try RunningSandbox.json(try sandbox.admin("GET", "/calls"))["calls"] as? [[String: Any]]
        )
        #expect(calls.count == 1, "\(calls)")
        #expect((calls[0]["method"] as? String)?.lowercased().contains("clusters") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/made"))
        #expect(FileManager.default.fileExists(atPath: kept))
    }

    @Test func aRefusalNamesMethodPermissionAndLine() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "clean.lua",
            "local args = script { needs = { \"read:clusters\" } }\n\nqdrant.api.auth.list_management_keys {}\n"
        )
        let result = try qcsh(["--sandbox", file])
        #expect(result.status == 3)
        #expect(
            result.errors.hasSuffix(
                "/clean.lua:3: auth.list_management_keys: PERMISSION_DENIED: the header of "
                    + "clean.lua does not allow read:management_keys\n"
                    + "  3 | qdrant.api.auth.list_management_keys {}\n"), "\(result.errors)")
    }

    /// The bound is what all allow; what is denied is denied.
    @Test(
        arguments: [
            (["--allow", "read:clusters"], 0), (["--allow", "read:*"], 0),
            (["--allow", "write:clusters"], 3), (["--deny", "read:clusters"], 3),
            (["--allow", "*", "--deny", "*:clusters"], 3), (["--read-only"], 0), ([], 0),
            (["--allow", "read:clusters", "--deny", "write:*"], 0),
        ] as [([String], Int32)])
    func flagsNarrowTheHeader(_ flags: [String], _ status: Int32) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "list.lua",
            "script { needs = { 'read:clusters' } }\nqdrant.api.cluster.list_clusters {}\n")
        #expect(try qcsh(["--sandbox"] + flags + [file]).status == status)
        #expect(
            try qcsh(["call", "--sandbox"] + flags + ["cluster.list_clusters"]).status == status)
    }

    @Test func aContextMayBeReadOnlyAndKeepToItsAccount() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let config = try folder.write(
            "config.yaml",
            """
            current_context: prod
            contexts:
              - { name: prod, endpoint: "\(sandbox.endpoint)", api_key: "\(sandbox.key)",
                  account_id: "\(sandbox.account)", read_only: true, lock_account: true }
            """)
        let environment = ["QDRANT_CLOUD_CONFIG": config]
        #expect(
            try qcsh(["call", "cluster.list_clusters"], environment: environment).status == 0)
        let write = try qcsh(
            ["call", "--reveal", "auth.create_management_key", "management_key:={}"],
            environment: environment)
        #expect(write.status == 3)
        #expect(write.errors.contains("context \"prod\" allows reading only"))
        let other = try qcsh(
            [
                "call", "cluster.list_clusters",
                "account_id=0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1",
            ], environment: environment)
        #expect(other.status == 3)
        #expect(other.errors.contains("is not the session's"))
        // Taken for false, a mistake would unlock the context.
        let strange = try folder.write(
            "odd.yaml", "contexts: [{ name: odd, read_only: yes please }]")
        let odd = try qcsh(
            ["call", "--context", "odd", "cluster.list_clusters"],
            environment: ["QDRANT_CLOUD_CONFIG": strange])
        #expect(odd.errors.contains("read_only must be true or false"))
    }

    @Test func whatARunUsedBecomesItsHeader() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "work.lua",
            """
            script { about = "Works" }
            qdrant.api.cluster.list_clusters {}
            local made = qdrant.api.auth.create_management_key { management_key = {} }
            qdrant.api.auth.delete_management_key { management_key_id = made.management_key.id }
            fs.read "/etc/hostname"
            process.run { "true" }
            """)
        let audit = folder.path + "/audit.jsonl"
        #expect(try qcsh(["--sandbox", "--audit", audit, script]).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: audit)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let header = try qcsh(["permit", script, "--from", audit])
        #expect(
            header.output == """
                script {
                  about = "Works",
                  needs = {
                    "delete:management_keys",
                    "read:clusters",
                    "read:files=/etc/hostname",
                    "run:processes=true",
                    "write:management_keys",
                  },
                  deletes = true,
                }

                """, "\(header.errors)")
        // With that header the script runs, and with any need less it does not.
        let body = try String(contentsOfFile: script, encoding: .utf8)
            .split(separator: "\n").dropFirst().joined(separator: "\n")
        let bounded = try folder.write("bounded.lua", header.output + body)
        #expect(try qcsh(["--sandbox", bounded]).status == 0)
        for line in header.output.split(separator: "\n") where line.hasPrefix("    \"") {
            let less = header.output.replacingOccurrences(of: line + "\n", with: "")
            let narrow = try folder.write("narrow.lua", less + body)
            #expect(try qcsh(["--sandbox", narrow]).status == 3, "without \(line)")
        }
    }

    @Test(arguments: [
        ("script { needs = { 'read clusters' } }", "is not a permission"),
        ("script { needs = { 'read:' .. 'x' } }", "only literals"),
        ("script { nedds = {} }", "script has no field \"nedds\""),
        ("script { deletes = 'yes' }", "deletes must be true or false"),
    ])
    func aWrongHeaderIsSaidBeforeAnythingRuns(_ header: String, _ words: String) throws {
        let result = try qcsh(["-"], input: header + "\nprint('ran')\n")
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(words), "\(result.errors)")
    }
}
