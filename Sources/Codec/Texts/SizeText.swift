/// Amounts of memory and disk as people write them: `"8GiB"`, `"8Gi"`, `"8G"`, `"512MB"`, `"1.5TiB"`.
///
/// All units are binary, as they are in Qdrant Cloud: 1 GB is 1 GiB.
public enum SizeText {
    /// The exponent of two of each unit.
    private static let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40, "P": 50]

    /// Reads an amount; nil for a text without a unit, a negative number, and anything else.
    ///
    /// - Returns: bytes, rounded to a whole number; nil from 2^53 on, too.
    public static func bytes(_ text: String) -> Int64? {
        let number = text.prefix { $0 == "." || $0.isASCII && $0.isNumber }
        var unit = text[number.endIndex...]
        // As in prose: "8 GiB".
        if unit.first == " " { unit = unit.dropFirst() }
        if unit.last == "B" { unit = unit.dropLast() }
        if unit.last == "i" {
            unit = unit.dropLast()
            // "8iB" has no unit.
            guard !unit.isEmpty else { return nil }
        }
        let exponent: Int
        switch unit.count {
        case 0 where text.hasSuffix("B"): exponent = 0
        case 1: exponent = unit.first.flatMap { units[$0] } ?? -1
        default: return nil
        }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard exponent >= 0, (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
            let amount = Double(number)
        else { return nil }
        let bytes = (amount * Double(sign: .plus, exponent: exponent, significand: 1)).rounded()
        return bytes < 0x1p53 ? Int64(bytes) : nil
    }
}
