import Foundation
import TestSupport
import Testing

/// Credentials as people and programs give them.
@Suite struct CredentialTests {
    private func config(_ fields: String, _ sandbox: RunningSandbox) throws -> (
        TemporaryFolder, [String: String]
    ) {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "current_context: a\ncontexts:\n  - name: a\n    endpoint: \"\(sandbox.endpoint)\"\n"
                + fields.split(separator: "\n", omittingEmptySubsequences: false).map {
                    "    \($0)\n"
                }.joined())
        return (folder, ["QDRANT_CLOUD_CONFIG": file])
    }

    /// Every source of a credential: blanks and line breaks around it are cut off, on both transports.
    @Test func whiteSpaceAroundACredentialIsCutOff() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let key = sandbox.key
        for around in ["\n", "\r\n", "  ", "\t", "\u{a0}", "\n\n"] {
            let value = around + key + around
            let escaped =
                "\""
                + value.unicodeScalars.map {
                    let digits = String($0.value, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined() + "\""
            let sources: [(String, [String: String], TemporaryFolder?)] = try [
                {
                    (
                        "variable",
                        [
                            "QDRANT_CLOUD_API_KEY": value,
                            "QDRANT_CLOUD_ENDPOINT": sandbox.endpoint,
                        ], nil
                    )
                }(),
                {
                    let (folder, variables) = try config("api_key: \(escaped)", sandbox)
                    return ("file", variables, folder)
                }(),
                {
                    let (folder, variables) = try config(
                        "api_key_command: \"cat '\(escapedFile(value))'\"", sandbox)
                    return ("command", variables, folder)
                }(),
            ]
            for (name, variables, folder) in sources {
                for transport in ["grpc", "rest"] {
                    let result = try qcsh(
                        ["call", "--transport", transport, "cluster.list_clusters"],
                        environment: variables)
                    #expect(
                        result.status == 0,
                        "\(name), \(transport), \(around.debugDescription): \(result.errors)")
                }
                withExtendedLifetime(folder) {}
            }
        }
        let (folder, block) = try config("api_key: |\n  \(key)", sandbox)
        #expect(try qcsh(["call", "cluster.list_clusters"], environment: block).status == 0)
        withExtendedLifetime(folder) {}
    }

    private func escapedFile(_ text: String) -> String {
        let path = NSTemporaryDirectory() + "/qcsh-secret-" + UUID().uuidString
        FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        return path
    }

    /// No header is injected: what no header can carry is refused before anything is sent.
    @Test func aCredentialWithControlCharactersIsRefusedWithItsSource() throws {
        for bad in ["a\r\nX-Injected: 1", "a\nb", "a\u{1}b", "a\u{7f}b", "schlüssel"] {
            for variable in ["QDRANT_CLOUD_API_KEY", "QDRANT_CLOUD_TOKEN"] {
                for transport in ["grpc", "rest"] {
                    let result = try qcsh(
                        [
                            "call", "--endpoint", "http://127.0.0.1:1", "--transport", transport,
                            "cluster.list_clusters",
                        ], environment: [variable: bad])
                    #expect(result.status == 2, "\(result.errors)")
                    #expect(
                        result.errors.contains("\(variable) contains")
                            && !result.errors.contains("Injected"), "\(result.errors)")
                }
            }
            let script = try qcsh(
                [
                    "-e",
                    "qdrant.connect { endpoint = 'http://127.0.0.1:1', api_key = os.getenv 'BAD' }",
                ], environment: ["BAD": bad])
            #expect(
                script.status == 2 && script.errors.contains("qdrant.connect: api_key contains"))
            let prompt = try qcsh(["context", "set", "a", "--api-key"], input: bad + "\n")
            #expect(
                bad.contains("\n") || prompt.errors.contains("the credential contains"),
                "\(prompt.errors)")
        }
    }

    /// What is piped into the program is not read by the command for the credential.
    @Test func aCommandDoesNotReadTheProgramsInput() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try config(
            "api_key_command: \"cat > /dev/null; echo \(sandbox.key)\"", sandbox)
        let result = try qcsh(
            [
                "-e",
                "qdrant.api.cluster.list_clusters {} for line in io.lines() do print('got ' .. line) end",
            ], input: "one\ntwo\n", environment: variables)
        #expect(result.output == "got one\ngot two\n", "\(result.errors)")
        withExtendedLifetime(folder) {}
    }

    /// Limits and signals reach the command, and other tasks run meanwhile.
    @Test func limitsReachTheCommand() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let (folder, variables) = try config(
            "account_id: 53edd200-075b-4687-a8a1-245a45ea32ee\n"
                + "api_key_command: \"sleep 30; echo k\"", sandbox)
        func time(_ body: () throws -> Void) rethrows -> TimeInterval {
            let start = Date()
            try body()
            return Date().timeIntervalSince(start)
        }
        let limited = try time {
            let call = try qcsh(
                ["call", "--timeout", "500ms", "cluster.list_clusters"], environment: variables)
            #expect(call.status == 124, "\(call.errors)")
            let script = try qcsh(
                ["--timeout", "500ms", "-e", "qdrant.api.cluster.list_clusters {}"],
                environment: variables)
            #expect(script.status == 124, "\(script.errors)")
            let option = try qcsh(
                ["-e", "qdrant.api.cluster.list_clusters({}, { timeout = 0.3 })"],
                environment: variables)
            #expect(
                option.status == 8 && option.errors.contains("did not finish before the deadline"),
                "\(option.errors)")
            let tasks = try qcsh(
                [
                    "-e",
                    """
                    local ticks = 0
                    local ticker = task.spawn(function() while true do task.sleep(0.01) ticks = ticks + 1 end end)
                    print(pcall(task.timeout, 0.3, function() qdrant.api.cluster.list_clusters {} end))
                    ticker:cancel()
                    print(ticks > 5)
                    """,
                ], environment: variables)
            #expect(tasks.output.hasSuffix("true\n"), "\(tasks.output)\(tasks.errors)")
        }
        #expect(limited < 20)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [SIGINT, SIGTERM], ["call", "script", "change"])
    func aSignalEndsTheCommand(_ signal: Int32, _ way: String) throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let marker = try TemporaryFolder()
        let (folder, variables) = try config(
            "api_key_command: \"touch \(marker.path)/asked; sleep 30; echo k\"", sandbox)
        let arguments =
            switch way {
            case "call": ["call", "cluster.list_clusters"]
            case "script": ["-e", "qdrant.api.cluster.list_clusters {}"]
            default:
                [
                    "call", "--account", "53edd200-075b-4687-a8a1-245a45ea32ee",
                    "cluster.suspend_cluster", "cluster_id=53edd200-075b-4687-a8a1-245a45ea32ee",
                ]
            }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Project.qcsh)
        process.arguments = arguments
        process.environment = variables.merging(["HOME": marker.path, "PATH": "/usr/bin:/bin"]) {
            _, new in new
        }
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let end = Date().addingTimeInterval(20)
        while !FileManager.default.fileExists(atPath: marker.path + "/asked"), Date() < end {
            usleep(5_000)
        }
        let start = Date()
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == (signal == SIGINT ? 130 : 143))
        #expect(Date().timeIntervalSince(start) < 10)
        withExtendedLifetime(folder) {}
    }

    /// A program in the background that holds the output open does not hold the call up.
    @Test func whatACommandLeavesBehindIsNotWaitedFor() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let (settings, variables) = try config(
            "api_key_command: \"echo \(sandbox.key); sleep 60 & echo $! > \(folder.path)/pid\"",
            sandbox)
        // What is left behind keeps the files of this process open, so that its end is no measure.
        let answer = folder.path + "/answer"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "'\(Project.qcsh)' call cluster.list_clusters > '\(answer).part'; "
                + "mv '\(answer).part' '\(answer)'",
        ]
        process.environment = variables.merging(["HOME": folder.path, "PATH": "/usr/bin:/bin"]) {
            _, new in new
        }
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let end = Date().addingTimeInterval(40)
        while !FileManager.default.fileExists(atPath: answer), Date() < end { usleep(10_000) }
        let text = try String(contentsOfFile: folder.path + "/pid", encoding: .utf8)
        let left = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(kill(left, 0) == 0, "it was to run on")
        kill(left, SIGKILL)
        process.waitUntilExit()
        #expect(try String(contentsOfFile: answer, encoding: .utf8).contains("items"))
        withExtendedLifetime(settings) {}
    }
}
