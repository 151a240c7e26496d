import Foundation
import TestSupport
import Testing

/// The nearer setting wins, and a context that was named stands for itself.
@Suite struct PrecedenceTests {
    private static let prod = "11111111-075b-4687-a8a1-245a45ea32ee"
    private static let staging = "22222222-075b-4687-a8a1-245a45ea32ee"
    private static let outside = "33333333-075b-4687-a8a1-245a45ea32ee"

    /// Where a session would go, as `doctor` shows it.
    private func settings(
        _ arguments: [String] = [], _ variables: [String: String] = [:]
    ) throws -> [String: String] {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            """
            current_context: prod
            contexts:
              - {name: prod, endpoint: "http://127.0.0.1:1", api_key: KEY-P, account_id: \(Self.prod), read_only: true}
              - {name: staging, endpoint: "http://127.0.0.1:2", token: T-S, account_id: \(Self.staging), retries: 7}
              - {name: bare, endpoint: "http://127.0.0.1:4"}
            """)
        chmod(file, 0o600)
        let environment = ["QDRANT_CLOUD_CONFIG": file].merging(variables) { _, new in new }
        let result = try qcsh(
            ["doctor", "--output", "jsonl"] + arguments, environment: environment)
        #expect(!result.output.contains("KEY-") && !result.output.contains("T-S"))
        var found: [String: String] = [:]
        for line in result.output.split(separator: "\n") {
            let row = try RunningSandbox.json(String(line))
            guard let subject = row["subject"] as? String, let words = row["words"] as? String
            else { continue }
            // Words begin with the value; the file's path is not the same in each run.
            found[subject, default: ""] +=
                words.replacingOccurrences(of: " in \(file)", with: "") + "\n"
        }
        return found
    }

    private func expect(
        _ found: [String: String], endpoint: String, account: String, credential: String
    ) {
        #expect(found["endpoint"] == endpoint + "\n")
        #expect(found["account"] == account + "\n")
        #expect(found["credential"]?.hasPrefix(credential + "\n") == true, "\(found)")
    }

    private let variables = [
        "QDRANT_CLOUD_API_KEY": "KEY-E", "QDRANT_CLOUD_ENDPOINT": "http://127.0.0.1:3",
        "QDRANT_CLOUD_ACCOUNT_ID": outside,
    ]

    @Test func aNamedContextIsNotMixedWithTheEnvironment() throws {
        for (arguments, more) in [
            (["--context", "staging"], [:]), ([], ["QDRANT_CLOUD_CONTEXT": "staging"]),
        ] {
            let found = try settings(arguments, variables.merging(more) { _, new in new })
            expect(
                found, endpoint: "http://127.0.0.1:2 (context staging)",
                account: "\(Self.staging) (context staging)",
                credential: "a user's token (context staging)")
            #expect(found["retries"] == "7 (context staging)\n")
            #expect(found["guards"] == "none\n")
        }
        let bare = try settings(["--context", "bare"], variables)
        #expect(bare["endpoint"] == "http://127.0.0.1:4 (context bare)\n")
        #expect(bare["account"] == "that of the credential (default)\n")
        #expect(bare["credential"]?.hasPrefix("none: context bare has none") == true)
    }

    @Test func theEnvironmentCountsMoreThanTheCurrentContext() throws {
        let found = try settings([], variables)
        expect(
            found, endpoint: "http://127.0.0.1:3 (QDRANT_CLOUD_ENDPOINT)",
            account: "\(Self.outside) (QDRANT_CLOUD_ACCOUNT_ID)",
            credential: "a management key (QDRANT_CLOUD_API_KEY), instead of that of context prod, "
                + "whose endpoint and account are not used either")
        // Its guards hold all the same.
        #expect(found["guard"] == "read_only (context prod)\n")
        let key = try settings([], ["QDRANT_CLOUD_TOKEN": "T-E"])
        #expect(key["endpoint"] == "https://grpc.cloud.qdrant.io (default)\n")
        #expect(key["account"] == "that of the credential (default)\n")
    }

    @Test func theCurrentContextCountsMoreThanDefaults() throws {
        expect(
            try settings(), endpoint: "http://127.0.0.1:1 (context prod)",
            account: "\(Self.prod) (context prod)", credential: "a management key (context prod)")
        let account = try settings([], ["QDRANT_CLOUD_ACCOUNT_ID": Self.outside])
        #expect(account["account"] == "\(Self.outside) (QDRANT_CLOUD_ACCOUNT_ID)\n")
        #expect(account["credential"]?.hasPrefix("a management key (context prod)") == true)
    }

    @Test func optionsCountMoreThanEverythingElse() throws {
        let found = try settings(
            [
                "--endpoint", "http://127.0.0.1:9", "--account", Self.staging, "--retries", "1",
            ], variables)
        expect(
            found, endpoint: "http://127.0.0.1:9 (--endpoint)",
            account: "\(Self.staging) (--account)",
            credential: "a management key (QDRANT_CLOUD_API_KEY), instead of that of context prod, "
                + "whose endpoint and account are not used either")
        #expect(found["retries"] == "1 (--retries)\n")
        let named = try settings(["--context", "staging", "--account", Self.prod], variables)
        #expect(named["account"] == "\(Self.prod) (--account)\n")
        #expect(named["endpoint"] == "http://127.0.0.1:2 (context staging)\n")
    }

    /// What is planned is what is sent.
    @Test func theCredentialOfTheNamedContextIsSent() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "contexts: [{name: here, endpoint: \"\(sandbox.endpoint)\", api_key: \(sandbox.key)}]\n"
        )
        for transport in ["grpc", "rest"] {
            for (name, value) in [
                ("QDRANT_CLOUD_API_KEY", "other"), ("QDRANT_CLOUD_TOKEN", "other"),
                ("QDRANT_CLOUD_ENDPOINT", "http://127.0.0.1:1"),
                ("QDRANT_CLOUD_ACCOUNT_ID", Self.outside),
            ] {
                let environment = ["QDRANT_CLOUD_CONFIG": file, name: value]
                let result = try qcsh(
                    [
                        "call", "--context", "here", "--transport", transport,
                        "cluster.list_clusters",
                    ],
                    environment: environment)
                #expect(result.status == 0, "\(transport), \(name): \(result.errors)")
                let script = try qcsh(
                    [
                        "--transport", transport, "-e",
                        "return #qdrant.connect { context = 'here' }.api.cluster.list_clusters {}.items",
                    ], environment: environment)
                #expect(script.output == "2\n", "\(transport), \(name): \(script.errors)")
            }
        }
    }

    @Test func aTraceShowsWhereSettingsCameFrom() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let result = try qcsh(
            ["call", "--trace", "--endpoint", sandbox.endpoint, "cluster.list_clusters"],
            environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
        #expect(result.status == 0)
        for line in [
            "session  endpoint  \(sandbox.endpoint) (--endpoint)",
            "session  account  that of the credential (default)",
            "session  credential  a management key (QDRANT_CLOUD_API_KEY)", "session  guards  none",
        ] {
            #expect(result.errors.contains(line), "\(result.errors)")
        }
        #expect(!result.errors.contains(sandbox.key))
    }

    /// The credential of a context goes nowhere else, and the error names what leads elsewhere.
    @Test func whatLeadsAwayFromAContextIsNamed() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "current_context: a\ncontexts: [{name: a, endpoint: 'http://127.0.0.1:1', api_key: k}]\n"
        )
        for variable in ["QDRANT_CLOUD_ENDPOINT", "QDRANT_CLOUD_REST_ENDPOINT"] {
            let result = try qcsh(
                ["call", "cluster.list_clusters"],
                environment: ["QDRANT_CLOUD_CONFIG": file, variable: "http://127.0.0.1:2"])
            #expect(result.status == 2)
            #expect(
                result.errors.contains("is not sent to another endpoint (\(variable))"),
                "\(result.errors)")
        }
    }

    @Test func twoCredentialsOfAScriptExcludeEachOther() throws {
        let result = try qcsh(["-e", "qdrant.connect { api_key = 'a', token = 'b' }"])
        #expect(result.status != 0)
        #expect(
            result.errors.contains("api_key and token exclude each other"), "\(result.errors)")
    }
}
