import Foundation
import TestSupport
import Testing

/// The commands, and what goes on beside the prompt.
@Suite(.serialized) struct ShellCommandTests {
    @Test func aTaskThatWasLeftRunningReportsAboveThePrompt() throws {
        let shell = try ShellSession()
        try shell.run(
            "gate = task.channel(1) task.spawn(function() gate:receive() print('from the task') return 40 + 2 end)",
            until: "[1] qcsh sandbox>")
        try shell.run(".jobs", until: "running")
        try shell.type("half ty", until: "half ty")
        try shell.screen.type("\u{15}gate:send(1)\r")
        try shell.wait(for: "from the task")
        try shell.wait(for: "[1] done after")
        try shell.wait(for: "\n42\n")
        #expect(try shell.leave() == 0)
    }

    @Test func outputWhileOneTypesStandsAboveWhatIsTyped() throws {
        let shell = try ShellSession()
        try shell.run(
            "task.spawn(function() for i = 1, 20 do task.sleep(0.05) io.write('tick ', i, '\\n') end end)",
            until: "] qcsh")
        for letter in "typed meanwhile" {
            try shell.screen.type(String(letter))
        }
        try shell.wait(for: "tick 20")
        try shell.wait(for: "[1] done")
        #expect(shell.screen.text.contains("tick 19\ntick 20\n[1] done"))
        try shell.wait(for: "> typed meanwhile")
        #expect(shell.screen.lines[shell.screen.cursor.row].hasSuffix("typed meanwhile"))
        // What programs write comes there, too.
        try shell.screen.type("\u{15}")
        try shell.run(
            "task.spawn(function() process.run({ 'sh', '-c', 'echo from $((40 + 2))' }, { stdout = 'inherit' }) end)",
            until: "from 42")
        #expect(try shell.leave() == 0)
    }

    @Test func jobsAreCancelledAndFailuresTold() throws {
        let shell = try ShellSession()
        try shell.run(
            "shell.background(function() task.sleep(1000) end, 'a long one')", until: "[1] qcsh")
        try shell.run(".jobs", until: "a long one")
        try shell.run(".jobs cancel 1", until: "[1] cancelled")
        try shell.run("shell.background(function() error('went wrong') end)", until: "went wrong")
        try shell.run(".jobs cancel 9", until: "job 9 not found")
        #expect(try shell.leave() == 0)
    }

    @Test func watchShowsAgainInOnePlaceAndMarksWhatChanged() throws {
        let shell = try ShellSession()
        try shell.run("n = 0", until: "n = 0\nq")
        try shell.type(
            ".watch 0.1s (function() n = n + 1 return { a = 1, n = n } end)()\r", until: "n  9")
        #expect(!shell.screen.text.contains("n  8"))
        let row = try #require(shell.screen.lines.firstIndex { $0.hasPrefix("n  ") })
        #expect(try shell.screen.style(row: row, column: 0)?.reverse == true)
        #expect(try shell.screen.style(row: row - 1, column: 0)?.reverse == false)
        try shell.type("\u{3}", until: "interrupted")
        #expect(try shell.leave() == 0)
    }

    @Test func aWaitIsToldOnALineThatGoesAway() throws {
        let shell = try ShellSession()
        try shell.home.write(
            "slow.lua",
            """
            world = sandbox.start { speed = "instant" }
            world:fault { method = "*", latency = "3s" }
            slow = world:connect()
            """)
        try shell.run(".load \(shell.home.path)/slow.lua", until: "a\nqcsh")
        try shell.type(
            "#slow.api.cluster.list_clusters {}.items\r", until: "cluster.list_clusters  1")
        try shell.wait(for: "\n2\n")
        #expect(!shell.screen.text.contains("cluster.list_clusters  "))
        // What is printed meanwhile takes the line's place, and the line comes back.
        try shell.type(
            "task.spawn(function() slow.api.cluster.list_clusters {} end) task.sleep(1.2) print('in between') slow.api.cluster.list_clusters {} return 40 + 2\r",
            until: "in between")
        try shell.wait(for: "cluster.list_clusters  ")
        try shell.wait(for: "\n42\n")
        #expect(shell.screen.lines.contains("in between"))
        try shell.waitUntilGone("cluster.list_clusters  ")
        #expect(try shell.leave() == 0)
    }

