/// A field of a message type. Immutable once its file is linked.
public final class Field: @unchecked Sendable {
    /// The type of a field's values, by the names that .proto files use.
    public enum Kind: Int, Sendable {
        case double = 1
        case float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes
        case uint32, `enum`, sfixed32, sfixed64, sint32, sint64
    }

    /// The name in the .proto file, snake_case.
    public let name: String
    /// The name in JSON, lowerCamelCase.
    public let jsonName: String
    /// The field number.
    public let number: Int
    /// The position in ``MessageType/fields``.
    public let index: Int
    /// The type of the values; a map's kind is `message` (its entry type).
    public let kind: Kind
    /// Whether the field is repeated. Maps are repeated entries in the binary format.
    public let isRepeated: Bool
    /// Whether the writer packs the values into one payload.
    public let isPacked: Bool
    /// Whether "unset" and "set to the default" differ (messages, `optional`, oneof arms).
    public let hasPresence: Bool
    /// Whether the field is written with `optional`.
    public let isOptional: Bool
    /// Position in ``MessageType/oneofs``; nil outside real oneofs.
    public let oneofIndex: Int?
    /// Whether the contract marks the field as deprecated.
    public let isDeprecated: Bool
    /// Whether the values are secrets, which are not shown.
    public let isSecret: Bool
    /// The validation rules of the field.
    public let rules: FieldRules
    let source: SourceLocation

    /// The type of message-valued fields. Set while linking.
    public internal(set) nonisolated(unsafe) unowned(unsafe) var messageType: MessageType?
    /// The type of enum-valued fields. Set while linking.
    public internal(set) nonisolated(unsafe) unowned(unsafe) var enumType: EnumType?

    init(
        name: String, jsonName: String, number: Int, index: Int, kind: Kind, isRepeated: Bool,
        isPacked: Bool, hasPresence: Bool, isOptional: Bool, oneofIndex: Int?, isDeprecated: Bool,
        isSecret: Bool, rules: FieldRules, source: SourceLocation
    ) {
        self.name = name
        self.jsonName = jsonName
        self.number = number
        self.index = index
        self.kind = kind
        self.isRepeated = isRepeated
        self.isPacked = isPacked
        self.hasPresence = hasPresence
        self.isOptional = isOptional
        self.oneofIndex = oneofIndex
        self.isDeprecated = isDeprecated
        self.isSecret = isSecret
        self.rules = rules
        self.source = source
    }

    /// Whether the field is a map.
    ///
    /// An entry's own fields are single: otherwise the type of a map could be its own.
    public var isMap: Bool {
        guard isRepeated, let type = messageType, type.isMapEntry else { return false }
        return !type.fields.contains(where: \.isRepeated)
    }

    /// The type of a map's keys; nil if the field is not a map.
    public var mapKey: Field? { isMap ? messageType?.fields[0] : nil }

    /// The type of a map's values; nil if the field is not a map.
    public var mapValue: Field? { isMap ? messageType?.fields[1] : nil }

    /// The type as a .proto file would spell it, for messages to people.
    public var typeName: String {
        if let key = mapKey, let value = mapValue {
            return "map<\(key.typeName), \(value.typeName)>"
        }
        return messageType?.fullName ?? enumType?.fullName ?? "\(kind)"
    }
}

/// An enum of the contract.
public final class EnumType: Sendable {
    /// One value of an enum.
    public struct Value: Sendable {
        /// The full name, for example `CLUSTER_PHASE_HEALTHY`.
        public let name: String
        /// The number on the wire.
        public let number: Int32
    }

    /// The full protobuf name.
    public let fullName: String
    /// Dense number, unique in the registry.
    public let id: Int
    /// The values in the order of their declaration.
    public let values: [Value]
    /// The common prefix of all value names, for example `CLUSTER_PHASE_`.
    public let prefix: String
    let source: SourceLocation
    private let byNumber: [Int32: String]
    private let byName: [String: Int32]

    init(fullName: String, id: Int, values: [Value], source: SourceLocation) {
        self.fullName = fullName
        self.id = id
        self.values = values
        self.source = source
        prefix =
            Names.snakeCase(String(fullName.split(separator: ".").last ?? "")).uppercased() + "_"
        byNumber = Dictionary(values.map { ($0.number, $0.name) }, uniquingKeysWith: { a, _ in a })
        byName = Dictionary(values.map { ($0.name, $0.number) }, uniquingKeysWith: { a, _ in a })
    }

    /// The name of a number; nil when the contract does not know it.
    public func name(of number: Int32) -> String? { byNumber[number] }

    /// The number of an exact value name.
    public func number(named name: String) -> Int32? { byName[name] }

    /// A value's name without the common prefix.
    public func shortName(_ name: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// The names that one may choose from, short: all but that of "unspecified".
    public var choices: [String] {
        values.map(\.name).filter { !$0.hasSuffix("_UNSPECIFIED") }.map(shortName)
    }

    /// The number that a person means: the full name or the name without its prefix, in any case.
    public func number(looselyNamed name: String) -> Int32? {
        if let exact = byName[name] { return exact }
        let upper = name.uppercased()
        return byName[upper] ?? byName[prefix + upper]
    }
}
