import Foundation
import TestSupport
import Testing

/// "History, but not my secrets": no secret that was ever issued is in a history, a recording, a
/// trace, a log, an error or on the screen, unless it was asked for.
@Suite(.serialized) struct SecretHistoryTests {
    private static let work = """
        local api = qdrant.api
        local made = api.auth.create_management_key { management_key = {} }
        made.management_key.key:write(arg[1] .. "/issued-1")
        print(made, made.management_key.key, json ~= nil)
        log.info("made a key", { key = made.management_key.key })
        local cluster = api.cluster.list_clusters {}.items[1]
        local key = api.cluster.auth.create_database_api_key { database_api_key = {
          cluster_id = cluster.id, name = "application",
          access_rules = { { global_access = { access_type = "MANAGE" } } } } }
        key.database_api_key.key:write(arg[1] .. "/issued-2")
        print(key)
        print(pcall(json.encode, key), pcall(yaml.encode, { made.management_key.key }))
        local stolen = made.management_key.key
        print(pcall(api.account.update_account, { account = { id = stolen, name = stolen } }))
        print(pcall(api.cluster.get_cluster, { cluster_id = stolen }))
        print(pcall(qdrant.connect, { api_key = stolen, endpoint = "not an endpoint" }))
        local other = qdrant.connect { api_key = stolen }
        print(other.session, #other.api.cluster.list_clusters {}.items)
        print(pcall(function() return "x" .. stolen end))
        error(stolen)
        """

    @Test(arguments: ["grpc", "rest"])
    func noIssuedSecretIsWrittenAnywhere(_ transport: String) throws {
        let home = try TemporaryFolder()
        let secrets = try TemporaryFolder()
        let sandbox = try RunningSandbox("--speed", "instant")
        let script = try home.write("work.lua", Self.work)
        let result = try qcsh(
            [
                "--endpoint", sandbox.endpoint, "--transport", transport, "-v", "--trace",
                "--trace-file", home.path + "/trace", "--audit", home.path + "/audit", "--record",
                home.path + "/record", script, secrets.path,
            ], environment: ["QDRANT_CLOUD_API_KEY": sandbox.key, "HOME": home.path])
        #expect(result.status == 1, "\(result.errors)")
        try home.write("stdout", result.output)
        try home.write("stderr", result.errors)
        try scan(home.path, for: try issued(secrets.path) + [sandbox.key])
    }

    /// The secrets that the script was told to keep, each in a private file.
    private func issued(_ folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.sorted() == ["issued-1", "issued-2"])
        return try names.map { name in
            let path = folder + "/" + name
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.count > 20)
            return text
        }
    }

    /// Looks into every file below a folder.
    private func scan(_ folder: String, for secrets: [String]) throws {
        let found = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        var count = 0
        for name in found {
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else {
                continue
            }
            count += 1
            let text = String(decoding: data, as: UTF8.self)
            for secret in secrets {
                #expect(!text.contains(secret), "a secret is in \(name)")
            }
        }
        #expect(count >= 6)
    }

    @Test func theShellsHistoryHasNoneEither() throws {
        let shell = try ShellSession(columns: 160)
        try shell.run(
            "made = qdrant.api.auth.create_management_key { management_key = {} }",
            until: "{} }\nqcsh")
        try shell.run("made", until: "********")
        try shell.run(
            "made.management_key.key:write('\(shell.home.path)/kept')", until: "kept')\nq")
        try shell.run(" hidden = 'typed with a space'", until: "space'\nqcsh")
        try shell.run("error(made.management_key.key)", until: "error object")
        try shell.run("s = secret.new('typed-by-hand-1')", until: "hand-1')\nqcsh")
        try shell.run("t = { api_key = 'typed-by-hand-2' }", until: "hand-2' }\nqcsh")
        #expect(try shell.leave() == 0)
        let secret = try String(contentsOfFile: shell.home.path + "/kept", encoding: .utf8)
        let history = try shell.history()
        #expect(history.contains("made.management_key.key:write"))
        #expect(!history.contains(secret) && !history.contains("typed with a space"))
        #expect(history.contains("s = secret.new(") && history.contains("t = { api_key = "))
        #expect(!history.contains("typed-by-hand"))
        #expect(!shell.screen.text.contains(secret))
    }

    /// A credential is never in the list of processes.
    @Test func credentialsAreNoArguments() throws {
        for word in ["--api-key=x", "--token=x"] {
            let result = try qcsh([word, "-e", "1"])
            #expect(result.status == 2)
        }
        let set = try qcsh(["context", "set", "x", "--api-key", "the-key"])
        #expect(set.status == 2)
    }
}
