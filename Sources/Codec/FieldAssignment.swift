import Contract

/// Sets fields of a message from words like `cluster.labels[0].key=team`.
///
/// A path names fields of the contract; `[0]` is an element of a list, where the next one after the
/// last is new, and `["key"]` an entry of a map. `path=text` takes a value in human-readable form;
/// `path:=json` takes ProtoJSON. A list without an index gets one more element.
public struct FieldAssignment {
    private enum Step: Equatable {
        case name(String)
        case index(Int)
        case key(String)
    }

    private let steps: [Step]
    private let text: String
    private let isJSON: Bool
    private let registry: Registry

    /// Parses a word.
    public init(_ word: String, registry: Registry = .embedded) throws(CodecError) {
        guard let equals = word.firstIndex(of: "=") else {
            throw CodecError(.assignment("\"\(word)\" is not an assignment; expected path=value"))
        }
        var path = word[..<equals]
        isJSON = path.hasSuffix(":")
        if isJSON { path = path.dropLast() }
        text = String(word[word.index(after: equals)...])
        steps = try Self.parse(path)
        self.registry = registry
    }

    private static func parse(_ path: Substring) throws(CodecError) -> [Step] {
        var steps: [Step] = []
        var rest = path
        let problem = CodecError(
            .assignment(
                "\"\(path)\" is not a path; expected a form such as cluster.labels[0].key"))
        while !rest.isEmpty {
            if rest.hasPrefix("[") {
                guard !steps.isEmpty, let close = rest.firstIndex(of: "]") else { throw problem }
                let inner = rest[rest.index(after: rest.startIndex)..<close]
                if inner.hasPrefix("\""), inner.hasSuffix("\""), inner.count >= 2 {
                    steps.append(.key(String(inner.dropFirst().dropLast())))
                } else if let index = Int(inner), index >= 0 {
                    steps.append(.index(index))
                } else {
                    throw problem
                }
                rest = rest[rest.index(after: close)...]
            } else {
                if !steps.isEmpty {
                    guard rest.hasPrefix(".") else { throw problem }
                    rest = rest.dropFirst()
                }
                let name = rest.prefix { $0 != "." && $0 != "[" }
                guard !name.isEmpty else { throw problem }
                steps.append(.name(String(name)))
                rest = rest[name.endIndex...]
            }
        }
        guard case .name = steps.first else { throw problem }
        return steps
    }

    /// Sets the field.
    public func apply(to message: inout Message) throws(CodecError) {
        try set(steps[...], in: &message)
    }

    private func set(_ path: ArraySlice<Step>, in message: inout Message) throws(CodecError) {
        guard case .name(let name) = path.first else { return }
        guard let field = message.type.field(named: name) else {
            throw CodecError(
                .unknownField(
                    name, messageType: message.type.fullName,
                    nearest: Names.nearest(to: name, in: message.type.fields.map(\.name))))
        }
        do throws(CodecError) {
            message[field] = try changed(
                message[field], of: field, in: message.type, path.dropFirst())
        } catch {
            throw error.inside(field.name)
        }
    }

    private func changed(
        _ present: Value?, of field: Field, in owner: MessageType, _ rest: ArraySlice<Step>
    ) throws(CodecError) -> Value? {
        if field.isMap { return try changedMap(present, of: field, in: owner, rest) }
        if field.isRepeated { return try changedList(present, of: field, in: owner, rest) }
        return try changedSingle(present, of: field, in: owner, rest)
    }

    private func changedSingle(
        _ present: Value?, of field: Field, in owner: MessageType, _ rest: ArraySlice<Step>
    ) throws(CodecError) -> Value? {
        guard let next = rest.first else { return try leaf(field, in: owner) }
        guard case .name(let name) = next else {
            throw CodecError(.mismatch(expected: "a field's name", got: "an index"))
        }
        guard let type = field.messageType, type.wellKnown == nil else {
            throw CodecError(.mismatch(expected: "no field inside", got: "\"\(name)\""))
        }
        var inner = Message(type)
        if case .message(let message) = present { inner = message }
        try set(rest, in: &inner)
        return .message(inner)
    }

    private func changedList(
        _ present: Value?, of field: Field, in owner: MessageType, _ rest: ArraySlice<Step>
    ) throws(CodecError) -> Value? {
        var items: [Value] = []
        if case .list(let known) = present { items = known }
        switch rest.first {
        case nil:
            let first = text.first { !$0.isWhitespace }
            if isJSON, first == "[" || first == "n" { return try json(field, in: owner) }
            if let item = try leaf(field, in: owner) { items.append(item) }
        case .index(let index):
            guard index <= items.count else {
                throw CodecError(.outOfRange("the list has only \(items.count) elements so far"))
                    .inside("[\(index)]")
            }
            let known = index < items.count ? items[index] : nil
            let value: Value?
            do throws(CodecError) {
                value = try changedSingle(known, of: field, in: owner, rest.dropFirst())
            } catch {
                throw error.inside("[\(index)]")
            }
            guard let value else { break }
            if index < items.count { items[index] = value } else { items.append(value) }
        default:
            throw CodecError(.mismatch(expected: "an index like [0]", got: "a name"))
        }
        return .list(items)
    }

