import Wire

/// A rule written in CEL, the Common Expression Language.
public struct CELRule: Sendable, Equatable {
    /// The id that a violation carries.
    public var id = ""
    /// The sentence that a violation carries.
    public var message = ""
    /// The expression; `this` is the value that is checked.
    public var expression = ""
}

/// The rules of a message type (`(buf.validate.message)`).
public struct MessageRules: Sendable {
    /// Fields of which at most one may be set.
    public struct Oneof: Sendable, Equatable {
        /// The names of the fields.
        public var fields: [String] = []
        /// Whether one of them must be set.
        public var isRequired = false
    }

    /// The CEL rules.
    public var cel: [CELRule] = []
    /// The groups of fields that exclude each other without being a oneof.
    public var oneofs: [Oneof] = []
}

/// The rules of one field (`(buf.validate.field)`), as protovalidate defines them.
public struct FieldRules: Sendable {
    /// When the rules are passed over.
    public enum Ignore: Int, Sendable {
        case never = 0
        case ifZero = 1
        case always = 3
    }

    /// One standard rule, kept as it stands in the contract: the number of the rule inside its
    /// rule message and the operand.
    public struct Standard: Sendable {
        /// The field number in `StringRules`, `Int32Rules`, ….
        public let number: Int
        /// The value to compare with.
        public let operand: Operand
    }

    /// The operand of a standard rule.
    public enum Operand: Sendable {
        case integer(UInt64)
        case bytes([UInt8])
    }

    /// Whether the field must be set.
    public var isRequired = false
    /// When the rules are passed over.
    public var ignore = Ignore.never
    /// The CEL rules of the field.
    public var cel: [CELRule] = []
    /// Which rule message the standard rules come from, by its field number in `FieldRules`.
    public var type: Int?
    /// The standard rules, in the order of the wire.
    public var standard: [Standard] = []
    /// Rules of the elements of a list or of the values of a map.
    public var items: Indirect<FieldRules>?
    /// Rules of the keys of a map.
    public var keys: Indirect<FieldRules>?

    /// Whether there is anything to check.
    public var isEmpty: Bool {
        !isRequired && cel.isEmpty && standard.isEmpty && items == nil && keys == nil
    }
}

/// Boxes a value so that a struct can hold one of its own type.
public final class Indirect<Value: Sendable>: Sendable {
    /// What the box holds.
    public let value: Value

    /// Boxes a value.
    public init(_ value: Value) { self.value = value }
}

/// The field numbers of buf/validate/validate.proto that reading rules needs.
public enum ValidateNumbers {
    /// The extension of MessageOptions, FieldOptions and OneofOptions.
    static let options = 1159

    /// Numbers in `FieldRules`.
    public enum Rules {
        public static let float = 1
        public static let double = 2
        public static let int32 = 3
        public static let int64 = 4
        public static let uint32 = 5
        public static let uint64 = 6
        public static let sint32 = 7
        public static let sint64 = 8
        public static let fixed32 = 9
        public static let fixed64 = 10
        public static let sfixed32 = 11
        public static let sfixed64 = 12
        public static let bool = 13
        public static let string = 14
        public static let bytes = 15
        public static let `enum` = 16
        public static let repeated = 18
        public static let map = 19
        public static let any = 20
        public static let duration = 21
        public static let timestamp = 22
        static let cel = 23
        static let required = 25
        static let ignore = 27
        public static let fieldMask = 28
        static let celExpression = 29
    }
}

extension MessageRules {
    /// Reads the rules from the unknown fields of MessageOptions.
    init(options: [UInt8]) throws(WireError) {
        try forEachField(options, number: ValidateNumbers.options) { (payload) throws(WireError) in
            try forEachField(payload) { (number, value) throws(WireError) in
                switch (number, value) {
                case (3, .bytes(let bytes)): cel.append(try CELRule(bytes))
                case (4, .bytes(let bytes)): oneofs.append(try Oneof(bytes))
                case (5, .bytes(let bytes)): cel.append(CELRule(expression: bytes))
                default: break
                }
            }
        }
    }
}

extension MessageRules.Oneof {
    init(_ payload: [UInt8]) throws(WireError) {
        try forEachField(payload) { (number, value) throws(WireError) in
            switch (number, value) {
            case (1, .bytes(let name)): fields.append(String(decoding: name, as: UTF8.self))
            case (2, .integer(let flag)): isRequired = flag != 0
            default: break
            }
        }
    }
}

extension CELRule {
    init(_ payload: [UInt8]) throws(WireError) {
        try forEachField(payload) { (number, value) throws(WireError) in
            guard case .bytes(let bytes) = value else { return }
            let text = String(decoding: bytes, as: UTF8.self)
            switch number {
            case 1: id = text
            case 2: message = text
            case 3: expression = text
            default: break
            }
        }
    }

    /// `cel_expression`: a rule that is its own id.
    init(expression payload: [UInt8]) {
        expression = String(decoding: payload, as: UTF8.self)
        id = expression
    }
}

extension FieldRules {
    /// Reads the rules from the unknown fields of FieldOptions.
    init(options: [UInt8]) throws(WireError) {
        try forEachField(options, number: ValidateNumbers.options) { (payload) throws(WireError) in
            try read(payload, depth: 8)
        }
    }

    /// Reads rules; those of elements of elements end somewhere, as lists are not nested.
    private mutating func read(_ payload: [UInt8], depth: Int) throws(WireError) {
        guard depth > 0 else { return }
        typealias Rules = ValidateNumbers.Rules
        var rules = self
        try forEachField(payload) { (number, value) throws(WireError) in
            switch (number, value) {
            case (Rules.cel, .bytes(let bytes)): rules.cel.append(try CELRule(bytes))
            case (Rules.celExpression, .bytes(let bytes)):
                rules.cel.append(CELRule(expression: bytes))
            case (Rules.required, .integer(let flag)): rules.isRequired = flag != 0
            case (Rules.ignore, .integer(let code)):
                rules.ignore = Ignore(rawValue: Int(truncatingIfNeeded: code)) ?? .never
            case (Rules.repeated, .bytes(let bytes)):
                rules.type = number
                try rules.readContainer(bytes, items: 4, keys: nil, depth: depth)
            case (Rules.map, .bytes(let bytes)):
                rules.type = number
                try rules.readContainer(bytes, items: 5, keys: 4, depth: depth)
            case (_, .bytes(let bytes)):
                rules.type = number
                try rules.readStandard(bytes)
            default: break
            }
        }
        self = rules
    }

    private mutating func readStandard(_ payload: [UInt8]) throws(WireError) {
        var rules = standard
        try forEachField(payload) { (number, value) throws(WireError) in
            rules.append(Standard(number: number, operand: Operand(value)))
        }
        standard = rules
    }

    private mutating func readContainer(
        _ payload: [UInt8], items itemsNumber: Int, keys keysNumber: Int?, depth: Int
    ) throws(WireError) {
        var rules = self
        try forEachField(payload) { (number, value) throws(WireError) in
            if case .bytes(let bytes) = value, number == itemsNumber || number == keysNumber {
                var inner = FieldRules()
                try inner.read(bytes, depth: depth - 1)
                if number == itemsNumber {
                    rules.items = Indirect(inner)
                } else {
                    rules.keys = Indirect(inner)
                }
            } else {
                rules.standard.append(Standard(number: number, operand: Operand(value)))
            }
        }
        self = rules
    }
}

extension FieldRules.Operand {
    init(_ value: WireValue) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .bytes(let bytes): self = .bytes(bytes)
        }
    }
}
