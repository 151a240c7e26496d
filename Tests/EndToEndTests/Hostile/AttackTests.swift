import Foundation
import TestSupport
import Testing

/// Peers that attack a sandbox, as Tests/Fixtures/peers/hostile_client.py does, while another caller
/// wants its answers.
///
/// The times are those of a debug build on a machine that does other things meanwhile; what a release
/// build does, scripts/dev/bench/attacks measures.
@Suite(.serialized) struct AttackTests {
    /// What a mode is expected to end in.
    struct Expectation: CustomTestStringConvertible {
        let mode: String
        /// Whether the server closes the attacking connections; nil when that depends on how many frames
        /// the machine manages in the time.
        var closes: Bool? = false
        /// What the server says to them.
        var said = ""
        /// Options of the sandbox.
        var options: [String] = []
        /// Whether a debug build takes a millisecond and more for each of the attacker's streams, so that
        /// only this is checked of the times: others are served at all.
        var isHeavy = false
        var testDescription: String { mode }
    }

    /// How much memory may come on top, in MB, while 8 connections attack.
    private static let memory = 200.0

    static let expectations = [
        Expectation(mode: "ping", closes: nil),
        Expectation(mode: "settings", closes: nil),
        Expectation(mode: "priority", closes: nil),
        Expectation(mode: "unknown"),
        Expectation(mode: "window-update", closes: true),
        Expectation(mode: "empty-data", closes: true, said: "GOAWAY 11"),
        Expectation(mode: "empty-continuation", closes: true, said: "GOAWAY 11"),
        Expectation(mode: "rapid-reset", closes: nil, isHeavy: true),
        Expectation(mode: "reflection"),
        Expectation(mode: "error-then-bytes", closes: true, said: "GOAWAY 6"),
        Expectation(
            mode: "bodies", said: "",
            options: ["--budget", "connection-input=2MiB", "--budget", "total-input=8MiB"]),
        Expectation(
            mode: "no-window", closes: true,
            said: "GOAWAY 0 the connection is over the budget slow-read",
            options: ["--budget", "slow-read=1s"]),
        Expectation(mode: "pipelined", closes: nil),
        Expectation(mode: "pipelined-lists"),
        Expectation(
            mode: "endless-head", closes: true, said: "431 Request Header Fields Too Large"),
        Expectation(
            mode: "endless-trailers", closes: true, said: "budget request-headers of 64KiB"),
        Expectation(mode: "endless-body", closes: true, said: "budget request-body of 4MiB"),
        Expectation(mode: "endless-chunk", closes: true, said: "budget request-headers of 64KiB"),
        Expectation(mode: "anonymous-json", said: "401 Unauthorized"),
        Expectation(
            mode: "slow-head", closes: true,
            options: ["--budget", "slow-request=1s", "--budget", "first-bytes=1s"]),
        Expectation(
            mode: "silent", closes: true, options: ["--budget", "first-bytes=1s"]),
    ]

    @Test(arguments: expectations)
    func othersAreServedAndMemoryIsBounded(_ expected: Expectation) throws {
        let sandbox = try RunningSandbox(arguments: ["--speed", "instant"] + expected.options)
        let result = try run(
            "/usr/bin/python3",
            [
                "-B", Project.root + "/Tests/Fixtures/peers/hostile_client.py", expected.mode,
                sandbox.server.address, "\(sandbox.server.processIdentifier)", "--key", sandbox.key,
                "--account", sandbox.account, "--seconds", "3",
            ])
        #expect(result.status == 0, "\(result.errors)")
        let seen = try RunningSandbox.json(result.output)
        func number(_ name: String) throws -> Double { try #require(seen[name] as? Double) }
        #expect(try number("calls") >= (expected.isHeavy ? 3 : 20), "\(seen)")
        #expect(try number("p99_ms") < (expected.isHeavy ? 3000 : 1000), "\(seen)")
        #expect(try number("peak_mb") < number("rest_mb") + Self.memory, "\(seen)")
        #expect(try number("after_mb") < number("rest_mb") + 60, "\(seen)")
        if let closes = expected.closes {
            #expect(try (number("closed") == 8) == closes, "\(seen)")
        }
        let said = try #require(seen["said"] as? String)
        #expect(expected.said.isEmpty || said.contains(expected.said), "\(seen)")
        // It still serves.
        #expect(
            try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")
    }
}
