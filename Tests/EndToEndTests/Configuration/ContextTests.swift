import Foundation
import TestSupport
import Testing

/// Configuration files, and where their credentials go.
@Suite struct ContextTests {
    private func configuration(_ text: String) throws -> (TemporaryFolder, [String: String]) {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.yaml", text)
        return (folder, ["QDRANT_CLOUD_CONFIG": file])
    }

    @Test func aContextGivesEndpointKeyAndAccount() throws {
        let server = try ServerProcess(Project.qcsh, ["sandbox", "--speed", "instant"])
        let (folder, environment) = try configuration(
            """
            current_context: local
            contexts:
              - name: local
                endpoint: \(server.announcement["endpoint"] ?? "")
                api_key_command: printf %s '\(server.announcement["management_key"] ?? "")'
            """)
        let code =
            "return #qdrant.api.platform.list_cloud_providers{}.items, qdrant.session.context"
        let result = try qcsh(["-e", code], environment: environment)
        #expect(result.output == "4\nlocal\n", "\(result.errors)")
        withExtendedLifetime(folder) {}
    }

    @Test func anUnknownContextIsAnErrorThatNamesTheOthers() throws {
        let (folder, environment) = try configuration("contexts: [{name: prod}]\n")
        let result = try qcsh(
            ["--context", "prd", "-e", "qdrant.api.account.list_accounts{}"],
            environment: environment)
        #expect(result.status == 2)
        #expect(result.errors.contains("no context named \"prd\"; did you mean \"prod\"?"))
        let other = try qcsh(["--context", "staging", "-e", "return 1"], environment: environment)
        #expect(other.status == 2 && other.output.isEmpty)
        #expect(other.errors.contains("no context named \"staging\"; available: prod"))
        withExtendedLifetime(folder) {}
    }

    @Test func aContextsKeyIsNotSentElsewhere() throws {
        let server = try ServerProcess(Project.qcsh, ["sandbox", "--speed", "instant"])
        let (folder, environment) = try configuration(
            "contexts: [{name: prod, endpoint: 'grpc.example.com:443', api_key: s3cret-canary}]\n")
        let result = try qcsh(
            [
                "--context", "prod", "--endpoint", server.announcement["endpoint"] ?? "", "-e",
                "qdrant.api.account.list_accounts{}",
            ], environment: environment)
        #expect(result.status == 2)
        #expect(result.errors.contains("is not sent to another endpoint"))
        #expect(!result.errors.contains("canary"))
        withExtendedLifetime(folder) {}
    }

    @Test func damagedFilesAreNamed() throws {
        let (folder, environment) = try configuration("contexts: [\n")
        let result = try qcsh(
            ["-e", "qdrant.api.account.list_accounts{}"], environment: environment)
        #expect(result.status == 2)
        #expect(result.errors.contains("config.yaml: invalid YAML"))
        withExtendedLifetime(folder) {}
    }
}

/// `qcsh context`: the user's own file is changed, qcloud's is only read.
@Suite struct ContextCommandTests {
    private func qcsh(_ arguments: [String], home: TemporaryFolder, input: String = "") throws
        -> ProgramResult
    {
        try TestSupport.qcsh(
            ["context"] + arguments, input: input,
            environment: ["HOME": home.path, "XDG_CONFIG_HOME": home.path + "/.config"])
    }

