import Contract
import LuaHost
import LuaMachine
import LuaMessages

/// Writes results for people and programs.
public struct Renderer {
    private let registry: Registry
    private let format: OutputFormat
    /// Columns of the terminal.
    private let width: Int
    private let style: Style

    /// Options for output that users rather than programs read.
    public struct Style: Sendable {
        public var isColoured = false
        /// The present time, when times are shown as ages; nil shows them as they are.
        public var now: (seconds: Int64, nanos: Int32)?
        /// Whether single messages are shown as trees rather than as Lua.
        public var prefersTrees = false

        /// Creates the style of output that a program might read.
        public init(
            isColoured: Bool = false, now: (seconds: Int64, nanos: Int32)? = nil,
            prefersTrees: Bool = false
        ) {
            self.isColoured = isColoured
            self.now = now
            self.prefersTrees = prefersTrees
        }
    }

    /// Creates a renderer.
    public init(
        registry: Registry, format: OutputFormat, width: Int = 100, style: Style = Style()
    ) {
        self.registry = registry
        self.format = format
        self.width = width
        self.style = style
    }

    /// The text of a result, with its final line break; empty for nil.
    public func text(_ value: LuaValue) -> String {
        if case .nil = value { return "" }
        switch format {
        case .table, .wide: return people(value) + "\n"
        case .tree: return (tree(value) ?? plainText(value)) + "\n"
        case .lua: return LuaLiteral(registry: registry, width: width).text(value) + "\n"
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
            return table.text(width: format == .wide ? .max : width)
        }
        if style.prefersTrees, let tree = tree(value) { return tree }
        return plainText(value)
    }

    private func plainText(_ value: LuaValue) -> String {
        if case .string(let bytes) = value {
            return Terminal.safe(String(decoding: bytes, as: UTF8.self))
        }
        return Terminal.safe(ValueText(registry: registry, width: width).text(value))
    }

    /// A message or a table with names as a tree; nil for anything else.
    private func tree(_ value: LuaValue) -> String? {
        guard let table = value.table, !table.entries.isEmpty else { return nil }
        let isList = table.kind == .list || table.array != nil
        guard isList || table.entries.allSatisfy({ $0.key.text != nil }) else { return nil }
        // A list of plain values is read more easily as one.
        if isList, table.entries.allSatisfy({ $0.value.table == nil }) { return nil }
        return ValueTree(registry: registry, width: width, style: style).text(table)
    }

    private func grid(_ rows: [LuaValue]) -> Grid? {
        // What is rare has no place on a screen.
        let columns = chosenColumns(rows)
        let text = CellText(registry: registry, style: style)
        return Grid(
            header: columns.map { column in
                // Without a clock a time is shown as it is, and is called what it is.
                let title = column.isAge && style.now == nil ? nil : column.title
                return Terminal.safe(title ?? column.path.last ?? "")
            },
            rows: rows.map { row in
                columns.map { column in
                    let cell = text.cell(row, column.path, column.isAge)
                    return Grid.Cell(text: Terminal.safe(cell.text), style: cell.style)
                }
            }, isColoured: style.isColoured)
    }

    /// The columns that are known to be of interest for the type; others by what their names say.
    private func chosenColumns(_ rows: [LuaValue]) -> [TableColumns.Column] {
        if format == .wide || format == .table,
            case .message(let id)? = rows.first?.table?.kind,
            let known = TableColumns.known[registry.message(id: id).fullName]
        {
            if format == .wide {
                let paths = known.map(\.path)
                let others = columns(rows.prefix(50)).filter { !paths.contains($0) }
                return known.map { .init($0.path) } + others.map { .init($0) }
            }
            // A secret that is there is there once: it is not to be overlooked.
            let secrets = rows.prefix(50).flatMap { row in
                (row.table?.entries ?? []).compactMap { entry -> String? in
                    if case .secret = entry.value { return entry.key.text }
                    return nil
                }
            }
            return known + Set(secrets).sorted().map { TableColumns.Column([$0]) }
        }
        let found = columns(rows.prefix(50))
        return found.map { path in
            let isTime = rows.prefix(50).contains { row in
                if case .time? = value(row, path) { return true }
                return false
            }
            return .init(path, isAge: format == .table && isTime && style.now != nil)
        }
    }