    private func changedMap(
        _ present: Value?, of field: Field, in owner: MessageType, _ rest: ArraySlice<Step>
    ) throws(CodecError) -> Value? {
        guard let keyField = field.mapKey, let valueField = field.mapValue,
            let entry = field.messageType
        else { return nil }
        let keyText: String
        switch rest.first {
        case nil where isJSON: return try json(field, in: owner)
        case .key(let key): keyText = key
        case .name(let name): keyText = name
        case .index(let index): keyText = "\(index)"
        case nil: throw CodecError(.mismatch(expected: "a key like [\"name\"]", got: "none"))
        }
        var entries: [Value: Value] = [:]
        if case .map(let known) = present { entries = known }
        let key = try JSONReader(registry: registry).scalar(keyText, of: keyField)
        entries[key] = try changedSingle(
            entries[key], of: valueField, in: entry, rest.dropFirst())
        return .map(entries)
    }

    // MARK: - Values

    private func leaf(_ field: Field, in owner: MessageType) throws(CodecError) -> Value? {
        if isJSON { return try json(field, in: owner, isElement: field.isRepeated) }
        if let type = field.enumType {
            guard let number = type.number(looselyNamed: text) ?? Int32(text) else {
                throw CodecError(unknownValue: text, of: field)
            }
            return .enumeration(number)
        }
        switch field.messageType?.wellKnown {
        case .timestamp: return try instant(field, TimeText.parseRFC3339, "an RFC 3339 time")
        case .duration:
            return try instant(field, TimeText.parseHumanDuration, "a duration such as 36h")
        case .fieldMask:
            guard let type = field.messageType else { return nil }
            var mask = Message(type)
            mask[.paths] = .list(text.split(separator: ",").map { .string(String($0)) })
            return .message(mask)
        default: break
        }
        try checkScalar(
            field.messageType?.wellKnown?.isWrapper == true
                ? field.messageType?.fields[0] ?? field : field)
        if field.messageType != nil, field.messageType?.wellKnown?.isWrapper != true {
            throw CodecError(
                .mismatch(expected: "a field inside, or JSON with :=", got: JSONWriter.quoted(text))
            )
        }
        return try JSONReader(registry: registry).scalar(text, of: field)
    }

    /// JSON's errors would speak of a number that is none as something else.
    private func checkScalar(_ field: Field) throws(CodecError) {
        let isRight: Bool
        let expected: String
        switch field.kind {
        case .bool: (isRight, expected) = (["true", "false"].contains(text), "true or false")
        case .float, .double:
            let isSpecial = ["NaN", "Infinity", "-Infinity"].contains(text)
            (isRight, expected) = (Double(text) != nil || isSpecial, "a number")
        case .string, .bytes, .enum, .message, .group: return
        default: (isRight, expected) = (text.isInteger, "an integer")
        }
        guard !isRight else { return }
        throw CodecError(.mismatch(expected: expected, got: JSONWriter.quoted(text)))
    }

    private func instant(
        _ field: Field, _ parse: (String) -> (seconds: Int64, nanos: Int32)?, _ form: String
    ) throws(CodecError) -> Value? {
        guard let type = field.messageType else { return nil }
        let parsed = parse(text) ?? Int64(text).map { ($0, 0) }
        let range =
            field.messageType?.wellKnown == .timestamp
            ? TimeText.timestampRange : TimeText.durationRange
        guard let parsed, range.contains(parsed.seconds) else {
            throw CodecError(
                .mismatch(expected: "\(form), or seconds", got: JSONWriter.quoted(text)))
        }
        var message = Message(type)
        message[.seconds] = .int(parsed.seconds)
        message[.nanos] = .int(Int64(parsed.nanos))
        return .message(message)
    }

    /// The field as ProtoJSON has it, or one element of it.
    private func json(
        _ field: Field, in owner: MessageType, isElement: Bool = false
    ) throws(CodecError) -> Value? {
        // One value, no more: what follows must not become another field.
        try Array(text.utf8).withUnsafeBufferPointer { (buffer) throws(CodecError) in
            var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
            try scanner.skipValue(depth: 100)
            try scanner.expectEnd()
        }
        let name = JSONWriter.quoted(field.jsonName)
        let document = "{\(name):" + (isElement ? "[\(text)]" : text) + "}"
        let message: Message
        do throws(CodecError) {
            message = try JSONReader(registry: registry).message(Array(document.utf8), as: owner)
        } catch {
            throw error.outside(field.name)
        }
        guard isElement, case .list(let items) = message[field] else { return message[field] }
        return items.first
    }
}

extension String {
    /// Whether the text is digits with at most a minus sign.
    fileprivate var isInteger: Bool {
        let digits = hasPrefix("-") ? dropFirst() : self[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
