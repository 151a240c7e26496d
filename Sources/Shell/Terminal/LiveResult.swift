import LuaHost

/// A result that is shown again and again in one place; lines that are not as they were before are
/// marked. Where the terminal cannot move its cursor, results stand below each other.
final class LiveResult {
    private let screen: Int32
    private let isColoured: Bool
    private var before: [String] = []
    private var shown = 0

    init(screen: Int32, isColoured: Bool) {
        self.screen = screen
        self.isColoured = isColoured
    }

    func show(_ text: String, title: String) {
        guard Terminal.movesItsCursor, Terminal.isTerminal(screen) else {
            Output.data(text, isStyled: true)
            return
        }
        let size = Terminal.size(of: screen)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init).dropLast(text.hasSuffix("\n") ? 1 : 0)
        var output = shown > 0 ? "\r\u{1b}[\(shown)A\u{1b}[J" : ""
        output +=
            StyledSpan(TextWidth.cut(title, to: size.columns - 1), .faint)
            .rendered(isColoured: isColoured) + "\n"
        let room = lines.prefix(max(1, size.rows - 2))
        for (index, whole) in room.enumerated() {
            let isChanged = !before.isEmpty && (index >= before.count || before[index] != whole)
            let isNew = isChanged && isColoured
            // One row for each line: what wraps would stay when the next result comes.
            let line = Self.cut(whole, to: size.columns - 1)
            // The mark would end where a colour does: inverse is set again behind each.
            output +=
                isNew
                ? "\u{1b}[7m"
                    + line.split(separator: "\u{1b}[0m", omittingEmptySubsequences: false)
                    .joined(separator: "\u{1b}[0m\u{1b}[7m") + "\u{1b}[0m" : line
            output += "\n"
        }
        before = Array(lines)
        shown = room.count + 1
        _ = Output.writeAll(output.utf8, to: screen)
    }

    /// A line with colours in it, cut to some columns.
    private static func cut(_ line: String, to columns: Int) -> String {
        var result = ""
        var used = 0
        var isInSequence = false
        for character in line {
            if character == "\u{1b}" { isInSequence = true }
            if isInSequence {
                result.append(character)
                if character == "m" { isInSequence = false }
                continue
            }
            used += TextWidth.columns(of: String(character))
            guard used <= columns else { continue }
            result.append(character)
        }
        return result
    }
}
