import Contract

/// The types whose JSON form is not an object of their fields.
extension JSONReader {
    func readWellKnown(
        _ wellKnown: WellKnownType, _ type: MessageType, _ scanner: inout JSONScanner,
        _ sink: inout some MessageSink, depth: Int
    ) throws(CodecError) {
        switch wellKnown {
        case .timestamp:
            let text = try string(&scanner, "RFC 3339 text")
            guard let (seconds, nanos) = TimeText.parseProtoJSON(text) else {
                throw CodecError(.mismatch(expected: "RFC 3339 text", got: "\"\(text)\""))
            }
            sink.timestamp(seconds: seconds, nanos: nanos)
        case .duration:
            let text = try string(&scanner, "a duration like \"3.5s\"")
            guard let (seconds, nanos) = TimeText.parseDuration(text) else {
                throw CodecError(
                    .mismatch(expected: "a duration like \"3.5s\"", got: "\"\(text)\""))
            }
            sink.duration(seconds: seconds, nanos: nanos)
        default:
            let message = try buildWellKnown(wellKnown, type, &scanner, depth: depth)
            sink.wellKnown(message)
        }
    }

    private func buildWellKnown(
        _ wellKnown: WellKnownType, _ type: MessageType, _ scanner: inout JSONScanner, depth: Int
    ) throws(CodecError) -> Message {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: maximumDepth)) }
        var message = Message(type)
        switch wellKnown {
        case .fieldMask:
            let text = try string(&scanner, "comma-separated paths")
            let paths = text.split(separator: ",").map { path in
                Value.string(
                    path.split(separator: ".").map { Names.snakeCase(String($0)) }
                        .joined(separator: "."))
            }
            if !paths.isEmpty { message[.paths] = .list(paths) }
        case .struct:
            message[.fields] = .map(try structFields(type, &scanner, depth: depth))
        case .listValue:
            guard let item = type.field(named: "values")?.messageType else { break }
            var items: [Value] = []
            try scanner.expect("[")
            if !scanner.take("]") {
                repeat {
                    items.append(
                        .message(try buildWellKnown(.value, item, &scanner, depth: depth - 1)))
                } while scanner.take(",")
                try scanner.expect("]")
            }
            message[.values] = .list(items)
        case .value:
            try buildValue(&message, &scanner, depth: depth)
        case .any: return try buildAny(type, &scanner, depth: depth)
        default:
            // A wrapper: the JSON form of its only field.
            guard let field = type.fields.first else { break }
            var builder = MessageBuilder()
            builder.beginMessage(type)
            builder.field(field, isKnown: false)
            try value(field, &scanner, &builder, depth: depth)
            builder.endMessage()
            message = builder.finish()
        }
        return message
    }

    private func structFields(
        _ type: MessageType, _ scanner: inout JSONScanner, depth: Int
    ) throws(CodecError) -> [Value: Value] {
        var entries: [Value: Value] = [:]
        guard let item = type.field(named: "fields")?.mapValue?.messageType else { return entries }
        try scanner.expect("{")
        if scanner.take("}") { return entries }
        repeat {
            let key = try scanner.string()
            try scanner.expect(":")
            do throws(CodecError) {
                let value = try buildWellKnown(.value, item, &scanner, depth: depth - 1)
                guard entries.updateValue(.message(value), forKey: .string(key)) == nil else {
                    throw CodecError(.duplicateKey(key))
                }
            } catch {
                throw error.inside(key)
            }
        } while scanner.take(",")
        try scanner.expect("}")
        return entries
    }

    private func buildValue(
        _ message: inout Message, _ scanner: inout JSONScanner, depth: Int
    ) throws(CodecError) {
        switch try scanner.peek() {
        case .null:
            try scanner.word("null")
            message[.nullValue] = .enumeration(0)
        case .bool: message[.boolValue] = .bool(try scanner.bool())
        case .string: message[.stringValue] = .string(try scanner.string())
        case .number:
            let text = try scanner.number()
            guard let number = Double(text), number.isFinite else {
                throw CodecError(.outOfRange("\(text) does not fit a double"))
            }
            message[.numberValue] = .double(number)
        case .object:
            let inner = message.new(.structValue).type
            message[.structValue] = .message(
                try buildWellKnown(.struct, inner, &scanner, depth: depth - 1))
        case .array:
            let inner = message.new(.listValue).type
            message[.listValue] = .message(
                try buildWellKnown(.listValue, inner, &scanner, depth: depth - 1))
        }
    }

    /// `Any` names its type inside the object, at any place: it is read twice.
    private func buildAny(
        _ type: MessageType, _ scanner: inout JSONScanner, depth: Int
    ) throws(CodecError) -> Message {
        var ahead = scanner
        var typeURL: String?
        try ahead.expect("{")
        if !ahead.take("}") {
            repeat {
                let key = try ahead.string()
                try ahead.expect(":")
                if key == "@type" {
                    typeURL = try ahead.string()
                } else {
                    try ahead.skipValue(depth: depth)
                }
            } while ahead.take(",")
            try ahead.expect("}")
        }
        var message = Message(type)
        guard let typeURL else {
            try scanner.skipValue(depth: depth)
            return message
        }
        message[.typeURL] = .string(typeURL)
        let name = String(typeURL.split(separator: "/").last ?? "")
        guard let packed = try? registry.message(named: name) else {
            try scanner.skipValue(depth: depth)
            return message
        }
        // "@type" is no field of the packed message: read as one that may be passed over.
        var builder = MessageBuilder()
        let lenient = JSONReader(
            ignoresUnknownFields: true, ignoresUnknownEnumNames: ignoresUnknownEnumNames,
            maximumDepth: maximumDepth, registry: registry)
        try lenient.message(packed, &scanner, &builder, depth: depth - 1)
        message[.value] = .bytes(builder.finish().serialized())
        return message
    }

    private func string(
        _ scanner: inout JSONScanner, _ expected: String
    ) throws(CodecError) -> String {
        let kind = try scanner.peek()
        guard kind == .string else {
            throw CodecError(.mismatch(expected: expected, got: kind.rawValue))
        }
        return try scanner.string()
    }
}
