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
        #expect(result.status == 1)
        #expect(result.errors.contains("there is no context \"prd\"; there are: prod"))
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
        #expect(result.status == 1)
        #expect(result.errors.contains("is not sent to another endpoint"))
        #expect(!result.errors.contains("canary"))
        withExtendedLifetime(folder) {}
    }

    @Test func damagedFilesAreNamed() throws {
        let (folder, environment) = try configuration("contexts: [\n")
        let result = try qcsh(
            ["-e", "qdrant.api.account.list_accounts{}"], environment: environment)
        #expect(result.status == 1)
        #expect(result.errors.contains("config.yaml is no YAML"))
        withExtendedLifetime(folder) {}
    }
}
