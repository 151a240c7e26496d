import TestSupport
import Testing

/// "Honest exit codes": each line of the table of exit statuses, by a script, a file, standard input
/// and a single call.
@Suite struct ExitStatusTests {
    private static let none = "00000000-0000-4000-8000-000000000000"

    private static let cases: [(code: String, status: Int32)] = [
        ("return 1", 0), ("error('x')", 1), ("error({ code = 'NOT_FOUND' })", 1), ("x = = 1", 1),
        ("qdrant.api.cluster.get_cluster { cluster_id = 'x' }", 3),
        ("qdrant.api.iam.get_authenticated_user {}", 4),
        ("qdrant.api.cluster.get_cluster { cluster_id = '\(none)' }", 5),
        ("qdrant.api.cluster.unsuspend_cluster { cluster_id = ID }", 6),
        (
            "qdrant.api.booking.list_storage_tier_types { cloud_provider_id = 'aws', cloud_provider_region_id = 'nowhere' }",
            7
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'UNAVAILABLE' } qdrant.api.cluster.list_clusters({}, { retries = 0 })",
            8
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'INTERNAL' } qdrant.api.cluster.list_clusters {}",
            8
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'RESOURCE_EXHAUSTED' } qdrant.api.cluster.list_clusters({}, { retries = 0 })",
            6
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'RESOURCE_EXHAUSTED', retry_after = '1s' } qdrant.api.cluster.list_clusters({}, { retries = 0 })",
            8
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'ABORTED' } qdrant.api.cluster.list_clusters {}",
            6
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', status = 'UNIMPLEMENTED' } qdrant.api.cluster.list_clusters {}",
            7
        ),
        (
            "sandbox.attach():fault { method = 'cluster.list_clusters', latency = '5s' } qdrant.api.cluster.list_clusters({}, { timeout = 0.1, retries = 0 })",
            8
        ),
        (
            "task.map({ 1, 2 }, function() qdrant.api.cluster.get_cluster { cluster_id = '\(none)' } end)",
            5
        ),
        ("task.spawn(function() error('child') end)", 1),
        (
            "coroutine.wrap(function() qdrant.api.cluster.get_cluster { cluster_id = '\(none)' } end)()",
            5
        ),
        ("os.exit(42)", 42), ("os.exit(true)", 0), ("os.exit(false)", 1),
    ]

    @Test(arguments: ["-e", "file", "stdin"])
    func aScriptEndsWithWhatHappened(_ way: String) throws {
        let folder = try TemporaryFolder()
        for (code, status) in Self.cases {
            let code = code.replacing(
                "ID", with: "qdrant.api.cluster.list_clusters {}.items[1].id")
            let result =
                switch way {
                case "-e": try qcsh(["--sandbox", "-e", code])
                case "file": try qcsh(["--sandbox", try folder.write("s.lua", code)])
                default: try qcsh(["--sandbox", "-"], input: code)
                }
            #expect(result.status == status, "\(way): \(code): \(result.errors)")
            // Who fails says why, on standard error; nothing else is there.
            let ends = code.hasPrefix("os.exit")
            #expect(result.errors.isEmpty == (status == 0 || ends), "\(code): \(result.errors)")
            #expect(
                result.output
                    == (way == "-e" && code == "return 1" || code == "return 1" ? "1\n" : ""))
        }
    }

    @Test(
        arguments: [
            (["cluster.list_clusters"], 0), (["cluster.get_cluster", "cluster_id=x"], 3),
            (["cluster.get_cluster", "cluster_id=\(none)"], 5), (["iam.get_authenticated_user"], 4),
            (["cluster.list_clustrs"], 2), (["cluster.list_clusters", "page_size=many"], 2),
            ([], 2),
            (["--deny", "read:*", "cluster.list_clusters"], 3),
            (["--timeout", "0", "cluster.list_clusters"], 2),
        ] as [([String], Int32)])
    func aCallEndsWithWhatHappened(_ arguments: [String], _ status: Int32) throws {
        let result = try qcsh(["call", "--sandbox"] + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty == (status != 0))
    }

    @Test(
        arguments: [
            (["--no-such-option"], 2), (["--transport", "smoke", "-e", "1"], 2),
            (["/no/such/file.lua"], 2),
            (["--context", "nope", "-e", "qdrant.api.cluster.list_clusters{}"], 2),
            (["check", "/no/such/file.lua"], 2), (["--timeout", "never", "-e", "1"], 2),
            (["--max-memory", "1", "-e", "1"], 2),
            (["--max-instructions", "1000", "-e", "while true do end"], 1),
            (["--timeout", "0.1", "-e", "task.sleep(5)"], 124),
        ] as [([String], Int32)])
    func theCommandLineItselfMayBeWrong(_ arguments: [String], _ status: Int32) throws {
        let result = try qcsh(arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(!result.errors.isEmpty && result.output.isEmpty)
    }

    /// A limit on memory is kept, or refused in one line; nothing else is said of it.
    @Test func aLimitOfMemoryIsKeptOrRefused() throws {
        func run(_ limit: Int, _ code: String) throws -> ProgramResult {
            try qcsh(["--max-memory", "\(limit)B", "-e", code])
        }
        let bare = try qcsh(["--max-memory", "100000000", "-e", "1"])
        #expect(bare.status == 2)
        #expect(bare.errors == "qcsh: --max-memory 100000000 has no unit; write 100000000B\n")
        let refused = try qcsh(["--max-memory", "100", "-e", "1"])
        #expect(refused.status == 2 && refused.output.isEmpty)
        let words = "qcsh: --max-memory 100 is less than Lua needs (about "
        #expect(refused.errors.hasPrefix(words) && refused.errors.hasSuffix(" KiB)\n"))
        let needed = try #require(Int(refused.errors.dropFirst(words.count).prefix { $0.isNumber }))
        #expect(try run((needed + 1) << 10, "1").output == "1\n")
        var limit = 1
        while limit < needed << 12 {
            let result = try run(limit, "local t = {} for i = 1, 1e7 do t[i] = { i } end")
            #expect(result.status == (limit < needed << 10 ? 2 : 1), "\(limit)")
            #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(limit): \(result.errors)")
            limit *= 3
        }
    }
}
