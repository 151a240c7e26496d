import CCrypto

/// SHA-256, as lock files have it.
public enum SHA256 {
    /// The digest of bytes, in lower-case hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 64)
        let count = qcrypto_digest("sha256", nil, 0, false, bytes, bytes.count, &digest)
        let digits = Array("0123456789abcdef")
        return String(
            digest[..<Int(count)].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