    @Test(arguments: [(80, 24), (40, 12)])
    func aNamedWaitTellsWhatToExpect(_ columns: Int, _ rows: Int) throws {
        let shell = try ShellSession(columns: columns, rows: rows)
        try shell.home.write(
            "wait.lua",
            """
            -- Each step waits for its file, so that what is shown before it can be seen at leisure.
            local function step(name)
              while not fs.exists("\(shell.home.path)/" .. name) do task.sleep(0.02) end
            end
            function waits()
              local one <close> = term.spinner("a: CREATING", { usual = 90 })
              local two <close> = term.spinner("b")
              step("first")
              two:close()
              one:update("a: HEALTHY, no address yet")
              step("second")
            end
            print("it is defined")
            """)
        try shell.run(".load \(shell.home.path)/wait.lua", until: "it is defined\n")
        try shell.type(
            "waits() return 42\r",
            until: columns == 40 ? " s of ~1m30s" : " s of about 1m30s")
        let named = columns == 40 ? "a: CREATING  " : "a: CREATING and 1 more  "
        #expect(shell.screen.text.contains(named), "\(shell.screen.text)")
        try shell.home.write("first", "")
        try shell.wait(for: columns == 40 ? ": HEALTHY, no a" : "a: HEALTHY, no address yet  ")
        try shell.home.write("second", "")
        try shell.wait(for: "\n42\n")
        #expect(!shell.screen.text.contains("HEALTHY"))
        try shell.waitForPrompt()
        #expect(try shell.leave() == 0)
    }

    @Test(arguments: [(100, 24), (40, 12)])
    func aClustersWaitShowsItsPhaseAndWhatToExpect(_ columns: Int, _ rows: Int) throws {
        let home = try TemporaryFolder()
        try home.write(".local/state/qcsh/waits", "90.0\tcluster.create at 127.0.0.1\n")
        let shell = try ShellSession(columns: columns, rows: rows, home: home)
        try shell.type(
            "c = clusters:create { name = 'alpha', cloud = 'aws', region = 'eu-central-1', "
                + "package = 'gpx3', nodes = 2, wait = true }\r",
            until: columns == 40 ? " of ~1m30s" : "of about 1m30s")
        let shown = columns == 40 ? "alpha…: CREATING" : "alpha to be ready: CREATING"
        #expect(shell.screen.text.contains(shown), "\(shell.screen.text)")
        try shell.waitUntilGone(": CREATING")
        try shell.waitForPrompt()
        try shell.run("c:phase()", until: "\nHEALTHY\n")
        try shell.type(
            "c:scale { cpu = '4000m', ram = '16GiB', wait = true }\r",
            until: ": SCALING")
        try shell.type("\u{3}", until: "interrupted")
        try shell.waitForPrompt()
        #expect(!shell.screen.text.contains("SCALING"))
        #expect(try shell.leave() == 0)
        // What this one took is remembered.
        let waits = try String(
            contentsOfFile: home.path + "/.local/state/qcsh/waits", encoding: .utf8)
        #expect(waits.hasPrefix("90.0 "))
    }

    @Test func whatIsSavedRuns() throws {
        let shell = try ShellSession()
        for (entry, shown) in [
            ("clusters:find('staging').name", "\nstaging\n"), ("=1 + 1 -- sum", "\n2\n"),
            ("return 20 * 2", "\n40\n"), ("if true then return 4 end", "\n4\n"),
            ("local n = 5", "n = 5\nq"), ("function f() return 1 end", "1 end\nq"),
            ("n = n + 1 -- why?", "why?\nq"),
            ("goto a ::a:: print('label')", "label\nq"),
            ("goto a ::a:: print('again')", "again\nq"),
            ("n", "\n6\n"), ("local url = 'http://[::1]:6333'", "6333'\nq"),
            ("#url", "\n17\n"),
        ] { try shell.run(entry, until: shown) }
        try shell.run(".save ~/session.lua", until: "12 entries in")
        #expect(!shell.screen.text.contains("needs a hand"))
        let saved = try qcsh(["--sandbox", shell.home.path + "/session.lua"])
        #expect(saved.output == "staging\n2\n40\n4\nlabel\nagain\n6\n17\n", "\(saved.errors)")
        // The history has what earlier sessions entered, too.
        try shell.run(".history save ~/staging.lua staging", until: "1 entry in")
        try shell.run(".history delete", until: "usage: .history")
        #expect(try shell.leave() == 0)
    }

