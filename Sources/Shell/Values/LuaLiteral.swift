import Contract
import LuaMachine
import LuaMessages

/// Values as expressions of Lua that give equal values, for pasting into a script. Secrets stay
/// masked.
struct LuaLiteral {
    let registry: Registry
    let width: Int

    /// The expression.
    func text(_ value: LuaValue) -> String { text(value, indent: 0) }

    private func text(_ value: LuaValue, indent: Int) -> String {
        switch value {
        case .string(let bytes): return Self.quoted(bytes)
        case .number(let number): return Self.number(number)
        case .integer(.min): return "math.mininteger"
        case .time: return "time.parse(\"\(ValueText.scalar(value))\")"
        case .duration: return "time.duration(\"\(ValueText.scalar(value))\")"
        case .secret: return "secret.new(\"\(SecretMask.text)\")"
        case .null: return "qdrant.null"
        case .function, .handle, .cancellation: return "nil --[[ \(value.typeName) ]]"
        case .table(let table): return self.table(table, indent: indent)
        default: return ValueText.scalar(value)
        }
    }

    private func table(_ table: LuaTable, indent: Int) -> String {
        let isArray = table.kind == .list || (table.kind == .plain && table.array != nil)
        let items = ValueText(registry: registry).ordered(table).map { key, value in
            let shown = text(value, indent: indent + 1)
            return isArray ? shown : self.key(key) + " = " + shown
        }
        if items.isEmpty { return "{}" }
        let line = "{ " + items.joined(separator: ", ") + " }"
        if line.count + 2 * indent <= width, !line.contains("\n") { return line }
        let margin = String(repeating: "  ", count: indent + 1)
        return "{\n" + items.map { margin + $0 + ",\n" }.joined()
            + String(repeating: "  ", count: indent) + "}"
    }

    private func key(_ key: LuaValue) -> String {
        guard let name = key.text else { return "[" + text(key, indent: 0) + "]" }
        let isName =
            !name.isEmpty && !name.utf8.first.map { (0x30...0x39).contains($0) }!
            && name.utf8.allSatisfy {
                $0 == 0x5f || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
                    || (0x61...0x7a).contains($0)
            } && !Self.keywords.contains(name)
        return isName ? name : "[" + Self.quoted(Array(name.utf8)) + "]"
    }

    private static let keywords = Set(MetaNames.keywords)

    /// Bytes as a Lua string: all but printable ASCII and valid UTF-8 is escaped.
    private static func quoted(_ bytes: [UInt8]) -> String {
        let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x0a: text += Array("\\n".utf8)
            case 0x20..<0x7f: text.append(byte)
            case 0x80... where isUTF8: text.append(byte)
            default:
                let digits = String(byte)
                text += Array(
                    ("\\" + String(repeating: "0", count: 3 - digits.count) + digits).utf8)
            }
        }
        text.append(UInt8(ascii: "\""))
        return Terminal.safe(String(decoding: text, as: UTF8.self))
    }

    private static func number(_ number: Double) -> String {
        if number.isNaN { return "(0/0)" }
        if number.isInfinite { return number > 0 ? "math.huge" : "-math.huge" }
        return "\(number)"
    }
}
