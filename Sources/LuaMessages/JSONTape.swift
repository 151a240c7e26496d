import CLuaHost
import Codec
import LuaMachine

/// JSON as values on a tape: arrays are lists, null is `json.null`.
package enum JSONTape {
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
                writer.put(Double(text) ?? .nan)
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
