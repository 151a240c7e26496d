import Glibc

/// The function `format` of cel-go's strings extension.
enum CELFormat {
    /// Puts values in the places that `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x` and `%X` mark.
    static func format(_ template: String, _ values: [CELValue]) throws(CELError) -> String {
        var result = ""
        var next = 0
        var scalars = template.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            var precision: Int?
            if scalars.first == "." {
                scalars.removeFirst()
                let digits = scalars.prefix { ("0"..."9").contains($0) }
                scalars = scalars.dropFirst(digits.count)
                guard let number = Int(String(Substring(digits))), number <= 100 else {
                    throw .format(.precision)
                }
                precision = number
            }
            guard let verb = scalars.popFirst() else { throw .format(.openVerb) }
            if verb == "%" {
                result += "%"
                continue
            }
            guard next < values.count else { throw .format(.tooFewValues) }
            result += try text(values[next], verb, precision)
            next += 1
        }
        return result
    }

    private static func text(
        _ value: CELValue, _ verb: Unicode.Scalar, _ precision: Int?
    ) throws(CELError) -> String {
        switch (verb, value) {
        case ("s", _): return try plain(value)
        case ("d", .int(let number)): return String(number)
        case ("d", .uint(let number)): return String(number)
        case ("f", _), ("e", _): return try fraction(value, verb, precision ?? 6)
        case ("b", .bool(let flag)): return flag ? "1" : "0"
        case ("b", _): return try integer(value, radix: 2)
        case ("o", _): return try integer(value, radix: 8)
        case ("x", .string(let text)): return hexadecimal(Array(text.utf8), uppercase: false)
        case ("X", .string(let text)): return hexadecimal(Array(text.utf8), uppercase: true)
        case ("x", .bytes(let bytes)): return hexadecimal(bytes, uppercase: false)
        case ("X", .bytes(let bytes)): return hexadecimal(bytes, uppercase: true)
        case ("x", _): return try integer(value, radix: 16)
        case ("X", _): return try integer(value, radix: 16).uppercased()
        default: throw .noOverload("format(%\(verb))", value)
        }
    }

    private static func integer(_ value: CELValue, radix: Int) throws(CELError) -> String {
        switch value {
        case .int(let number): return String(number, radix: radix)
        case .uint(let number): return String(number, radix: radix)
        default: throw .noOverload("format()", value)
        }
    }

    private static func hexadecimal(_ bytes: [UInt8], uppercase: Bool) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: uppercase) }.joined()
    }

    private static func fraction(
        _ value: CELValue, _ verb: Unicode.Scalar, _ precision: Int
    ) throws(CELError) -> String {
        let number: Double
        switch value {
        case .double(let double): number = double
        case .int(let int): number = Double(int)
        case .uint(let uint): number = Double(uint)
        default: throw .noOverload("format()", value)
        }
        var buffer = [CChar](repeating: 0, count: 512)
        _ = withVaList([Int32(precision), number]) {
            vsnprintf(&buffer, buffer.count, verb == "e" ? "%.*e" : "%.*f", $0)
        }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func plain(_ value: CELValue) throws(CELError) -> String {
        switch value {
        case .null: return "null"
        case .type(let name): return name
        case .list(let items):
            var texts: [String] = []
            for item in items { texts.append(try plain(item)) }
            return "[" + texts.joined(separator: ", ") + "]"
        case .map(let entries):
            var texts: [String] = []
            for entry in entries { texts.append(try plain(entry.key) + ": " + plain(entry.value)) }
            return "{" + texts.sorted().joined(separator: ", ") + "}"
        case .message: throw .noOverload("format()", value)
        default:
            guard case .string(let text) = try CELConversions.convert(value, to: "string") else {
                throw .noOverload("format()", value)
            }
            return text
        }
    }
}
