import Contract

/// A value of the Common Expression Language.
///
/// Source: cel-spec, "Values". Enums are integers; wrapper messages are the value inside or null.
public enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case timestamp(CELInstant)
    case duration(CELInstant)
    case list([CELValue])
    case map([CELEntry])
    case message(Message)
    case type(String)

    /// The name that `type()` gives.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .list: "list"
        case .map: "map"
        case .message(let message): message.type.fullName
        case .type: "type"
        }
    }
}

/// An entry of a map; maps are small and keep their order.
public struct CELEntry: Sendable {
    let key: CELValue
    let value: CELValue
}

/// Seconds and nanoseconds: since 1970 for timestamps, a length for durations.
public struct CELInstant: Sendable, Comparable, Hashable {
    let seconds: Int64
    let nanos: Int32

    /// An instant from a sum of nanoseconds; nil when it does not fit.
    init?(seconds: Int64, nanos: Int64, isDuration: Bool) {
        let carry = nanos.flooredQuotient(by: 1_000_000_000)
        let (total, overflow) = seconds.addingReportingOverflow(carry)
        guard !overflow else { return nil }
        var seconds = total
        var rest = nanos - carry * 1_000_000_000
        // Durations have seconds and nanoseconds of one sign; timestamps count nanoseconds up.
        if isDuration, seconds < 0, rest > 0 {
            seconds += 1
            rest -= 1_000_000_000
        }
        self.seconds = seconds
        self.nanos = Int32(rest)
    }

    init(_ message: Message) {
        seconds = Int64(message.integer(.seconds))
        nanos = Int32(clamping: message.integer(.nanos))
    }

    init(seconds: Int64, nanos: Int32) {
        self.seconds = seconds
        self.nanos = nanos
    }

    public static func < (a: CELInstant, b: CELInstant) -> Bool {
        (a.seconds, a.nanos) < (b.seconds, b.nanos)
    }
}

extension CELValue {
    /// What a field holds; what an unset field means when there is no value.
    init(_ value: Value?, of field: Field) throws(CELError) {
        if field.isMap, case .list(let items)? = value, items.isEmpty {
            self = .map([])
            return
        }
        guard let value else {
            self = try CELValue(unset: field)
            return
        }
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .float(let number): self = .double(Double(number))
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .bytes(let bytes): self = .bytes(bytes)
        case .enumeration(let number): self = .int(Int64(number))
        // Expressions compare numbers, which this name lacks.
        case .unknownEnumName(let name): throw CELError.unsupported(name)
        case .message(let message): self = try CELValue(message)
        case .list(let items):
            var values: [CELValue] = []
            for item in items { values.append(try CELValue(item, of: field)) }
            self = .list(values)
        case .map(let entries):
            guard let keyField = field.mapKey, let valueField = field.mapValue else {
                self = .map([])
                return
            }
            var values: [CELEntry] = []
            for (key, item) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
                values.append(
                    CELEntry(
                        key: try CELValue(key, of: keyField),
                        value: try CELValue(item, of: valueField)))
            }
            self = .map(values)
        }
    }

    private init(unset field: Field) throws(CELError) {
        if field.isMap {
            self = .map([])
        } else if field.isRepeated {
            self = .list([])
        } else if let type = field.messageType {
            self = type.wellKnown?.isWrapper == true ? .null : try CELValue(Message(type))
        } else if let scalar = Value.defaultValue(of: field.kind) {
            self = try CELValue(scalar, of: field)
        } else {
            throw .unsupported(field.name)
        }
    }

    /// A message, or what a well-known type stands for.
    init(_ message: Message) throws(CELError) {
        switch message.type.wellKnown {
        case .timestamp:
            let time = CELInstant(message)
            guard TimeText.timestampRange.contains(time.seconds) else {
                throw .outOfRange("a timestamp")
            }
            self = .timestamp(time)
        case .duration:
            let length = CELInstant(message)
            guard TimeText.durationRange.contains(length.seconds) else {
                throw .outOfRange("a duration")
            }
            self = .duration(length)
        case .some(let known) where known.isWrapper:
            guard let field = message.type.field(number: 1) else {
                throw .unsupported(message.type.fullName)
            }
            self = try CELValue(message[field], of: field)
        case .value, .struct, .listValue:
            throw .unsupported(message.type.fullName)
        default: self = .message(message)
        }
    }
}

extension CELValue: Equatable {
    /// Numbers are equal across their types, all else within one type only.
    public static func == (a: CELValue, b: CELValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.string(let left), .string(let right)):
            left.unicodeScalars.elementsEqual(right.unicodeScalars)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)):
            left.count == right.count
                && left.allSatisfy { entry in
                    right.contains { $0.key == entry.key && $0.value == entry.value }
                }
        case (.message(let left), .message(let right)): left == right
        case (.type(let left), .type(let right)): left == right
        default: CELValue.order(a, b) == .same
        }
    }

    /// How two values stand to each other.
    enum Order {
        case less
        case same
        case greater
        /// Neither: a NaN, or types without an order.
        case none
    }

    /// The order of two values of one ordered type, or of two numbers.
    static func order(_ a: CELValue, _ b: CELValue) -> Order {
        switch (a, b) {
        case (.bool(let left), .bool(let right)): compare(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)): compare(left, right)
        case (.uint(let left), .uint(let right)): compare(left, right)
        case (.double(let left), .double(let right)): compare(left, right)
        case (.int(let left), .uint(let right)):
            left < 0 ? .less : compare(UInt64(left), right)
        case (.uint(let left), .int(let right)):
            right < 0 ? .greater : compare(left, UInt64(right))
        case (.int(let left), .double(let right)): compare(Double(left), right)
        case (.double(let left), .int(let right)): compare(left, Double(right))
        case (.uint(let left), .double(let right)): compare(Double(left), right)
        case (.double(let left), .uint(let right)): compare(left, Double(right))
        case (.string(let left), .string(let right)):
            left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
                ? .less : left.unicodeScalars.elementsEqual(right.unicodeScalars) ? .same : .greater
        case (.bytes(let left), .bytes(let right)):
            left.lexicographicallyPrecedes(right) ? .less : left == right ? .same : .greater
        case (.timestamp(let left), .timestamp(let right)),
            (.duration(let left), .duration(let right)):
            compare(left, right)
        default: .none
        }
    }

    private static func compare<T: Comparable>(_ left: T, _ right: T) -> Order {
        if left < right { return .less }
        if left > right { return .greater }
        return left == right ? .same : .none
    }
}
