import Contract

/// Reads ProtoJSON into a sink, guided by a message type.
///
/// Source: protobuf.dev/programming-guides/json. Names are taken in lowerCamelCase and as in the
/// .proto file; `null` is unset.
public struct JSONReader: Sendable {
    /// Whether fields that the type does not have are passed over rather than refused.
    public let ignoresUnknownFields: Bool
    /// Whether names that an enum does not have are taken, as a newer server may send them.
    public let ignoresUnknownEnumNames: Bool
    /// How deep values may be nested.
    public let maximumDepth: Int
    /// Where the types of `Any` are looked up.
    public let registry: Registry

    /// Creates a reader.
    public init(
        ignoresUnknownFields: Bool = false, ignoresUnknownEnumNames: Bool = false,
        maximumDepth: Int = 100,
        registry: Registry = .embedded
    ) {
        self.ignoresUnknownFields = ignoresUnknownFields
        self.ignoresUnknownEnumNames = ignoresUnknownEnumNames
        self.maximumDepth = maximumDepth
        self.registry = registry
    }

    /// Reads a whole document.
    public func read(
        _ bytes: UnsafeRawBufferPointer, as type: MessageType, into sink: inout some MessageSink
    ) throws(CodecError) {
        var scanner = JSONScanner(bytes)
        try message(type, &scanner, &sink, depth: maximumDepth)
        try scanner.expectEnd()
    }

