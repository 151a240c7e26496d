import Foundation
import TestSupport
import Testing

/// "Ctrl-C must stop work, always": what users of shells complain of first. Scripts run on a
/// terminal, and get the signal as the terminal sends it.
@Suite(.serialized) struct CtrlCTests {
    /// Runs code on a terminal; when it has shown "go", Ctrl-C is pressed.
    private func interrupted(
        _ code: String, _ options: [String] = [], presses: Int = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (screen: String, status: Int32?) {
        let home = try TemporaryFolder()
        let script = try home.write("script.lua", code)
        let terminal = try PseudoTerminal(Project.qcsh, options + [script], home: home.path)
        #expect(terminal.wait(for: "go"), sourceLocation: sourceLocation)
        for press in 1...presses {
            if press > 1 { #expect(terminal.wait(for: "press \(press)")) }
            terminal.signal(SIGINT)
        }
        let status = terminal.exitStatus()
        return (terminal.screen, status)
    }

    @Test(arguments: [
        "print('go') while true do end",
        "print('go') while true do pcall(function() while true do end end) end",
        "print('go') local f = coroutine.wrap(function() while true do pcall(task.sleep, 60) end end) f()",
        "print('go') task.sleep(60)",
        "print('go') while true do pcall(task.sleep, 60) end",
        "print('go') task.map({ 1, 2, 3 }, function() task.sleep(60) end)",
        "print('go') task.map({ 1, 2, 3 }, function() while true do end end)",
        "task.spawn(function() while true do pcall(task.sleep, 60) end end) print('go')",
        "print('go') table.sort({ 3, 2, 1 }, function() task.sleep(60) end)",
        "print('go') io.stdout:flush() local s = ('x'):rep(1 << 20) while true do s:find('y') end",
    ])
    func itStopsLoopsAndWaits(_ code: String) throws {
        let result = try interrupted(code)
        #expect(result.status == 130, "\(result.screen)")
        #expect(result.screen.contains("qcsh: interrupted"))
        #expect(!result.screen.contains("traceback"))
    }

    @Test func cleanUpCodeRunsFirst() throws {
        let result = try interrupted(
            """
            local x <close> = task.defer(function() task.sleep(0.05) print("cleaned up") end)
            print("go")
            while true do pcall(task.sleep, 60) end
            """)
        #expect(result.status == 130)
        #expect(result.screen.contains("cleaned up"))
    }

    @Test func theSecondTimeDoesNotWaitForCleanUpCode() throws {
        let result = try interrupted(
            """
            local x <close> = task.defer(function() print("press 2") task.sleep(60) print("late") end)
            print("go")
            task.sleep(60)
            """, presses: 2)
        #expect(result.status == 130)
        #expect(!result.screen.contains("late"))
    }

    /// A function of C is not reached; who means it gets out all the same.
    @Test func theThirdTimeEndsEvenAFunctionOfC() throws {
        let home = try TemporaryFolder()
        let terminal = try PseudoTerminal(
            Project.qcsh,
            [
                "-e",
                "print('go') io.stdout:flush() string.find(('a'):rep(60), ('.-'):rep(30) .. 'b')",
            ],
            home: home.path)
        #expect(terminal.wait(for: "go"))
        for _ in 1...3 {
            terminal.signal(SIGINT)
            usleep(50_000)
        }
        #expect(terminal.exitStatus() == 130)
    }

    /// A slow cloud: the method takes two seconds.
    private static func slow(_ method: String, _ code: String) -> String {
        """
        local sb = sandbox.start { speed = "instant", seed = "bare" }
        local cloud = sb:connect()
        sb:fault { method = "\(method)", latency = "1s" }
        local keep <close> = task.defer(function()
          sb:clear_faults()
          print("keys: " .. #cloud.api.auth.list_management_keys {}.items)
        end)
        local before = #cloud.api.auth.list_management_keys {}.items
        print("before: " .. before)
        \(code)
        """
    }

    @Test func aReadIsGivenUpAtOnce() throws {
        let started = Date()
        let result = try interrupted(
            Self.slow(
                "cluster.list_clusters",
                "print('go') cloud.api.cluster.list_clusters {} print('late')"
            ))
        #expect(result.status == 130, "\(result.screen)")
        #expect(!result.screen.contains("late") && !result.screen.contains("on its way"))
        #expect(Date().timeIntervalSince(started) < 15)
    }

    @Test func theFateOfAChangeIsReported() throws {
        let result = try interrupted(
            Self.slow(
                "auth.create_management_key",
                """
                task.spawn(function() task.sleep(0.2) print('go') end)
                pcall(cloud.api.auth.create_management_key, { management_key = {} })
                print('late')
                """))
        #expect(result.status == 130, "\(result.screen)")
        #expect(
            result.screen.contains("waiting for calls in flight: auth.create_management_key"))
        #expect(
            result.screen.contains("auth.create_management_key was in flight: it was executed"))
        #expect(!result.screen.contains("late"))
        let keys = result.screen.components(separatedBy: "keys: ").last?.prefix(1)
        #expect(keys == "2", "\(result.screen)")
    }

