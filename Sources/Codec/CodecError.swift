import Contract
import Wire

/// An error in bytes, JSON or a value that does not fit a message type.
public struct CodecError: Error, Sendable, CustomStringConvertible {
    /// The kind of the error.
    public enum Reason: Sendable, Equatable {
        /// The protobuf bytes are damaged.
        case wire(WireError)
        /// A field has a wire type that does not fit its kind.
        case wrongWireType
        /// A string field holds bytes that are not valid UTF-8.
        case invalidUTF8
        /// Messages are nested deeper than the limit.
        case tooDeep(limit: Int)
        /// Invalid JSON, with the byte offset of the error.
        case syntax(String, offset: Int)
        /// A value of another type than the field has.
        case mismatch(expected: String, got: String)
        /// A number outside the range of the field.
        case outOfRange(String)
        /// A name that the enum does not have.
        case unknownEnumValue(
            String, enumType: String, nearest: String? = nil, values: [String] = [])
        /// A field that the message type does not have.
        case unknownField(String, messageType: String, nearest: String?)
        /// A duplicate key in a JSON object.
        case duplicateKey(String)
        /// A secret, which must not be encoded.
        case secret
        /// A word that is not a valid assignment of a field.
        case assignment(String)
        /// Two arms of one oneof.
        case oneofConflict(String)
    }

    /// The reason.
    public let reason: Reason
    /// Where, from the outermost field inwards, for example `items[3].name`.
    public private(set) var path: String

    /// Creates an error about the value itself.
    public init(_ reason: Reason, path: String = "") {
        self.reason = reason
        self.path = path
    }

    /// An error about a name that a field's enum does not have; it lists those that there are.
    public init(unknownValue name: String, of field: Field) {
        let choices = field.enumType?.choices ?? []
        let names = field.enumType?.values.map(\.name) ?? []
        self.init(
            .unknownEnumValue(
                name, enumType: field.typeName,
                nearest: Names.nearest(to: name, in: choices + names), values: choices))
    }

    /// The same error, seen from the message that has the field.
    public func inside(_ element: String) -> CodecError {
        var outer = self
        if path.isEmpty {
            outer.path = element
        } else if path.hasPrefix("[") {
            outer.path = element + path
        } else {
            outer.path = element + "." + path
        }
        return outer
    }

    /// The same error, seen from inside a field.
    func outside(_ element: String) -> CodecError {
        var inner = self
        guard path.hasPrefix(element) else { return self }
        inner.path = String(path.dropFirst(element.count))
        if inner.path.hasPrefix(".") { inner.path = String(inner.path.dropFirst()) }
        return inner
    }

    public var description: String { path.isEmpty ? sentence : "\(path): \(sentence)" }

    /// The reason as a sentence, without the path.
    public var sentence: String {
        switch reason {
        case .wire(let error): "damaged protobuf data (\(error))"
        case .wrongWireType: "damaged protobuf data (unexpected wire type)"
        case .invalidUTF8: "the string is not valid UTF-8"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .syntax(let what, let offset): "invalid JSON at byte \(offset): \(what)"
        case .mismatch(let expected, let got): "expected \(expected), got \(got)"
        case .outOfRange(let what): what
        case .unknownEnumValue(let name, let type, let nearest, let values):
            "\(type) has no value \"\(name)\"" + Names.suggestion(nearest)
                + (values.isEmpty ? "" : "; it has " + values.joined(separator: ", "))
        case .unknownField(let name, let type, let nearest):
            "\(type) has no field \"\(name)\"" + Names.suggestion(nearest)
        case .duplicateKey(let key): "duplicate key \"\(key)\""
        case .secret:
            "cannot encode a secret; use secret:reveal() for its value, or secret:write(path)"
        case .assignment(let what): what
        case .oneofConflict(let what): what
        }
    }

}
