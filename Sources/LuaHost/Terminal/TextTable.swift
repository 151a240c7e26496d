/// A table as text: rows and columns that are fitted to a terminal.
public struct TextTable {
    /// The title of a column, and how its cells stand.
    public struct Column {
        public let title: String
        /// Whether texts end, rather than begin, below each other.
        public let isAlignedRight: Bool

        /// Creates a column.
        public init(_ title: String, isAlignedRight: Bool = false) {
            self.title = TextTable.inOneLine(title)
            self.isAlignedRight = isAlignedRight
        }
    }

    /// What happens to columns for which there is no room.
    public enum Fitting {
        /// The widest columns are cut.
        case cutting
        /// The last columns are left out; none takes more than `widest` columns of the terminal.
        case leavingOut(widest: Int)
    }

    private let columns: [Column]
    private let cells: [[String]]

    /// Creates a table.
    ///
    /// - Parameter cells: the texts of each row; line breaks and tabs become blanks.
    public init(_ columns: [Column], _ cells: [[String]]) {
        self.columns = columns
        self.cells = cells.map { $0.map(Self.inOneLine) }
    }

    private static func inOneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 9 || $0 == 10 || $0 == 13 }) else { return text }
        return text.split { $0 == "\t" || $0.isNewline }.joined(separator: " ")
    }

    /// The text.
    ///
    /// - Parameters:
    ///   - width: the columns of the terminal.
    ///   - hasHeader: whether the titles stand above.
    ///   - style: a text of a row (nil for the titles) and a column as it is shown, with its padding.
    public func text(
        width: Int, fitting: Fitting, hasHeader: Bool = true,
        style: (_ text: String, _ row: Int?, _ column: Int) -> String
    ) -> String {
        let widths = widths(width: width, fitting)
        var lines: [String] = []
        if hasHeader {
            lines.append(line(columns.map(\.title), widths) { style($0, nil, $1) })
        }
        for (number, row) in cells.enumerated() {
            lines.append(line(row, widths) { style($0, number, $1) })
        }
        return lines.joined(separator: "\n")
    }

    private func widths(width: Int, _ fitting: Fitting) -> [Int] {
        let wanted = columns.enumerated().map { index, column in
            cells.reduce(TextWidth.columns(of: column.title)) {
                index < $1.count ? max($0, TextWidth.columns(of: $1[index])) : $0
            }
        }
        switch fitting {
        case .cutting: return Self.cut(wanted, to: width)
        case .leavingOut(let widest):
            var widths: [Int] = []
            var used = 0
            for one in wanted.map({ min($0, widest) }) {
                if width - used < one, !widths.isEmpty { break }
                widths.append(min(one, width))
                used += one + 2
            }
            return widths
        }
    }

    /// The widest gives way until all fit, but for four columns each.
    private static func cut(_ wanted: [Int], to width: Int) -> [Int] {
        var widths = wanted
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        while excess > 0, let widest = widths.max(), widest > 4,
            let index = widths.firstIndex(of: widest)
        {
            widths[index] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(
        _ texts: [String], _ widths: [Int], _ style: (String, Int) -> String
    ) -> String {
        // Nothing stands after the last text of a line.
        let shown = zip(texts, widths)
        let last = texts.prefix(widths.count).lastIndex { !$0.isEmpty } ?? 0
        return shown.enumerated().prefix(last + 1).map { index, pair in
            var text = TextWidth.cut(pair.0, to: pair.1)
            let space = String(
                repeating: " ", count: max(0, pair.1 - TextWidth.columns(of: text)))
            if columns[index].isAlignedRight {
                text = space + text
            } else if index < last {
                text += space
            }
            return style(text, index)
        }.joined(separator: "  ")
    }
}
