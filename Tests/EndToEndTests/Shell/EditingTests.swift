import Foundation
import TestSupport
import Testing

/// Entries are typed, shown and corrected.
@Suite(.serialized) struct EditingTests {
    @Test func anEntryOfSeveralLinesIsOneTextThatCanBeCorrected() throws {
        let shell = try ShellSession()
        try shell.type("for i = 1, 2 do\r", until: "   .> ")
        #expect(shell.screen.lines[1] == "   .>   ")
        #expect(shell.screen.cursor == (1, 8), "what is inside is indented")
        try shell.type("print('lien', i)\r", until: "lien', i)\n")
        // Up into the line before, and to the wrong letters.
        try shell.type("\u{1b}[A\u{5}\u{1b}b\u{1b}b\u{1b}dline", until: "('line'")
        try shell.type(
            "\u{1b}[B\u{5}end\r", until: "line\t2".replacingOccurrences(of: "\t", with: "    "))
        #expect(shell.screen.text.contains("line    1\nline    2"))
        // All of it comes back with one key.
        try shell.type("\u{1b}[A", until: "sandbox> for i = 1, 2 do\n   .>   print")
        #expect(try shell.screen.loses("\u{0}") == true)
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
        #expect(try shell.history().contains(#"for i = 1, 2 do\n"#))
    }

    @Test func returnInTheMiddleOfAnOpenEntryBeginsALine() throws {
        let shell = try ShellSession()
        try shell.type("x = {\r1,\r2,\r}\r", until: "   .> }")
        try shell.run("#x", until: "\n2\n")
        #expect(try shell.leave() == 0)
    }

    @Test func viModeEditsToo() throws {
        let home = try TemporaryFolder()
        let inputrc = try home.write("inputrc", "set editing-mode vi\n")
        let shell = try ShellSession(environment: ["INPUTRC": inputrc], home: home)
        try shell.type("40 + 3\u{1b}", until: "40 + 3")
        // Escape has a moment to be the beginning of a key: x is seen once it was not.
        try shell.type("x", until: "40 +")
        try shell.waitUntilGone("40 + 3")
        try shell.type("a2\r", until: "\n42\n")
        #expect(try shell.leave() == 0)
    }

    @Test func theModeIsShownToWhoWantsToSeeIt() throws {
        let home = try TemporaryFolder()
        let inputrc = try home.write(
            "inputrc",
            "set editing-mode vi\nset show-mode-in-prompt on\nset vi-cmd-mode-string \"\\1\\e[2 q\\2: \"\n"
        )
        let shell = try ShellSession(environment: ["INPUTRC": inputrc], home: home)
        try shell.wait(for: "(ins)qcsh sandbox> ")
        try shell.type("42\u{1b}", until: ": qcsh sandbox> 42")
        try shell.type("i0\u{1b}\r", until: "\n402\n")
        #expect(try shell.leave() == 0)
    }

    @Test func whatIsTypedIsColouredAndBracketsFindTheirPartners() throws {
        let shell = try ShellSession()
        let column = "qcsh sandbox> ".count
        try shell.type("local x = { 'text', 12, nil } -- why", until: "-- why")
        #expect(try shell.screen.style(row: 0, column: column)?.color == "magenta")
        #expect(try shell.screen.style(row: 0, column: column + 13)?.color == "green")
        #expect(try shell.screen.style(row: 0, column: column + 21)?.color == "cyan")
        #expect(try shell.screen.style(row: 0, column: column + 10)?.underline == false)
        // The cursor goes onto the closing brace: both are marked.
        for _ in 0..<8 { try shell.screen.type("\u{1b}[D") }
        for _ in 0..<100
        where try shell.screen.style(row: 0, column: column + 10)?.underline != true {
            try shell.screen.refresh(seconds: 0.1)
        }
        #expect(try shell.screen.style(row: 0, column: column + 10)?.underline == true)
        #expect(try shell.screen.style(row: 0, column: column + 28)?.underline == true)
        try shell.type("\u{3}", until: "^C")
        try shell.type(")", until: "> )")
        #expect(try shell.screen.style(row: 1, column: column)?.color == "red")
        try shell.type("\u{3}", until: ")^C")
        #expect(try shell.leave() == 0)
    }

    @Test func aPasteIsOneEntryAndRunsOnlyWhenAsked() throws {
        let shell = try ShellSession()
        let lines = (1...500).map { "n = (n or 0) + \($0)\tdone = \($0)" }.joined(separator: "\n")
        try shell.type("\u{1b}[200~\(lines)\u{1b}[201~", until: "done = 500")
        #expect(shell.screen.text.contains("n = (n or 0) + 500"))
        #expect(shell.screen.lines.count == 24)
        try shell.type("\r", until: "qcsh sandbox> ")
        try shell.run("n", until: "\n125250\n")
        #expect(try shell.leave() == 0)
        let entries = try shell.history().split(separator: "\n")
        #expect(entries.count == 2)
    }

