import Contract

/// Names and their values; comprehensions add one at a time.
final class CELVariables {
    private let values: [String: CELValue]
    private let outer: CELVariables?

    init(_ values: [String: CELValue], outer: CELVariables? = nil) {
        self.values = values
        self.outer = outer
    }

    subscript(name: String) -> CELValue? { values[name] ?? outer?[name] }
}

/// Computes the value of an expression.
///
/// Source: cel-spec, "Evaluation": `&&`, `||`, `all` and `exists` have a value in spite of an error
/// on one side when the other side decides.
struct CELEvaluator {
    /// How many elements all comprehensions together may look at.
    private static let budget = 1_000_000
    private var steps = 0

    mutating func evaluate(
        _ expression: CELExpression, _ variables: CELVariables
    ) throws(CELError) -> CELValue {
        switch expression {
        case .literal(let value): return value
        case .name(let name):
            if let value = variables[name] { return value }
            return .type(name)
        case .select(let operand, let name):
            return try Self.field(name, of: try evaluate(operand, variables))
        case .presence(let operand, let name):
            return .bool(try Self.hasField(name, try evaluate(operand, variables)))
        case .element(let operand, let index):
            return try Self.element(
                try evaluate(index, variables), of: try evaluate(operand, variables))
        case .list(let items):
            var values: [CELValue] = []
            for item in items { values.append(try evaluate(item, variables)) }
            return .list(values)
        case .map(let entries): return try map(entries, variables)
        case .not(let operand):
            let value = try evaluate(operand, variables)
            guard case .bool(let flag) = value else { throw .noOverload("!", value) }
            return .bool(!flag)
        case .negate(let operand):
            return try CELOperators.negate(try evaluate(operand, variables))
        case .binary("&&", let left, let right):
            return .bool(try !decides(false, left, right, variables, "&&"))
        case .binary("||", let left, let right):
            return .bool(try decides(true, left, right, variables, "||"))
        case .binary(let name, let left, let right):
            let left = try evaluate(left, variables)
            return try CELOperators.apply(name, left, try evaluate(right, variables))
        case .conditional(let condition, let yes, let no):
            let value = try evaluate(condition, variables)
            guard case .bool(let flag) = value else { throw .noOverload("?:", value) }
            return try evaluate(flag ? yes : no, variables)
        case .call(let name, let target, let arguments):
            let target = try target.map { (target) throws(CELError) in
                try evaluate(target, variables)
            }
            var values: [CELValue] = []
            for argument in arguments { values.append(try evaluate(argument, variables)) }
            return try CELFunctions.call(name, target, values)
        case .comprehension(let macro): return try comprehension(macro, variables)
        }
    }

    /// Whether one of two operands has the value that decides an `&&` or `||`.
    private mutating func decides(
        _ deciding: Bool, _ left: CELExpression, _ right: CELExpression,
        _ variables: CELVariables, _ name: String
    ) throws(CELError) -> Bool {
        var failure: CELError?
        for operand in [left, right] {
            do throws(CELError) {
                let value = try evaluate(operand, variables)
                guard case .bool(let flag) = value else { throw .noOverload(name, value) }
                if flag == deciding { return true }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return false
    }

    private mutating func map(
        _ entries: [(CELExpression, CELExpression)], _ variables: CELVariables
    ) throws(CELError) -> CELValue {
        var made: [CELEntry] = []
        for (key, value) in entries {
            let key = try evaluate(key, variables)
            switch key {
            case .bool, .int, .uint, .string: break
            default: throw .badKey(key.typeName)
            }
            guard !made.contains(where: { $0.key == key }) else {
                throw .repeatedKey
            }
            made.append(CELEntry(key: key, value: try evaluate(value, variables)))
        }
        return .map(made)
    }

    // MARK: - Fields and elements

    private static func field(_ name: String, of operand: CELValue) throws(CELError) -> CELValue {
        switch operand {
        case .message(let message):
            guard let field = message.type.field(named: name) else {
                throw .noField(name, of: message.type.fullName)
            }
            return try CELValue(message[field], of: field)
        case .map(let entries):
            guard let entry = entries.first(where: { $0.key == .string(name) }) else {
                throw .noKey(name)
            }
            return entry.value
        default: throw .noField(name, of: operand.typeName)
        }
    }

    private static func hasField(_ name: String, _ operand: CELValue) throws(CELError) -> Bool {
        switch operand {
        case .message(let message):
            guard let field = message.type.field(named: name) else {
                throw .noField(name, of: message.type.fullName)
            }
            return message.has(field)
        case .map(let entries): return entries.contains { $0.key == .string(name) }
        default: throw .noField(name, of: operand.typeName)
        }
    }

    private static func element(
        _ index: CELValue, of operand: CELValue
    ) throws(CELError) -> CELValue {
        switch operand {
        case .list(let items):
            let position: Int64? =
                switch index {
                case .int(let number): number
                case .uint(let number): Int64(exactly: number)
                case .double(let number): Int64(exactly: number)
                default: throw .noOverload("[]", operand, index)
                }
            guard let position, position >= 0, position < items.count else {
                throw .noElement(CELFunctions.text(index))
            }
            return items[Int(position)]
        case .map(let entries):
            guard let entry = entries.first(where: { $0.key == index }) else {
                throw .noKey(CELFunctions.text(index))
            }
            return entry.value
        default: throw .noOverload("[]", operand, index)
        }
    }

    // MARK: - Comprehensions

    private mutating func comprehension(
        _ macro: CELComprehension, _ variables: CELVariables
    ) throws(CELError) -> CELValue {
        let elements: [CELValue]
        let range = try evaluate(macro.range, variables)
        switch range {
        case .list(let items): elements = items
        case .map(let entries): elements = entries.map(\.key)
        default: throw .noOverload("\(macro.kind.rawValue)()", range)
        }
        var made: [CELValue] = []
        var matches = 0
        var failure: CELError?
        for element in elements {
            steps += 1
            guard steps <= Self.budget else { throw .limit(.steps) }
            let inner = CELVariables([macro.variable: element], outer: variables)
            do throws(CELError) {
                let isMatch = try holds(macro.condition, inner, macro.kind)
                if isMatch { matches += 1 }
                switch macro.kind {
                case .all where !isMatch: return .bool(false)
                case .exists where isMatch: return .bool(true)
                case .filter where isMatch: made.append(element)
                case .map where isMatch:
                    if let transform = macro.transform {
                        made.append(try evaluate(transform, inner))
                    }
                default: break
                }
            } catch {
                guard macro.kind == .all || macro.kind == .exists else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        switch macro.kind {
        case .all: return .bool(true)
        case .exists: return .bool(false)
        case .existsOne: return .bool(matches == 1)
        case .filter, .map: return .list(made)
        }
    }

    private mutating func holds(
        _ condition: CELExpression?, _ variables: CELVariables, _ kind: CELComprehension.Kind
    ) throws(CELError) -> Bool {
        guard let condition else { return true }
        let value = try evaluate(condition, variables)
        guard case .bool(let flag) = value else { throw .noOverload("\(kind.rawValue)()", value) }
        return flag
    }
}
