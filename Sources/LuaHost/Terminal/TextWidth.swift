import CText

/// How much room texts take on a terminal, for Swift and for Lua.
public enum TextWidth {
    /// How many columns a text takes: two for wide characters and emoji, none for combining ones.
    public static func columns(of text: String) -> Int {
        var text = text
        return text.withUTF8 { utf8 in
            // ASCII, which most texts are, has no need of tables.
            if utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return utf8.count }
            return utf8.withMemoryRebound(to: CChar.self) {
                Int(clamping: qtext_columns($0.baseAddress, $0.count))
            }
        }
    }

    /// The text, cut with an ellipsis when it takes more columns.
    public static func cut(_ text: String, to width: Int) -> String {
        guard columns(of: text) > width else { return text }
        var cut = ""
        var used = 0
        for character in text {
            let next = columns(of: String(character))
            if used + next > width - 1 { break }
            cut.append(character)
            used += next
        }
        return cut + "…"
    }
}
