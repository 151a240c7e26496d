import Codec
import Contract

extension Message {
    /// The message with its secrets masked.
    public var redacted: Message {
        var copy = self
        for (field, value) in setFields { copy[field] = value.redacted(field.isSecret) }
        return copy
    }

    /// Passes each secret that the message holds to the closure.
    public func secrets(_ tell: ([UInt8]) -> Void) {
        for (field, value) in setFields { value.secrets(field.isSecret, tell) }
    }
}

extension Value {
    /// The value with its secrets masked; `isSecret` says that its texts are.
    fileprivate func redacted(_ isSecret: Bool) -> Value {
        switch self {
        case .string where isSecret: .string(SecretMask.text)
        case .bytes where isSecret: .bytes(Array(SecretMask.text.utf8))
        case .message(let inner): .message(inner.redacted)
        case .list(let items): .list(items.map { $0.redacted(isSecret) })
        case .map(let entries): .map(entries.mapValues { $0.redacted(isSecret) })
        default: self
        }
    }

    fileprivate func secrets(_ isSecret: Bool, _ tell: ([UInt8]) -> Void) {
        switch self {
        case .string(let text) where isSecret: tell(Array(text.utf8))
        case .bytes(let bytes) where isSecret: tell(Array(bytes))
        case .message(let inner): inner.secrets(tell)
        case .list(let items): for item in items { item.secrets(isSecret, tell) }
        case .map(let entries): for item in entries.values { item.secrets(isSecret, tell) }
        default: break
        }
    }
}
