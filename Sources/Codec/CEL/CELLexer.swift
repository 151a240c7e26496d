/// A word of an expression.
enum CELToken: Equatable {
    case identifier(String)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case symbol(String)
    /// 9223372036854775808, which is only valid after a minus sign.
    case magnitudeOfLeastInt
    case end
}

/// Cuts an expression into words.
///
/// Source: cel-spec, "Syntax".
struct CELLexer {
    private let text: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    /// All words, the end included.
    static func tokens(of text: String) throws(CELError) -> [CELToken] {
        var lexer = CELLexer(text)
        var tokens: [CELToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token == .end { return tokens }
        }
    }

    private func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        position + distance < text.count ? text[position + distance] : nil
    }

    private mutating func next() throws(CELError) -> CELToken {
        skipSpace()
        guard let first = peek() else { return .end }
        if let quoted = try stringLiteral() { return quoted }
        if first.isLetter || first == "_" {
            let start = position
            while let scalar = peek(), scalar.isLetter || scalar.isDigit || scalar == "_" {
                position += 1
            }
            return .identifier(string(start..<position))
        }
        if first.isDigit || (first == "." && peek(1)?.isDigit == true) { return try number() }
        for symbol in ["||", "&&", "<=", ">=", "==", "!="] where starts(with: symbol) {
            position += 2
            return .symbol(symbol)
        }
        guard "()[]{}.,:?<>+-*/%!".unicodeScalars.contains(first) else {
            throw .syntax(.character(String(first), at: position + 1))
        }
        position += 1
        return .symbol(String(first))
    }

    private mutating func skipSpace() {
        while let scalar = peek() {
            if scalar == "/", peek(1) == "/" {
                while let inner = peek(), inner != "\n" { position += 1 }
            } else if scalar.properties.isWhitespace {
                position += 1
            } else {
                return
            }
        }
    }

    private func starts(with symbol: String) -> Bool {
        for (offset, scalar) in symbol.unicodeScalars.enumerated() where peek(offset) != scalar {
            return false
        }
        return true
    }

    private func string(_ range: Range<Int>) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text[range])
        return String(result)
    }

    // MARK: - Numbers

    private mutating func number() throws(CELError) -> CELToken {
        let start = position
        if peek() == "0", peek(1) == "x" || peek(1) == "X" {
            position += 2
            while let scalar = peek(), scalar.isHexDigit { position += 1 }
            return try integer(string(start + 2..<position), radix: 16)
        }
        var isDouble = false
        while let scalar = peek() {
            if scalar == ".", peek(1)?.isDigit == true {
                isDouble = true
            } else if scalar == "e" || scalar == "E" {
                isDouble = true
                if peek(1) == "+" || peek(1) == "-" { position += 1 }
            } else if !scalar.isDigit {
                break
            }
            position += 1
        }
        let digits = string(start..<position)
        guard isDouble else { return try integer(digits, radix: 10) }
        guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits) else {
            throw .syntax(.notANumber(digits))
        }
        return .double(value)
    }

    private mutating func integer(_ digits: String, radix: Int) throws(CELError) -> CELToken {
        guard let value = UInt64(digits, radix: radix) else {
            throw .syntax(.tooLarge(digits, signed: false))
        }
        if peek() == "u" || peek() == "U" {
            position += 1
            return .uint(value)
        }
        if value == UInt64(Int64.max) + 1 { return .magnitudeOfLeastInt }
        guard let signed = Int64(exactly: value) else {
            throw .syntax(.tooLarge(digits, signed: true))
        }
        return .int(signed)
    }

    // MARK: - Strings

    private mutating func stringLiteral() throws(CELError) -> CELToken? {
        var ahead = 0
        var isRaw = false
        var isBytes = false
        while let scalar = peek(ahead), ahead < 2 {
            if !isRaw, scalar == "r" || scalar == "R" {
                isRaw = true
            } else if !isBytes, scalar == "b" || scalar == "B" {
                isBytes = true
            } else {
                break
            }
            ahead += 1
        }
        guard let quote = peek(ahead), quote == "'" || quote == "\"" else { return nil }
        position += ahead
        let isLong = peek(1) == quote && peek(2) == quote
        position += isLong ? 3 : 1
        var bytes: [UInt8] = []
        while true {
            guard let scalar = peek(), isLong || scalar != "\n" else {
                throw .syntax(.openString)
            }
            if scalar == quote, !isLong || (peek(1) == quote && peek(2) == quote) {
                position += isLong ? 3 : 1
                break
            }
            position += 1
            if scalar == "\\", !isRaw {
                bytes += try escape(isBytes: isBytes)
            } else {
                bytes += String(scalar).utf8
            }
        }
        if isBytes { return .bytes(bytes) }
        return .string(String(decoding: bytes, as: UTF8.self))
    }

    private static let simpleEscapes: [Unicode.Scalar: UInt8] = [
        "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 0x5c, "?": 0x3f,
        "\"": 0x22, "'": 0x27, "`": 0x60,
    ]

    private mutating func escape(isBytes: Bool) throws(CELError) -> [UInt8] {
        guard let kind = peek() else { throw .syntax(.openEscape) }
        if let byte = Self.simpleEscapes[kind] {
            position += 1
            return [byte]
        }
        let digits: Int
        let radix: Int
        switch kind {
        case "x", "X": (digits, radix) = (2, 16)
        case "u": (digits, radix) = (4, 16)
        case "U": (digits, radix) = (8, 16)
        case "0"..."3": (digits, radix) = (3, 8)
        default: throw .syntax(.escape(kind, .unknown))
        }
        if radix == 16 { position += 1 }
        guard position + digits <= text.count,
            let code = UInt32(string(position..<position + digits), radix: radix)
        else { throw .syntax(.escape(kind, .digits(digits))) }
        position += digits
        if isBytes {
            guard let byte = UInt8(exactly: code), kind != "u", kind != "U" else {
                throw .syntax(.escape(kind, .bytes))
            }
            return [byte]
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw .syntax(.escape(kind, .character))
        }
        return Array(String(scalar).utf8)
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
    fileprivate var isHexDigit: Bool {
        isDigit || ("a"..."f").contains(self) || ("A"..."F").contains(self)
    }
}
