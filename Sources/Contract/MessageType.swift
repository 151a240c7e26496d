/// A message type of the contract. Immutable once its file is linked.
public final class MessageType: @unchecked Sendable {
    /// The full protobuf name, for example `qdrant.cloud.cluster.v1.Cluster`.
    public let fullName: String
    /// Dense number, unique in the registry; tables indexed by message type use it.
    public let id: Int
    /// The fields in the order of their declaration; ``Field/index`` is the position here.
    public let fields: [Field]
    /// The oneofs written in the source; the ones that stand for `optional` are not here.
    public let oneofs: [Oneof]
    /// Whether this is the entry type of a map field.
    public let isMapEntry: Bool
    /// The rules that concern the message as a whole.
    public let rules: MessageRules
    /// Set for the types whose JSON form is special.
    public let wellKnown: WellKnownType?
    let source: SourceLocation

    private let dense: [Int16]
    private let sparse: [Int: Int]
    private let byName: [String: Int]

    init(
        fullName: String, id: Int, fields: [Field], typeNames: [String], oneofs: [Oneof],
        isMapEntry: Bool, rules: MessageRules, source: SourceLocation
    ) {
        self.fullName = fullName
        self.id = id
        self.fields = fields
        self.oneofs = oneofs
        self.isMapEntry = isMapEntry
        self.rules = rules
        self.source = source
        wellKnown = WellKnownType(rawValue: fullName).flatMap { type in
            // A type of that name and of another shape is a message like any other.
            let own = zip(fields, typeNames).map {
                WellKnownType.Shape($0.name, $0.kind, isRepeated: $0.isRepeated, of: $1)
            }
            return type == .empty || own == type.shape ? type : nil
        }
        var dense = [Int16](repeating: -1, count: 64)
        var sparse: [Int: Int] = [:]
        var byName: [String: Int] = [:]
        for (index, field) in fields.enumerated() {
            if field.number < dense.count {
                dense[field.number] = Int16(index)
            } else {
                sparse[field.number] = index
            }
            byName[field.jsonName] = index
        }
        for (index, field) in fields.enumerated() { byName[field.name] = index }
        self.dense = dense
        self.sparse = sparse
        self.byName = byName
    }

    /// The name without its package.
    public var name: String { String(fullName.split(separator: ".").last ?? "") }

    /// The field with a number, if the type has one.
    @inline(__always)
    public func field(number: Int) -> Field? {
        if number < dense.count {
            let index = dense[number]
            return index < 0 ? nil : fields[Int(index)]
        }
        return sparse[number].map { fields[$0] }
    }

    /// The field with a proto name or a JSON name.
    public func field(named name: String) -> Field? { byName[name].map { fields[$0] } }
}

/// A group of fields of which at most one is set.
public struct Oneof: Sendable {
    /// The name in the source.
    public let name: String
    /// Positions in ``MessageType/fields``.
    public let fieldIndexes: [Int]
    /// Whether exactly one arm must be set (`(buf.validate.oneof).required`).
    public let isRequired: Bool
}

/// The types of `google.protobuf` with a JSON form of their own (ProtoJSON, "JSON Options").
public enum WellKnownType: String, Sendable {
    case any = "google.protobuf.Any"
    case boolValue = "google.protobuf.BoolValue"
    case bytesValue = "google.protobuf.BytesValue"
    case doubleValue = "google.protobuf.DoubleValue"
    case duration = "google.protobuf.Duration"
    case empty = "google.protobuf.Empty"
    case fieldMask = "google.protobuf.FieldMask"
    case floatValue = "google.protobuf.FloatValue"
    case int32Value = "google.protobuf.Int32Value"
    case int64Value = "google.protobuf.Int64Value"
    case listValue = "google.protobuf.ListValue"
    case stringValue = "google.protobuf.StringValue"
    case `struct` = "google.protobuf.Struct"
    case timestamp = "google.protobuf.Timestamp"
    case uint32Value = "google.protobuf.UInt32Value"
    case uint64Value = "google.protobuf.UInt64Value"
    case value = "google.protobuf.Value"

    /// A field, as far as code that knows the type relies on it.
    struct Shape: Equatable {
        let name: String
        let kind: Field.Kind
        let isRepeated: Bool
        let type: String

        init(_ name: String, _ kind: Field.Kind, isRepeated: Bool = false, of type: String = "") {
            self.name = name
            self.kind = kind
            self.isRepeated = isRepeated
            self.type = type
        }
    }

    /// The fields that a type has to have, in their order, to be what its name says.
    var shape: [Shape] {
        let package = ".google.protobuf."
        return switch self {
        case .any: [Shape("type_url", .string), Shape("value", .bytes)]
        case .duration, .timestamp: [Shape("seconds", .int64), Shape("nanos", .int32)]
        case .empty: []
        case .fieldMask: [Shape("paths", .string, isRepeated: true)]
        case .listValue:
            [Shape("values", .message, isRepeated: true, of: package + "Value")]
        case .struct:
            [Shape("fields", .message, isRepeated: true, of: package + "Struct.FieldsEntry")]
        case .value:
            [
                Shape("null_value", .enum, of: package + "NullValue"),
                Shape("number_value", .double), Shape("string_value", .string),
                Shape("bool_value", .bool), Shape("struct_value", .message, of: package + "Struct"),
                Shape("list_value", .message, of: package + "ListValue"),
            ]
        case .boolValue: [Shape("value", .bool)]
        case .bytesValue: [Shape("value", .bytes)]
        case .doubleValue: [Shape("value", .double)]
        case .floatValue: [Shape("value", .float)]
        case .int32Value: [Shape("value", .int32)]
        case .int64Value: [Shape("value", .int64)]
        case .stringValue: [Shape("value", .string)]
        case .uint32Value: [Shape("value", .uint32)]
        case .uint64Value: [Shape("value", .uint64)]
        }
    }

    /// Whether the type boxes one scalar in its field 1.
    public var isWrapper: Bool {
        switch self {
        case .boolValue, .bytesValue, .doubleValue, .floatValue, .int32Value, .int64Value,
            .stringValue, .uint32Value, .uint64Value:
            true
        default: false
        }
    }
}
