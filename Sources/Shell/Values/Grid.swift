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

    /// Enum names lose the prefix that they share with their type: the column says it.
    private static func short(_ text: String) -> String {
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
        let table = TextTable(header.map { TextTable.Column($0) }, rows.map { $0.map(\.text) })
        let widest = width == .max ? Int.max : 44
        return table.text(width: width, fitting: .leavingOut(widest: widest)) { text, row, column in
            let style = row.map { rows[$0][column].style } ?? .bold
            return StyledSpan(text, style).rendered(isColoured: isColoured)
        }
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
