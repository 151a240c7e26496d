/// Reads JSON text token by token (RFC 8259), over borrowed bytes.
public struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    /// The offset of the next unread byte.
    public private(set) var offset: Int

    /// Creates a scanner over borrowed bytes, which must outlive it. A byte order mark in front is skipped
    /// (RFC 8259, 8.1).
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// The kind of the next value.
    public enum Kind: String, Sendable {
        case object = "an object"
        case array = "an array"
        case string = "a string"
        case number = "a number"
        case bool = "a bool"
        case null = "null"
    }

    /// The kind of the next value, without reading it.
    public mutating func peek() throws(CodecError) -> Kind {
        skipSpace()
        guard offset < bytes.count else { throw failure("unexpected end") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw failure("unexpected character")
        }
    }

    /// Takes a punctuation mark when it is next.
    public mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: mark) else { return false }
        offset += 1
        return true
    }

    /// Reads a punctuation mark, which must come next.
    public mutating func expect(_ mark: Unicode.Scalar) throws(CodecError) {
        guard take(mark) else { throw failure("expected \"\(mark)\"") }
    }

    /// Checks that nothing but white space is left.
    public mutating func expectEnd() throws(CodecError) {
        skipSpace()
        guard offset == bytes.count else { throw failure("unexpected text after the value") }
    }

    /// Reads `null`, `true` or `false`.
    public mutating func word(_ text: StaticString) throws(CodecError) {
        let length = text.utf8CodeUnitCount
        guard bytes.count - offset >= length,
            (0..<length).allSatisfy({ bytes[offset + $0] == text.utf8Start[$0] })
        else { throw failure("expected \(text)") }
        offset += length
    }

    /// Reads a bool.
    public mutating func bool() throws(CodecError) -> Bool {
        skipSpace()
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "t") {
            try word("true")
            return true
        }
        try word("false")
        return false
    }

    /// Reads the text of a number, whose form is checked.
    public mutating func number() throws(CodecError) -> String {
        skipSpace()
        let start = offset
        if peekByte == UInt8(ascii: "-") { offset += 1 }
        guard let first = peekByte, Self.isDigit(first) else { throw failure("expected a number") }
        if first == UInt8(ascii: "0") { offset += 1 } else { skipDigits() }
        if peekByte == UInt8(ascii: ".") {
            offset += 1
            guard let digit = peekByte, Self.isDigit(digit) else {
                throw failure("expected a digit")
            }
            skipDigits()
        }
        if peekByte == UInt8(ascii: "e") || peekByte == UInt8(ascii: "E") {
            offset += 1
            if peekByte == UInt8(ascii: "+") || peekByte == UInt8(ascii: "-") { offset += 1 }
            guard let digit = peekByte, Self.isDigit(digit) else {
                throw failure("expected a digit")
            }
            skipDigits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// Reads a string and resolves its escapes. The result is valid UTF-8.
    public mutating func string() throws(CodecError) -> String {
        try expect("\"")
        let start = offset
        while let byte = peekByte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw failure("control character in a string") }
            offset += 1
        }
        guard let stop = peekByte else { throw failure("unterminated string") }
        if stop == UInt8(ascii: "\"") {
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
            offset += 1
            guard let valid = String(validating: text, as: UTF8.self) else {
                throw failure("the text is not valid UTF-8")
            }
            return valid
        }
        var text = Array(bytes[start..<offset])
        while true {
            guard let byte = peekByte else { throw failure("unterminated string") }
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else {
                    throw failure("the text is not valid UTF-8")
                }
                return valid
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("control character in a string")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(CodecError) {
        guard let byte = peekByte else { throw failure("unterminated string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code) {
                guard peekByte == UInt8(ascii: "\\") else { throw failure("unpaired surrogate") }
                offset += 1
                guard peekByte == UInt8(ascii: "u") else { throw failure("unpaired surrogate") }
                offset += 1
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else {
                    throw failure("unpaired surrogate")
                }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("unpaired surrogate") }
            text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw failure("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(CodecError) -> UInt32 {
        guard bytes.count - offset >= 4,
            let code = UInt32(
                String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16),
            Self.isHexadecimal(bytes[offset])
        else { throw failure("expected four hexadecimal digits") }
        offset += 4
        return code
    }

    /// Skips a value of any kind.
    ///
    /// - Parameter depth: how many more levels may be nested.
    public mutating func skipValue(depth: Int) throws(CodecError) {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: 100)) }
        switch try peek() {
        case .null: try word("null")
        case .bool: _ = try bool()
        case .number: _ = try number()
        case .string: _ = try string()
        case .array:
            try expect("[")
            if take("]") { return }
            repeat { try skipValue(depth: depth - 1) } while take(",")
            try expect("]")
        case .object:
            try expect("{")
            if take("}") { return }
            repeat {
                _ = try string()
                try expect(":")
                try skipValue(depth: depth - 1)
            } while take(",")
            try expect("}")
        }
    }

    /// An error at the present offset.
    public func failure(_ what: String) -> CodecError {
        CodecError(.syntax(what, offset: offset))
    }

    private var peekByte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipDigits() {
        while let byte = peekByte, Self.isDigit(byte) { offset += 1 }
    }

    private mutating func skipSpace() {
        while let byte = peekByte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            offset += 1
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
