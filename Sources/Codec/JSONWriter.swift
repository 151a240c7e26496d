import Contract

/// Writes messages as ProtoJSON.
///
/// Source: protobuf.dev/programming-guides/json. 64-bit integers are strings, enums are names,
/// bytes are base64, well-known types have forms of their own.
public struct JSONWriter: Sendable {
    /// Whether fields without presence are written when unset, and unset messages as null, as
    /// grpc-gateway does (`EmitUnpopulated`).
    public let emitsDefaults: Bool
    /// Whether the text is spread over lines, indented by two spaces.
    public let isPretty: Bool
    /// Where the types of `Any` are looked up.
    public let registry: Registry

    /// Creates a writer.
    public init(
        emitsDefaults: Bool = false, isPretty: Bool = false, registry: Registry = .embedded
    ) {
        self.emitsDefaults = emitsDefaults
        self.isPretty = isPretty
        self.registry = registry
    }

    /// The message as JSON text.
    public func text(_ message: Message) -> String {
        var output = Output(isPretty: isPretty)
        write(message, &output)
        return output.text
    }

    private func write(_ message: Message, _ output: inout Output) {
        if let wellKnown = message.type.wellKnown, wellKnown != .empty {
            return writeWellKnown(wellKnown, message, &output)
        }
        output.object { output in fields(of: message, &output) }
    }

    private func fields(of message: Message, _ output: inout Output) {
        let message = message.opened
        for field in message.type.fields {
            if let value = message[field], field.hasPresence || !value.isDefault {
                output.key(field.jsonName)
                write(value, of: field, &output)
            } else if emitsDefaults, field.oneofIndex == nil {
                writeDefault(of: field, &output)
            }
        }
    }

    private func writeDefault(of field: Field, _ output: inout Output) {
        if field.isRepeated {
            output.key(field.jsonName)
            output.raw(field.isMap ? "{}" : "[]")
        } else if field.kind == .message {
            guard !field.isOptional else { return }
            output.key(field.jsonName)
            output.raw("null")
        } else if !field.hasPresence, let value = Value.defaultValue(of: field.kind) {
            output.key(field.jsonName)
            write(value, of: field, &output)
        }
    }

