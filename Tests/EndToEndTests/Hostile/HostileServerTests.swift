import Foundation
import TestSupport
import Testing

/// Servers that flood, break rules or never answer, as Tests/Fixtures/peers/hostile_server.py does.
@Suite struct HostileServerTests {
    /// A call's end: whether it succeeded, the error's code and its message, in three lines.
    private static let call = """
        local ok, e = pcall(qdrant.api.cluster.list_clusters, {}, { retries = 0, timeout = TIME })
        print(ok)
        print(type(e) == "table" and e.code)
        print(type(e) == "table" and e.message or e)
        """

    /// What a run against a server did, its time in seconds and its largest resident size in MB.
    private struct Seen {
        let result: ProgramResult
        let seconds: Double
        let megabytes: Double

        var code: String { line(1) }
        var message: String { line(2) }

        private func line(_ number: Int) -> String {
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.count > number ? String(lines[number]) : ""
        }
    }

    private func run(
        _ mode: String, _ arguments: [String], transport: String = "grpc"
    ) throws -> Seen {
        let server = try ServerProcess(
            "/usr/bin/python3",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/hostile_server.py", "--exit-with-stdin",
                mode,
            ])
        defer { server.stop(SIGKILL) }
        let folder = try TemporaryFolder()
        let started = ContinuousClock.now
        // The largest size is what the system says of finished children.
        let measure = """
            import resource, subprocess, sys
            status = subprocess.run(sys.argv[2:]).returncode
            open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
            sys.exit(status)
            """
        let result = try TestSupport.run(
            "/usr/bin/python3",
            [
                "-c", measure, folder.path + "/size", Project.qcsh, "--endpoint",
                "http://" + server.address, "--transport", transport,
            ] + arguments,
            environment: [
                "QDRANT_CLOUD_API_KEY": "k",
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ])
        let kilobytes = Double(try String(contentsOfFile: folder.path + "/size", encoding: .utf8))
        return Seen(
            result: result,
            seconds: Double((ContinuousClock.now - started).components.seconds),
            megabytes: try #require(kilobytes) / 1024)
    }

    private func code(timeout: Int) -> [String] {
        ["-e", Self.call.replacingOccurrences(of: "TIME", with: "\(timeout)")]
    }

    // MARK: - Floods

    @Test func aFloodDoesNotHoldUpTheDeadlineOfACall() throws {
        let seen = try run("drip", code(timeout: 1))
        #expect(seen.code == "DEADLINE_EXCEEDED", "\(seen)")
        #expect(seen.message.contains("no answer before the deadline"), "\(seen)")
        #expect(seen.seconds < 8 && seen.megabytes < 150, "\(seen)")
    }

    @Test func aFloodDoesNotHoldUpTheTimeoutOfARun() throws {
        let seen = try run("drip", ["--timeout", "1s"] + code(timeout: 60))
        #expect(seen.result.status == 124, "\(seen)")
        #expect(seen.result.errors.contains("not done within 1.0 s (--timeout)"), "\(seen)")
        #expect(seen.seconds < 8, "\(seen)")
    }

    @Test(arguments: [
        ("ping", "lood"), ("settings", "lood"), ("empty-data", "a flood of 10000 frames"),
        ("unknown", "a flood of 4194304 bytes"), ("priority", "a flood of 10000 frames"),
        ("window-update", "a flood of 10000 frames"),
        ("informational", "budget response-headers of 256KiB"),
        ("metadata", "Too many CONTINUATION frames"),
    ])
    func aFloodOfFramesEndsTheCallWithItsReason(_ mode: String, _ words: String) throws {
        let seen = try run(mode, code(timeout: 60))
        #expect(seen.message.contains(words), "\(seen)")
        #expect(seen.seconds < 10 && seen.megabytes < 150, "\(seen)")
    }