    @Test func contextsAreMadeChosenAndDeleted() throws {
        let home = try TemporaryFolder()
        try home.write(
            ".config/qcloud/config.yaml",
            "current_context: theirs\ncontexts:\n  - { name: theirs, api_key: their-key }\n")
        let own = try home.write(".config/qcsh/config.yaml", "x-mine: { kept: true } # a remark\n")
        let made = try qcsh(
            [
                "set", "prod", "--endpoint", "grpc.example.com:443", "--api-key", "--read-only",
                "--lock-account", "--color", "red", "--use",
            ], home: home, input: "my-secret-key\n")
        #expect(made.status == 0 && !made.errors.contains("my-secret-key"), "\(made.errors)")
        #expect(try qcsh(["set", "dev", "--api-key-command", "echo k"], home: home).status == 0)
        let list = try qcsh(["list", "--output", "jsonl"], home: home)
        let rows = try list.output.split(separator: "\n").map {
            try RunningSandbox.json(String($0))
        }
        #expect(rows.compactMap { $0["name"] as? String } == ["prod", "dev", "theirs"])
        #expect(rows[0]["read_only"] as? Bool == true && rows[0]["current"] as? Bool == true)
        #expect(!list.output.contains("my-secret-key") && !list.output.contains("their-key"))
        let text = try String(contentsOfFile: own, encoding: .utf8)
        #expect(
            text.contains("x-mine: { kept: true } # a remark\n")
                && text.contains("api_key: my-secret-key"))
        let mode = try FileManager.default.attributesOfItem(atPath: own)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        // A command takes the key's place.
        #expect(
            try qcsh(["set", "prod", "--api-key-command", "pass qdrant"], home: home).status == 0)
        #expect(!(try String(contentsOfFile: own, encoding: .utf8)).contains("my-secret-key"))
        #expect(try qcsh(["use", "theirs"], home: home).status == 0)
        #expect(try qcsh(["show", "--output", "json"], home: home).output.contains("\"theirs\""))
        let foreign = try qcsh(["delete", "theirs"], home: home)
        #expect(foreign.status == 2 && foreign.errors.contains("which qcsh does not change"))
        #expect(try qcsh(["delete", "prod"], home: home).status == 0)
        #expect(try qcsh(["use", "prod"], home: home).status == 2)
        #expect(
            try qcsh(["set", "bad", "--endpoint", "http://far.example.com"], home: home).status == 2
        )
        #expect(try qcsh(["set", "bad", "--api-key", "--token"], home: home).status == 2)
    }

    /// A command for a credential is run when a call needs it, once, and not for ever.
    @Test func aCredentialIsAskedForWhenItIsNeeded() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let marker = folder.path + "/asked"
        let config = try folder.write(
            "config.yaml",
            """
            contexts:
              - { name: good, endpoint: "\(sandbox.endpoint)",
                  api_key_command: "echo x >> \(marker); echo \(sandbox.key)" }
              - { name: bad, endpoint: "\(sandbox.endpoint)", api_key_command: "echo no >&2; exit 3" }
              - { name: empty, endpoint: "\(sandbox.endpoint)", api_key_command: "true" }
            """)
        let environment = ["QDRANT_CLOUD_CONFIG": config]
        let idle = try TestSupport.qcsh(
            [
                "--context", "good", "-e",
                "return #qdrant.api.platform.list_global_cloud_providers {}.items, qdrant.session.credential",
            ], environment: environment)
        #expect(idle.output.hasPrefix("3\n"), "\(idle.errors)")
        #expect(!FileManager.default.fileExists(atPath: marker))
        let busy = try TestSupport.qcsh(
            [
                "--context", "good", "-e",
                "qdrant.api.cluster.list_clusters {} return #qdrant.api.cluster.list_clusters {}.items",
            ], environment: environment)
        #expect(busy.output == "2\n", "\(busy.errors)")
        #expect(try String(contentsOfFile: marker, encoding: .utf8) == "x\n")
        for (name, words) in [("bad", "ended with status 3"), ("empty", "printed nothing")] {
            let result = try TestSupport.qcsh(
                ["call", "--context", name, "cluster.list_clusters"], environment: environment)
            #expect(result.status == 4 && result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test func theDoctorTellsWhatIsWrong() throws {
        let well = try TestSupport.qcsh(["doctor", "--sandbox"])
        #expect(well.status == 0 && !well.output.contains("WRONG"), "\(well.output)")
        #expect(well.output.contains("ok    permissions"))
        let sandbox = try RunningSandbox("--speed", "instant")
        let stranger = try TestSupport.qcsh(
            ["doctor", "--endpoint", sandbox.endpoint],
            environment: ["QDRANT_CLOUD_API_KEY": "wrong-key"])
        #expect(stranger.status == 4 && stranger.output.contains("WRONG credential"))
        let nobody = try TestSupport.qcsh(["doctor", "--endpoint", "http://127.0.0.1:1"])
        #expect(nobody.status == 8 && nobody.output.contains("WRONG grpc"))
        let home = try TemporaryFolder()
        let open = try home.write("config.yaml", "contexts: []\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: open)
        let careless = try TestSupport.qcsh(
            ["doctor", "--sandbox"], environment: ["QDRANT_CLOUD_CONFIG": open])
        #expect(careless.status == 2 && careless.output.contains("chmod 600"))
    }
}
