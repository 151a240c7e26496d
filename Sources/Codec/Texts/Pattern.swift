import CRegex
import Synchronization

/// A compiled regular expression with RE2's meaning.
final class Pattern: @unchecked Sendable {
    private let regex: OpaquePointer

    /// Compiles a pattern; nil when it is none.
    init?(_ text: String) {
        var message = [CChar](repeating: 0, count: 256)
        guard let regex = qcsh_regex_compile(text, text.utf8.count, &message, message.count) else {
            return nil
        }
        self.regex = regex
    }

    deinit { qcsh_regex_free(regex) }

    /// Whether the pattern matches any part of the text.
    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                qcsh_regex_matches(regex, $0.baseAddress ?? UnsafePointer(Self.empty), $0.count)
            }
        }
    }

    private nonisolated(unsafe) static let empty: UnsafeMutablePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return byte
    }()

    private static let compiled = Mutex<[String: Pattern]>([:])

    /// The compiled pattern, from a cache that keeps what the contract uses.
    static func cached(_ text: String) -> Pattern? {
        compiled.withLock { cache in
            if let pattern = cache[text] { return pattern }
            let pattern = Pattern(text)
            cache[text] = pattern
            return pattern
        }
    }
}
