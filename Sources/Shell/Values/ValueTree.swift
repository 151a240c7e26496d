import Contract
import LuaHost
import LuaMachine
import LuaMessages

/// A message, or a table with names, as lines: names on the left, values in one column.
struct ValueTree {
    let registry: Registry
    let width: Int
    let style: Renderer.Style

    /// How deep messages are shown; deeper ones are folded.
    private static let maximumDepth = 4

    private struct Line {
        var indent: Int
        var name: String
        var value: Grid.Cell
    }

    /// The tree's text.
    func text(_ table: LuaTable) -> String {
        var lines: [Line] = []
        add(table, 0, &lines)
        let column = min(
            lines.filter { !$0.value.text.isEmpty }
                .map { 2 * $0.indent + TextWidth.columns(of: $0.name) }.max() ?? 0, 36)
        return lines.map { line in
            let margin = String(repeating: "  ", count: line.indent)
            let name = StyledSpan(line.name, .accent).rendered(isColoured: style.isColoured)
            guard !line.value.text.isEmpty else { return margin + name }
            let used = 2 * line.indent + TextWidth.columns(of: line.name)
            let room = max(8, width - max(column, used) - 2)
            let value = StyledSpan(TextWidth.cut(line.value.text, to: room), line.value.style)
            return margin + name + String(repeating: " ", count: max(0, column - used) + 2)
                + value.rendered(isColoured: style.isColoured)
        }.joined(separator: "\n")
    }

    private func add(_ table: LuaTable, _ indent: Int, _ lines: inout [Line]) {
        let cells = CellText(registry: registry, style: style)
        for (key, value) in ValueText(registry: registry).ordered(table) {
            let name = Terminal.safe(key.text ?? ValueText.scalar(key))
            let field = cells.field(key.text ?? "", in: .table(table))
            add(name, value, field, indent, &lines)
        }
    }

    private func add(
        _ name: String, _ value: LuaValue, _ field: Field?, _ indent: Int, _ lines: inout [Line]
    ) {
        let cells = CellText(registry: registry, style: style)
        guard let table = value.table else {
            var cell = cells.cell(value, of: field, isAge: false)
            if case .time(let seconds, _) = value, let now = style.now {
                let age = CellText.age(from: seconds, to: now.seconds)
                cell.text += now.seconds >= seconds ? "  \(age) ago" : "  \(age)"
            }
            // A line break of a server's text would look like another field.
            cell.text = Terminal.safe(cell.text).replacing("\n", with: "⏎")
            lines.append(Line(indent: indent, name: name, value: cell))
            return
        }
        if let short = short(table, field, room: width - 2 * indent - 24) {
            lines.append(Line(indent: indent, name: name, value: Grid.Cell(text: short)))
            return
        }
        if indent >= Self.maximumDepth {
            let count = table.entries.count
            let noun = table.kind == .list || table.array != nil ? "element" : "field"
            let text = "… \(count) \(noun)\(count == 1 ? "" : "s")"
            lines.append(
                Line(indent: indent, name: name, value: Grid.Cell(text: text, style: .faint)))
            return
        }
        let isList = table.kind == .list || table.array != nil
        let count =
            isList ? Grid.Cell(text: "\(table.entries.count)", style: .faint) : Grid.Cell(text: "")
        lines.append(Line(indent: indent, name: name, value: count))
        guard isList else { return add(table, indent + 1, &lines) }
        for (index, item) in table.entries.map(\.value).enumerated() {
            add("\(index + 1)", item, field, indent + 1, &lines)
        }
    }

    /// A value in one line, when it is small enough.
    private func short(_ table: LuaTable, _ field: Field?, room: Int) -> String? {
        if table.entries.isEmpty { return "{}" }
        let cells = CellText(registry: registry, style: style)
        if let pairs = cells.pairs(table) { return Terminal.safe(pairs) }
        let entries = ValueText(registry: registry).ordered(table)
        guard entries.allSatisfy({ $0.value.table == nil }) else { return nil }
        let isList = table.kind == .list || table.array != nil
        let parts = entries.map { key, value in
            let inner = isList ? field : cells.field(key.text ?? "", in: .table(table))
            let text = Terminal.safe(cells.cell(value, of: inner, isAge: true).text)
            return isList ? text : Terminal.safe(key.text ?? "") + "=" + text
        }
        let text = parts.joined(separator: isList ? ", " : " ")
        return TextWidth.columns(of: text) <= max(20, room) ? text : nil
    }
}
