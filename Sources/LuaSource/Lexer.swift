/// Cuts a text into tokens (Lua 5.4 manual, section 3.1).
public struct Lexer {
    private let text: [UInt8]
    private var offset = 0
    private var line = 1
    private var lineStart = 0

    /// Creates a lexer. A first line that begins with `#` is passed over.
    public init(_ text: [UInt8]) {
        self.text = text
        if text.first == UInt8(ascii: "#") {
            while offset < text.count, text[offset] != 0x0a { offset += 1 }
        }
    }

    private var position: Position {
        Position(line: line, column: offset - lineStart + 1, offset: offset)
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < text.count ? text[offset + ahead] : nil
    }

    private func fail(_ message: String, _ position: Position, isIncomplete: Bool = false)
        -> SyntaxError
    {
        SyntaxError(message: message, position: position, isIncomplete: isIncomplete)
    }

    private mutating func newLine() {
        // "\r\n" and "\n\r" are one break.
        let first = text[offset]
        offset += 1
        if let next = peek(), next == 0x0a || next == 0x0d, next != first { offset += 1 }
        line += 1
        lineStart = offset
    }

    /// The next token; `end` at the end.
    public mutating func next() throws(SyntaxError) -> Token {
        try skipBlanks()
        let start = position
        let kind = try token(start)
        return Token(kind: kind, position: start, endOffset: offset)
    }

    private mutating func skipBlanks() throws(SyntaxError) {
        while let byte = peek() {
            switch byte {
            case 0x0a, 0x0d: newLine()
            case 0x20, 0x09, 0x0b, 0x0c: offset += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                let start = position
                offset += 2
                if peek() == UInt8(ascii: "["), let level = longBracket() {
                    _ = try longText(level, start)
                } else {
                    while let next = peek(), next != 0x0a, next != 0x0d { offset += 1 }
                }
            default: return
            }
        }
    }

