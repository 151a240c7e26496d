import Contract

/// Looks at an expression before it is used: names, fields and functions that do not exist are
/// found then, not when an operand happens to be evaluated.
struct CELChecker {
    /// What is known of a value's type before there is a value.
    indirect enum StaticType {
        case message(MessageType)
        case list(StaticType)
        case map(StaticType)
        case other

        /// The type of a field's value.
        init(_ field: Field) {
            if let value = field.mapValue {
                self = .map(StaticType(element: value))
            } else if field.isRepeated {
                self = .list(StaticType(element: field))
            } else {
                self = StaticType(element: field)
            }
        }

        /// The type of one element of a field.
        init(element field: Field) {
            if let type = field.messageType { self = StaticType(type) } else { self = .other }
        }

        /// The type of a message, or of what stands for it.
        init(_ type: MessageType) {
            switch type.wellKnown {
            case nil, .any, .empty, .fieldMask: self = .message(type)
            default: self = .other
            }
        }

        /// What a comprehension's variable is.
        var element: StaticType {
            if case .list(let element) = self { return element }
            return .other
        }
    }

    private var variables: [String: StaticType]

    /// Checks an expression about a value of a type.
    static func check(_ expression: CELExpression, this: StaticType) throws(CELError) {
        let checker = CELChecker(variables: ["this": this, "now": .other])
        _ = try checker.type(of: expression)
    }

    private static let typeNames: Set<String> = [
        "bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint",
    ]

    private func type(of expression: CELExpression) throws(CELError) -> StaticType {
        switch expression {
        case .literal: return .other
        case .name(let name):
            if let known = variables[name] { return known }
            guard Self.typeNames.contains(name) else {
                throw .unknownName(name)
            }
            return .other
        case .select(let operand, let field): return try fieldType(operand, field)
        case .presence(let operand, let field):
            _ = try fieldType(operand, field)
            return .other
        case .element(let operand, let index):
            let type = try type(of: operand)
            _ = try self.type(of: index)
            switch type {
            case .list(let element), .map(let element): return element
            default: return .other
            }
        case .list(let items):
            var element = StaticType.other
            for item in items { element = try type(of: item) }
            return items.count == 1 ? .list(element) : .list(.other)
        case .map(let entries):
            for (key, value) in entries {
                _ = try type(of: key)
                _ = try type(of: value)
            }
            return .map(.other)
        case .not(let operand), .negate(let operand):
            _ = try type(of: operand)
            return .other
        case .binary(_, let left, let right):
            _ = try type(of: left)
            _ = try type(of: right)
            return .other
        case .conditional(let condition, let yes, let no):
            _ = try type(of: condition)
            _ = try type(of: no)
            return try type(of: yes)
        case .call(let name, let target, let arguments):
            return try callType(name, target, arguments)
        case .comprehension(let macro): return try comprehensionType(macro)
        }
    }

    private func fieldType(
        _ operand: CELExpression, _ name: String
    ) throws(CELError) -> StaticType {
        switch try type(of: operand) {
        case .message(let type):
            guard let field = type.field(named: name), field.name == name else {
                throw .noField(name, of: type.fullName)
            }
            return StaticType(field)
        case .map(let value): return value
        case .list: throw .noField(name, of: "a list")
        case .other: return .other
        }
    }

    private func callType(
        _ name: String, _ target: CELExpression?, _ arguments: [CELExpression]
    ) throws(CELError) -> StaticType {
        if let target { _ = try type(of: target) }
        for argument in arguments { _ = try type(of: argument) }
        guard let signature = CELFunctions.signatures[name] else {
            throw .unknownFunction(name)
        }
        guard let counts = target == nil ? signature.function : signature.method else {
            throw (target == nil) ? CELError.notAFunction(name) : .notAMethod(name)
        }
        guard counts.contains(arguments.count) else {
            throw .wrongCount(name, arguments.count)
        }
        return .other
    }

    private func comprehensionType(_ macro: CELComprehension) throws(CELError) -> StaticType {
        let range = try type(of: macro.range)
        var inner = self
        inner.variables[macro.variable] = range.element
        if let condition = macro.condition { _ = try inner.type(of: condition) }
        let made = try macro.transform.map { (transform) throws(CELError) in
            try inner.type(of: transform)
        }
        switch macro.kind {
        case .filter: return range
        case .map: return .list(made ?? .other)
        case .all, .exists, .existsOne: return .other
        }
    }
}
