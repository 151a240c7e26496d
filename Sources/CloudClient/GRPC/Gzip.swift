import CCurl
import Glibc

/// gzip by way of zlib.
enum Gzip {
    /// Inflates; nil when the data is damaged or has more than `limit` bytes.
    static func inflate(_ bytes: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
        var output: UnsafeMutablePointer<UInt8>?
        let count = bytes.withUnsafeBufferPointer {
            qcurl_gunzip($0.baseAddress, $0.count, &output, limit)
        }
        guard count >= 0, let output else { return nil }
        defer { free(output) }
        return [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            filled = target.initialize(
                fromContentsOf: UnsafeBufferPointer(start: output, count: count))
        }
    }
}