    private mutating func token(_ start: Position) throws(SyntaxError) -> TokenKind {
        guard let byte = peek() else { return .end }
        if Self.isNameStart(byte) { return word() }
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && peek(1).map(Self.isDigit) == true) {
            return try number(start)
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return .string(try quoted(byte, start))
        }
        if byte == UInt8(ascii: "["), let level = longBracket() {
            return .string(try longText(level, start))
        }
        for length in [3, 2, 1] where offset + length <= text.count {
            let candidate = String(decoding: text[offset..<offset + length], as: UTF8.self)
            if Self.symbols.contains(candidate) {
                offset += length
                return .symbol(candidate)
            }
        }
        throw fail("unexpected symbol near '\(Self.shown(byte))'", start)
    }

    private static let symbols: Set<String> = [
        "+", "-", "*", "/", "%", "^", "#", "&", "~", "|", "<<", ">>", "//", "==", "~=", "<=", ">=",
        "<", ">", "=", "(", ")", "{", "}", "[", "]", "::", ";", ":", ",", ".", "..", "...",
    ]

    private static func shown(_ byte: UInt8) -> String {
        (0x20..<0x7f).contains(byte)
            ? String(Unicode.Scalar(byte)) : "<\\\(byte)>"
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 55
        default: nil
        }
    }

    private mutating func word() -> TokenKind {
        let start = offset
        while let byte = peek(), Self.isNameStart(byte) || Self.isDigit(byte) { offset += 1 }
        let name = String(decoding: text[start..<offset], as: UTF8.self)
        return Keyword(rawValue: name).map { .keyword($0) } ?? .name(name)
    }

    // MARK: - Numbers

    private mutating func number(_ start: Position) throws(SyntaxError) -> TokenKind {
        let isHex = peek() == UInt8(ascii: "0") && (peek(1).map { $0 | 0x20 } == UInt8(ascii: "x"))
        let exponent = UInt8(ascii: isHex ? "p" : "e")
        let first = offset
        if isHex { offset += 2 }
        while let byte = peek() {
            if byte | 0x20 == exponent, peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            {
                offset += 2
            } else if Self.hexValue(byte) != nil || byte == UInt8(ascii: ".")
                || Self.isNameStart(byte)
            {
                offset += 1
            } else {
                break
            }
        }
        let digits = String(decoding: text[first..<offset], as: UTF8.self)
        guard let value = Self.value(digits, isHex: isHex) else {
            throw fail("malformed number near '\(digits)'", start)
        }
        return value
    }

    private static func value(_ digits: String, isHex: Bool) -> TokenKind? {
        if isHex {
            let body = digits.dropFirst(2)
            if !body.isEmpty, body.utf8.allSatisfy({ hexValue($0) != nil }) {
                // Hexadecimal integers wrap around.
                let whole = body.utf8.reduce(UInt64(0)) { $0 << 4 | UInt64(hexValue($1) ?? 0) }
                return .integer(Int64(bitPattern: whole))
            }
            let lower = digits.lowercased()
            return Double(lower.contains("p") ? lower : lower + "p0").map { .float($0) }
        }
        if let whole = Int64(digits), digits.utf8.allSatisfy(isDigit) { return .integer(whole) }
        let isPlain = digits.utf8.allSatisfy {
            isDigit($0) || $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e")
                || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
        }
        var padded = digits
        if padded.hasPrefix(".") { padded = "0" + padded }
        if padded.hasSuffix(".") { padded += "0" }
        padded = padded.replacing(".e", by: ".0e").replacing(".E", by: ".0e")
        return isPlain ? Double(padded).map { .float($0) } : nil
    }

    // MARK: - Strings

    /// The level of a long bracket that opens here; nil when none does. The bracket is taken.
    private mutating func longBracket() -> Int? {
        var level = 0
        while peek(1 + level) == UInt8(ascii: "=") { level += 1 }
        guard peek(1 + level) == UInt8(ascii: "[") else { return nil }
        offset += level + 2
        return level
    }

    private mutating func longText(_ level: Int, _ start: Position) throws(SyntaxError) -> [UInt8] {
        var bytes: [UInt8] = []
        if let byte = peek(), byte == 0x0a || byte == 0x0d { newLine() }
        while let byte = peek() {
            if byte == UInt8(ascii: "]") {
                var count = 0
                while peek(1 + count) == UInt8(ascii: "=") { count += 1 }
                if count == level, peek(1 + level) == UInt8(ascii: "]") {
                    offset += level + 2
                    return bytes
                }
            }
            if byte == 0x0a || byte == 0x0d {
                newLine()
                bytes.append(0x0a)
            } else {
                bytes.append(byte)
                offset += 1
            }
        }
        throw fail("unfinished long string or comment", start, isIncomplete: true)
    }

    private mutating func quoted(_ quote: UInt8, _ start: Position) throws(SyntaxError) -> [UInt8] {
        var bytes: [UInt8] = []
        offset += 1
        while let byte = peek() {
            switch byte {
            case quote:
                offset += 1
                return bytes
            case 0x0a, 0x0d: throw fail("unfinished string", start)
            case UInt8(ascii: "\\"): try escape(&bytes)
            default:
                bytes.append(byte)
                offset += 1
            }
        }
        throw fail("unfinished string", start, isIncomplete: true)
    }

    private mutating func escape(_ bytes: inout [UInt8]) throws(SyntaxError) {
        let start = position
        offset += 1
        guard let byte = peek() else {
            throw fail("unfinished string", start, isIncomplete: true)
        }
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
            UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
            UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 92, UInt8(ascii: "\""): 34,
            UInt8(ascii: "'"): 39,
        ]
        if let value = simple[byte] {
            bytes.append(value)
            offset += 1
            return
        }
        switch byte {
        case 0x0a, 0x0d:
            newLine()
            bytes.append(0x0a)
        case UInt8(ascii: "z"):
            offset += 1
            while let blank = peek(), [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d].contains(blank) {
                if blank == 0x0a || blank == 0x0d { newLine() } else { offset += 1 }
            }
        case UInt8(ascii: "x"):
            guard let high = peek(1).flatMap(Self.hexValue),
                let low = peek(2).flatMap(Self.hexValue)
            else { throw fail("hexadecimal digit expected", start) }
            bytes.append(UInt8(high * 16 + low))
            offset += 3
        case UInt8(ascii: "u"): try unicode(&bytes, start)
        case _ where Self.isDigit(byte):
            var value = 0
            var count = 0
            while count < 3, let digit = peek(), Self.isDigit(digit) {
                value = value * 10 + Int(digit) - 48
                offset += 1
                count += 1
            }
            guard value < 256 else { throw fail("decimal escape too large", start) }
            bytes.append(UInt8(value))
        default: throw fail("invalid escape sequence '\\\(Self.shown(byte))'", start)
        }
    }

    private mutating func unicode(
        _ bytes: inout [UInt8], _ start: Position
    ) throws(SyntaxError) {
        offset += 1
        guard peek() == UInt8(ascii: "{") else { throw fail("missing '{' in \\u{xxxx}", start) }
        offset += 1
        var code: UInt32 = 0
        var count = 0
        while let digit = peek().flatMap(Self.hexValue) {
            guard code < 1 << 27 else { throw fail("UTF-8 value too large", start) }
            code = code << 4 | UInt32(digit)
            offset += 1
            count += 1
        }
        guard count > 0, peek() == UInt8(ascii: "}") else {
            throw fail("hexadecimal digits and '}' expected", start)
        }
        offset += 1
        bytes += Self.utf8(code)
    }

    /// UTF-8 as Lua has it: up to six bytes, surrogates included.
    private static func utf8(_ code: UInt32) -> [UInt8] {
        if code < 0x80 { return [UInt8(code)] }
        var rest = code
        var tail: [UInt8] = []
        var limit: UInt32 = 0x3f
        repeat {
            tail.append(UInt8(0x80 | rest & 0x3f))
            rest >>= 6
            limit >>= 1
        } while rest > limit
        return [UInt8(truncatingIfNeeded: ~limit << 1 | rest)] + tail.reversed()
    }
}

extension String {
    /// The text with each occurrence of a part replaced.
    fileprivate func replacing(_ part: String, by replacement: String) -> String {
        var result = ""
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(part) {
                result += replacement
                rest = rest.dropFirst(part.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
