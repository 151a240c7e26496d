import Foundation
import TestSupport
import Testing

/// `confirm: true` of a context asks for the name before what deletes, restores or scales down.
@Suite struct ConfirmationTests {
    private func context(_ sandbox: RunningSandbox) throws -> (TemporaryFolder, [String: String]) {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "current_context: prod\ncontexts: [{name: prod, endpoint: \"\(sandbox.endpoint)\", "
                + "api_key: \(sandbox.key), confirm: true}]\n")
        chmod(file, 0o600)
        return (folder, ["QDRANT_CLOUD_CONFIG": file])
    }

    /// Everything that destroys or shrinks something, and the words of the question.
    private static let changes = [
        ("c:delete()", "delete the cluster \"search-prod\""),
        ("c:backups():list()[1]:delete()", "delete the backup \""),
        ("c:backups():latest():restore()", "restore the backup \""),
        ("c:keys():list()[1]:delete()", "delete the database api key \""),
        ("c:schedules():list()[1]:delete()", "delete the backup schedule \""),
        ("c:scale { nodes = 1, force = true }", "scale down the cluster \"search-prod\""),
        (
            "c:scale { cpu = '500m', ram = '2GiB', force = true }",
            "scale down the cluster \"search-prod\""
        ),
        ("c:update { nodes = 2 }", "scale down the cluster \"search-prod\""),
        ("qdrant.roles:find('Analyst'):delete()", "delete the role \"Analyst\""),
    ]

    @Test(arguments: ["grpc", "rest"]) func withoutATerminalItIsRefused(_ transport: String) throws
    {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try context(sandbox)
        for (code, words) in Self.changes where !code.contains("Analyst") {
            let result = try qcsh(
                [
                    "--transport", transport, "-e",
                    "local c = qdrant.clusters:find 'search-prod' \(code)",
                ], environment: variables)
            #expect(result.status == 3, "\(code): \(result.errors)")
            #expect(
                result.errors.contains("context \"prod\" asks before it may \(words)")
                    && result.errors.contains("--yes"), "\(code): \(result.errors)")
        }
        // Nothing has changed.
        let state = try sandbox.qcsh(
            "local c = qdrant.clusters:find 'search-prod' "
                + "return c.configuration.number_of_nodes, c:phase()")
        #expect(state.output == "3\nHEALTHY\n", "\(state.output)")
        withExtendedLifetime(folder) {}
    }

    @Test func otherChangesAreNotAskedAbout() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try context(sandbox)
        for code in [
            "c:scale { nodes = 4, wait = true }", "c:update { labels = { env = 'prod' } }",
            "c:backup { name = 'more', wait = true }", "c:restart()",
            "c:scale { cpu = 8, ram = '64GiB', wait = true }",
        ] {
            let result = try qcsh(
                ["-e", "local c = qdrant.clusters:find 'search-prod' \(code)"],
                environment: variables)
            #expect(result.status == 0, "\(code): \(result.errors)")
        }
        withExtendedLifetime(folder) {}
    }

    @Test func yesAndDryRunsAreNotAsked() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try context(sandbox)
        let id = try sandbox.qcsh("return qdrant.clusters:find('staging').id").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let refused = try qcsh(
            ["call", "cluster.delete_cluster", "cluster_id=\(id)"], environment: variables)
        #expect(
            refused.status == 3
                && refused.errors.contains("delete the cluster \"staging\": there is no terminal"),
            "\(refused.errors)")
        let dry = try qcsh(
            ["call", "--dry-run", "cluster.delete_cluster", "cluster_id=\(id)"],
            environment: variables)
        #expect(dry.status == 0, "\(dry.errors)")
        let done = try qcsh(
            ["call", "--yes", "cluster.delete_cluster", "cluster_id=\(id)"], environment: variables)
        #expect(done.status == 0, "\(done.errors)")
        let script = try qcsh(
            [
                "--yes", "-e",
                "qdrant.clusters:find('search-prod'):scale { nodes = 2, force = true }",
            ],
            environment: variables)
        #expect(script.status == 0, "\(script.errors)")
        withExtendedLifetime(folder) {}
    }

    /// At the prompt the name is asked for; another one, and Ctrl-C, change nothing.
    @Test func theNameIsAskedForOnTheTerminal() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try context(sandbox)
        let shell = try ShellSession([], columns: 200, environment: variables)
        let question = "delete the cluster \"staging\"? Type the name to confirm:"
        try shell.type("qdrant.clusters:find('staging'):delete()\r", until: question)
        try shell.type("stagin\r", until: "another name was typed")
        try shell.waitForPrompt()
        try shell.run("('%d left'):format(#qdrant.clusters:list())", until: "2 left")
        let second = question.replacingOccurrences(of: "cluster \"staging\"", with: "role \"mine\"")
        try shell.run(
            "r = qdrant.roles:create { name = 'mine', permissions = { 'read:clusters' } }",
            until: "mine")
        try shell.type("r:delete()\r", until: second)
        try shell.type("mine\r", until: "confirm: mine")
        try shell.waitForPrompt()
        try shell.run("qdrant.roles:find 'mine'", until: "no role named")
        #expect(try shell.leave() == 0)
        withExtendedLifetime(folder) {}
    }
}
