import Testing

@testable import Shell

/// Entries laid out on terminals of all sizes.
@Suite struct LineLayoutTests {
    private func layout(
        _ text: String, point: Int? = nil, columns: Int = 20, rows: Int = 10,
        prompt: String = "> ", panel: [String] = []
    ) -> LineLayout {
        let bytes = Array(text.utf8)
        return LineLayout(
            .init(
                prompt: [StyledSpan(prompt)], continuation: [StyledSpan(". ")], text: bytes,
                styles: [TextStyle](repeating: .plain, count: bytes.count),
                point: point ?? bytes.count, panel: panel.map { [StyledSpan($0)] },
                columns: columns, rows: rows, isColoured: false))
    }

    @Test func linesWrapAndTheCursorIsWhereTheNextLetterGoes() {
        let short = layout("abc")
        #expect(short.rows == ["> abc"] && short.cursor == (0, 5))
        let full = layout("abcdefgh", columns: 10)
        #expect(full.rows == ["> abcdefgh", ""] && full.cursor == (1, 0))
        let wrapped = layout("abcdefghij", point: 0, columns: 10)
        #expect(wrapped.rows == ["> abcdefgh", "ij"] && wrapped.cursor == (0, 2))
        let atBreak = layout("abcdefghij", point: 8, columns: 10)
        #expect(atBreak.cursor == (1, 0))
    }

    @Test func wideCharactersAreNotCutInTwo() {
        let wide = layout("abc日本", columns: 6)
        #expect(wide.rows == ["> abc", "日本"] && wide.cursor == (1, 4))
        let within = layout("日本", point: 3)
        #expect(within.cursor == (0, 4))
        let combined = layout("e\u{301}x", point: 3)
        #expect(combined.cursor == (0, 3))
    }

    @Test func furtherLinesHaveTheirOwnPrompt() {
        let lines = layout("a\nbc\n")
        #expect(lines.rows == ["> a", ". bc", ". "] && lines.cursor == (2, 2))
        let inFront = layout("a\nbc", point: 2)
        #expect(inFront.cursor == (1, 2))
        // The cursor on a line's end stands behind its last letter.
        #expect(layout("a\nbc", point: 1).cursor == (0, 3))
    }

    @Test func whatDoesNotFitIsScrolledAroundTheCursor() {
        let text = (1...30).map(String.init).joined(separator: "\n")
        let end = layout(text, rows: 5)
        #expect(end.rows == [". 26", ". 27", ". 28", ". 29", ". 30"] && end.cursor == (4, 4))
        let begin = layout(text, point: 0, rows: 5)
        #expect(begin.rows.first == "> 1" && begin.cursor == (0, 2))
        let help = layout(text, rows: 5, panel: ["help"])
        #expect(help.rows.count == 5 && help.rows.last == "help")
    }

    @Test func panelsAreCutToTheWindow() {
        let all = layout(
            "x", columns: 8, rows: 4, panel: ["first is long", "second", "third", "fourth"])
        #expect(all.rows == ["> x", "first is", "second", "third"])
        #expect(all.rows.allSatisfy { $0.count <= 8 })
    }

    @Test(arguments: [1, 2, 3, 5, 7], [1, 2, 3])
    func noSizeIsTooSmall(_ columns: Int, _ rows: Int) {
        let small = layout("abc日\n\tdef\u{1b}", columns: columns, rows: rows, panel: ["help"])
        #expect(small.rows.count <= rows)
        #expect(small.cursor.row < small.rows.count)
    }

    @Test func controlCharactersAreShownAndNotSent() {
        #expect(layout("a\u{1b}[31mb").rows == ["> a^[[31mb"])
        #expect(layout("a\tb").rows == ["> a  b"])
        #expect(layout("a\u{7f}").rows == ["> a^?"])
    }
}
