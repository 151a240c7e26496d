import Foundation
import Yams

/// A scalar's value by its tag, or by its text when it has none: the one reading of configuration, seeds
/// and `yaml.decode`.
///
/// Tags of the core schema and `!!binary` are honoured. A plain text is what YAML 1.2's
/// core schema makes of it, with the booleans of YAML 1.1 and its octal numbers that begin with 0, as
/// other programs read them. A number that begins with 0 and is not octal is a text: identifiers look so.
public enum YAMLScalar: Equatable, Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case bytes([UInt8])

    private static let prefix = "tag:yaml.org,2002:"

    /// Reads a scalar node.
    ///
    /// - Throws: ``YAMLText/Problem`` for a text that is not what its tag says, and for a number that cannot be
    ///   represented.
    public init(_ scalar: Node.Scalar) throws(YAMLText.Problem) {
        let tag = scalar.tag.description
        let text = scalar.string
        switch tag {
        case "": self = try scalar.style == .plain ? Self.plain(text) : .text(text)
        case "!", Self.prefix + "str": self = .text(text)
        case Self.prefix + "null":
            guard Self.isNull(text) else { throw Self.misfit("null") }
            self = .null
        case Self.prefix + "bool":
            guard let flag = Self.flag(text) else { throw Self.misfit("a boolean") }
            self = .flag(flag)
        case Self.prefix + "int":
            guard case .integer(let number)? = try Self.number(text) else {
                throw Self.misfit("an integer")
            }
            self = .integer(number)
        case Self.prefix + "float":
            switch try Self.number(text) {
            case .integer(let number)?: self = .number(Double(number))
            case .number(let number)?: self = .number(number)
            default: throw Self.misfit("a number")
            }
        case Self.prefix + "binary":
            guard let data = Data(base64Encoded: text.filter { !$0.isWhitespace }) else {
                throw Self.misfit("base64")
            }
            self = .bytes(Array(data))
        // A date or a merge key, which are texts here.
        default: self = .text(text)
        }
    }

    /// The value itself may be a secret.
    private static func misfit(_ kind: String) -> YAMLText.Problem {
        YAMLText.Problem("a value is tagged as \(kind), and is not one")
    }

    // MARK: - Plain texts

    private static func plain(_ text: String) throws(YAMLText.Problem) -> YAMLScalar {
        if isNull(text) { return .null }
        if let flag = flag(text) { return .flag(flag) }
        return try number(text) ?? .text(text)
    }

    private static func isNull(_ text: String) -> Bool {
        ["", "~", "null", "Null", "NULL"].contains(text)
    }

    private static func flag(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": false
        default: nil
        }
    }

    /// The number that a text is; nil when it is none.
    private static func number(_ text: String) throws(YAMLText.Problem) -> YAMLScalar? {
        let sign = text.first == "-" || text.first == "+" ? text.prefix(1) : ""
        let body = text.dropFirst(sign.count)
        switch body {
        case ".inf", ".Inf", ".INF": return .number(sign == "-" ? -.infinity : .infinity)
        case ".nan" where sign.isEmpty, ".NaN" where sign.isEmpty, ".NAN" where sign.isEmpty:
            return .number(.nan)
        default: break
        }
        guard let first = body.utf8.first, digit(first) || first == UInt8(ascii: ".") else {
            return nil
        }
        for (mark, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where body.hasPrefix(mark) {
            return try integer(sign, body.dropFirst(2), radix, text)
        }
        if body.utf8.allSatisfy({ digit($0) || $0 == UInt8(ascii: "_") }) {
            guard first == UInt8(ascii: "0"), body.utf8.count > 1 else {
                return try integer(sign, body, 10, text)
            }
            return try integer(sign, body.dropFirst(), 8, text)
        }
        return try decimal(text, body)
    }

    private static func digit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// An integer; nil when the text has digits that its base does not have.
    private static func integer(
        _ sign: Substring, _ digits: Substring, _ radix: Int, _ text: String
    ) throws(YAMLText.Problem) -> YAMLScalar? {
        let plain = digits.filter { $0 != "_" }
        guard !plain.isEmpty, plain.allSatisfy({ $0.isASCII && $0.hexDigitValue ?? 16 < radix })
        else { return nil }
        guard let number = Int64(sign + plain, radix: radix) else {
            throw YAMLText.Problem(
                "a number does not fit 64 bits; write it in quotes")
        }
        return .integer(number)
    }

    /// A number with a point or an exponent; nil when the text has another form.
    private static func decimal(
        _ text: String, _ body: Substring
    ) throws(YAMLText.Problem) -> YAMLScalar? {
        let halves = body.split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { "eE".contains($0) })
        let mantissa = halves[0].filter { $0 != "_" }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }),
            parts.allSatisfy({ $0.utf8.allSatisfy(digit) })
        else { return nil }
        if halves.count == 2 {
            let exponent = halves[1]
            let signless =
                exponent.hasPrefix("-") || exponent.hasPrefix("+")
                ? exponent.dropFirst() : exponent
            guard !signless.isEmpty, signless.utf8.allSatisfy(digit) else { return nil }
        }
        guard let number = Double(text.filter { $0 != "_" }), number.isFinite else {
            throw YAMLText.Problem("a number is too large")
        }
        return .number(number)
    }
}
