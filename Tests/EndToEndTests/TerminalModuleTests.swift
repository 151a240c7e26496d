import Foundation
import TestSupport
import Testing

/// Questions and progress of scripts on a real terminal.
@Suite(.serialized) struct TerminalModuleTests {
    /// The terminal's own program asks there, so that it is the process's controlling terminal.
    private func start(_ code: String) throws -> PseudoTerminal {
        let arguments = ["--ctty", "--wait", Project.qcsh, "-e", code]
        return try PseudoTerminal("/usr/bin/setsid", arguments, home: "/nonexistent")
    }

    @Test func questionsAreAskedAndSecretsNotShown() throws {
        let terminal = try start(
            """
            local name = term.ask("Name", "nobody")
            local sure = term.confirm("Sure?")
            local pick = term.choose("Which?", { "one", "two" })
            local key = secret.ask("Key")
            print(("got %s %s %s %d"):format(name, sure, pick, #key:reveal()))
            """)
        #expect(terminal.wait(for: "Name [nobody]: "))
        terminal.type("\r")
        #expect(terminal.wait(for: "Sure? [y/n] "))
        terminal.type("perhaps\r")
        #expect(terminal.wait(for: "Sure? [y/n] "))
        terminal.type("Yes\r")
        #expect(terminal.wait(for: "number: "))
        terminal.type("2\r")
        #expect(terminal.wait(for: "Key: "))
        terminal.type("hunter2-secret\r")
        #expect(terminal.wait(for: "got nobody true two 14"))
        #expect(!terminal.screen.contains("hunter2"))
        #expect(terminal.exitStatus() == 0)
    }

    @Test func otherTasksGoOnWhileOneAsks() throws {
        let terminal = try start(
            """
            local ticks = 0
            local answer = task.race {
              function() return term.ask("Still there") end,
              function() for i = 1, 5 do task.sleep(0.02) ticks = i end return "nobody answered" end,
            }
            print(answer, ticks)
            """)
        #expect(terminal.wait(for: "nobody answered\t5"))
        #expect(terminal.exitStatus() == 0)
    }

    @Test func progressLeavesNothingBehind() throws {
        let terminal = try start(
            """
            do
              local bar <close> = term.progress("copying", 4)
              for _ = 1, 4 do bar:step() end
              bar:print("a line above")
            end
            do
              local wait <close> = term.spinner("waiting")
              task.sleep(0.25)
            end
            print("done")
            """)
        #expect(terminal.wait(for: "copying "))
        #expect(terminal.wait(for: "4/4"))
        #expect(terminal.wait(for: "a line above"))
        #expect(terminal.wait(for: "waiting"))
        // The line is cleared before anything else is written.
        #expect(terminal.wait(for: "\u{1b}[Kdone"))
        #expect(terminal.exitStatus() == 0)
    }
}