    @Test func tasksCleanUpWhenTheShellIsLeft() throws {
        let shell = try ShellSession()
        let file = shell.home.path + "/closed"
        try shell.run(
            "task.spawn(function() task.defer(function() task.sleep(0.2) fs.write('\(file)', 'x') end)"
                + " task.sleep(1000) end)", until: "[1] qcsh")
        #expect(try shell.leave() == 0)
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test func helpRunsNothing() throws {
        let shell = try ShellSession()
        try shell.run("function f() ran = true end", until: "end\nq")
        for line in [".help f()", ".help (f())", ".help os.exit(3)", "help 'f()'"] {
            try shell.run(line, until: "no entry named")
            try shell.screen.type("\u{c}")
            try shell.waitUntilGone("no entry named")
        }
        try shell.run("ran == nil", until: "\ntrue\n")
        #expect(try shell.leave() == 0)
    }

    @Test func sessionsAreSavedAsScriptsAndLoaded() throws {
        let shell = try ShellSession(columns: 250)
        let file = shell.home.path + "/session.lua"
        try shell.run("local x = 40", until: "x = 40\nq")
        try shell.run("x + 2", until: "\n42\n")
        try shell.run("error('no')", until: "no")
        try shell.run(".save \(file)", until: "2 entries in")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("local x = 40\nkeep(\nx + 2\n)\n") && !text.contains("error"))
        #expect(try qcsh([file]).output == "42\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        try shell.run(".save \(file)", until: "already exists")
        // What was there before is not what is waited for.
        try shell.screen.type("\u{c}")
        try shell.waitUntilGone("is there alread")
        try shell.run(".load \(file)", until: "\n42\nq")
        #expect(try shell.leave() == 0)
    }

    @Test func timingAndTraceTellOfCalls() throws {
        let shell = try ShellSession()
        try shell.run(".timing on", until: "\non\n")
        try shell.run("#api.cluster.list_clusters {}.items", until: "1 call,")
        try shell.run(".trace on", until: "trace on\non\n")
        try shell.run("#api.cluster.list_clusters {}.items", until: "cluster.list_clusters  OK")
        try shell.run(".trace off", until: "\noff\n")
        #expect(try shell.leave() == 0)
    }

    @Test func wrongCommandsSayWhatIsRight() throws {
        let shell = try ShellSession()
        try shell.run(".formt json", until: "did you mean .format?")
        try shell.run(".format xml", until: "expected table, wide, tree, json")
        try shell.run(".timing perhaps", until: "usage: .timing [on | off]")
        try shell.run(".load", until: "usage: .load FILE")
        try shell.run(".load /nowhere", until: "/nowhere")
        try shell.run(".path", until: "./lua  the project's modules, not found")
        try shell.run("shell.format 'json'", until: "\"json\"")
        try shell.run(".account", until: "owner")
        #expect(try shell.leave() == 0)
    }