    @Test func ofAChangeThatIsGivenUpThatIsSaid() throws {
        let result = try interrupted(
            """
            local sb = sandbox.start { speed = "instant", seed = "bare" }
            local cloud = sb:connect()
            sb:fault { method = "auth.create_management_key", latency = "60s" }
            task.spawn(function()
              task.shield(function()
                task.sleep(0.2)
                print("go")
                task.sleep(0.3)
                print("press 2")
                task.sleep(60)
              end)
            end)
            cloud.api.auth.create_management_key { management_key = {} }
            """, presses: 2)
        #expect(result.status == 130, "\(result.screen)")
        #expect(result.screen.contains("it may or may not have been executed"))
    }

    @Test func eightCallsAtOnceEndTogether() throws {
        let result = try interrupted(
            Self.slow(
                "cluster.list_clusters",
                """
                task.spawn(function() task.sleep(0.2) print("go") end)
                task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function() return cloud.api.cluster.list_clusters {} end)
                print("late")
                """))
        #expect(result.status == 130, "\(result.screen)")
        #expect(!result.screen.contains("late"))
    }

    @Test func oneCallWithoutAScriptReportsItsFate() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        try sandbox.admin(
            "POST", "/faults", #"{"method":"auth.create_management_key","latency":"1s"}"#)
        let home = try TemporaryFolder()
        let config = try home.write(
            "config.yaml",
            """
            current_context: here
            contexts: [{ name: here, endpoint: "\(sandbox.endpoint)", api_key: "\(sandbox.key)" }]
            """)
        let terminal = try PseudoTerminal(
            "/usr/bin/env",
            [
                "QDRANT_CLOUD_CONFIG=\(config)", Project.qcsh, "call", "--reveal", "--trace",
                "--account", sandbox.account, "auth.create_management_key", "management_key:={}",
            ], home: home.path)
        // Once the sandbox has it.
        for _ in 0..<200 {
            if try sandbox.admin("GET", "/faults").contains(#""hits":1"#) { break }
            usleep(20_000)
        }
        terminal.signal(SIGINT)
        #expect(terminal.wait(for: "it was executed"), "\(terminal.screen)")
        #expect(terminal.exitStatus() == 130)
    }

    @Test(
        arguments: [
            ("while true do end", 124), ("while true do pcall(task.sleep, 60) end", 124),
            ("task.map({1,2}, function() task.sleep(60) end)", 124),
        ] as [(String, Int32)])
    func aTimeLimitStopsLikeCtrlC(_ code: String, _ status: Int32) throws {
        let result = try qcsh(["--timeout", "200ms", "-e", code])
        #expect(result.status == status)
        #expect(result.errors == "qcsh: not done within 0.2 s (--timeout)\n")
    }

    /// Even inside a function of C.
    @Test func aTimeLimitEndsAFunctionOfC() throws {
        let result = try qcsh([
            "--timeout", "100ms", "-e",
            "('a'):rep(60):find(('.-'):rep(30) .. 'b')",
        ])
        #expect(result.status == 124)
    }

    @Test func terminationIsObeyedWithCleanUp() throws {
        let home = try TemporaryFolder()
        let script = try home.write(
            "script.lua",
            "task.defer(function() print('cleaned up') end) print('go') while true do pcall(task.sleep, 60) end"
        )
        let terminal = try PseudoTerminal(Project.qcsh, [script], home: home.path)
        #expect(terminal.wait(for: "go"))
        terminal.signal(SIGTERM)
        #expect(terminal.wait(for: "cleaned up"))
        #expect(terminal.exitStatus() == 143)
    }
}
