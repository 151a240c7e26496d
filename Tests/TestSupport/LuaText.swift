import Codec
import Contract

/// Messages as a script would write them: tables with the contract's names.
public enum LuaText {
    /// A table constructor.
    public static func table(_ message: Message) -> String {
        switch message.type.wellKnown {
        case .timestamp:
            return quoted(
                TimeText.rfc3339(
                    seconds: Int64(message.integer(.seconds)),
                    nanos: Int32(message.integer(.nanos))))
        case .duration:
            return quoted(
                TimeText.duration(
                    seconds: Int64(message.integer(.seconds)),
                    nanos: Int32(message.integer(.nanos))))
        case .fieldMask: return list(message.strings(.paths).map(quoted))
        default: break
        }
        let members = message.setFields.map { field, value in
            "[\(quoted(field.name))] = " + text(value, field)
        }
        return "{ " + members.joined(separator: ", ") + " }"
    }

    private static func text(_ value: Value, _ field: Field) -> String {
        switch value {
        case .bool(let flag): "\(flag)"
        case .int(let number): number == .min ? "math.mininteger" : "\(number)"
        case .uint(let number): "\(number)"
        case .float(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): quoted(text)
        case .bytes(let bytes): quoted(bytes)
        case .enumeration(let number):
            // In turn the full name, the short one and the number.
            switch (number % 3, field.enumType?.name(of: number)) {
            case (0, let name?): quoted(name)
            case (1, let name?): quoted((field.enumType?.shortName(name) ?? name).lowercased())
            default: "\(number)"
            }
        case .unknownEnumName(let name): quoted(name)
        case .message(let message): table(message)
        case .list(let items): list(items.map { text($0, field) })
        case .map(let entries):
            "{ "
                + entries.map { key, value in
                    "[\(text(key, field.mapKey!))] = \(text(value, field.mapValue!))"
                }.joined(separator: ", ") + " }"
        }
    }

    private static func list(_ items: [String]) -> String {
        "{ " + items.joined(separator: ", ") + " }"
    }

    private static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }

    private static func quoted(_ bytes: [UInt8]) -> String {
        "\""
            + bytes.map { byte in
                (0x20...0x7e).contains(byte) && byte != 0x22 && byte != 0x5c
                    ? String(UnicodeScalar(byte))
                    : "\\" + String(repeating: "0", count: byte < 10 ? 2 : byte < 100 ? 1 : 0)
                        + "\(byte)"
            }.joined() + "\""
    }
}