    @Test func otherPlacesAreATableOrAWordAway() throws {
        let home = try TemporaryFolder()
        try home.write(
            ".config/qcsh/config.yaml",
            """
            current_context: prod
            contexts:
              - { name: prod, color: red, endpoint: "http://127.0.0.1:1", read_only: true,
                  account_id: 53edd200-075b-8687-a8a1-245a45ea32ee, api_key: k }
              - { name: dev, color: green, endpoint: "http://127.0.0.1:2", api_key: k }
            """)
        let shell = try ShellSession([], home: home)
        #expect(shell.screen.lines[0] == "qcsh prod:53edd200 ro> ")
        #expect(try shell.screen.style(row: 0, column: 6)?.background == "red")
        try shell.run("1", until: "\n1\n")
        try shell.run(".context", until: "dev")
        try shell.run(".context dev", until: "qcsh dev>")
        try shell.run("2", until: "\n2\n")
        try shell.run(".context nosuch", until: "no context named \"nosuch\"")
        #expect(try shell.leave() == 0)
        // Each has a history of its own.
        #expect(try shell.history("prod").contains("\"entry\":\"1\""))
        #expect(try shell.history("dev").contains("\"entry\":\"2\""))
        #expect(try !shell.history("dev").contains("\"entry\":\"1\""))
    }

    @Test func initRunsUnlessItIsNotWantedAndMayMakeThePrompt() throws {
        let home = try TemporaryFolder()
        try home.write(
            ".config/qcsh/init.lua",
            "local greeting = 'hello'\nfunction greet() return greeting .. '!' end\n"
                + "shell.prompt = function(place) return (place.context or 'none') .. ' $ ' end\n")
        let shell = try ShellSession(home: home, prompt: "sandbox $ ")
        try shell.run("greet() .. greeting", until: "hello!hello")
        try shell.type(
            "shell.prompt = function() return 'above\\n' .. term.style('red', 'dev') .. ' $ ' end\r",
            until: "above\ndev $ ")
        let row = shell.screen.cursor.row
        #expect(try shell.screen.style(row: row, column: 0)?.color == "red")
        #expect(try shell.screen.style(row: row, column: 4)?.color == "default")
        try shell.type("shell.prompt = function() error('oh') end\r", until: "qcsh sandbox> ")
        #expect(shell.screen.text.contains("shell.prompt is no longer used: "))
        #expect(shell.screen.text.contains("oh"))
        // One that does not end is given up like anything else.
        try shell.type("shell.prompt = function() while true do end end\r", until: "do end end\n")
        try shell.type("\u{3}", until: "it was interrupted\nqcsh sandbox> ")
        try shell.screen.type("\u{4}")
        #expect(try shell.screen.exitStatus() == 0)
        let plain = try ShellSession(["--sandbox", "--norc"], home: home)
        try plain.run("greet", until: "greet\nqcsh sandbox> ")
        #expect(try plain.leave() == 0)
    }
}

/// Going elsewhere.
@Suite(.serialized) struct ShellPlaceTests {
    @Test func aSandboxIsStartedAndGoneToFromWithin() throws {
        let shell = try ShellSession(["--endpoint", "http://127.0.0.1:1"])
        try shell.run(".sandbox", until: "session of")
        try shell.run("#api.cluster.list_clusters {}.items", until: "\n2\n")
        #expect(try shell.leave() == 0)
    }

    @Test func otherAccountsAreGoneToByName() throws {
        let shell = try ShellSession()
        try shell.run("#api.account.list_accounts {}.items", until: "\n")
        try shell.run(".account nobody", until: "account \"nobody\" not found; available: ")
        let line = try #require(shell.screen.lines.first { $0.contains("; available: ") })
        let names = try #require(line.components(separatedBy: "; available: ").last)
        let first = try #require(
            names.split(separator: ",").first)
        try shell.run(".account \(first)", until: "session of")
        #expect(try shell.leave() == 0)
    }

    @Test func contextsThatMayNotBeChangedAreNot() throws {
        let home = try TemporaryFolder()
        let world = try RunningSandbox()
        try home.write(
            ".config/qcsh/config.yaml",
            """
            current_context: prod
            contexts:
              - { name: prod, read_only: true, endpoint: "\(world.endpoint)", api_key: \(world.key),
                  account_id: \(world.account) }
            """)
        let shell = try ShellSession([], home: home)
        try shell.run("#api.cluster.list_clusters {}.items", until: "\n2\n")
        try shell.run(
            "api.cluster.delete_cluster { cluster_id = api.cluster.list_clusters {}.items[1].id }",
            until: "PERMISSION_DENIED")
        #expect(try shell.leave() == 0)
    }
}
