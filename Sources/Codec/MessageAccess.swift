import Contract

/// Reading and writing by name, for code that knows the contract's names. In a type that lacks one,
/// as a contract from elsewhere may have it, it is unset.
extension Message {
    /// The text of a string field; empty when unset.
    public func string(_ name: FieldName) -> String {
        if case .string(let text) = self[name] { return text }
        return ""
    }

    /// The text of a string field with presence; nil when unset.
    public func optionalString(_ name: FieldName) -> String? {
        if case .string(let text) = self[name] { return text }
        return nil
    }

    /// The number of an integer or enum field; zero when unset.
    public func integer(_ name: FieldName) -> Int {
        switch self[name] {
        case .int(let number): Int(number)
        case .uint(let number): Int(clamping: number)
        case .enumeration(let number): Int(number)
        default: 0
        }
    }

    /// The number of an integer or enum field with presence; nil when unset.
    public func optionalInteger(_ name: FieldName) -> Int? {
        self[name] == nil ? nil : integer(name)
    }

    /// The flag of a bool field; false when unset.
    public func bool(_ name: FieldName) -> Bool {
        if case .bool(let flag) = self[name] { return flag }
        return false
    }

    /// The flag of a bool field with presence; nil when unset.
    public func optionalBool(_ name: FieldName) -> Bool? {
        if case .bool(let flag) = self[name] { return flag }
        return nil
    }

    /// The message of a field; nil when unset.
    public func message(_ name: FieldName) -> Message? {
        if case .message(let message) = self[name] { return message }
        return nil
    }

    /// The elements of a repeated field.
    public func list(_ name: FieldName) -> [Value] {
        if case .list(let items) = self[name] { return items }
        return []
    }

    /// The elements of a repeated message field.
    public func messages(_ name: FieldName) -> [Message] {
        list(name).compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    /// The elements of a repeated string field.
    public func strings(_ name: FieldName) -> [String] {
        list(name).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The name of an enum field's value; nil for a number that the contract does not know.
    public func enumName(_ name: FieldName) -> String? {
        if case .unknownEnumName(let unknown) = self[name] { return unknown }
        guard let type = type.field(named: name.text)?.enumType else { return nil }
        return type.name(of: Int32(integer(name)))
    }

    /// A message of a field's type with nothing set.
    public func new(_ name: FieldName) -> Message {
        guard let type = type.field(named: name.text)?.messageType else {
            preconditionFailure("\(type.fullName).\(name) is not a message")
        }
        return Message(type)
    }

    /// Changes a message field in place, creating it when it is unset.
    public mutating func edit(_ name: FieldName, _ body: (inout Message) -> Void) {
        var inner = message(name) ?? new(name)
        body(&inner)
        self[name] = .message(inner)
    }

    /// Sets a string field.
    public mutating func set(_ name: FieldName, _ text: String) { self[name] = .string(text) }

    /// Sets a bool field.
    public mutating func set(_ name: FieldName, _ flag: Bool) { self[name] = .bool(flag) }

    /// Sets a message field.
    public mutating func set(_ name: FieldName, _ message: Message) {
        self[name] = .message(message)
    }

    /// Sets a repeated message field.
    public mutating func set(_ name: FieldName, _ messages: [Message]) {
        self[name] = .list(messages.map(Value.message))
    }

    /// Sets an integer field of any width, a float or a double.
    public mutating func set(_ name: FieldName, _ number: Int) {
        guard let kind = type.field(named: name.text)?.kind else {
            preconditionFailure("\(type.fullName) has no field \(name)")
        }
        switch kind {
        case .uint32, .uint64, .fixed32, .fixed64: self[name] = .uint(UInt64(number))
        case .double: self[name] = .double(Double(number))
        case .float: self[name] = .float(Float(number))
        case .enum: self[name] = .enumeration(Int32(number))
        default: self[name] = .int(Int64(number))
        }
    }

    /// Sets a double field.
    public mutating func set(_ name: FieldName, _ number: Double) { self[name] = .double(number) }

    /// Whether an enum field has a value of a name.
    public func has(_ name: FieldName, value: String) -> Bool {
        type.field(named: name.text)?.enumType?.number(looselyNamed: value) != nil
    }

    /// Sets an enum field by the name of a value, which the contract must have.
    public mutating func setEnum(_ name: FieldName, _ value: String) {
        guard let number = type.field(named: name.text)?.enumType?.number(looselyNamed: value)
        else {
            preconditionFailure("\(type.fullName).\(name) has no value \(value)")
        }
        self[name] = .enumeration(number)
    }

    /// The value at a path of singular message fields; nil when any part of it is unset.
    public func value(at path: [String]) -> Value? {
        guard let first = path.first, let field = type.field(named: first) else { return nil }
        guard path.count > 1 else { return self[field] }
        guard case .message(let inner) = self[field] else { return nil }
        return inner.value(at: Array(path.dropFirst()))
    }

    /// Sets the value at a path of singular message fields, creating messages as needed.
    ///
    /// - Returns: false when the type has no such path.
    @discardableResult
    public mutating func setValue(_ value: Value?, at path: [String]) -> Bool {
        guard let first = path.first, let field = type.field(named: first) else { return false }
        guard path.count > 1 else {
            self[field] = value
            return true
        }
        guard let inner = field.messageType, !field.isRepeated else { return false }
        var message = Message(inner)
        if case .message(let present) = self[field] { message = present }
        guard message.setValue(value, at: Array(path.dropFirst())) else { return false }
        self[field] = .message(message)
        return true
    }

    /// Adds an element to the list at a path of singular message fields, creating messages as
    /// needed. Nothing that the message holds is copied.
    ///
    /// - Returns: false when the type has no list at the path.
    @discardableResult
    public mutating func append(_ element: Value, at path: [String]) -> Bool {
        guard let first = path.first, let field = type.field(named: first) else { return false }
        if path.count == 1 {
            guard field.isRepeated, !field.isMap else { return false }
            var items: [Value] = takeList(field)
            items.append(element)
            self[field] = .list(items)
            return true
        }
        guard let inner = field.messageType, !field.isRepeated else { return false }
        var message = takeMessage(field) ?? Message(inner)
        let isDone = message.append(element, at: Array(path.dropFirst()))
        self[field] = .message(message)
        return isDone
    }

    private mutating func takeList(_ field: Field) -> [Value] {
        if case .list(let items) = take(field) { items } else { [] }
    }

    private mutating func takeMessage(_ field: Field) -> Message? {
        if case .message(let message) = take(field) { message } else { nil }
    }
}
