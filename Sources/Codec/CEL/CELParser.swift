/// Reads an expression.
///
/// Source: cel-spec, "Syntax": one method for each rule of the grammar.
struct CELParser {
    private let tokens: [CELToken]
    private var position = 0
    private var depth = 0
    /// How deep an expression may be nested.
    private static let deepest = 64

    /// How many words an expression may have. Chains of operators and members are as deep as they
    /// are long.
    private static let mostTokens = 1000

    static func parse(_ text: String) throws(CELError) -> CELExpression {
        let tokens = try CELLexer.tokens(of: text)
        guard tokens.count <= mostTokens else { throw .limit(.length) }
        var parser = CELParser(tokens: tokens)
        let expression = try parser.expression()
        guard parser.current == .end else { throw parser.unexpected() }
        return expression
    }

    private init(tokens: [CELToken]) { self.tokens = tokens }

    private var current: CELToken { tokens[position] }

    private func unexpected() -> CELError {
        switch current {
        case .end: .syntax(.end)
        case .symbol(let symbol): .syntax(.unexpected("\(symbol)"))
        case .identifier(let name): .syntax(.unexpected(name))
        default: .syntax(.unexpected("literal"))
        }
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws(CELError) {
        guard take(symbol) else { throw unexpected() }
    }

    private mutating func takeOne(of symbols: [String]) -> String? {
        for symbol in symbols where take(symbol) { return symbol }
        return nil
    }

    // MARK: - Operators, the loosest first

    private mutating func expression() throws(CELError) -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw .limit(.depth) }
        let condition = try disjunction()
        guard take("?") else { return condition }
        let yes = try disjunction()
        try expect(":")
        return .conditional(condition, yes, try expression())
    }

    private mutating func disjunction() throws(CELError) -> CELExpression {
        var left = try conjunction()
        while take("||") { left = .binary("||", left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(CELError) -> CELExpression {
        var left = try relation()
        while take("&&") { left = .binary("&&", left, try relation()) }
        return left
    }

    private mutating func relation() throws(CELError) -> CELExpression {
        var left = try addition()
        while true {
            if let symbol = takeOne(of: ["<=", ">=", "==", "!=", "<", ">"]) {
                left = .binary(symbol, left, try addition())
            } else if current == .identifier("in") {
                position += 1
                left = .binary("in", left, try addition())
            } else {
                return left
            }
        }
    }

    private mutating func addition() throws(CELError) -> CELExpression {
        var left = try multiplication()
        while let symbol = takeOne(of: ["+", "-"]) {
            left = .binary(symbol, left, try multiplication())
        }
        return left
    }

    private mutating func multiplication() throws(CELError) -> CELExpression {
        var left = try unary()
        while let symbol = takeOne(of: ["*", "/", "%"]) {
            left = .binary(symbol, left, try unary())
        }
        return left
    }

    private mutating func unary() throws(CELError) -> CELExpression {
        if take("!") {
            var isOdd = true
            while take("!") { isOdd.toggle() }
            let operand = try member()
            return isOdd ? .not(operand) : .not(.not(operand))
        }
        guard take("-") else { return try member() }
        var isOdd = true
        while take("-") { isOdd.toggle() }
        if isOdd, current == .magnitudeOfLeastInt {
            position += 1
            return try members(of: .literal(.int(.min)))
        }
        let operand = try member()
        if isOdd, case .literal(.int(let number)) = operand, number != .min {
            return .literal(.int(-number))
        }
        if isOdd, case .literal(.double(let number)) = operand { return .literal(.double(-number)) }
        return isOdd ? .negate(operand) : .negate(.negate(operand))
    }

    // MARK: - Members and primaries

    private mutating func member() throws(CELError) -> CELExpression {
        try members(of: try primary())
    }

    private mutating func members(of first: CELExpression) throws(CELError) -> CELExpression {
        var operand = first
        while true {
            if take(".") {
                guard case .identifier(let name) = current else { throw unexpected() }
                position += 1
                operand =
                    take("(")
                    ? try call(name, on: operand, try arguments(closing: ")"))
                    : .select(operand, name)
            } else if take("[") {
                operand = .element(operand, try expression())
                try expect("]")
            } else {
                return operand
            }
        }
    }

    private mutating func primary() throws(CELError) -> CELExpression {
        let token = current
        position += token == .end ? 0 : 1
        switch token {
        case .int(let number): return .literal(.int(number))
        case .uint(let number): return .literal(.uint(number))
        case .double(let number): return .literal(.double(number))
        case .string(let text): return .literal(.string(text))
        case .bytes(let bytes): return .literal(.bytes(bytes))
        case .identifier("true"): return .literal(.bool(true))
        case .identifier("false"): return .literal(.bool(false))
        case .identifier("null"): return .literal(.null)
        case .identifier(let name):
            guard take("(") else { return .name(name) }
            return try call(name, on: nil, try arguments(closing: ")"))
        case .symbol("("):
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["): return .list(try arguments(closing: "]"))
        case .symbol("{"): return .map(try entries())
        case .magnitudeOfLeastInt:
            throw .syntax(.tooLarge("9223372036854775808", signed: true))
        case .symbol, .end:
            if token != .end { position -= 1 }
            throw unexpected()
        }
    }

    private mutating func arguments(closing symbol: String) throws(CELError) -> [CELExpression] {
        var found: [CELExpression] = []
        while !take(symbol) {
            found.append(try expression())
            if take(symbol) { break }
            try expect(",")
        }
        return found
    }

    private mutating func entries() throws(CELError) -> [(CELExpression, CELExpression)] {
        var found: [(CELExpression, CELExpression)] = []
        while !take("}") {
            let key = try expression()
            try expect(":")
            found.append((key, try expression()))
            if take("}") { break }
            try expect(",")
        }
        return found
    }

    // MARK: - Macros

    private func call(
        _ name: String, on target: CELExpression?, _ arguments: [CELExpression]
    ) throws(CELError) -> CELExpression {
        if target == nil, name == "has" {
            guard arguments.count == 1, case .select(let operand, let field) = arguments[0] else {
                throw .syntax(.hasNeedsField)
            }
            return .presence(operand, field)
        }
        guard let target, let kind = CELComprehension.Kind(rawValue: name) else {
            return .call(name, target: target, arguments)
        }
        let most = kind == .map ? 3 : 2
        guard (2...most).contains(arguments.count) else {
            throw .syntax(.macro(name))
        }
        guard case .name(let variable) = arguments[0] else {
            throw .syntax(.macroVariable(name))
        }
        let isMap = kind == .map
        return .comprehension(
            CELComprehension(
                kind: kind, range: target, variable: variable,
                condition: isMap ? (arguments.count == 3 ? arguments[1] : nil) : arguments[1],
                transform: isMap ? arguments.last : nil))
    }
}
