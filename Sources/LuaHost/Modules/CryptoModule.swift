import CCrypto
import LuaMachine

/// What `host/crypto.lua` is built from: hashes and HMAC of libcrypto, random bytes of the kernel.
struct CryptoModule {
    /// The next random bytes.
    let random: (Int) -> [UInt8]

    func register(in functions: inout HostFunctions) {
        // crypto_digest(algorithm, text, key): a hash, or with a key an HMAC.
        functions.declare("crypto_digest", .string, .bytesOrSecret, .optional(.bytesOrSecret)) {
            call, name, bytes, key in
            if let problem = qcrypto_load() {
                throw HostError.message("crypto: \(String(cString: problem))")
            }
            var digest = [UInt8](repeating: 0, count: 64)
            let length = qcrypto_digest(
                name, key, key?.count ?? 0, key != nil, bytes, bytes.count, &digest)
            guard length > 0 else { throw HostError.message("crypto: unknown hash \"\(name)\"") }
            digest[..<Int(length)].withUnsafeBytes { call.results.put($0) }
        }
        functions.declare("crypto_random", .integer, recording: .reading) { [random] call, count in
            guard (0...1 << 20).contains(count) else {
                throw HostError.message("crypto.random needs a number of bytes up to 1 MiB")
            }
            random(Int(count)).withUnsafeBytes { call.results.put($0) }
        }
    }

    /// Random bytes of the kernel.
    static func kernelRandom(_ count: Int) -> [UInt8] {
        var kernel = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &kernel) }
    }
}
