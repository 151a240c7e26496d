import Contract
import LuaMachine
import LuaMessages

/// The text of a value where there is little room: enums without their prefix, times as ages.
struct CellText {
    let registry: Registry
    let style: Renderer.Style

    /// A value in a row by its path; empty when it is unset.
    func cell(_ row: LuaValue, _ path: [String], _ isAge: Bool) -> Grid.Cell {
        var value = row
        var field: Field?
        for name in path {
            field = self.field(name, in: value)
            guard let inner = value.table?[name] else {
                // A flag without presence is false when it is not there.
                let isFlag = field.map { $0.kind == .bool && !$0.hasPresence && !$0.isRepeated }
                return Grid.Cell(text: isFlag == true ? "false" : "")
            }
            value = inner
        }
        return cell(value, of: field, isAge: isAge)
    }

    /// The field of a message value.
    func field(_ name: String, in value: LuaValue) -> Field? {
        guard case .message(let id)? = value.table?.kind else { return nil }
        return registry.message(id: id).field(named: name)
    }

    /// One value.
    func cell(_ value: LuaValue, of field: Field?, isAge: Bool) -> Grid.Cell {
        switch value {
        case .string(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            guard let type = field?.enumType else { return Grid.Cell(text: text) }
            let short = type.shortName(text)
            return Grid.Cell(text: short, style: Self.mood(short))
        case .time(let seconds, _):
            guard isAge, let now = style.now else {
                return Grid.Cell(text: ValueText.scalar(value), style: .faint)
            }
            return Grid.Cell(text: Self.age(from: seconds, to: now.seconds), style: .faint)
        case .duration(let seconds, 0) where style.now != nil && seconds >= 0:
            return Grid.Cell(text: Self.age(seconds))
        case .integer(let millicents)
        where field?.name.hasSuffix("price_per_hour") == true
            || field?.name.hasSuffix("price_per_month") == true:
            return Grid.Cell(text: Self.price(millicents))
        case .secret: return Grid.Cell(text: SecretMask.text, style: .faint)
        case .table(let table):
            if let pairs = pairs(table) { return Grid.Cell(text: pairs) }
            let items = table.entries.map(\.value)
            if table.kind == .list || table.array != nil, items.allSatisfy({ $0.table == nil }) {
                return Grid.Cell(
                    text: items.map { cell($0, of: field, isAge: isAge).text }
                        .joined(separator: ","))
            }
            if let names = names(items), table.kind == .list || table.array != nil {
                return Grid.Cell(text: names)
            }
            return Grid.Cell(text: items.isEmpty ? "" : "…", style: .faint)
        default: return Grid.Cell(text: ValueText.scalar(value))
        }
    }

    /// A list of keys with values, as labels are, in one line.
    func pairs(_ table: LuaTable) -> String? {
        let items = table.entries.map(\.value)
        guard !items.isEmpty, table.kind == .list || table.array != nil else { return nil }
        var parts: [String] = []
        for item in items {
            guard let inner = item.table, inner.entries.count <= 2, let key = inner["key"]?.text,
                inner.entries.allSatisfy({ ["key", "value"].contains($0.key.text) })
            else { return nil }
            parts.append(key + "=" + (inner["value"]?.text ?? ""))
        }
        return parts.joined(separator: " ")
    }

    /// What names a message to people, in the order in which they look for it.
    static let naming = ["name", "display_name", "email", "value"]

    /// What the messages of a list are called; nil when one of them has no name.
    private func names(_ items: [LuaValue]) -> String? {
        guard !items.isEmpty else { return nil }
        let found = items.compactMap { item in
            Self.naming.lazy.compactMap { item.table?[$0]?.text }.first { !$0.isEmpty }
        }
        return found.count == items.count ? found.joined(separator: ",") : nil
    }

    /// Millicents as an amount.
    static func price(_ millicents: Int64) -> String {
        let tenThousandths = (millicents.magnitude + 5) / 10
        let fraction = String(tenThousandths % 10_000)
        return (millicents < 0 ? "-" : "") + "\(tenThousandths / 10_000)."
            + String(repeating: "0", count: 4 - fraction.count) + fraction
    }

    /// The style that shows whether a state is good, passing or bad.
    static func mood(_ name: String) -> TextStyle {
        let words = Set(name.split(separator: "_"))
        let bad: Set<Substring> = [
            "FAILED", "UNHEALTHY", "ERROR", "UNREACHABLE", "NOT", "BLOCKED", "EXPIRED", "REJECTED",
            "DELETED", "CRITICAL",
        ]
        let busy: Set<Substring> = [
            "CREATING", "UPDATING", "SCALING", "UPGRADING", "DELETING", "PENDING", "RUNNING",
            "SUSPENDING", "RESUMING", "RESTARTING", "SUSPENDED", "WARNING", "PROGRESS",
            "BOOTSTRAPPING",
        ]
        let good: Set<Substring> = [
            "HEALTHY", "SUCCEEDED", "READY", "ACTIVE", "ACCEPTED", "COMPLETED", "PAID",
        ]
        if !words.isDisjoint(with: bad) { return .danger }
        if !words.isDisjoint(with: busy) { return .warning }
        return words.isDisjoint(with: good) ? .plain : .good
    }

    /// The age of a moment; one beyond all calendars is as old as they are.
    static func age(from moment: Int64, to now: Int64) -> String {
        // The years 1 to 9999.
        age(now - min(max(moment, -62_135_596_800), 253_402_300_799))
    }

    /// A number of seconds as an age: two units at most, the largest first.
    static func age(_ seconds: Int64) -> String {
        if seconds < 0 { return "in " + age(0 &- max(seconds, -.max)) }
        let units: [(size: Int64, name: String)] = [
            (365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "m"),
        ]
        for (index, unit) in units.enumerated() where seconds >= unit.size {
            let whole = seconds / unit.size
            let rest = seconds % unit.size
            let next = index + 1 < units.count ? units[index + 1] : (1, "s")
            // Days have their hours only while there are few.
            guard whole < 10, rest >= next.0 else { return "\(whole)\(unit.name)" }
            return "\(whole)\(unit.name)\(rest / next.0)\(next.1)"
        }
        return "\(seconds)s"
    }
}
