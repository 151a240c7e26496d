import Foundation
import TestSupport
import Testing

/// The interactive shell on a real pseudo-terminal.
@Suite(.serialized) struct REPLTests {
    @Test func entriesAreEvaluatedAndErrorsDoNotEndIt() throws {
        let home = try TemporaryFolder()
        let terminal = try PseudoTerminal(Project.qcsh, ["--sandbox"], home: home.path)
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("20 + 1\r")
        #expect(terminal.wait(for: "\n21"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("for i = 1, 2 do\r")
        #expect(terminal.wait(for: "   .> "))
        terminal.type("print('line', i)\r")
        #expect(terminal.wait(for: "   .> "))
        terminal.type("end\r")
        #expect(terminal.wait(for: "line\t2"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("error('boom')\r")
        #expect(terminal.wait(for: "entry:1: boom"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("x = 5\r")
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("x\r")
        #expect(terminal.wait(for: "\n5"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("#qdrant.api.platform.list_global_cloud_providers{}.items\r")
        #expect(terminal.wait(for: "\n3"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type(" secret = 1\r")
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("\u{4}")
        #expect(terminal.exitStatus() == 0)
        let file = home.path + "/.local/state/qcsh/history"
        let history = try String(contentsOfFile: file, encoding: .utf8)
        #expect(history.contains("for i = 1, 2 do\nprint('line', i)\nend\n"))
        #expect(!history.contains("secret"))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func interruptsStopLoopsWaitsAndHalfTypedLines() throws {
        let home = try TemporaryFolder()
        let terminal = try PseudoTerminal(Project.qcsh, [], home: home.path)
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("print('go') while true do end\r")
        #expect(terminal.wait(for: "\ngo"))
        terminal.signal(SIGINT)
        #expect(terminal.wait(for: "interrupted"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("print('go') task.sleep(1000)\r")
        #expect(terminal.wait(for: "\ngo"))
        terminal.signal(SIGINT)
        #expect(terminal.wait(for: "interrupted"))
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("if true then\r")
        #expect(terminal.wait(for: "   .> "))
        terminal.type("half")
        #expect(terminal.wait(for: "half"))
        terminal.signal(SIGINT)
        #expect(terminal.wait(for: "^C"))
        #expect(terminal.wait(for: "qcsh> "))
        // In the middle of a search in the history, too.
        terminal.type("\u{12}")
        #expect(terminal.wait(for: "reverse-i-search"))
        terminal.type("s")
        #expect(terminal.wait(for: "task."))
        terminal.signal(SIGINT)
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("7 * 6\r")
        #expect(terminal.wait(for: "\n42"))
        // Typed ahead, Ctrl-D would meet the terminal outside of readline.
        #expect(terminal.wait(for: "qcsh> "))
        terminal.type("\u{4}")
        #expect(terminal.exitStatus() == 0)
    }
}
