import Contract

/// The output of a reader: a ``Message``, or a tape that becomes Lua tables.
///
/// A reader calls ``beginMessage(_:)`` … ``endMessage()`` around the whole. Inside, each value is
/// announced by ``field(_:isKnown:)``, or is between ``beginList(_:isKnown:)`` and ``endList()``,
/// or is a key or value, in turn, between ``beginMap(_:isKnown:)`` and ``endMap()``.
/// `isKnown` means that the field has occurred before in this message, as protobuf allows:
/// messages merge, lists and maps are extended, scalars are replaced.
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
///
/// Nothing is copied once it has been read: levels change in place, and what a message already holds is
/// taken out of it before more is added. Reading costs time in proportion to the bytes, whatever
/// order a peer sends them in.
public struct MessageBuilder: MessageSink {
    /// A message, list or map that is being read.
    private struct Level {
        enum Kind {
            case message
            case list
            case map
        }

        let kind: Kind
        /// The field that the next value of a message is for; the field of the list or map.
        var field: Field?
        var message: Message?
        var items: [Value] = []
        var entries: [Value: Value] = [:]
        /// The key that waits for its value.
        var key: Value?
    }

    private var levels: [Level] = []
    private var result: Message?
    private let topType: MessageType?
    private let dropsUnknownEnumNames: Bool
    private var isKnown = false

    /// Creates an empty builder.
    ///
    /// - Parameters:
    ///   - type: the type of the whole; needed when that is a Timestamp or a Duration.
    ///   - dropsUnknownEnumNames: whether names that an enum does not have are left out, as
    ///     grpc-gateway does, rather than kept.
    public init(_ type: MessageType? = nil, dropsUnknownEnumNames: Bool = false) {
        topType = type
        self.dropsUnknownEnumNames = dropsUnknownEnumNames
    }

    /// The message that was built.
    public func finish() -> Message {
        guard let result else { preconditionFailure("no message was begun and ended") }
        return result
    }

    private mutating func put(_ value: Value) {
        let last = levels.count - 1
        guard last >= 0 else {
            if case .message(let message) = value { result = message }
            return
        }
        switch levels[last].kind {
        case .message: if let field = levels[last].field { levels[last].message?[field] = value }
        case .list: levels[last].items.append(value)
        case .map:
            if let key = levels[last].key {
                levels[last].entries[key] = value
                levels[last].key = nil
            } else {
                levels[last].key = value
            }
        }
    }

    /// Takes what the innermost message holds in a field out of it, so that it can grow in place.
    private mutating func take(_ field: Field) -> Value? {
        guard let last = levels.indices.last, levels[last].kind == .message else { return nil }
        return levels[last].message?.take(field)
    }

    private mutating func takeMessage(_ field: Field) -> Message? {
        if case .message(let message) = take(field) { message } else { nil }
    }

    private mutating func takeList(_ field: Field) -> [Value] {
        if case .list(let items) = take(field) { items } else { [] }
    }

    private mutating func takeMap(_ field: Field) -> [Value: Value] {
        if case .map(let entries) = take(field) { entries } else { [:] }
    }

    public mutating func beginMessage(_ type: MessageType) {
        var begun: Message?
        if isKnown, let field = levels.last?.field { begun = takeMessage(field) }
        isKnown = false
        levels.append(Level(kind: .message, message: begun ?? Message(type)))
    }

    public mutating func endMessage() {
        if let message = levels.popLast()?.message { put(.message(message)) }
    }

    public mutating func field(_ field: Field, isKnown: Bool) {
        self.isKnown = isKnown
        guard let last = levels.indices.last, levels[last].kind == .message else { return }
        levels[last].field = field
    }

    public mutating func beginList(_ field: Field, isKnown: Bool) {
        let items = isKnown ? takeList(field) : []
        levels.append(Level(kind: .list, field: field, items: items))
    }

    public mutating func endList() {
        guard let level = levels.popLast(), let field = level.field else { return }
        self.field(field, isKnown: false)
        put(.list(level.items))
    }

    public mutating func beginMap(_ field: Field, isKnown: Bool) {
        let entries = isKnown ? takeMap(field) : [:]
        levels.append(Level(kind: .map, field: field, entries: entries))
    }

    public mutating func endMap() {
        guard let level = levels.popLast(), let field = level.field else { return }
        self.field(field, isKnown: false)
        put(.map(level.entries))
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

    public mutating func enumeration(unknownName name: String, of type: EnumType) {
        guard dropsUnknownEnumNames else { return put(.unknownEnumName(name)) }
        // Leaves the field unset, or the element out of its list or map.
        guard let last = levels.indices.last, levels[last].kind == .map else { return }
        levels[last].key = nil
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
        guard let last = levels.indices.last, levels[last].kind == .message else { return }
        levels[last].message?.unknownFields.append(contentsOf: bytes)
    }

    /// The message type that the next value has to have.
    private var expectedType: MessageType? {
        guard let level = levels.last else { return nil }
        return level.kind == .map ? level.field?.mapValue?.messageType : level.field?.messageType
    }
}
