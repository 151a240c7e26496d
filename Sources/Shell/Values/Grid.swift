import LuaHost

/// Rows and columns fitted to the terminal.
struct Grid {
    /// What stands in a column of a row.
    struct Cell {
        var text: String
        var style = TextStyle.plain
    }

    private let header: [String]
    private let rows: [[Cell]]
    private let isColoured: Bool

    /// Nil when there are no columns.
    init?(header: [String], rows: [[Cell]], isColoured: Bool = false) {
        guard !header.isEmpty else { return nil }
        self.header = header.map { $0.uppercased() }
        self.rows = rows.map { row in
            row.map { Cell(text: Self.short($0.text), style: $0.style) }
        }
        self.isColoured = isColoured
    }

    /// In one line. Enum names lose the prefix that they share with their type: the column says it.
    private static func short(_ text: String) -> String {
        let text =
            text.contains { $0.isNewline }
            ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
        guard text.allSatisfy({ $0.isUppercase || $0 == "_" || $0.isNumber }) else { return text }
        for marker in ["_PHASE_", "_STATUS_", "_TIER_", "_TYPE_"] {
            if let range = text[...].lastRange(of: marker) {
                return String(text[range.upperBound...])
            }
        }
        return text
    }

    /// The table's text; columns that do not fit are left out, from the right, but for the first.
    func text(width: Int) -> String {
        var widths: [Int] = []
        var used = 0
        for column in header.indices {
            let cells = rows.map { TextWidth.columns(of: $0[column].text) }
            let wanted = min(
                max(TextWidth.columns(of: header[column]), cells.max() ?? 0),
                width == .max ? .max : 44)
            if width - used < wanted, column > 0 { break }
            widths.append(min(wanted, width))
            used += wanted + 2
        }
        let title = line(header.map { Cell(text: $0, style: .bold) }, widths)
        return ([title] + rows.map { line($0, widths) }).joined(separator: "\n")
    }

    private func line(_ cells: [Cell], _ widths: [Int]) -> String {
        // Nothing stands behind the last text of a line.
        let last = cells.prefix(widths.count).lastIndex { !$0.text.isEmpty } ?? 0
        return zip(cells, widths).enumerated().prefix(last + 1).map { index, pair in
            let text =
                index == last
                ? TextWidth.cut(pair.0.text, to: pair.1) : Terminal.pad(pair.0.text, to: pair.1)
            return StyledSpan(text, pair.0.style).rendered(isColoured: isColoured)
        }.joined(separator: "  ")
    }
}

extension Substring {
    /// The last range of a text, without Foundation.
    func lastRange(of needle: String) -> Range<Index>? {
        var found: Range<Index>?
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                found = start..<index(start, offsetBy: needle.count)
            }
            start = index(after: start)
        }
        return found
    }
}
