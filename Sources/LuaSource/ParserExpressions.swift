/// Expressions, tables and function bodies.
extension Parser {
    mutating func expressions() throws(SyntaxError) -> [Expression] {
        var list = [try expression()]
        while try take(",") { list.append(try expression()) }
        return list
    }

    /// How tightly operators bind: left, right (manual, section 3.4.8).
    private static let priorities: [String: (left: Int, right: Int)] = [
        "or": (1, 1), "and": (2, 2), "<": (3, 3), ">": (3, 3), "<=": (3, 3), ">=": (3, 3),
        "~=": (3, 3), "==": (3, 3), "|": (4, 4), "~": (5, 5), "&": (6, 6), "<<": (7, 7),
        ">>": (7, 7), "..": (9, 8), "+": (10, 10), "-": (10, 10), "*": (11, 11), "/": (11, 11),
        "//": (11, 11), "%": (11, 11), "^": (14, 13),
    ]
    private static let unaryPriority = 12

    private var operatorText: String? {
        switch token.kind {
        case .symbol(let symbol): symbol
        case .keyword(.and): "and"
        case .keyword(.or): "or"
        default: nil
        }
    }

    mutating func expression(above limit: Int = 0) throws(SyntaxError) -> Expression {
        try nested { (parser) throws(SyntaxError) in try parser.plainExpression(above: limit) }
    }

    mutating func plainExpression(above limit: Int) throws(SyntaxError) -> Expression {
        var left: Expression
        let start = token.position
        let isUnary = isSymbol("-") || isSymbol("#") || isSymbol("~") || isKeyword(.not)
        if isUnary {
            let sign = operatorText ?? "not"
            try advance()
            left = .unary(sign, try expression(above: Self.unaryPriority), start)
        } else {
            left = try simple()
        }
        var count = 0
        while let sign = operatorText, let priority = Self.priorities[sign], priority.left > limit {
            let place = token.position
            try self.limit(&count)
            try advance()
            left = .binary(sign, left, try expression(above: priority.right), place)
        }
        return left
    }

    mutating func limit(_ count: inout Int) throws(SyntaxError) {
        count += 1
        chained += 1
        guard count <= Self.longest, chained <= Self.deepestTree else {
            throw SyntaxError(
                message: "the expression is too long to be checked", position: token.position,
                isIncomplete: false)
        }
    }

    mutating func simple() throws(SyntaxError) -> Expression {
        let start = token.position
        let value: Expression
        switch token.kind {
        case .integer(let number): value = .integer(number, start)
        case .float(let number): value = .float(number, start)
        case .string(let bytes): value = .string(bytes, start)
        case .keyword(.nil): value = .nil(start)
        case .keyword(.true): value = .bool(true, start)
        case .keyword(.false): value = .bool(false, start)
        case .symbol("..."): value = .vararg(start)
        case .symbol("{"): return try table()
        case .keyword(.function):
            try advance()
            return .function(try functionBody(start, hasSelf: false), start)
        default: return try suffixed()
        }
        try advance()
        return value
    }

    mutating func primary() throws(SyntaxError) -> Expression {
        let start = token.position
        if case .name(let own) = token.kind {
            try advance()
            return .name(own, start)
        }
        guard try take("(") else { throw unexpected("unexpected symbol") }
        let inner = try expression()
        try expect(")")
        return .parenthesised(inner, start)
    }

    mutating func suffixed() throws(SyntaxError) -> Expression {
        var value = try primary()
        var count = 0
        while true {
            let place = token.position
            try limit(&count)
            switch token.kind {
            case .symbol("."):
                try advance()
                let keyPlace = token.position
                let key = try name()
                value = .index(value, key: .string(Array(key.utf8), keyPlace), keyPlace)
            case .symbol("["):
                try advance()
                let key = try expression()
                try expect("]")
                value = .index(value, key: key, place)
            case .symbol(":"):
                try advance()
                let method = try name()
                value = .call(
                    Call(
                        function: value, method: method, arguments: try arguments(),
                        position: place))
            case .symbol("("), .symbol("{"), .string:
                value = .call(
                    Call(function: value, method: nil, arguments: try arguments(), position: place))
            default: return value
            }
        }
    }

    mutating func arguments() throws(SyntaxError) -> [Expression] {
        if case .string(let bytes) = token.kind {
            let place = token.position
            try advance()
            return [.string(bytes, place)]
        }
        if isSymbol("{") { return [try table()] }
        guard try take("(") else { throw unexpected("function arguments expected") }
        if try take(")") { return [] }
        let list = try expressions()
        try expect(")")
        return list
    }

    mutating func table() throws(SyntaxError) -> Expression {
        let start = token.position
        try expect("{")
        var fields: [TableField] = []
        while !isSymbol("}") {
            fields.append(try tableField())
            let goesOn = try take(",")
            if !goesOn {
                guard try take(";") else { break }
            }
        }
        if !isSymbol("}") {
            let place =
                start.line == token.position.line ? "" : " (to close '{' at line \(start.line))"
            throw unexpected("'}' expected" + place)
        }
        try advance()
        return .table(fields, start)
    }

    mutating func tableField() throws(SyntaxError) -> TableField {
        let start = token.position
        if case .name(let own) = token.kind, try lookAhead().kind == .symbol("=") {
            try advance()
            try advance()
            return TableField(
                key: .string(Array(own.utf8), start), value: try expression(), position: start)
        }
        if try take("[") {
            let key = try expression()
            try expect("]")
            try expect("=")
            return TableField(key: key, value: try expression(), position: start)
        }
        return TableField(key: nil, value: try expression(), position: start)
    }

    mutating func functionBody(
        _ start: Position, hasSelf: Bool
    ) throws(SyntaxError) -> Function {
        try expect("(")
        var parameters: [(name: String, position: Position)] = []
        var isVariadic = false
        if !isSymbol(")") {
            repeat {
                if try take("...") {
                    isVariadic = true
                    break
                }
                let place = token.position
                parameters.append((try name(), place))
            } while try take(",")
        }
        try expect(")")
        let body = try block()
        try expect(.end, opened: start)
        return Function(
            parameters: parameters, isVariadic: isVariadic, hasSelf: hasSelf, body: body)
    }
}
