import Foundation
import TestSupport
import Testing

/// Ctrl-C, Ctrl-D, Ctrl-Z, windows that change, terminals that go.
@Suite(.serialized) struct ShellSignalTests {
    private let interrupt = "\u{3}"

    @Test(arguments: [(80, 24), (40, 12)])
    func interruptsGiveUpWhatIsTypedOrRuns(_ columns: Int, _ rows: Int) throws {
        let shell = try ShellSession(columns: columns, rows: rows)
        try shell.type("half", until: "half")
        try shell.type(interrupt, until: "half^C")
        try shell.type("x = {\r", until: "   .>")
        try shell.type(interrupt, until: "   .>   ^C\n")
        try shell.waitForPrompt()
        try shell.type("\u{12}zz", until: "i-search)`zz'")
        try shell.type(interrupt, until: "^C\nqcsh sandbox>")
        try shell.type("task.sleep(100)\r", until: "sleep(100)\n")
        try shell.type(interrupt, until: "interrupted\nqcsh sandbox>")
        try shell.type("while true do end\r", until: "do end\n")
        try shell.type(interrupt, until: "interrupted")
        try shell.run("6 * 7", until: "\n42\n")
        #expect(try shell.leave() == 0)
        #expect(try shell.screen.modes()?.echo == true)
    }

    @Test func suspensionGivesTheTerminalBackAndTakesItAgain() throws {
        let shell = try ShellSession(isJob: true)
        try shell.type("40 + ", until: "40 +")
        try shell.screen.type("\u{1a}")
        #expect(try shell.screen.isStopped())
        #expect(try shell.screen.modes()?.canonical == true)
        try shell.screen.signal(SIGCONT)
        try shell.type("2\r", until: "\n42\n")
        #expect(try shell.leave() == 0)
    }

    @Test func aWindowThatChangesWhileOneTypesShowsTheEntryAgain() throws {
        let shell = try ShellSession()
        let text = "print('" + String(repeating: "a", count: 50) + "', 6 * 7"
        try shell.type(text, until: "6 * 7")
        try shell.screen.resize(columns: 40, rows: 12)
        try shell.wait(for: "aa', 6 * 7")
        try shell.type(")\r", until: "42\n")
        try shell.screen.resize(columns: 100, rows: 30)
        try shell.run("'wide ' .. 1", until: "\nwide 1\n")
        #expect(try shell.leave() == 0)
    }

    @Test func terminationRestoresTheTerminal() throws {
        let shell = try ShellSession()
        try shell.type("half", until: "half")
        try shell.screen.signal(SIGTERM)
        #expect(try shell.screen.exitStatus() == 143)
        let modes = try shell.screen.modes()
        #expect(modes?.echo == true && modes?.canonical == true)
    }

    @Test func aTerminalThatGoesEndsTheShell() throws {
        let shell = try ShellSession()
        try shell.type("half", until: "half")
        #expect(try shell.screen.hangUp() == 129)
    }

    @Test func aTaskBesideThePromptIsInterruptedToo() throws {
        let shell = try ShellSession()
        try shell.type(
            "task.spawn(function() task.sleep(0.2) io.write('spins\\n') while true do end end)\r",
            until: "[1] qcsh")
        // Its output comes when it is stopped: until then nothing else runs.
        try shell.screen.refresh(seconds: 1)
        try shell.type(interrupt, until: "[1] cancelled")
        try shell.run("40 + 2", until: "\n42\n")
        try shell.run("task.spawn(function() error('at once') end)", until: "at once")
        #expect(try shell.leave() == 0)
    }

    @Test func theTerminalIsRestoredWhoeverEndsTheProgram() throws {
        let shell = try ShellSession()
        try shell.screen.type("task.spawn(function() task.sleep(0.2) os.exit(3) end)\r")
        #expect(try shell.screen.exitStatus() == 3)
        let modes = try shell.screen.modes()
        #expect(modes?.echo == true && modes?.canonical == true)
    }

    @Test func aSlipOfTheFingerEndsNothing() throws {
        let shell = try ShellSession()
        try shell.screen.type("\u{1c}")
        try shell.run("40 + 2", until: "\n42\n")
        try shell.run("quit", until: ".quit, or Ctrl-D")
        try shell.type("\u{7f}\u{7f}\t\t40 + 3\r", until: "\n43\n")
        #expect(try shell.leave() == 0)
    }

    @Test func interruptsOfAPagerAreThePagersOwn() throws {
        let home = try TemporaryFolder()
        let pager = try home.write(
            "pager.sh",
            """
            count=0
            trap 'count=$((count + 1)); echo "caught $count"' INT
            echo paging
            while [ $count -lt 4 ]; do sleep 0.05; done
            """)
        let shell = try ShellSession(environment: ["PAGER": "sh " + pager], home: home)
        try shell.type("('line\\n'):rep(100)\r", until: "paging")
        for count in 1...4 { try shell.type(interrupt, until: "caught \(count)") }
        try shell.run("40 + 2", until: "\n42\n")
        #expect(try shell.leave() == 0)
    }

    @Test func theStatusOfQuitIsTheProgramsStatus() throws {
        let shell = try ShellSession()
        try shell.screen.type(".quit 7\r")
        #expect(try shell.screen.exitStatus() == 7)
    }
}
