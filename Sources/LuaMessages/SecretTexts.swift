import Codec
import Contract

/// The secrets of one request, which are masked in messages about it.
package final class SecretTexts {
    /// The secrets, as bytes.
    package var texts: [[UInt8]] = []

    /// A text in which the secrets are masked.
    package func masked(_ text: String) -> String {
        texts.reduce(text) { text, secret in
            let plain = String(decoding: secret, as: UTF8.self)
            let quoted = ValueText.quoted(plain).dropFirst().dropLast()
            return text.replacing(plain, by: SecretMask.text)
                .replacing(String(quoted), by: SecretMask.text)
        }
    }

    /// A message in whose texts the secrets are masked.
    package func masked(_ message: Message) -> Message {
        var message = message
        for (field, value) in message.setFields { message[field] = masked(value) }
        return message
    }

    private func masked(_ value: Value) -> Value {
        switch value {
        case .string(let text): .string(masked(text))
        case .message(let inner): .message(masked(inner))
        case .list(let items): .list(items.map(masked))
        case .map(let entries): .map(entries.mapValues(masked))
        default: value
        }
    }
}

extension String {
    /// The string with each occurrence of a part replaced; replacements are not searched again.
    package func replacing(_ part: String, by replacement: String) -> String {
        let (part, bytes) = (Array(part.utf8), Array(utf8))
        guard !part.isEmpty, bytes.count >= part.count else { return self }
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            if bytes[position...].starts(with: part) {
                result += replacement.utf8
                position += part.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
