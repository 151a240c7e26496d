import Contract

/// A path of a field mask that does not exist, or leads through a list or a map.
public struct MaskError: Error, Sendable, CustomStringConvertible {
    /// The path as it was given.
    public let path: String
    /// The message type that the path was looked up in.
    public let messageType: String

    public var description: String {
        "update_mask: \(messageType) has no field \"\(path)\" that a mask can name"
    }
}

extension Message {
    /// Copies the masked paths from another message of the same type, as FieldMask's merge does:
    /// the leaf is replaced whole, and cleared when the source has it unset.
    ///
    /// Source: google/protobuf/field_mask.proto. The path `*` names everything.
    public mutating func merge(
        from source: Message, paths: [String]
    ) throws(MaskError) {
        for path in paths {
            if path == "*" {
                self = source
                continue
            }
            // Clients send both spellings; the contract's names are snake_case.
            let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(
                String.init)
            guard !parts.isEmpty, copy(from: source, parts[...]) else {
                throw MaskError(path: path, messageType: type.fullName)
            }
        }
    }

    private mutating func copy(from source: Message?, _ path: ArraySlice<String>) -> Bool {
        guard let name = path.first, let field = type.field(named: name) else { return false }
        let rest = path.dropFirst()
        if rest.isEmpty {
            self[field] = source?[field]
            return true
        }
        guard let innerType = field.messageType, !field.isRepeated else { return false }
        var innerSource: Message?
        if case .message(let message) = source?[field] { innerSource = message }
        var inner = Message(innerType)
        let wasSet: Bool
        if case .message(let message) = self[field] {
            inner = message
            wasSet = true
        } else {
            wasSet = false
        }
        guard inner.copy(from: innerSource, rest) else { return false }
        // A path into something that neither side has does not create it.
        if wasSet || innerSource != nil { self[field] = .message(inner) }
        return true
    }
}
