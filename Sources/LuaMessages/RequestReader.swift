import LuaMachine
import CLuaHost
import Codec
import Contract

/// Reads a request from a Lua table: names, types and the forms that product's page allows for
/// enums, timestamps, durations, bytes, maps and masks. Every refusal names the path.
package struct RequestReader {
    private let tape: TapeReader
    /// The secrets that were read, so that nothing repeats them.
    package let secrets = SecretTexts()
    private let takesSecrets: Bool
    private let types: TypeTables?

    /// Reads from a tape; a reader that does not take secrets refuses them.
    ///
    /// - Parameter types: the types of the machine that the tape comes from: enum names that it got
    ///   from a newer server are taken back.
    package init(_ tape: TapeReader, types: TypeTables? = nil, takesSecrets: Bool = true) {
        self.tape = tape
        self.types = types
        self.takesSecrets = takesSecrets
    }

    /// Reads a message. An absent table is an empty message.
    package func message(_ type: MessageType) throws(CodecError) -> Message {
        if tape.isAtEnd || tape.peek == QH_NIL.rawValue {
            if !tape.isAtEnd { tape.skip() }
            return Message(type)
        }
        return try table(type, depth: 100)
    }

    private func table(_ type: MessageType, depth: Int) throws(CodecError) -> Message {
        guard depth > 0 else { throw CodecError(.tooDeep(limit: 100)) }
        try begin(type)
        var message = Message(type)
        while tape.peek != QH_END.rawValue {
            if tape.peek == QH_UNKNOWN.rawValue {
                _ = tape.take()
                message.unknownFields += tape.bytes()
                continue
            }
            let field = try field(of: type)
            do throws(CodecError) {
                guard let value = try value(of: field, depth: depth) else { continue }
                try checkOneof(of: field, in: message)
                message[field] = value
            } catch {
                throw error.inside(field.name)
            }
        }
        _ = tape.take()
        return message
    }

    /// Reads the beginning of a table that stands for a message.
    private func begin(_ type: MessageType) throws(CodecError) {
        switch qh_tag(tape.peek) {
        case QH_MESSAGE:
            _ = tape.take()
            _ = tape.load(UInt64.self)
        case QH_META:
            _ = tape.take()
            _ = tape.load(UInt32.self)
            _ = tape.take()
        case QH_TABLE: _ = tape.take()
        case QH_LIST:
            _ = tape.take()
            _ = tape.load(UInt32.self)
            guard tape.peek == QH_END.rawValue else {
                throw CodecError(.mismatch(expected: "a table (\(type.fullName))", got: "a list"))
            }
        default: throw mismatch("a table (\(type.fullName))")
        }
    }

    /// Reads a key, which names a field.
    private func field(of type: MessageType) throws(CodecError) -> Field {
        guard tape.peek == QH_STRING.rawValue else {
            let key = tape.value()
            throw CodecError(
                .mismatch(
                    expected: "field names of \(type.fullName)",
                    got: key.integer.map { "the index \($0)" } ?? "a \(key.typeName) as key"))
        }
        _ = tape.take()
        let name = String(decoding: tape.bytes(), as: UTF8.self)
        guard let field = type.field(named: name), field.name == name else {
            let names = type.fields.map(\.name)
            throw CodecError(
                .unknownField(
                    name, messageType: type.fullName,
                    nearest: Names.nearest(to: name, in: names)
                ))
        }
        return field
    }

    /// Refuses a second arm of a oneof.
    private func checkOneof(of field: Field, in message: Message) throws(CodecError) {
        guard let oneof = field.oneofIndex else { return }
        let type = message.type
        for other in type.oneofs[oneof].fieldIndexes where other != field.index {
            guard message[type.fields[other]] == nil else {
                throw CodecError(
                    .oneofConflict(
                        "\(type.fields[other].name) and \(field.name) exclude each other"))
            }
        }
    }

    /// Reads a field's value; nil for `qdrant.null`, which leaves the field unset.
    private func value(of field: Field, depth: Int) throws(CodecError) -> Value? {
        if tape.peek == QH_NULL.rawValue, field.messageType?.wellKnown != .value {
            _ = tape.take()
            return nil
        }
        if field.isMap { return .map(try map(field, depth: depth)) }
        if field.isRepeated { return .list(try list(field, depth: depth)) }
        return try single(field, depth: depth)
    }

    private func list(_ field: Field, depth: Int) throws(CodecError) -> [Value] {
        switch qh_tag(tape.peek) {
        case QH_LIST:
            _ = tape.take()
            _ = tape.load(UInt32.self)
            var items: [Value] = []
            while tape.peek != QH_END.rawValue {
                do throws(CodecError) {
                    items.append(try single(field, depth: depth))
                } catch {
                    throw error.inside("[\(items.count + 1)]")
                }
            }
            _ = tape.take()
            return items
        case QH_TABLE:
            _ = tape.take()
            var items: [Int64: Value] = [:]
            while tape.peek != QH_END.rawValue {
                let key = tape.value()
                guard let index = key.integer, index >= 1 else {
                    throw CodecError(
                        .mismatch(
                            expected: "a list",
                            got: "a table with the key \(key.text ?? key.typeName)"))
                }
                do throws(CodecError) {
                    items[index] = try single(field, depth: depth)
                } catch {
                    throw error.inside("[\(index)]")
                }
            }
            _ = tape.take()
            var ordered: [Value] = []
            for index in 0..<Int64(items.count) {
                guard let item = items[index + 1] else {
                    throw CodecError(
                        .mismatch(expected: "a list", got: "a table without [\(index + 1)]"))
                }
                ordered.append(item)
            }
            return ordered
        default: throw mismatch("a list")
        }
    }

    private func map(_ field: Field, depth: Int) throws(CodecError) -> [Value: Value] {
        guard let keyField = field.mapKey, let valueField = field.mapValue else { return [:] }
        switch qh_tag(tape.peek) {
        case QH_TABLE: _ = tape.take()
        case QH_LIST:
            _ = tape.take()
            _ = tape.load(UInt32.self)
            guard tape.peek == QH_END.rawValue else { throw mismatch("a table of names") }
        default: throw mismatch("a table")
        }
        var entries: [Value: Value] = [:]
        while tape.peek != QH_END.rawValue {
            let key = try single(keyField, depth: depth)
            do throws(CodecError) {
                entries[key] = try single(valueField, depth: depth)
            } catch {
                throw error.inside("[\"\(key.mapKeyText)\"]")
            }
        }
        _ = tape.take()
        return entries
    }

    private func single(_ field: Field, depth: Int) throws(CodecError) -> Value {
        if let type = field.messageType { return .message(try inner(type, depth: depth)) }
        let tag = qh_tag(tape.peek)
        switch (field.kind, tag) {
        case (.bool, QH_TRUE), (.bool, QH_FALSE): return .bool(qh_tag(tape.take()) == QH_TRUE)
        case (.string, QH_STRING):
            _ = tape.take()
            guard let text = String(validating: tape.bytes(), as: UTF8.self) else {
                throw CodecError(.invalidUTF8)
            }
            return .string(text)
        case (.string, QH_SECRET):
            guard takesSecrets else { throw CodecError(.secret) }
            _ = tape.take()
            let bytes = tape.bytes()
            secrets.texts.append(Array(bytes))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CodecError(.invalidUTF8)
            }
            return .string(text)
        case (.bytes, QH_SECRET):
            guard takesSecrets else { throw CodecError(.secret) }
            _ = tape.take()
            let bytes = Array(tape.bytes())
            secrets.texts.append(bytes)
            return .bytes(bytes)
        case (.bytes, QH_STRING):
            _ = tape.take()
            return .bytes(Array(tape.bytes()))
        case (.enum, QH_STRING): return try enumeration(field)
        case (.enum, _):
            let range = (least: Int64(Int32.min), most: Int64(Int32.max))
            return .enumeration(
                Int32(try integer(range.least, range.most, expected: "the name of a value")))
        case (.double, QH_INTEGER), (.double, QH_NUMBER):
            return .double(tape.value().number ?? 0)
        case (.float, QH_INTEGER), (.float, QH_NUMBER):
            return .float(Float(tape.value().number ?? 0))
        case (.int32, _), (.sint32, _), (.sfixed32, _):
            return .int(try integer(Int64(Int32.min), Int64(Int32.max)))
        case (.int64, _), (.sint64, _), (.sfixed64, _): return .int(try integer(.min, .max))
        case (.uint32, _), (.fixed32, _):
            return .uint(UInt64(try integer(0, Int64(UInt32.max))))
        case (.uint64, _), (.fixed64, _): return .uint(UInt64(try integer(0, .max)))
        case (.bool, _): throw mismatch("a boolean")
        case (.string, _), (.bytes, _): throw mismatch("a string")
        default: throw mismatch("a number")
        }
    }

    private func integer(
        _ least: Int64, _ most: Int64, expected: String = "an integer"
    ) throws(CodecError) -> Int64 {
        guard tape.peek == QH_INTEGER.rawValue || tape.peek == QH_NUMBER.rawValue else {
            throw mismatch(expected)
        }
        let value = tape.value()
        guard let number = value.integer else {
            throw CodecError(.mismatch(expected: expected, got: "\(value.number ?? 0)"))
        }
        guard number >= least, number <= most else {
            throw CodecError(.outOfRange("\(number) is out of range: \(least) to \(most)"))
        }
        return number
    }

    private func enumeration(_ field: Field) throws(CodecError) -> Value {
        _ = tape.take()
        let name = String(decoding: tape.bytes(), as: UTF8.self)
        if let number = field.enumType?.number(looselyNamed: name) { return .enumeration(number) }
        guard let type = field.enumType, let types,
            types.unknownEnumNames.contains(name, of: type.id)
        else { throw CodecError(unknownValue: name, of: field) }
        return .unknownEnumName(name)
    }

    // MARK: - Messages with forms of their own

    private func inner(_ type: MessageType, depth: Int) throws(CodecError) -> Message {
        switch type.wellKnown {
        case .timestamp:
            return try instant(
                type, QH_TIME, "a time: RFC 3339 text, seconds since 1970 or a time value", depth,
                TimeText.parseRFC3339, TimeText.timestampRange)
        case .duration:
            return try instant(
                type, QH_DURATION,
                "a duration: text like \"36h\" or \"7d\", seconds or a duration value",
                depth, TimeText.parseHumanDuration, TimeText.durationRange)
        case .fieldMask: return try fieldMask(type, depth: depth)
        case .struct, .value, .listValue:
            return try Message(dynamic: type, tape.value(), depth: depth)
        case .some(let wellKnown) where wellKnown.isWrapper:
            var message = Message(type)
            message[type.fields[0]] = try single(type.fields[0], depth: depth)
            return message
        default: return try table(type, depth: depth - 1)
        }
    }

    private func instant(
        _ type: MessageType, _ tag: qh_tag, _ expected: String, _ depth: Int,
        _ parse: (String) -> (seconds: Int64, nanos: Int32)?, _ range: ClosedRange<Int64>
    ) throws(CodecError) -> Message {
        let parsed: (seconds: Int64, nanos: Int32)
        switch qh_tag(tape.peek) {
        case tag:
            _ = tape.take()
            parsed = (tape.load(Int64.self), tape.load(Int32.self))
        case QH_STRING:
            let text = tape.value().text ?? ""
            guard let read = parse(text) else {
                throw CodecError(.mismatch(expected: expected, got: "\"\(text)\""))
            }
            parsed = read
        case QH_INTEGER: parsed = (tape.value().integer ?? 0, 0)
        case QH_NUMBER:
            let number = tape.value().number ?? 0
            guard number.isFinite, number.magnitude < 1e15 else {
                throw CodecError(.outOfRange("\(number) is out of range"))
            }
            let whole = number.rounded(tag == QH_TIME ? .down : .towardZero)
            parsed = (Int64(whole), Int32(((number - whole) * 1e9).rounded()))
        case QH_TABLE, QH_MESSAGE: return try table(type, depth: depth - 1)
        default: throw mismatch(expected)
        }
        guard range.contains(parsed.seconds) else {
            throw CodecError(.outOfRange("\(parsed.seconds) seconds are out of range"))
        }
        var message = Message(type)
        message[type.fields[0]] = .int(parsed.seconds)
        message[type.fields[1]] = .int(Int64(parsed.nanos))
        return message
    }

    /// A list of paths, or one text with commas.
    private func fieldMask(_ type: MessageType, depth: Int) throws(CodecError) -> Message {
        var paths: [Value] = []
        switch qh_tag(tape.peek) {
        case QH_STRING:
            let text = tape.value().text ?? ""
            paths = text.split(separator: ",").map { .string(String($0)) }
        case QH_MESSAGE: return try table(type, depth: depth - 1)
        default:
            let value = tape.value()
            if let inner = value.table?["paths"]?.table?.array {
                paths = inner.compactMap(\.text).map(Value.string)
            } else if let items = value.table?.array {
                for (index, item) in items.enumerated() {
                    guard let path = item.text else {
                        throw CodecError(.mismatch(expected: "a path", got: "a \(item.typeName)"))
                            .inside("[\(index + 1)]")
                    }
                    paths.append(.string(path))
                }
            } else {
                throw CodecError(
                    .mismatch(expected: "a list of paths", got: "a \(value.typeName)"))
            }
        }
        var message = Message(type)
        if !paths.isEmpty { message[type.fields[0]] = .list(paths) }
        return message
    }

    private func mismatch(_ expected: String) -> CodecError {
        let value = tape.value()
        let got: String
        switch value {
        case .string(let bytes):
            let text = String(decoding: bytes.prefix(40), as: UTF8.self)
            got = JSONWriter.quoted(text)
        case .integer(let number): got = "the number \(number)"
        case .number(let number): got = "the number \(number)"
        case .bool(let flag): got = "\(flag)"
        default: got = "a \(value.typeName)"
        }
        return CodecError(.mismatch(expected: expected, got: got))
    }
}
