import CCrypto
import Codec

/// Hashes, identifiers and tokens of the sandbox.
enum Digest {
    /// SHA-256.
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        qcrypto_sha256(bytes, bytes.count, &digest)
        return digest
    }

    /// What is stored of a secret.
    static func hash(_ secret: String) -> String { hexadecimal(sha256(Array(secret.utf8))) }

    /// HMAC-SHA-256.
    static func hmac(key: [UInt8], _ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        qcrypto_hmac_sha256(key, key.count, bytes, bytes.count, &digest)
        return digest
    }

    /// Whether two digests are the same; it takes as long wherever they differ.
    static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Lower-case hexadecimal digits.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// A UUID that depends on a name only, laid out as RFC 9562 asks of version 8.
    static func uuid(named name: String) -> String {
        var bytes = Array(sha256(Array(("qcsh-sandbox/" + name).utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        return format(bytes)
    }

    /// A random UUID (version 4).
    static func randomUUID(_ random: inout some RandomNumberGenerator) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for number in [random.next(), random.next()] {
            withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
        }
        bytes[6] = bytes[6] & 0x0f | 0x40
        return format(bytes)
    }

    private static func format(_ bytes: [UInt8]) -> String {
        var bytes = bytes
        bytes[8] = bytes[8] & 0x3f | 0x80
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for (index, byte) in bytes.enumerated() {
                if [4, 6, 8, 10].contains(index) {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                text[position] = digits[Int(byte >> 4)]
                text[position + 1] = digits[Int(byte & 15)]
                position += 2
            }
            return position
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// Base64 for URLs, without padding (RFC 4648, section 5).
    static func base64URL(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes, forURLs: true)
    }
}
