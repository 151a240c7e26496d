import CloudClient
import Codec

/// The secrets of one request. What is said about the request does not repeat them.
final class SecretTexts {
    /// The secrets, as bytes.
    var texts: [[UInt8]] = []

    /// A text in which the secrets are masked.
    func masked(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for secret in texts where !secret.isEmpty {
            while let range = bytes.firstRange(of: secret) {
                bytes.replaceSubrange(range, with: Array(ValueText.secretMask.utf8))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An error in whose words the secrets are masked.
    func masked(_ error: CallError) -> CallError {
        guard !texts.isEmpty else { return error }
        var error = error
        error.message = masked(error.message)
        error.violations = error.violations.map { violation in
            Violation(
                path: violation.path, rule: violation.rule, message: masked(violation.message),
                value: masked(violation.value))
        }
        return error
    }
}
