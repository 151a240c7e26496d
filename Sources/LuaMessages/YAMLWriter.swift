import Codec
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
            var name = scalar(key)
            // A key of one line has at most 1024 characters (YAML 1.2.2, 7.4.2).
            if name.utf8.count > 1000 { name = "? " + name + "\n" + margin }
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
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return "!!binary \"\(Base64.encode(bytes))\""
            }
            let isPlain =
                text.first.map { $0.isLetter } ?? false
                && text.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || "_-./".contains($0))
                }
                && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(
                    text.lowercased())
            return isPlain ? text : Self.quoted(text)
        case .number(let number) where number.isNaN: return ".nan"
        case .number(let number) where number.isInfinite: return number > 0 ? ".inf" : "-.inf"
        case .number(let number):
            let text = "\(number)"
            // YAML 1.1 knows exponents only after a point.
            guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
            return text[..<exponent] + ".0" + text[exponent...]
        case .time, .duration, .secret: return ValueText.quoted(ValueText.scalar(value))
        default: return ValueText.scalar(value)
        }
    }

    /// A text in double quotes. What YAML does not count as printable is escaped (YAML 1.2.2, 5.1), and
    /// the byte order mark, too, which readers drop.
    private static func quoted(_ text: String) -> String {
        var literal = ""
        for scalar in ValueText.quoted(text).unicodeScalars {
            switch scalar.value {
            case 0xfeff, 0xfffe, 0xffff: literal += "\\u" + String(scalar.value, radix: 16)
            case 0x10000... where scalar.value & 0xfffe == 0xfffe:
                let digits = String(scalar.value, radix: 16)
                literal += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal
    }
}