    /// Reads a whole document into a ``Message``.
    ///
    /// - Parameter dropsUnknownEnumNames: whether names that an enum does not have are left out of
    ///   the message, where the reader takes them.
    public func message(
        _ bytes: [UInt8], as type: MessageType, dropsUnknownEnumNames: Bool = false
    ) throws(CodecError) -> Message {
        var builder = MessageBuilder(type, dropsUnknownEnumNames: dropsUnknownEnumNames)
        try bytes.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            try read(UnsafeRawBufferPointer(buffer), as: type, into: &builder)
        }
        return builder.finish()
    }

    /// Reads one value, for example a query parameter, as an element of a field.
    public func scalar(_ text: String, of field: Field) throws(CodecError) -> Value {
        var scratch = Array(text.utf8)
        let isText: Bool
        switch field.kind {
        case .string, .bytes, .enum: isText = true
        case .message: isText = field.messageType?.wellKnown?.isTextual ?? false
        default: isText = false
        }
        if isText { scratch = Array(JSONWriter.quoted(text).utf8) }
        return try scratch.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
            var collector = ScalarCollector()
            try value(field, &scanner, &collector, depth: maximumDepth)
            try scanner.expectEnd()
            guard let value = collector.value else {
                throw CodecError(.mismatch(expected: field.typeName, got: "\"\(text)\""))
            }
            return value
        }
    }

    func message(
        _ type: MessageType, _ scanner: inout JSONScanner, _ sink: inout some MessageSink,
        depth: Int
    ) throws(CodecError) {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: maximumDepth)) }
        if let wellKnown = type.wellKnown, wellKnown != .empty {
            return try readWellKnown(wellKnown, type, &scanner, &sink, depth: depth)
        }
        let kind = try scanner.peek()
        guard kind == .object else {
            throw CodecError(
                .mismatch(expected: "an object (\(type.fullName))", got: kind.rawValue))
        }
        sink.beginMessage(type)
        try scanner.expect("{")
        if !scanner.take("}") {
            var seen = Set<String>()
            var oneofs: [Int: String] = [:]
            repeat {
                let key = try scanner.string()
                try scanner.expect(":")
                guard seen.insert(key).inserted else { throw CodecError(.duplicateKey(key)) }
                guard let field = type.field(named: key) else {
                    guard ignoresUnknownFields else {
                        throw CodecError(
                            .unknownField(
                                key, messageType: type.fullName,
                                nearest: Names.nearest(to: key, in: type.fields.map(\.jsonName))))
                    }
                    try scanner.skipValue(depth: depth)
                    continue
                }
                // Both spellings of one name are one key.
                let twin = key == field.name ? field.jsonName : field.name
                guard twin == key || !seen.contains(twin) else {
                    throw CodecError(.duplicateKey(key))
                }
                do throws(CodecError) {
                    let isSet = try self.field(field, &scanner, &sink, depth: depth)
                    if isSet, let oneof = field.oneofIndex {
                        if let other = oneofs.updateValue(key, forKey: oneof) {
                            throw CodecError(
                                .oneofConflict("\(other) and \(key) exclude each other"))
                        }
                    }
                } catch {
                    throw error.inside(field.name)
                }
            } while scanner.take(",")
            try scanner.expect("}")
        }
        sink.endMessage()
    }

    /// Reads a field's value; false when it is null.
    private func field(
        _ field: Field, _ scanner: inout JSONScanner, _ sink: inout some MessageSink, depth: Int
    ) throws(CodecError) -> Bool {
        let kind = try scanner.peek()
        if kind == .null, field.isRepeated || field.messageType?.wellKnown != .value {
            try scanner.word("null")
            return false
        }
        if field.isMap {
            try map(field, kind, &scanner, &sink, depth: depth)
        } else if field.isRepeated {
            guard kind == .array else {
                throw CodecError(.mismatch(expected: "an array", got: kind.rawValue))
            }
            sink.beginList(field, isKnown: false)
            try scanner.expect("[")
            if !scanner.take("]") {
                var index = 0
                repeat {
                    do throws(CodecError) {
                        try value(field, &scanner, &sink, depth: depth)
                    } catch {
                        throw error.inside("[\(index)]")
                    }
                    index += 1
                } while scanner.take(",")
                try scanner.expect("]")
            }
            sink.endList()
        } else {
            sink.field(field, isKnown: false)
            try value(field, &scanner, &sink, depth: depth)
        }
        return true
    }

    private func map(
        _ field: Field, _ kind: JSONScanner.Kind, _ scanner: inout JSONScanner,
        _ sink: inout some MessageSink, depth: Int
    ) throws(CodecError) {
        guard let keyField = field.mapKey, let valueField = field.mapValue else { return }
        guard kind == .object else {
            throw CodecError(.mismatch(expected: "an object", got: kind.rawValue))
        }
        sink.beginMap(field, isKnown: false)
        try scanner.expect("{")
        if !scanner.take("}") {
            var seen = Set<String>()
            repeat {
                let key = try scanner.string()
                guard seen.insert(key).inserted else { throw CodecError(.duplicateKey(key)) }
                try scanner.expect(":")
                do throws(CodecError) {
                    try mapKey(key, keyField, &sink)
                    try value(valueField, &scanner, &sink, depth: depth)
                } catch {
                    throw error.inside("[\"\(key)\"]")
                }
            } while scanner.take(",")
            try scanner.expect("}")
        }
        sink.endMap()
    }

    private func mapKey(
        _ key: String, _ field: Field, _ sink: inout some MessageSink
    ) throws(CodecError) {
        switch field.kind {
        case .string: Self.text(key) { sink.string($0) }
        case .bool:
            guard key == "true" || key == "false" else {
                throw CodecError(.mismatch(expected: "true or false", got: "\"\(key)\""))
            }
            sink.bool(key == "true")
        default: try JSONNumber.put(key, of: field, into: &sink)
        }
    }

    func value(
        _ field: Field, _ scanner: inout JSONScanner, _ sink: inout some MessageSink, depth: Int
    ) throws(CodecError) {
        if let type = field.messageType {
            return try message(type, &scanner, &sink, depth: depth - 1)
        }
        let kind = try scanner.peek()
        switch (field.kind, kind) {
        case (.bool, .bool): sink.bool(try scanner.bool())
        case (.string, .string):
            Self.text(try scanner.string()) { sink.string($0) }
        case (.bytes, .string):
            guard let decoded = Base64.decode(try scanner.string()) else {
                throw CodecError(.mismatch(expected: "a base64 string", got: "another string"))
            }
            decoded.withUnsafeBytes { sink.bytes($0) }
        case (.enum, .string), (.enum, .number):
            guard let type = field.enumType else { return }
            if kind == .number {
                let text = try scanner.number()
                guard let number = JSONNumber.integer(text, in: Int64(Int32.min)...Int64(Int32.max))
                else { throw CodecError(.outOfRange("\(text) is not a 32-bit integer")) }
                sink.enumeration(Int32(number), of: type)
                return
            }
            let name = try scanner.string()
            guard let number = type.number(named: name) else {
                if ignoresUnknownEnumNames {
                    return sink.enumeration(unknownName: name, of: type)
                }
                throw CodecError(
                    .unknownEnumValue(
                        name, enumType: type.fullName,
                        nearest: Names.nearest(to: name, in: type.values.map(\.name))))
            }
            sink.enumeration(number, of: type)
        case (.bool, _), (.string, _), (.bytes, _), (.enum, _):
            throw CodecError(.mismatch(expected: "\(field.kind)", got: kind.rawValue))
        case (_, .number): try JSONNumber.put(try scanner.number(), of: field, into: &sink)
        case (_, .string): try JSONNumber.put(try scanner.string(), of: field, into: &sink)
        default: throw CodecError(.mismatch(expected: "\(field.kind)", got: kind.rawValue))
        }
    }

    static func text(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        var text = text
        text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

/// Takes one value from a reader.
private struct ScalarCollector: MessageSink {
    var value: Value?

    mutating func beginMessage(_ type: MessageType) {}
    mutating func endMessage() {}
    mutating func field(_ field: Field, isKnown: Bool) {}
    mutating func beginList(_ field: Field, isKnown: Bool) {}
    mutating func endList() {}
    mutating func beginMap(_ field: Field, isKnown: Bool) {}
    mutating func endMap() {}
    mutating func bool(_ value: Bool) { self.value = .bool(value) }
    mutating func int(_ value: Int64) { self.value = .int(value) }
    mutating func uint(_ value: UInt64) { self.value = .uint(value) }
    mutating func float(_ value: Float) { self.value = .float(value) }
    mutating func double(_ value: Double) { self.value = .double(value) }
    mutating func string(_ value: UnsafeRawBufferPointer) {
        self.value = .string(String(decoding: value, as: UTF8.self))
    }
    mutating func bytes(_ value: UnsafeRawBufferPointer) { self.value = .bytes(Array(value)) }
    mutating func enumeration(_ value: Int32, of type: EnumType) {
        self.value = .enumeration(value)
    }
    mutating func timestamp(seconds: Int64, nanos: Int32) {
        instant(WellKnownType.timestamp, seconds, nanos)
    }
    mutating func duration(seconds: Int64, nanos: Int32) {
        instant(WellKnownType.duration, seconds, nanos)
    }
    mutating func wellKnown(_ message: Message) { value = .message(message) }
    mutating func unknown(_ bytes: UnsafeRawBufferPointer) {}

    private mutating func instant(_ type: WellKnownType, _ seconds: Int64, _ nanos: Int32) {
        value = Message.instant(type, seconds: seconds, nanos: nanos).map(Value.message)
    }
}

extension Message {
    /// A Timestamp or a Duration.
    public static func instant(
        _ type: WellKnownType, seconds: Int64, nanos: Int32, registry: Registry = .embedded
    ) -> Message? {
        guard let found = try? registry.message(named: type.rawValue) else { return nil }
        var message = Message(found)
        message[found.fields[0]] = .int(seconds)
        message[found.fields[1]] = .int(Int64(nanos))
        return message
    }
}

extension WellKnownType {
    /// Whether the JSON form is a string.
    var isTextual: Bool {
        switch self {
        case .timestamp, .duration, .fieldMask, .stringValue, .bytesValue: true
        default: false
        }
    }
}

/// Numbers as ProtoJSON writes them: bare or in quotes, with a fraction or exponent when exact.
enum JSONNumber {
    /// Reads an integer in a range; nil when it is none, or not in it.
    static func integer(_ text: String, in range: ClosedRange<Int64>) -> Int64? {
        if let number = Int64(text), !text.hasPrefix("+") {
            return range.contains(number) ? number : nil
        }
        guard let number = exactDouble(text), let whole = Int64(exactly: number) else { return nil }
        return range.contains(whole) ? whole : nil
    }

    private static func unsigned(_ text: String, upTo limit: UInt64) -> UInt64? {
        if let number = UInt64(text), !text.hasPrefix("+") { return number <= limit ? number : nil }
        guard let number = exactDouble(text), let whole = UInt64(exactly: number) else {
            return nil
        }
        return whole <= limit ? whole : nil
    }

    /// Strings like " 1" or "0x1" are not JSON numbers, although Swift parses some of them.
    private static func exactDouble(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }) else { return nil }
        return Double(text)
    }

    static func put(
        _ text: String, of field: Field, into sink: inout some MessageSink
    ) throws(CodecError) {
        func fail() -> CodecError {
            CodecError(.outOfRange("expected a value of type \(field.kind), got \"\(text)\""))
        }
        switch field.kind {
        case .int32, .sint32, .sfixed32:
            guard let number = integer(text, in: Int64(Int32.min)...Int64(Int32.max)) else {
                throw fail()
            }
            sink.int(number)
        case .int64, .sint64, .sfixed64:
            guard let number = integer(text, in: Int64.min...Int64.max) else { throw fail() }
            sink.int(number)
        case .uint32, .fixed32:
            guard let number = unsigned(text, upTo: UInt64(UInt32.max)) else { throw fail() }
            sink.uint(number)
        case .uint64, .fixed64:
            guard let number = unsigned(text, upTo: .max) else { throw fail() }
            sink.uint(number)
        case .double, .float:
            let number: Double
            switch text {
            case "NaN": number = .nan
            case "Infinity": number = .infinity
            case "-Infinity": number = -.infinity
            default:
                guard let parsed = exactDouble(text), parsed.isFinite else { throw fail() }
                number = parsed
            }
            if field.kind == .float {
                guard !number.isFinite || Float(number).isFinite else { throw fail() }
                sink.float(Float(number))
            } else {
                sink.double(number)
            }
        default: throw fail()
        }
    }
}
