import CLuaHost
import Codec
import Glibc
import LuaMachine

/// JSON as values on a tape: arrays are lists, null is `json.null`.
package enum JSONTape {
    /// A number that is not an integer of 64 bits.
    ///
    /// - Throws: when it is too large, or an integer that would lose digits.
    private static func number(_ text: String) throws(CodecError) -> Double {
        guard let number = Double(text), number.isFinite else {
            throw CodecError(.outOfRange("the number \(text.prefix(60)) is too large"))
        }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isInteger = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        // Doubles of this size are integers, which have no fraction to lose.
        guard !isInteger || exact(number.magnitude) == digits else {
            throw CodecError(
                .outOfRange("the number \(text.prefix(60)) has more digits than can be kept"))
        }
        return number
    }

    /// The digits of an integer.
    private static func exact(_ number: Double) -> String {
        // The largest has 309 digits.
        var buffer = [CChar](repeating: 0, count: 512)
        let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, "%.0f", $0) }
        return String(
            decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Reads the next value.
    ///
    /// - Parameter depth: how deep values may still be nested.
    package static func read(
        _ scanner: inout JSONScanner, into writer: TapeWriter, depth: Int
    ) throws(CodecError) {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: 100)) }
        switch try scanner.peek() {
        case .null:
            try scanner.word("null")
            writer.put(LuaValue.null)
        case .bool: writer.put(try scanner.bool())
        case .string: writer.put(try scanner.string())
        case .number:
            let text = try scanner.number()
            if let whole = Int64(text) {
                writer.put(whole)
            } else {
                writer.put(try number(text))
            }
        case .array:
            try scanner.expect("[")
            qh_put_u32(writer.tape, UInt8(QH_LIST.rawValue), 0)
            if !scanner.take("]") {
                repeat {
                    try read(&scanner, into: writer, depth: depth - 1)
                } while scanner.take(",")
                try scanner.expect("]")
            }
            qh_put_tag(writer.tape, UInt8(QH_END.rawValue))
        case .object:
            try scanner.expect("{")
            qh_put_tag(writer.tape, UInt8(QH_TABLE.rawValue))
            if !scanner.take("}") {
                repeat {
                    writer.put(try scanner.string())
                    try scanner.expect(":")
                    try read(&scanner, into: writer, depth: depth - 1)
                } while scanner.take(",")
                try scanner.expect("}")
            }
            qh_put_tag(writer.tape, UInt8(QH_END.rawValue))
        }
    }
}