    /// Ctrl-C is seen between two turns of the loop, however much comes.
    @Test func aFloodDoesNotHoldUpAnInterrupt() throws {
        let server = try ServerProcess(
            "/usr/bin/python3",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/hostile_server.py", "--exit-with-stdin",
                "drip",
            ])
        defer { server.stop(SIGKILL) }
        let result = try TestSupport.run(
            "/usr/bin/timeout",
            [
                "-s", "INT", "-k", "20", "2", Project.qcsh, "--endpoint",
                "http://" + server.address,
            ] + code(timeout: 60),
            environment: [
                "QDRANT_CLOUD_API_KEY": "k",
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ])
        // timeout(1) says 124 when the program ended by the first signal.
        #expect(result.status == 124 && result.errors.contains("interrupted"), "\(result)")
    }

    // MARK: - Broken rules

    static let violations: [String] = {
        let listed = try? TestSupport.run(
            "/usr/bin/python3",
            ["-B", Project.root + "/Tests/Fixtures/peers/hostile_server.py", "--list"])
        return listed?.output.split(separator: "\n").map(String.init) ?? []
    }()

    @Test func thereAreViolations() { #expect(Self.violations.count >= 34) }

    @Test(arguments: violations)
    func aBrokenRuleEndsTheCallAtOnceWithItsReason(_ mode: String) throws {
        let seen = try run(mode, code(timeout: 60))
        #expect(["INTERNAL", "UNAVAILABLE"].contains(seen.code), "\(seen)")
        #expect(
            seen.message.contains("violated HTTP/2 (")
                || seen.message.contains("was lost (Too many CONTINUATION"), "\(seen)")
        #expect(seen.seconds < 8, "\(seen)")
    }

    // MARK: - REST

    @Test(arguments: [
        ("endless-headers", "RESOURCE_EXHAUSTED", "budget response-headers of 256KiB"),
        ("endless-trailers", "RESOURCE_EXHAUSTED", "budget response-headers of 256KiB"),
        ("endless-interim", "RESOURCE_EXHAUSTED", "budget response-headers of 256KiB"),
        ("gzip-bomb", "RESOURCE_EXHAUSTED", "budget decompression-ratio of 100"),
        ("cut", "UNAVAILABLE", "transfer closed with 99 bytes remaining to read"),
    ])
    func whatGrowsWithoutEndIsBounded(_ mode: String, _ code: String, _ words: String) throws {
        let seen = try run(mode, self.code(timeout: 60), transport: "rest")
        #expect(seen.code == code && seen.message.contains(words), "\(seen)")
        #expect(seen.seconds < 10 && seen.megabytes < 150, "\(seen)")
        // The http module has the same bounds.
        let page = """
            local ok, e = pcall(function()
              return http.get(env.PAGE, { retries = 0, timeout = 60 })
            end)
            print(ok) print(ok or e.code) print(ok or e.message)
            """
        let http = try runHTTP(mode, page)
        #expect(http.output.contains(words), "\(http)")
    }

    private func runHTTP(_ mode: String, _ code: String) throws -> ProgramResult {
        let server = try ServerProcess(
            "/usr/bin/python3",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/hostile_server.py", "--exit-with-stdin",
                mode,
            ])
        defer { server.stop(SIGKILL) }
        return try qcsh(
            ["-e", code], environment: ["PAGE": "http://\(server.address)/"])
    }

    // MARK: - Silence

    @Test(arguments: ["grpc", "rest"])
    func theTimeoutHoldsForAChangeThatIsOnItsWay(_ transport: String) throws {
        let seen = try run(
            "mute", ["--timeout", "1s", "-e", "qdrant.api.auth.create_management_key {}"],
            transport: transport)
        #expect(seen.result.status == 124, "\(seen)")
        #expect(seen.result.errors.contains("waiting for calls in flight"), "\(seen)")
        #expect(seen.result.errors.contains("not done within 1.0 s (--timeout)"), "\(seen)")
        // One second, and five of grace.
        #expect(seen.seconds < 12, "\(seen)")
    }

    @Test(arguments: ["grpc", "rest"], ["cluster.list_clusters", "auth.create_management_key"])
    func aSingleCallThatTakesTooLongEndsWith124(_ transport: String, _ method: String) throws {
        let server = try ServerProcess(
            "/usr/bin/python3",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/hostile_server.py", "--exit-with-stdin",
                "mute",
            ])
        defer { server.stop(SIGKILL) }
        let result = try qcsh(
            [
                "call", "--endpoint", "http://" + server.address, "--transport", transport,
                "--timeout", "1s", "--reveal", method,
            ],
            environment: [
                "QDRANT_CLOUD_API_KEY": "k",
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ])
        #expect(result.status == 124, "\(result)")
        #expect(result.errors.contains("not done within 1.0 s (--timeout)"), "\(result)")
    }

    /// What a server without HTTP/2 gets of a call: nothing.
    @Test func nothingIsSentBeforeTLSHasAgreedOnHTTP2() throws {
        let folder = try TemporaryFolder()
        let script = """
            import subprocess, sys
            server = subprocess.Popen([sys.executable, "-B", sys.argv[1], "--exit-with-stdin",
                "tls-http1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True)
            import json
            said = json.loads(server.stdout.readline())
            client = subprocess.run([sys.argv[2], "--endpoint", "https://" + said["address"],
                "--ca-file", said["ca_file"], "-e", sys.argv[3]], capture_output=True, text=True)
            print(client.stdout, end="")
            print(server.stderr.readline(), end="")
            server.kill()
            """
        let result = try TestSupport.run(
            "/usr/bin/python3",
            [
                "-c", script, Project.root + "/Tests/Fixtures/peers/hostile_server.py",
                Project.qcsh, Self.call.replacingOccurrences(of: "TIME", with: "20"),
            ],
            environment: [
                "QDRANT_CLOUD_API_KEY": "k", "TMPDIR": folder.path,
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ])
        #expect(result.output.contains("does not offer HTTP/2 (ALPN h2)"), "\(result)")
        #expect(result.output.contains("bytes after the handshake: 0"), "\(result)")
    }
}
