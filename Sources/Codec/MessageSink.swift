import Contract

/// Where a reader puts what it reads: a ``Message``, or a tape that becomes Lua tables.
///
/// A reader calls ``beginMessage(_:)`` … ``endMessage()`` around the whole. Inside, each value is
/// announced by ``field(_:isKnown:)``, or stands between ``beginList(_:isKnown:)`` and
/// ``endList()``, or as key and value in turn between ``beginMap(_:isKnown:)`` and ``endMap()``.
/// `isKnown` tells that the field has been written before in this message, as protobuf allows:
/// messages merge, lists and maps go on, scalars are replaced.
public protocol MessageSink {
    mutating func beginMessage(_ type: MessageType)
    mutating func endMessage()
    mutating func field(_ field: Field, isKnown: Bool)
    mutating func beginList(_ field: Field, isKnown: Bool)
    mutating func endList()
    mutating func beginMap(_ field: Field, isKnown: Bool)
    mutating func endMap()

    mutating func bool(_ value: Bool)
    mutating func int(_ value: Int64)
    mutating func uint(_ value: UInt64)
    mutating func float(_ value: Float)
    mutating func double(_ value: Double)
    /// Text that has been checked to be UTF-8.
    mutating func string(_ value: UnsafeRawBufferPointer)
    mutating func bytes(_ value: UnsafeRawBufferPointer)
    mutating func enumeration(_ value: Int32, of type: EnumType)
    /// A value whose name the enum does not have: a newer server's.
    mutating func enumeration(unknownName name: String, of type: EnumType)
    /// A google.protobuf.Timestamp, in place of a message.
    mutating func timestamp(seconds: Int64, nanos: Int32)
    /// A google.protobuf.Duration, in place of a message.
    mutating func duration(seconds: Int64, nanos: Int32)
    /// Another well-known type, whole, in place of a message.
    mutating func wellKnown(_ message: Message)
    /// Fields that the type does not have, with their tags.
    mutating func unknown(_ bytes: UnsafeRawBufferPointer)
}

extension MessageSink {
    /// A name has no number here, so the value counts as unset.
    public mutating func enumeration(unknownName name: String, of type: EnumType) {
        enumeration(0, of: type)
    }
}

/// A sink that builds a ``Message``.
public struct MessageBuilder: MessageSink {
    private enum Level {
        case message(Message, field: Field?)
        case list([Value], field: Field)
        case map([Value: Value], key: Value?, field: Field)
    }

    private var levels: [Level] = []
    private var result: Message?
    private let topType: MessageType?

    /// Creates an empty builder.
    ///
    /// - Parameter type: the type of the whole; needed when that is a Timestamp or a Duration.
    public init(_ type: MessageType? = nil) { topType = type }

    /// The message that was built.
    public func finish() -> Message {
        guard let result else { preconditionFailure("no message was begun and ended") }
        return result
    }

    private mutating func put(_ value: Value) {
        guard let top = levels.popLast() else {
            if case .message(let message) = value { result = message }
            return
        }
        switch top {
        case .message(var message, let field):
            if let field { message[field] = value }
            levels.append(.message(message, field: field))
        case .list(var items, let field):
            items.append(value)
            levels.append(.list(items, field: field))
        case .map(var entries, let key, let field):
            if let key {
                entries[key] = value
                levels.append(.map(entries, key: nil, field: field))
            } else {
                levels.append(.map(entries, key: value, field: field))
            }
        }
    }

    private func present(_ field: Field) -> Value? {
        if case .message(let message, _) = levels.last { return message[field] }
        return nil
    }

    private var isKnown = false

    public mutating func beginMessage(_ type: MessageType) {
        if isKnown, case .message(let outer, let field?) = levels.last,
            case .message(let merged) = outer[field]
        {
            levels.append(.message(merged, field: nil))
        } else {
            levels.append(.message(Message(type), field: nil))
        }
        isKnown = false
    }

    public mutating func endMessage() {
        if case .message(let message, _) = levels.popLast() { put(.message(message)) }
    }

    public mutating func field(_ field: Field, isKnown: Bool) {
        self.isKnown = isKnown
        if case .message(let message, _) = levels.popLast() {
            levels.append(.message(message, field: field))
        }
    }

    public mutating func beginList(_ field: Field, isKnown: Bool) {
        var items: [Value] = []
        if isKnown, case .list(let present) = present(field) { items = present }
        levels.append(.list(items, field: field))
    }

    public mutating func endList() {
        guard case .list(let items, let field) = levels.popLast() else { return }
        self.field(field, isKnown: false)
        put(.list(items))
    }

    public mutating func beginMap(_ field: Field, isKnown: Bool) {
        var entries: [Value: Value] = [:]
        if isKnown, case .map(let present) = present(field) { entries = present }
        levels.append(.map(entries, key: nil, field: field))
    }

    public mutating func endMap() {
        guard case .map(let entries, _, let field) = levels.popLast() else { return }
        self.field(field, isKnown: false)
        put(.map(entries))
    }

    public mutating func bool(_ value: Bool) { put(.bool(value)) }
    public mutating func int(_ value: Int64) { put(.int(value)) }
    public mutating func uint(_ value: UInt64) { put(.uint(value)) }
    public mutating func float(_ value: Float) { put(.float(value)) }
    public mutating func double(_ value: Double) { put(.double(value)) }
    public mutating func string(_ value: UnsafeRawBufferPointer) {
        put(.string(String(decoding: value, as: UTF8.self)))
    }
    public mutating func bytes(_ value: UnsafeRawBufferPointer) { put(.bytes(Array(value))) }
    public mutating func enumeration(_ value: Int32, of type: EnumType) { put(.enumeration(value)) }

    /// A name has no number here: the field stays unset, and a list or a map goes without it.
    public mutating func enumeration(unknownName name: String, of type: EnumType) {
        guard case .map(let entries, _, let field) = levels.last else { return }
        levels[levels.count - 1] = .map(entries, key: nil, field: field)
    }

    public mutating func timestamp(seconds: Int64, nanos: Int32) {
        putInstant(seconds: seconds, nanos: nanos)
    }

    public mutating func duration(seconds: Int64, nanos: Int32) {
        putInstant(seconds: seconds, nanos: nanos)
    }

    private mutating func putInstant(seconds: Int64, nanos: Int32) {
        // At the top level the one who reads has asked for this very type.
        guard let type = expectedType ?? topType else { return }
        var message = Message(type)
        message[type.fields[0]] = .int(seconds)
        message[type.fields[1]] = .int(Int64(nanos))
        put(.message(message))
    }

    public mutating func wellKnown(_ message: Message) { put(.message(message)) }

    public mutating func unknown(_ bytes: UnsafeRawBufferPointer) {
        guard case .message(var message, let field) = levels.popLast() else { return }
        message.unknownFields.append(contentsOf: bytes)
        levels.append(.message(message, field: field))
    }

    /// The message type that the next value has to have.
    private var expectedType: MessageType? {
        switch levels.last {
        case .message(_, let field): field?.messageType
        case .list(_, let field): field.messageType
        case .map(_, _, let field): field.mapValue?.messageType
        case nil: nil
        }
    }
}
