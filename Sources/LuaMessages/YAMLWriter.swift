import LuaMachine
/// Writes values as YAML 1.2 in block style.
public struct YAMLWriter {
    private let ordered: (LuaTable) -> [(key: LuaValue, value: LuaValue)]

    /// Creates a writer.
    ///
    /// - Parameter ordered: the entries of a table in the order in which they are written.
    public init(ordered: @escaping (LuaTable) -> [(key: LuaValue, value: LuaValue)]) {
        self.ordered = ordered
    }

    /// The value as a document.
    public func text(_ value: LuaValue) -> String { write(value, indent: 0) + "\n" }

    private func write(_ value: LuaValue, indent: Int) -> String {
        guard let table = value.table else { return scalar(value) }
        let margin = String(repeating: "  ", count: indent)
        let items = table.kind == .list || table.kind == .plain ? table.array : nil
        if let items, table.kind == .list || !items.isEmpty {
            if items.isEmpty { return "[]" }
            return items.map { item in
                "- " + write(item, indent: indent + 1)
            }.joined(separator: "\n" + margin)
        }
        let entries = ordered(table)
        if entries.isEmpty { return "{}" }
        return entries.map { key, value in
            let name = scalar(key)
            guard let inner = value.table, !inner.entries.isEmpty else {
                return name + ": " + write(value, indent: indent + 1)
            }
            let inset = "\n" + margin + "  "
            return name + ":" + inset + write(value, indent: indent + 1)
        }.joined(separator: "\n" + margin)
    }

    private func scalar(_ value: LuaValue) -> String {
        switch value {
        case .nil, .null: return "null"
        case .string(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            let isPlain =
                text.first.map { $0.isLetter } ?? false
                && text.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || "_-./".contains($0))
                }
                && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(
                    text.lowercased())
            return isPlain ? text : ValueText.quoted(text)
        case .number(let number) where number.isNaN: return ".nan"
        case .number(let number) where number.isInfinite: return number > 0 ? ".inf" : "-.inf"
        case .time, .duration, .secret: return ValueText.quoted(ValueText.scalar(value))
        default: return ValueText.scalar(value)
        }
    }
}
