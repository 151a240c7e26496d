import Contract

/// The value of a field, of a list's element or of a map's key or value.
///
/// 32- and 64-bit integers share a case: the field's kind determines the width.
public indirect enum Value: Sendable, Hashable {
    case bool(Bool)
    /// `int32`, `int64`, `sint…`, `sfixed…`.
    case int(Int64)
    /// `uint32`, `uint64`, `fixed…`.
    case uint(UInt64)
    case float(Float)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// An enum's number, which the contract may not know.
    case enumeration(Int32)
    /// The name of an enum's value that the contract does not know: a newer server's, over REST.
    case unknownEnumName(String)
    case message(Message)
    case list([Value])
    case map([Value: Value])
}

/// A message whose type is known at run time only. A value type: copies are independent.
///
/// A message in the binary format is decoded when it is first accessed: passing it on unchanged
/// costs no decoding.
public struct Message: Sendable {
    /// The message's type.
    public let type: MessageType
    /// What the fields hold; nil while only ``keptSerialization`` is known.
    private var decoded: Fields?
    /// What the message is in the binary format, when that is known; any change forgets it.
    private(set) var keptSerialization: [UInt8]?

    /// Values by the fields' indexes, and what the type has no fields for.
    private struct Fields {
        var values: [Value?]
        var unknown: [UInt8] = []

        init(_ type: MessageType) {
            values = [Value?](repeating: nil, count: type.fields.count)
        }
    }

    /// The fields for reading; empty for a message that cannot be decoded.
    private var fields: Fields {
        if let decoded { return decoded }
        let read = try? ProtobufReader().message(keptSerialization ?? [], as: type)
        return read?.decoded ?? Fields(type)
    }

    /// The fields for writing: what the message was in the binary format does not hold any more.
    private var writable: Fields {
        get { fields }
        set {
            decoded = newValue
            keptSerialization = nil
        }
        _modify {
            var present = fields
            decoded = nil
            keptSerialization = nil
            defer { decoded = present }
            yield &present
        }
    }

    private var values: [Value?] { fields.values }

    /// Fields that the type does not have, as they came, so that a round trip keeps them.
    public var unknownFields: [UInt8] {
        get { fields.unknown }
        set { writable.unknown = newValue }
        _modify { yield &writable.unknown }
    }

    /// Creates a message with no field set.
    public init(_ type: MessageType) {
        self.type = type
        decoded = Fields(type)
    }

    /// Creates a message from its binary format, which is decoded on first access.
    ///
    /// - Parameter bytes: the result of ``serialized()`` for a message of this type.
    public init(_ type: MessageType, serialized bytes: [UInt8]) {
        self.type = type
        keptSerialization = bytes
    }

    /// The value of a field of this message's type; nil when it is unset.
    ///
    /// Setting an arm of a oneof clears the other arms.
    public subscript(field: Field) -> Value? {
        get { values[field.index] }
        set {
            writable.values[field.index] = newValue
            guard newValue != nil, let oneof = field.oneofIndex else { return }
            for index in type.oneofs[oneof].fieldIndexes where index != field.index {
                writable.values[index] = nil
            }
        }
    }

    /// The value of the field with a name.
    ///
    /// For code that knows the contract's names: setting a field that the type does not have is a
    /// programming error, and reading one gives nil.
    public subscript(name: FieldName) -> Value? {
        get { type.field(named: name.text).flatMap { self[$0] } }
        set { self[field(name)] = newValue }
    }

    private func field(_ name: FieldName) -> Field {
        guard let field = type.field(named: name.text) else {
            preconditionFailure("\(type.fullName) has no field \(name)")
        }
        return field
    }

    /// Changes a field in place without copying it.
    mutating func update<Result>(_ field: Field, _ body: (inout Value?) -> Result) -> Result {
        body(&writable.values[field.index])
    }

    /// Takes a field's value out of the message, which leaves the field unset.
    mutating func take(_ field: Field) -> Value? {
        update(field) { value in
            let taken = value
            value = nil
            return taken
        }
    }

    /// The same message, decoded: use it before reading several fields.
    public var opened: Message {
        guard decoded == nil else { return self }
        var opened = self
        opened.decoded = fields
        return opened
    }

    /// Caches the binary format of a message that is encoded repeatedly.
    ///
    /// - Parameter bytes: the result of ``serialized()`` for this message.
    public mutating func keepSerialization(_ bytes: [UInt8]) { keptSerialization = bytes }

    /// The fields that are set, in the order of their declaration.
    public var setFields: [(field: Field, value: Value)] {
        let values = values
        return type.fields.compactMap { field in values[field.index].map { (field, $0) } }
    }

    /// Whether nothing is set.
    public var isEmpty: Bool { unknownFields.isEmpty && values.allSatisfy { $0 == nil } }

    /// Whether a field counts as set: with presence when it is there, without when it is not the
    /// default.
    public func has(_ field: Field) -> Bool {
        guard let value = values[field.index] else { return false }
        return field.hasPresence || !value.isDefault
    }
}

extension Message: Hashable {
    public static func == (a: Message, b: Message) -> Bool {
        guard a.type === b.type, a.unknownFields == b.unknownFields else { return false }
        let (these, those) = (a.values, b.values)
        return a.type.fields.allSatisfy { field in
            let (left, right) = (these[field.index], those[field.index])
            if left == right { return true }
            // Without presence, unset and default are the same.
            return !field.hasPresence && (left?.isDefault ?? true) && (right?.isDefault ?? true)
        }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(type.id)
        let values = values
        for field in type.fields where has(field) { hasher.combine(values[field.index]) }
    }
}

extension Value {
    /// Whether this is what proto3 calls the default: zero, empty, false.
    public var isDefault: Bool {
        switch self {
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .float(let number): number.bitPattern == 0
        case .double(let number): number.bitPattern == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .enumeration(let number): number == 0
        case .unknownEnumName, .message: false
        case .list(let items): items.isEmpty
        case .map(let entries): entries.isEmpty
        }
    }

    /// The default value of a singular scalar of a kind.
    public static func defaultValue(of kind: Field.Kind) -> Value? {
        switch kind {
        case .bool: .bool(false)
        case .int32, .int64, .sint32, .sint64, .sfixed32, .sfixed64: .int(0)
        case .uint32, .uint64, .fixed32, .fixed64: .uint(0)
        case .float: .float(0)
        case .double: .double(0)
        case .string: .string("")
        case .bytes: .bytes([])
        case .enum: .enumeration(0)
        case .message, .group: nil
        }
    }
}
