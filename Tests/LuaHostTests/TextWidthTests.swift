import Foundation
import LuaHost
import TestSupport
import Testing

/// How many columns texts take on a terminal.
@Suite struct TextWidthTests {
    /// Texts in whose width terminals agree, by what they try out.
    private static let texts = [
        "", "plain", "✅", "🚀", "🟢", "😀", "⚠️", "⚠", "❤️", "☀", "☀️", "✔", "🇩🇪", "🇩🇪🇫🇷", "🇩", "1️⃣", "#️⃣",
        "a\u{200B}b", "a\u{FE0F}", "⚠\u{FE0E}", "👍🏽", "👩‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🧑🏿‍🚀", "日本語", "한글",
        "\u{1112}\u{1161}\u{11AB}", "é", "e\u{301}", "ｱ", "Ａ", "ไทย", "שלום", "🫨", "▁▂▃█", "⠋",
        "…",
        "✅ done 🚀 日本 e\u{301}",
    ]

    @Test func widthsAreThoseOfAnotherLibrary() throws {
        var texts = Self.texts
        // Each emoji, arrow, sign and CJK character of the blocks that tables are made of.
        for block in [0x20A0..<0x2630, 0x2640..<0x2C00, 0x3041..<0x30FF, 0x1F300..<0x1FA00] {
            texts += block.compactMap(UnicodeScalar.init)
                // Newer tables than the library's have others for these.
                .filter { $0.properties.generalCategory != .unassigned }
                .filter { !(0x268A...0x268F).contains($0.value) && $0.value != 0x1F6D8 }
                .map { String(Character($0)) }
        }
        let input = try texts.map {
            String(decoding: try JSONEncoder().encode([$0]).dropFirst().dropLast(), as: UTF8.self)
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("texts", input.joined(separator: "\n") + "\n")
        let peer = Project.root + "/Tests/Fixtures/peers/widths.py"
        let result = try run(
            "/bin/sh", ["-c", "exec \"$0\" \"$1\" < \"$2\"", Project.tool("python"), peer, file])
        let widths = result.output.split(separator: "\n").compactMap { Int($0) }
        try #require(widths.count == texts.count, "\(result.errors)")
        for (text, width) in zip(texts, widths) where TextWidth.columns(of: text) != width {
            let points = text.unicodeScalars.map { String($0.value, radix: 16) }
            Issue.record(
                "\(points) takes \(TextWidth.columns(of: text)) columns, there it is \(width)")
        }
        #expect(texts.count > 2500)
    }

    @Test(arguments: [
        ("🚀🚀🚀", 5, "🚀🚀…"), ("🚀🚀🚀", 4, "🚀…"), ("日本語", 6, "日本語"), ("⚠️ no", 4, "⚠️ …"),
        ("e\u{301}tude", 3, "e\u{301}t…"), ("👨‍👩‍👧‍👦 family", 4, "👨‍👩‍👧‍👦 …"),
    ])
    func cutsFallBetweenCharacters(_ text: String, _ width: Int, _ cut: String) {
        #expect(TextWidth.cut(text, to: width) == cut)
        #expect(TextWidth.columns(of: TextWidth.cut(text, to: width)) <= width)
    }

    @Test func columnsStandBelowEachOther() {
        let table = TextTable(
            [.init("s"), .init("n", isAlignedRight: true), .init("z")],
            [
                ["ok", "1", "|"], ["✅", "10", "|"], ["⚠️", "2", "|"], ["🇩🇪", "3", "|"],
                ["a\tb", "4", "|"],
            ])
        let lines = table.text(width: 80, fitting: .cutting) { text, _, _ in text }
            .split(separator: "\n").map(String.init)
        #expect(Set(lines.dropFirst().map { TextWidth.columns(of: $0) }) == [10])
        #expect(lines.dropFirst().allSatisfy { $0.hasSuffix("  |") })
        let narrow = table.text(width: 8, fitting: .leavingOut(widest: 44)) { text, _, _ in text }
        #expect(narrow.split(separator: "\n").first == "s     n")
    }
}
