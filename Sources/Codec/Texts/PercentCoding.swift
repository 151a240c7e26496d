/// Percent-encoding (RFC 3986, section 2.1).
public enum PercentCoding {
    /// Which bytes stay as they are.
    public enum Kept: Sendable {
        /// Letters, digits and `-._~`: for segments of paths and parts of queries.
        case unreserved
        /// All printable ASCII but the percent sign: for `grpc-message`.
        case printable

        fileprivate func contains(_ byte: UInt8) -> Bool {
            switch (self, byte) {
            case (.printable, UInt8(ascii: "%")): false
            case (.printable, 0x20...0x7e): true
            case (.printable, _): false
            case (.unreserved, UInt8(ascii: "a")...UInt8(ascii: "z")),
                (.unreserved, UInt8(ascii: "A")...UInt8(ascii: "Z")),
                (.unreserved, UInt8(ascii: "0")...UInt8(ascii: "9")),
                (.unreserved, UInt8(ascii: "-")), (.unreserved, UInt8(ascii: "_")),
                (.unreserved, UInt8(ascii: ".")), (.unreserved, UInt8(ascii: "~")):
                true
            case (.unreserved, _): false
            }
        }
    }

    /// Encodes all bytes except the kept ones.
    public static func encode(_ text: String, keeping kept: Kept = .unreserved) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if kept.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    /// Decodes a string; nil if an escape is damaged or the result is not valid UTF-8.
    public static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        bytes(text, plusIsSpace: plusIsSpace, isLenient: false).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    /// Decodes a string; keeps invalid escapes as they are and repairs damaged UTF-8, as gRPC
    /// requires for `grpc-message`.
    public static func decodeLeniently(_ text: String) -> String {
        guard text.contains("%") else { return text }
        return bytes(text[...], plusIsSpace: false, isLenient: true).map {
            String(decoding: $0, as: UTF8.self)
        } ?? text
    }

    private static func bytes(
        _ text: Substring, plusIsSpace: Bool, isLenient: Bool
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = rest.prefix(2).compactMap(hexadecimal)
                if digits.count == 2 {
                    bytes.append(digits[0] << 4 | digits[1])
                    rest = rest.dropFirst(2)
                    continue
                }
                guard isLenient else { return nil }
            }
            bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
