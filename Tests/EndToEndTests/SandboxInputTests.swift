import TestSupport
import Testing

/// What people write for a sandbox, through the program.
@Suite struct SandboxInputTests {
    private static let wrongSeed =
        "\u{FEFF}users: [{email: a@b.co}]\naccounts:\n  - {name: Mine, ownr: a@b.co}\n"

    @Test func optionsThatAreMisspeltNameTheNearestWord() throws {
        let folder = try TemporaryFolder()
        let seed = try folder.write("seed.yaml", Self.wrongSeed)
        let fault = try folder.write("fault.yaml", "faults:\n  - {status: ABORTED, metod: \"*\"}\n")
        let runs: [(arguments: [String], expected: String)] = [
            (["--seed", "demmo"], "did you mean \"demo\"?"),
            (
                ["--seed", seed],
                "\(seed): accounts[0].ownr: unknown key \"ownr\"; did you mean \"owner\"? (line 3)"
            ),
            (["--lenient", "displayname"], "'display_name'"),
            (["--fault", "{metod: x}"], "unknown key \"metod\"; did you mean \"method\"?"),
            (["--faults", fault], "unknown key \"metod\"; did you mean \"method\"?"),
        ]
        for run in runs {
            let result = try qcsh(["sandbox"] + run.arguments)
            #expect(result.status != 0 && result.errors.contains(run.expected), "\(result.errors)")
        }
    }

    @Test func variablesThatAreMisspeltAreRefused() throws {
        let list = "return #qdrant.api.cluster.list_clusters{}.items"
        for (name, value, expected) in [
            ("QCSH_SANDBOX_SED", "bare", "did you mean QCSH_SANDBOX_SEED?"),
            ("QCSH_SANDBOX_SEED", "baer", "did you mean \"bare\"?"),
        ] {
            let result = try qcsh(["--sandbox", "-e", list], environment: [name: value])
            #expect(result.status == 2 && result.errors.contains(expected), "\(result.errors)")
        }
        let served = try qcsh(["sandbox"], environment: ["QCSH_SANDBOX_SED": "bare"])
        #expect(served.status == 2 && served.errors.contains("QCSH_SANDBOX_SEED"))
    }

    @Test func aRunningSandboxNamesTheFileThatItCannotBeResetTo() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let folder = try TemporaryFolder()
        let seed = try folder.write("seed.yaml", Self.wrongSeed)
        let result = try qcsh(
            ["sandbox", "reset", "--seed", seed, "--port", sandbox.port],
            environment: ["XDG_STATE_HOME": sandbox.server.stateFolder])
        #expect(result.status == 1 && result.errors.contains("\(seed): accounts[0].ownr"))
        #expect(try sandbox.curl("GET", "/api/account/v1/accounts").status == 200)
    }
}
