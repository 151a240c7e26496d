import Foundation
import TestSupport
import Testing

/// A run that was ended has the status that says by what, wherever it was waiting.
@Suite struct EndedRunTests {
    /// The surroundings of a run whose credential comes from a command.
    private func surroundings(
        _ command: String, _ sandbox: RunningSandbox
    ) throws -> (TemporaryFolder, [String: String]) {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "current_context: a\ncontexts:\n  - name: a\n    endpoint: \(sandbox.endpoint)\n"
                + "    api_key_command: '\(command)'\n")
        chmod(file, 0o600)
        return (folder, ["QDRANT_CLOUD_CONFIG": file])
    }

    private static let commands = [
        ["doctor"], ["call", "cluster.list_clusters"],
        ["-e", "return qdrant.api.cluster.list_clusters {}"], ["run", "costs"],
    ]

    @Test(arguments: [("INT", 130), ("TERM", 143)])
    func aSignalEndsEveryCommandThatWaitsForACredential(_ signal: String, _ status: Int32) throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try surroundings(
            "kill -\(signal) $PPID; exec sleep 60", sandbox)
        for command in Self.commands {
            let start = Date()
            let result = try qcsh(command, environment: variables)
            #expect(result.status == status, "\(command): \(result)")
            #expect(Date().timeIntervalSince(start) < 30, "\(command)")
        }
        withExtendedLifetime(folder) {}
    }

    @Test func theTimeLimitEndsEveryCommandThatWaitsForACredential() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try surroundings("exec sleep 60", sandbox)
        for command in Self.commands {
            let isSubcommand = !command[0].hasPrefix("-")
            let result = try qcsh(
                isSubcommand
                    ? [command[0], "--timeout", "300ms"] + command.dropFirst()
                    : ["--timeout", "300ms"] + command, environment: variables)
            #expect(result.status == 124, "\(command): \(result)")
        }
        withExtendedLifetime(folder) {}
    }

    /// A function of C that a signal interrupts returns to the script before the run is ended.
    @Test(arguments: [
        "io.popen('exec sleep 60'):read('a')", "io.open('pipe')", "io.lines('pipe')",
        "print(pcall(io.lines, 'pipe'))",
        "pcall(task.sleep, 60)", "while true do pcall(task.sleep, 60) end",
    ]) func theTimeLimitShowsInTheStatus(_ code: String) throws {
        let folder = try TemporaryFolder()
        mkfifo(folder.path + "/pipe", 0o600)
        let result = try qcsh(["--timeout", "300ms", "-e", code], folder: folder.path)
        #expect(result.status == 124, "\(result)")
        #expect(result.errors.contains("(--timeout)"), "\(result.errors)")
    }

    /// What a function of Lua's library returns can be shown.
    @Test(arguments: [
        ("return io.stdin", "file (0x"), ("return io.stdout, 1", "file (0x"),
        ("local f = io.tmpfile() f:close() return f, 1", "file (closed)\n1\n"),
    ]) func filesAreShownAsPrintShowsThem(_ code: String, _ start: String) throws {
        let result = try qcsh(["-e", code])
        #expect(result.status == 0 && result.output.hasPrefix(start), "\(result)")
    }

    /// What writes returns its file for chains of calls: only what was written is on the output.
    @Test(arguments: ["io.write('x')", "io.stdout:write('x')", "return io.write('x'):write('')"])
    func whatWritesShowsNothingElse(_ code: String) throws {
        let result = try qcsh(["-e", code])
        #expect(result.status == 0 && result.output == "x" && result.errors.isEmpty, "\(result)")
    }
}
