import Foundation
import TestSupport
import Testing

/// The program as a user runs it.
@Suite struct CommandLineTests {
    @Test func versionAndHelpAreOnStandardOutput() throws {
        let version = try qcsh(["--version"])
        #expect(version.status == 0)
        #expect(version.output.hasPrefix("qcsh "))
        let help = try qcsh(["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("--sandbox"))
        for command in ["call", "api", "sandbox"] {
            #expect(help.output.contains("\n  \(command) "))
        }
    }

    @Test func expressionsArePrintedAndStatementsAreNot() throws {
        #expect(try qcsh(["-e", "1 + 1"]).output == "2\n")
        #expect(try qcsh(["-e", "return 'a', 2"]).output == "a\n2\n")
        #expect(try qcsh(["-e", "local x = 1"]).output == "")
        #expect(try qcsh(["-e", "x = 1", "-e", "return x + 1"]).output == "2\n")
    }

    @Test func scriptsGetTheirArgumentsAndAShebangIsPassedOver() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "args.lua", "#!/usr/bin/env qcsh\nprint(arg[0]:match('[^/]+$'), #arg, ...)\n")
        let result = try qcsh([script, "--output", "x y", "-e", "--"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "args.lua\t4\t--output\tx y\t-e\t--\n")
    }

    @Test func aScriptMayHaveANameThatBeginsWithADash() throws {
        let folder = try TemporaryFolder()
        try folder.write("-s.lua", "print('ok', ...)\n")
        for options in [[], ["--verbose"], ["--sandbox"]] {
            let result = try qcsh(options + ["--", "-s.lua", "-e", "--"], folder: folder.path)
            #expect(result.output == "ok\t-e\t--\n", "\(options): \(result.errors)")
        }
        #expect(try qcsh(["-s.lua"], folder: folder.path).status == 2)
    }

    @Test(
        arguments: [
            ("--timeout", ["1h30m", "2w", "90", "1.5", "250ms", "1d12h"]),
            ("--max-memory", ["256MB", "1.5GiB", "64M", "100000KiB", "1Gi"]),
        ])
    func limitsAreWrittenAsEverywhere(_ option: String, _ values: [String]) throws {
        for value in values {
            let result = try qcsh([option, value, "-e", "return 1"])
            #expect(result.output == "1\n", "\(option) \(value): \(result.errors)")
        }
    }

    @Test(
        arguments: [
            (
                "--timeout", "must be a duration such as 30s or 1h30m",
                ["0", "0s", "-1h", "1 h", "1e3", "soon", "1h30", "inf", "nan", "1x", "300000w"]
            ),
            (
                "--max-memory", "must be a size such as 256MiB or 1.5GiB",
                ["0", "1.5", "-1GiB", "1  GiB", "1e3MiB", "GiB", "0MiB", "much"]
            ),
        ])
    func wrongLimitsAreRefused(_ option: String, _ words: String, _ values: [String]) throws {
        for value in values {
            let result = try qcsh(["\(option)=\(value)", "-e", "return 1"])
            #expect(result.status == 2, "\(option)=\(value): \(result.output)")
            #expect(result.errors.contains(words), "\(option)=\(value): \(result.errors)")
        }
    }

    @Test func aScriptComesFromStandardInput() throws {
        #expect(try qcsh(["-", "a"], input: "print(...)").output == "a\n")
        #expect(try qcsh([], input: "print('piped')").output == "piped\n")
    }

    @Test func modulesBesideTheScriptAreFoundAndMayCallTheAPI() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            "helper.lua",
            "local n = #qdrant.api.platform.list_global_cloud_providers{}.items\nreturn { n = n }\n"
        )
        let script = try folder.write("main.lua", "print(require('helper').n)")
        let result = try qcsh(["--sandbox", script])
        #expect(result.output == "3\n", "\(result.errors)")
    }

    @Test(
        arguments: [
            ("error('x')", 1), ("return qdrant.api.cluster.get_cluster{cluster_id='x'}", 3),
            (
                "return qdrant.api.cluster.get_cluster{cluster_id='00000000-0000-4000-8000-000000000000'}",
                5
            ),
            ("return qdrant.api.iam.get_authenticated_user{}", 4),
            (
                "return qdrant.api.cluster.list_clusters{account_id='00000000-0000-4000-8000-000000000000'}",
                4
            ),
            ("os.exit(17)", 17), ("os.exit(true)", 0), ("os.exit(false)", 1),
            (
                "return qdrant.api.booking.list_storage_tier_types{cloud_provider_id='aws', cloud_provider_region_id='nowhere'}",
                7
            ),
        ] as [(String, Int32)])
    func exitStatusTellsWhatHappened(_ code: String, _ status: Int32) throws {
        let result = try qcsh(["--sandbox", "-e", code])
        #expect(result.status == status, "\(result.errors)")
        #expect(result.output == "")
    }

    @Test func usageErrorsEndWithTwo() throws {
        #expect(try qcsh(["/no/such/script.lua"]).status == 2)
        let unknown = try qcsh(["--no-such-option"])
        #expect(unknown.status == 2)
        #expect(unknown.output == "")
    }

    @Test func noServerEndsWithEight() throws {
        let result = try qcsh(
            [
                "--endpoint", "http://127.0.0.1:1", "-e",
                "qdrant.api.cluster.list_clusters({}, {retries=0})",
            ],
            environment: [
                "QDRANT_CLOUD_API_KEY": "k",
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000000",
            ])
        #expect(result.status == 8)
        #expect(result.errors.contains("cannot connect"))
    }

    @Test func errorsNameTheScriptsLine() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "bad.lua", "local id = 1\n\nqdrant.api.cluster.get_cluster { cluster_id = id }\n")
        let result = try qcsh(["--sandbox", script])
        #expect(result.status == 3)
        #expect(
            result.errors.contains(
                "bad.lua:3: cluster.get_cluster: INVALID_ARGUMENT: cluster_id: expected a string, got the number 1"
            ))
    }

    @Test func misspellingsGetAHint() throws {
        func errors(_ code: String) throws -> String { try qcsh(["--sandbox", "-e", code]).errors }
        #expect(
            try errors("qdrant.api.cluster.list_clusterz{}").contains(
                "did you mean \"list_clusters\"?"))
        #expect(try errors("qdrant.api.clustr.x{}").contains("did you mean \"cluster\"?"))
        #expect(
            try errors("qdrant.api.cluster.list_clusters{ page_siz = 1 }").contains(
                "did you mean \"page_size\"?"))
        #expect(
            try errors("qdrant.api.cluster.list_clusters({}, { timeot = 1 })").contains(
                "did you mean \"timeout\"?"))
        #expect(
            try errors("return qdrant.api.cluster.list_clusters{}.itemz").contains(
                "did you mean \"items\"?"))
    }

    @Test func cleartextToAnotherMachineIsRefused() throws {
        let result = try qcsh([
            "--endpoint", "http://example.com", "-e", "qdrant.api.cluster.list_clusters{}",
        ])
        #expect(result.status == 2)
        #expect(result.errors.contains("cleartext is for loopback"))
    }

    @Test(arguments: ["grpc", "rest"])
    func theTourRunsOverBothTransports(_ transport: String) throws {
        let result = try qcsh([
            "--sandbox", "--transport", transport, Project.root + "/scripts/tour.lua",
        ])
        #expect(result.status == 0, "\(result.errors)")
        let table = result.output.split(separator: "\n").drop { !$0.hasPrefix("STEP") }
        let steps = table.map { line in
            line.split(separator: " ").dropLast(2).joined(separator: " ")
        }
        #expect(
            steps.dropFirst() == [
                "list regions OK", "list packages OK", "suggest a name OK", "create the cluster OK",
                "wait until it is ready OK", "make a database key OK", "scale to three nodes OK",
                "wait until it has scaled OK", "restart OK", "wait until it has restarted OK",
                "list clusters, page by page OK", "a misspelt field INVALID_ARGUMENT",
                "a name that is too short INVALID_ARGUMENT",
                "a cluster that does not exist NOT_FOUND",
                "delete the key OK", "delete the cluster OK", "wait until it is gone OK",
            ])
        // No secret is printed.
        #expect(!result.output.contains("eyJhb"))
    }

    @Test(arguments: ["grpc", "rest"])
    func bothTransportsTellTheSameErrors(_ transport: String) throws {
        let code = """
            local function try(fn) local ok, e = pcall(fn); return ok, e end
            local account = qdrant.session.account_id
            local nowhere = "00000000-0000-4000-8000-000000000000"
            for _, fn in ipairs {
              function() return qdrant.api.cluster.get_cluster { cluster_id = nowhere } end,
              function() return qdrant.api.cluster.list_clusters { account_id = nowhere } end,
              function() return qdrant.api.cluster.get_qdrant_release { version = "v0.0.1" } end,
              function() return qdrant.api.booking.list_packages { cloud_provider_id = "aws",
                cloud_provider_region_id = "eu-central-1", min_resources = { ram = "lots" } } end,
            } do
              local ok, e = try(fn)
              print(ok, e.code, e.method, e.message, e.origin, #e.violations, e.trace_id ~= nil, e.attempts)
            end
            """
        let result = try qcsh(["--sandbox", "--transport", transport, "-e", code])
        #expect(
            result.output == """
                false\tNOT_FOUND\tcluster.get_cluster\tcluster 00000000-0000-4000-8000-000000000000 does not exist in this account\tserver\t0\ttrue\t1
                false\tPERMISSION_DENIED\tcluster.list_clusters\tthe caller does not belong to account 00000000-0000-4000-8000-000000000000\tserver\t0\ttrue\t1
                false\tNOT_FOUND\tcluster.get_qdrant_release\trelease v0.0.1 not found\tserver\t0\ttrue\t1
                false\tINVALID_ARGUMENT\tbooking.list_packages\tmin_resources.ram: expected a quantity, got "lots"\tserver\t0\ttrue\t1

                """, "\(result.errors)")
    }

    @Test func outputFormatsAgree() throws {
        let code = "return qdrant.api.platform.list_global_cloud_providers{}"
        func output(_ format: String) throws -> String {
            try qcsh(["--sandbox", "--output", format, "-e", code]).output
        }
        let json =
            try JSONSerialization.jsonObject(with: Data(try output("json").utf8)) as? [String: Any]
        let items = try #require(json?["items"] as? [[String: Any]])
        #expect(items.map { $0["id"] as? String } == ["aws", "azure", "gcp"])
        #expect(items[0]["freeTier"] as? Bool == true)
        #expect(try output("jsonl").split(separator: "\n").count == 3)
        #expect(
            try output("csv").hasPrefix(
                "name,id,free_tier,available\r\nAmazon Web Services,aws,true,true\r\n"))
        #expect(try output("table").hasPrefix("ID     NAME                 AVAILABLE  FREE_TIER\n"))
        #expect(try output("yaml").contains("- id: aws\n    name: \"Amazon Web Services\"\n"))
    }
}