    private func write(_ value: Value, of field: Field, _ output: inout Output) {
        switch value {
        case .list(let items):
            output.array { output in
                for item in items {
                    output.element()
                    write(item, of: field, &output)
                }
            }
        case .map(let entries):
            guard let valueField = field.mapValue else { return output.raw("{}") }
            output.object { output in
                for (key, value) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
                    output.key(key.mapKeyText)
                    write(value, of: valueField, &output)
                }
            }
        case .message(let message): write(message, &output)
        case .bool(let flag): output.raw(flag ? "true" : "false")
        case .int(let number):
            let is64 = field.kind == .int64 || field.kind == .sint64 || field.kind == .sfixed64
            output.raw(is64 ? "\"\(number)\"" : "\(number)")
        case .uint(let number):
            let is64 = field.kind == .uint64 || field.kind == .fixed64
            output.raw(is64 ? "\"\(number)\"" : "\(number)")
        case .float(let number): output.raw(Self.number(Double(number), shortest: "\(number)"))
        case .double(let number): output.raw(Self.number(number, shortest: "\(number)"))
        case .string(let text): output.raw(Self.quoted(text))
        case .bytes(let bytes): output.raw("\"" + Base64.encode(bytes) + "\"")
        case .enumeration(let number):
            if let name = field.enumType?.name(of: number) {
                output.raw(field.enumType?.fullName == Self.nullValue ? "null" : "\"\(name)\"")
            } else {
                output.raw("\(number)")
            }
        case .unknownEnumName(let name): output.raw(Self.quoted(name))
        }
    }

    private static let nullValue = "google.protobuf.NullValue"

    private static func number(_ number: Double, shortest: String) -> String {
        if number.isNaN { return "\"NaN\"" }
        if number.isInfinite { return number < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        return shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
    }

    // MARK: - Well-known types

    private func writeWellKnown(
        _ wellKnown: WellKnownType, _ message: Message, _ output: inout Output
    ) {
        switch wellKnown {
        case .timestamp:
            output.raw(
                Self.quoted(
                    TimeText.rfc3339(
                        seconds: Int64(message.integer(.seconds)),
                        nanos: Int32(clamping: message.integer(.nanos)))))
        case .duration:
            output.raw(
                Self.quoted(
                    TimeText.duration(
                        seconds: Int64(message.integer(.seconds)),
                        nanos: Int32(clamping: message.integer(.nanos)))))
        case .fieldMask:
            let paths = message.strings(.paths).map { path in
                path.split(separator: ".").map { Names.lowerCamelCase(String($0)) }
                    .joined(separator: ".")
            }
            output.raw(Self.quoted(paths.joined(separator: ",")))
        case .struct: writeStruct(message, &output)
        case .listValue:
            output.array { output in
                for item in message.messages(.values) {
                    output.element()
                    writeWellKnown(.value, item, &output)
                }
            }
        case .value: writeValue(message, &output)
        case .any: writeAny(message, &output)
        case .empty: output.raw("{}")
        default:
            guard let field = message.type.fields.first,
                let value = message[field] ?? Value.defaultValue(of: field.kind)
            else { return output.raw("null") }
            write(value, of: field, &output)
        }
    }

    private func writeStruct(_ message: Message, _ output: inout Output) {
        guard case .map(let entries) = message[.fields] else { return output.raw("{}") }
        output.object { output in
            for (key, value) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
                output.key(key.mapKeyText)
                if case .message(let inner) = value { writeWellKnown(.value, inner, &output) }
            }
        }
    }

    private func writeValue(_ message: Message, _ output: inout Output) {
        guard let (field, value) = message.setFields.first else { return output.raw("null") }
        write(value, of: field, &output)
    }

    private func writeAny(_ message: Message, _ output: inout Output) {
        let typeURL = message.string(.typeURL)
        output.object { output in
            guard !typeURL.isEmpty else { return }
            output.key("@type")
            output.raw(Self.quoted(typeURL))
            let name = String(typeURL.split(separator: "/").last ?? "")
            // Each one is decoded by itself, so how deep they are in each other is counted here.
            output.packed += 1
            defer { output.packed -= 1 }
            guard case .bytes(let bytes) = message[.value] ?? .bytes([]), output.packed < 50,
                let type = try? registry.message(named: name),
                let packed = try? ProtobufReader().message(bytes, as: type)
            else { return }
            if let wellKnown = type.wellKnown, wellKnown != .empty {
                output.key("value")
                writeWellKnown(wellKnown, packed, &output)
            } else {
                fields(of: packed, &output)
            }
        }
    }

    // MARK: - Text

    /// A JSON string literal.
    public static func quoted(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            // Beyond what JSON asks for: what would steer a terminal or turn text around.
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{61c}", "\u{200e}", "\u{200f}",
                "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }

    private struct Output {
        private(set) var text = ""
        let isPretty: Bool
        /// How many messages of type Any are open.
        var packed = 0
        private var depth = 0
        private var isFirst = true

        init(isPretty: Bool) { self.isPretty = isPretty }

        mutating func raw(_ piece: String) { text += piece }

        mutating func element() {
            if !isFirst { text += "," }
            isFirst = false
            newLine()
        }

        mutating func key(_ name: String) {
            element()
            text += JSONWriter.quoted(name) + (isPretty ? ": " : ":")
        }

        mutating func object(_ body: (inout Output) -> Void) { bracket("{", "}", body) }
        mutating func array(_ body: (inout Output) -> Void) { bracket("[", "]", body) }

        private mutating func bracket(
            _ open: String, _ close: String, _ body: (inout Output) -> Void
        ) {
            text += open
            let outer = isFirst
            isFirst = true
            depth += 1
            body(&self)
            depth -= 1
            if !isFirst { newLine() }
            isFirst = outer
            text += close
        }

        private mutating func newLine() {
            if isPretty { text += "\n" + String(repeating: "  ", count: depth) }
        }
    }
}

extension Value {
    /// The text of a map key in JSON.
    public var mapKeyText: String {
        switch self {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)"
        case .bool(let flag): flag ? "true" : "false"
        default: ""
        }
    }
}