    @Test(arguments: ["\r\n", "\r", "\n"])
    func linesOfAPasteAreLinesHoweverTheyEnd(_ end: String) throws {
        let shell = try ShellSession()
        try shell.type(
            "\u{1b}[200~pasted = {\(end)  1,\(end)\(end)  2 }\(end)\u{1b}[201~", until: "2 }")
        try shell.type("\r", until: "2 }\n")
        try shell.run("#pasted", until: "\n2\n")
        #expect(try shell.leave() == 0)
        #expect(try shell.history().contains(#"pasted = {\n  1,\n\n  2 }"#))
    }

    @Test func longAndWideTextWrapsAndTheCursorStaysWithIt() throws {
        let shell = try ShellSession(columns: 40, rows: 12)
        let text = String(repeating: "x", count: 26)
        try shell.type(text, until: text)
        // The row is full: the cursor stands in the next one.
        #expect(shell.screen.cursor == (1, 0))
        try shell.type("\u{15}", until: "qcsh sandbox> ")
        try shell.waitUntilGone("xx")
        try shell.type("#'日本語 text'", until: "日本語 text'")
        #expect(shell.screen.cursor == (0, 14 + 14))
        try shell.type("\u{1b}[D\u{1b}[D\r", until: "\n14\n")
        #expect(try shell.leave() == 0)
    }

    @Test func anEntryLongerThanTheScreenShowsWhatIsAroundTheCursor() throws {
        let shell = try ShellSession(columns: 40, rows: 12)
        let lines = ["x = {"] + (1...30).map { "\($0)," }
        try shell.type(lines.joined(separator: "\r") + "\r", until: "30,")
        #expect(!shell.screen.text.contains("x = {"))
        for _ in 0..<31 { try shell.screen.type("\u{1b}[A") }
        try shell.wait(for: "x = {")
        #expect(!shell.screen.text.contains("30,"))
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
    }

    @Test func theEditorGetsTheEntryAndGivesItBack() throws {
        let home = try TemporaryFolder()
        let editor = try home.write("editor.sh", "sed -i 's/40/41/; $a-- edited' \"$1\"\n")
        let shell = try ShellSession(environment: ["EDITOR": "sh " + editor], home: home)
        try shell.type("40 + 1\u{18}\u{5}", until: "-- edited")
        #expect(shell.screen.text.contains("41 + 1"))
        try shell.type("\r", until: "\n42\n")
        // A request of a method, with what it needs.
        try shell.type(".edit cluster.create_cluster\r", until: "-- edited")
        try shell.wait(for: "number_of_nodes")
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
    }

    @Test func anEditorCanBeStoppedAndGoesOn() throws {
        let home = try TemporaryFolder()
        let editor = try home.write(
            "editor.sh", "echo editing; read line; echo \"$line\" > \"$1\"\n")
        let shell = try ShellSession(
            environment: ["EDITOR": "sh " + editor], home: home, isJob: true)
        try shell.type("40\u{18}\u{5}", until: "editing")
        try shell.screen.type("\u{1a}")
        #expect(try shell.screen.isStopped())
        try shell.screen.signal(SIGCONT)
        try shell.type("6 * 7\r", until: "> 6 * 7")
        try shell.type("\r", until: "\n42\n")
        #expect(try shell.leave() == 0)
    }

    @Test func withoutACursorToMoveItWorksLineByLine() throws {
        let shell = try ShellSession(environment: ["TERM": "dumb"])
        try shell.type("for i = 1, 1 do\r", until: "   .> ")
        try shell.type("print(41 + i) end\r", until: "\n42\n")
        #expect(!shell.screen.text.contains("\u{1b}"))
        #expect(try shell.leave() == 0)
    }

    @Test func lettersBeyondASCIIArriveInAnyLocale() throws {
        let shell = try ShellSession(environment: ["LANG": "C", "LC_ALL": "C"])
        for letter in "#'São 日本ê'" { try shell.screen.type(String(letter)) }
        try shell.type("\r", until: "\n13\n")
        #expect(try shell.leave() == 0)
    }

    @Test func whatIsNoPlainValueIsShownAsItsText() throws {
        let shell = try ShellSession()
        try shell.run("io.write('partial')", until: "partial")
        #expect(!shell.screen.text.contains("file ("))
        try shell.run("t = { a = 1 } t.t = t return t", until: "table: 0x")
        try shell.run("{ io.stdin, coroutine.create(print) }", until: "thread: 0x")
        #expect(try shell.leave() == 0)
    }

    @Test func withoutColourThereIsNone() throws {
        let shell = try ShellSession(environment: ["NO_COLOR": "1"])
        try shell.type("local x = 'text'", until: "'text'")
        for column in 0..<30 {
            #expect(try shell.screen.style(row: 0, column: column)?.color == "default")
        }
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
    }
}
