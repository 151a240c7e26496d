import Contract
import LuaHost

/// Writes results for people and programs.
public struct Renderer {
    private let registry: Registry
    private let format: OutputFormat
    /// Columns of the terminal.
    private let width: Int

    /// Creates a renderer.
    public init(registry: Registry, format: OutputFormat, width: Int = 100) {
        self.registry = registry
        self.format = format
        self.width = width
    }

    /// The text of a result, with its final line break; empty for nil.
    public func text(_ value: LuaValue) -> String {
        if case .nil = value { return "" }
        switch format {
        case .table: return Terminal.safe(people(value)) + "\n"
        case .json: return JSONLayout.pretty(json(value)) + "\n"
        case .jsonl:
            let lines = rows(value) ?? [value]
            return lines.map { json($0) + "\n" }.joined()
        case .yaml: return YAMLWriter(ordered: ordered).text(value)
        case .csv: return csv(value)
        }
    }

    // MARK: - For people

    private func people(_ value: LuaValue) -> String {
        if let rows = rows(value), !rows.isEmpty, let table = grid(rows) {
            return table.text(width: width)
        }
        if case .string(let bytes) = value { return String(decoding: bytes, as: UTF8.self) }
        return ValueText(registry: registry, width: width).text(value)
    }

    private func grid(_ rows: [LuaValue]) -> Grid? {
        // What is rare has no place on a screen.
        let columns = columns(rows.prefix(50))
        return Grid(
            header: columns.map { $0.last ?? "" },
            rows: rows.map { row in columns.map { cell(row, $0) } })
    }

    /// The elements of a list of tables, also when it is a list method's answer.
    private func rows(_ value: LuaValue) -> [LuaValue]? {
        guard let table = value.table else { return nil }
        if case .message(let id) = table.kind {
            if registry.message(id: id).field(named: "items")?.isRepeated == true,
                table["items"] == nil
            {
                return []
            }
            let lists = table.entries.filter { $0.value.table?.kind == .list }
            guard lists.count == 1, lists[0].key.text == "items" else { return nil }
            return rows(lists[0].value)
        }
        guard let items = table.array, !items.isEmpty, items.allSatisfy({ $0.table != nil }) else {
            return table.kind == .list && table.entries.isEmpty ? [] : nil
        }
        guard items.allSatisfy({ $0.table?.array == nil || $0.table?.entries.isEmpty == true })
        else { return nil }
        return items
    }

    /// Names first, then what identifies, then the rest of the plain fields; a phase or status
    /// inside a sub-message is what one looks for, so it is a column, too.
    private func columns(_ rows: some Sequence<LuaValue>) -> [[String]] {
        var seen: [[String]] = []
        for row in rows {
            guard let table = row.table else { continue }
            for (key, value) in ordered(table) {
                guard let name = key.text else { continue }
                if value.table == nil {
                    if !seen.contains([name]) { seen.append([name]) }
                } else {
                    for inner in ["phase", "status"] where value.table?[inner]?.text != nil {
                        if !seen.contains([name, inner]) { seen.append([name, inner]) }
                    }
                }
            }
        }
        let weight = { (path: [String]) -> Int in
            switch path.last ?? "" {
            case "name": 0
            case "phase", "status": 1
            case "id": 2
            case "account_id": 9
            case let other where other.hasSuffix("_at"): 8
            default: 5
            }
        }
        return seen.enumerated()
            .sorted { (weight($0.element), $0.offset) < (weight($1.element), $1.offset) }
            .map(\.element)
    }

    // MARK: - For programs

    private func json(_ value: LuaValue) -> String { ValueJSON(registry: registry).text(value) }

    private func csv(_ value: LuaValue) -> String {
        let rows = rows(value) ?? [value]
        let columns = columns(rows)
        guard !columns.isEmpty else {
            return rows.map { Self.csvField(Self.plain($0)) + "\r\n" }.joined()
        }
        var text =
            columns.map { Self.csvField($0.joined(separator: ".")) }.joined(separator: ",") + "\r\n"
        for row in rows {
            text +=
                columns.map { Self.csvField(cell(row, $0)) }.joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// RFC 4180.
    private static func csvField(_ text: String) -> String {
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    private func ordered(_ table: LuaTable) -> [(key: LuaValue, value: LuaValue)] {
        ValueText(registry: registry).ordered(table)
    }

    /// A value as plain text, without quotes.
    static func plain(_ value: LuaValue) -> String {
        if case .string(let bytes) = value { return String(decoding: bytes, as: UTF8.self) }
        if value.table != nil { return "…" }
        return ValueText.scalar(value)
    }

    /// The text of a column in a row; empty when it is unset.
    func cell(_ row: LuaValue, _ path: [String]) -> String {
        var value = row
        for name in path {
            guard let inner = value.table?[name] else { return unset(name, in: value) }
            value = inner
        }
        return Self.plain(value)
    }

    /// A flag without presence is false when it is not there.
    private func unset(_ name: String, in row: LuaValue) -> String {
        guard case .message(let id) = row.table?.kind,
            let field = registry.message(id: id).field(named: name)
        else { return "" }
        return field.kind == .bool && !field.hasPresence && !field.isRepeated ? "false" : ""
    }
}

/// Rows and columns fitted to the terminal.
struct Grid {
    private let header: [String]
    private let rows: [[String]]

    /// Nil when there are no columns.
    init?(header: [String], rows: [[String]]) {
        guard !header.isEmpty else { return nil }
        self.header = header.map { $0.uppercased() }
        self.rows = rows.map { $0.map(Self.short) }
    }

    /// Enum names lose the prefix that they share with their type: the column says it.
    private static func short(_ text: String) -> String {
        let text =
            text.contains { $0.isNewline }
            ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
        for marker in ["_PHASE_", "_STATUS_", "_TIER_", "_TYPE_"] {
            if text.allSatisfy({ $0.isUppercase || $0 == "_" || $0.isNumber }),
                let range = text[...].lastRange(of: marker)
            {
                return String(text[range.upperBound...])
            }
        }
        return text
    }

    /// The table's text; columns that do not fit are left out, from the right.
    func text(width: Int) -> String {
        var widths: [Int] = []
        var used = 0
        for column in header.indices {
            let cells = rows.map { TextWidth.columns(of: $0[column]) }
            let wanted = min(max(TextWidth.columns(of: header[column]), cells.max() ?? 0), 44)
            if used + wanted > width, column > 0 { break }
            widths.append(wanted)
            used += wanted + 2
        }
        let lines = ([header] + rows).map { line in
            zip(line, widths).map { Terminal.pad($0, to: $1) }.joined(separator: "  ")
        }
        return lines.map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
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