    private func value(_ row: LuaValue, _ path: [String]) -> LuaValue? {
        var value = row
        for name in path {
            guard let inner = value.table?[name] else { return nil }
            value = inner
        }
        return value
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
            // An answer has one list; what has others beside it is a thing with a list in it.
            let type = registry.message(id: id)
            let lists = table.entries.filter { $0.value.table?.kind == .list }
            guard lists.count == 1, type.name.hasSuffix("Response") else { return nil }
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
                guard let nested = value.table else {
                    if !seen.contains([name]) { seen.append([name]) }
                    continue
                }
                let isList = nested.kind == .list || nested.array != nil
                let inner = isList ? [] : ["phase", "status"] + CellText.naming
                let paths = inner.filter { nested[$0]?.text != nil }.map { [name, $0] }
                // A list is told by the names in it; what has no name at all is seen to be there.
                for path in paths.isEmpty && !nested.entries.isEmpty ? [[name]] : paths
                where !seen.contains(path) { seen.append(path) }
            }
        }
        let weight = { (path: [String]) -> Int in
            switch path.last ?? "" {
            case "name", "email": path.count
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
        let columns = leaves(rows)
        guard !columns.isEmpty else {
            return rows.map { Self.csvField(Self.plain($0), isText: Self.isText($0)) + "\r\n" }
                .joined()
        }
        var text =
            columns.map { Self.csvField($0.joined(separator: "."), isText: true) }
            .joined(separator: ",") + "\r\n"
        for row in rows {
            text +=
                columns.map {
                    Self.csvField(cell(row, $0), isText: Self.isText(self.value(row, $0)))
                }
                .joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// The paths to all values of the rows; a list or a map is one column.
    private func leaves(_ rows: [LuaValue]) -> [[String]] {
        var seen = Set<[String]>()
        var found: [[String]] = []
        func collect(_ table: LuaTable, _ path: [String]) {
            for (key, value) in ordered(table) {
                guard let name = key.text else { continue }
                let inner = path + [name]
                if let nested = value.table, isNested(nested) {
                    collect(nested, inner)
                } else if seen.insert(inner).inserted {
                    found.append(inner)
                }
            }
        }
        for row in rows {
            if let table = row.table { collect(table, []) }
        }
        let first = columns(rows).filter(seen.contains)
        return first + found.filter { !first.contains($0) }
    }

    private func isNested(_ table: LuaTable) -> Bool {
        if case .message = table.kind { return true }
        return table.kind != .list && table.array == nil && !table.entries.isEmpty
    }

    private static func isText(_ value: LuaValue?) -> Bool {
        if case .string = value { true } else { false }
    }

    /// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    private static func csvField(_ text: String, isText: Bool) -> String {
        var text = text
        if isText, let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first)
        {
            text = "'" + text
        }
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
        return ValueText.scalar(value)
    }

    /// The text of a column in a row; empty when it is unset.
    func cell(_ row: LuaValue, _ path: [String]) -> String {
        var value = row
        for name in path {
            guard let inner = value.table?[name] else { return unset(name, in: value) }
            value = inner
        }
        return value.table == nil ? Self.plain(value) : json(value)
    }

    /// A flag without presence is false when it is not there.
    private func unset(_ name: String, in row: LuaValue) -> String {
        guard case .message(let id) = row.table?.kind,
            let field = registry.message(id: id).field(named: name)
        else { return "" }
        return field.kind == .bool && !field.hasPresence && !field.isRepeated ? "false" : ""
    }
}
