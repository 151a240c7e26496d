import Foundation
import TestSupport
import Testing

/// What was entered is kept, for its owner, per context.
@Suite(.serialized) struct ShellHistoryTests {
    @Test func entriesAreKeptWithTimesForTheirOwnerOnly() throws {
        let shell = try ShellSession()
        try shell.run("first = 1", until: "first = 1\nq")
        try shell.run(" second = 2", until: "second = 2\nq")
        try shell.run("error('third')", until: "third")
        #expect(try shell.leave() == 0)
        let path = shell.home.path + "/.local/state/qcsh/history/sandbox.jsonl"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let lines = try shell.history().split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""failed":false,"entry":"first = 1""#))
        #expect(lines[1].contains(#""failed":true"#))
        let again = try ShellSession(home: shell.home)
        try again.type("\u{1b}[A\u{1b}[A", until: "first = 1")
        try again.type("\u{3}", until: "^C")
        try again.run(".history", until: "error('third')")
        try again.run(".history delete third", until: "1 entry deleted")
        #expect(try again.leave() == 0)
        #expect(try !shell.history().contains("error("))
    }

    @Test func whatCannotBeKeptIsToldOnce() throws {
        let home = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: home.path + "/.local/state/qcsh/history/sandbox.jsonl",
            withIntermediateDirectories: true)
        let shell = try ShellSession(home: home)
        try shell.run("40 + 2", until: "history is not saved: ")
        #expect(shell.screen.text.contains("Is a directory"))
        try shell.type("\u{c}1 + 1\r", until: "\n2\n")
        #expect(!shell.screen.text.contains("not saved"))
        #expect(try shell.leave() == 0)
    }

    @Test func severalShellsKeepOneFile() throws {
        let one = try ShellSession()
        let two = try ShellSession(home: one.home)
        for number in 1...5 {
            try one.run("one = \(number)", until: "one = \(number)\nq")
            try two.run("two = \(number)", until: "two = \(number)\nq")
        }
        #expect(try one.leave() == 0)
        #expect(try two.leave() == 0)
        let lines = try one.history().split(separator: "\n")
        #expect(lines.count == 10)
        for line in lines {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
    }

    @Test func thePolicyIsTheUsers() throws {
        let home = try TemporaryFolder()
        try home.write(".config/qcsh/config.yaml", "history: { size: 3, leading_space: false }\n")
        let shell = try ShellSession(home: home)
        for number in 1...8 { try shell.run(" n = \(number)", until: "n = \(number)\nq") }
        #expect(try shell.leave() == 0)
        let again = try ShellSession(home: home)
        try again.run(".history", until: "n = 8")
        #expect(!again.screen.text.contains("n = 5"))
        #expect(try again.leave() == 0)
        try home.write(".config/qcsh/config.yaml", "history: { sise: 3 }\n")
        let result = try run(Project.qcsh, ["-e", "1"], environment: ["HOME": home.path])
        #expect(result.status == 0)
        let wrong = try Screen(Project.qcsh, [], home: home.path)
        #expect(try wrong.shows("unknown key \"sise\"; did you mean \"size\"?"))
        #expect(try wrong.exitStatus() == 2)
    }
}
