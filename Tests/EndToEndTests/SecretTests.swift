import Foundation
import TestSupport
import Testing

/// Secrets of answers: opaque in scripts, masked in results, in a file or shown when asked for.
@Suite struct SecretTests {
    private static let create = "qdrant.api.auth.create_management_key { management_key = {} }"

    @Test func scriptsHoldSecretsWithoutShowingThem() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/key"
        let result = try qcsh(
            ["--sandbox", "-"],
            input: """
                local answer = \(Self.create)
                local key = answer.management_key.key
                assert(tostring(key) == "********" and ("%s"):format(key) == "********")
                assert(not tostring(answer):find(key:reveal(), 1, true))
                assert(key == key and key ~= key:reveal() and #key:reveal() == 40)
                local other = (\(Self.create)).management_key.key
                assert(key ~= other)
                for _, attempt in ipairs {
                  function() return "key " .. key end,
                  function() return json.encode(answer) end,
                  function() return json.encode { list = { key } } end,
                  function() return key.text end,
                  function() key:write("/nowhere/at/all") end,
                  function() return getmetatable(key).__index end,
                  function() return table.concat { key } end,
                } do
                  local ok, problem = pcall(attempt)
                  assert(not ok, "it was shown")
                  assert(not tostring(problem):find(key:reveal(), 1, true), problem)
                end
                key:write("\(file)")
                -- What a script sends back by mistake is not repeated by an error.
                local ok, problem = pcall(qdrant.api.cluster.get_cluster, { cluster_id = key })
                assert(not ok and problem.message:find("must be a UUID", 1, true), problem)
                assert(not tostring(problem):find(key:reveal(), 1, true), problem)
                assert(problem.violations[1].value:find("********", 1, true))
                print(key, key:reveal())
                """)
        #expect(result.status == 0, "\(result.errors)")
        let words = result.output.split(separator: "\n").last?.split(separator: "\t") ?? []
        #expect(words.first == "********")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == words.last.map(String.init))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func partsOfALongSecretAreNotShownEither() throws {
        let result = try qcsh(
            ["--sandbox", "-"],
            input: """
                local api = qdrant.api
                local package = api.booking.list_packages { cloud_provider_id = "aws",
                  cloud_provider_region_id = "eu-central-1" }.items[3]
                local cluster = api.cluster.create_cluster { cluster = { name = "for-keys",
                  cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1",
                  configuration = { number_of_nodes = 1, package_id = package.id } } }.cluster
                repeat
                  require("task").sleep(0.1)
                  cluster = api.cluster.get_cluster { cluster_id = cluster.id }.cluster
                until cluster.state.phase == "CLUSTER_PHASE_HEALTHY"
                local key = api.cluster.auth.create_database_api_key { database_api_key = {
                  cluster_id = cluster.id, name = "a key" } }.database_api_key.key
                assert(#key:reveal() > 100)
                local ok, problem = pcall(api.cluster.get_cluster, { cluster_id = key })
                assert(not ok)
                for _, text in ipairs { tostring(problem), problem.message,
                  problem.violations[1].value, problem.violations[1].message } do
                  assert(not text:find(key:reveal():sub(1, 12), 1, true), text)
                end
                -- A session takes a secret, and nothing else that is no string.
                local made = api.auth.create_management_key { management_key = {} }.management_key
                local other = qdrant.connect { api_key = made.key }
                api.auth.delete_management_key { management_key_id = made.id }
                local ok, problem = pcall(other.api.cluster.list_clusters, {})
                assert(not ok and problem.code == "UNAUTHENTICATED", tostring(problem))
                assert(not pcall(qdrant.connect, { api_key = 5 }))
                assert(not pcall(getmetatable(cluster).__index, 5, "name"))
                print("done")
                """)
        #expect(result.output == "done\n", "\(result.errors)")
    }

    @Test(arguments: ["table", "json", "jsonl", "yaml", "csv"])
    func resultsAreMaskedUnlessAskedForOtherwise(_ format: String) throws {
        let code = "return { \(Self.create).management_key }"
        let masked = try qcsh(["--sandbox", "--output", format, "-e", code])
        #expect(masked.output.contains("********"), "\(masked)")
        #expect(masked.errors.contains("a secret is masked: --reveal shows"))
        let shown = try qcsh(["--sandbox", "--output", format, "--reveal", "-e", code])
        #expect(!shown.output.contains("********"), "\(shown)")
        #expect(shown.output.contains { $0.isHexDigit } && shown.errors.isEmpty)
    }

    @Test func aFileKeepsWhatTheResultMasks() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("secret", "old")
        let arguments = ["--sandbox", "--secret-file", file, "--output", "json", "-e"]
        let one = try qcsh(arguments + ["return " + Self.create])
        #expect(one.output.contains("********"))
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.count == 41 && text.hasSuffix("\n"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)

        let two = try qcsh(arguments + ["return { a = \(Self.create), b = \(Self.create) }"])
        #expect(two.status == 0)
        let both = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: file)))
        let names = try #require(both as? [String: String]).keys.sorted()
        #expect(names == ["a.management_key.key", "b.management_key.key"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["secret"])
    }

    @Test func aFileThatCannotBeWrittenStopsTheRunBeforeItBegins() throws {
        let result = try qcsh(["--sandbox", "--secret-file", "/nowhere/key", "-e", "print('ran')"])
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("/nowhere/key: No such file or directory"))
    }

    /// A secret that is shown only once is not asked for when there is no room to keep it.
    @Test func noKeyIsMadeWhoseSecretHasNoRoom() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        func qcsh(_ words: String, limit: String = "") throws -> ProgramResult {
            try run(
                "/bin/bash", ["-c", "trap '' XFSZ; \(limit) exec '\(Project.qcsh)' \(words)"],
                environment: [
                    "QDRANT_CLOUD_ENDPOINT": sandbox.endpoint, "QDRANT_CLOUD_API_KEY": sandbox.key,
                ], folder: folder.path)
        }
        let count = "-e 'return #qdrant.api.auth.list_management_keys {}.items'"
        let create = "call --secret-file key auth.create_management_key management_key:={}"
        let before = try qcsh(count).output
        let full = try qcsh(create, limit: "ulimit -f 0;")
        // The messages have no room either.
        #expect(full.status == 2, "\(full)")
        #expect(try qcsh(count).output == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        let kept = try qcsh(create)
        #expect(kept.status == 0, "\(kept.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["key"])
        let text = try String(contentsOfFile: folder.path + "/key", encoding: .utf8)
        #expect(text.count > 20 && text.hasSuffix("\n") && !text.contains("\0"), "\(text.count)")
    }
}
