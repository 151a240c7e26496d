/// Reads a chunk of Lua 5.4 (manual, section 9).
public struct Parser {
    private var lexer: Lexer
    private var token: Token
    private var ahead: Token?
    private var depth = 0

    /// How deep constructs may be nested, as in Lua itself.
    private static let deepest = 195
    /// How many operators or calls may follow each other: what reads the tree goes down into it.
    private static let longest = 2000
    /// How deep the tree of one statement may be in all.
    private static let deepestTree = 8000
    /// The length of the chains in the statements that are open, which bounds the tree's depth.
    private var chained = 0

    /// Parses a whole chunk.
    public static func parse(_ text: [UInt8]) throws(SyntaxError) -> [Statement] {
        var parser = try Parser(text)
        let body = try parser.block()
        guard case .end = parser.token.kind else { throw parser.unexpected("'<eof>' expected") }
        return body
    }

    /// Parses the first statement alone; nil when there is none.
    public static func firstStatement(_ text: [UInt8]) throws(SyntaxError) -> Statement? {
        var parser = try Parser(text)
        while parser.isSymbol(";") { try parser.advance() }
        if case .end = parser.token.kind { return nil }
        return try parser.statement()
    }

    private init(_ text: [UInt8]) throws(SyntaxError) {
        lexer = Lexer(text)
        token = try lexer.next()
    }

    // MARK: - Tokens

    private mutating func advance() throws(SyntaxError) {
        if let next = ahead {
            token = next
            ahead = nil
        } else {
            token = try lexer.next()
        }
    }

    private mutating func lookAhead() throws(SyntaxError) -> Token {
        if let ahead { return ahead }
        let next = try lexer.next()
        ahead = next
        return next
    }

    private func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }

    private func isKeyword(_ keyword: Keyword) -> Bool { token.kind == .keyword(keyword) }

    private mutating func take(_ symbol: String) throws(SyntaxError) -> Bool {
        guard isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func take(_ keyword: Keyword) throws(SyntaxError) -> Bool {
        guard isKeyword(keyword) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(SyntaxError) {
        guard try take(symbol) else { throw unexpected("'\(symbol)' expected") }
    }

    private mutating func expect(_ keyword: Keyword, opened: Position? = nil) throws(SyntaxError) {
        if try take(keyword) { return }
        let place = opened.map {
            $0.line == token.position.line ? "" : " (to close line \($0.line))"
        }
        throw unexpected("'\(keyword.rawValue)' expected" + (place ?? ""))
    }

    private mutating func name() throws(SyntaxError) -> String {
        guard case .name(let name) = token.kind else { throw unexpected("<name> expected") }
        try advance()
        return name
    }

    private func unexpected(_ message: String) -> SyntaxError {
        let near: String
        var isEnd = false
        switch token.kind {
        case .name(let name): near = name
        case .keyword(let keyword): near = keyword.rawValue
        case .string(let bytes): near = String(decoding: bytes, as: UTF8.self)
        case .integer(let number): near = "\(number)"
        case .float(let number): near = "\(number)"
        case .symbol(let symbol): near = symbol
        case .end:
            near = "<eof>"
            isEnd = true
        }
        return SyntaxError(
            message: "\(message) near '\(near)'", position: token.position, isIncomplete: isEnd)
    }

    private mutating func nested<Result>(
        _ body: (inout Parser) throws(SyntaxError) -> Result
    ) throws(SyntaxError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw SyntaxError(
                message: "the chunk is nested too deep", position: token.position,
                isIncomplete: false)
        }
        return try body(&self)
    }

    // MARK: - Statements

    private var endsBlock: Bool {
        switch token.kind {
        case .end, .keyword(.else), .keyword(.elseif), .keyword(.end), .keyword(.until): true
        default: false
        }
    }

    private mutating func block() throws(SyntaxError) -> [Statement] {
        var statements: [Statement] = []
        while !endsBlock {
            if try take(";") { continue }
            if isKeyword(.return) {
                statements.append(try returnStatement())
                break
            }
            statements.append(try statement())
        }
        return statements
    }

    private mutating func returnStatement() throws(SyntaxError) -> Statement {
        let start = token.position
        try advance()
        let values = endsBlock || isSymbol(";") ? [] : try expressions()
        _ = try take(";")
        return .return(values, start)
    }

    private mutating func statement() throws(SyntaxError) -> Statement {
        let outer = chained
        defer { chained = outer }
        return try nested { (parser) throws(SyntaxError) in try parser.plainStatement() }
    }

    private mutating func plainStatement() throws(SyntaxError) -> Statement {
        let start = token.position
        guard case .keyword(let keyword) = token.kind else {
            if try take("::") {
                let label = try name()
                try expect("::")
                return .label(label, start)
            }
            return try expressionStatement()
        }
        switch keyword {
        case .if: return try ifStatement(start)
        case .while:
            try advance()
            let condition = try expression()
            try expect(.do)
            let body = try block()
            try expect(.end, opened: start)
            return .while(condition, body)
        case .do:
            try advance()
            let body = try block()
            try expect(.end, opened: start)
            return .block(body)
        case .for: return try forStatement(start)
        case .repeat:
            try advance()
            let body = try block()
            try expect(.until, opened: start)
            return .repeat(body, until: try expression())
        case .function: return try functionStatement(start)
        case .local: return try localStatement(start)
        case .return: return try returnStatement()
        case .break:
            try advance()
            return .break(start)
        case .goto:
            try advance()
            return .goto(try name(), start)
        default: return try expressionStatement()
        }
    }

    private mutating func ifStatement(_ start: Position) throws(SyntaxError) -> Statement {
        var branches: [(condition: Expression, body: [Statement])] = []
        repeat {
            try advance()
            let condition = try expression()
            try expect(.then)
            branches.append((condition, try block()))
        } while isKeyword(.elseif)
        let last = try take(.else) ? try block() : nil
        try expect(.end, opened: start)
        return .if(branches, else: last)
    }

    private mutating func forStatement(_ start: Position) throws(SyntaxError) -> Statement {
        try advance()
        var names = [(name: "", position: token.position)]
        names[0].name = try name()
        if try take("=") {
            let from = try expression()
            try expect(",")
            let to = try expression()
            let step = try take(",") ? try expression() : nil
            try expect(.do)
            let body = try block()
            try expect(.end, opened: start)
            return .numericFor(
                name: names[0].name, position: names[0].position, from: from, to: to, step: step,
                body)
        }
        while try take(",") {
            let place = token.position
            names.append((try name(), place))
        }
        try expect(.in)
        let values = try expressions()
        try expect(.do)
        let body = try block()
        try expect(.end, opened: start)
        return .genericFor(names, values, body)
    }

    private mutating func functionStatement(_ start: Position) throws(SyntaxError) -> Statement {
        try advance()
        var place = token.position
        var target = Expression.name(try name(), place)
        var hasSelf = false
        var count = 0
        while isSymbol(".") || isSymbol(":") {
            try limit(&count)
            hasSelf = isSymbol(":")
            try advance()
            place = token.position
            let key = try name()
            target = .index(target, key: .string(Array(key.utf8), place), place)
            if hasSelf { break }
        }
        return .function(target: target, try functionBody(start, hasSelf: hasSelf), start)
    }

    private mutating func localStatement(_ start: Position) throws(SyntaxError) -> Statement {
        try advance()
        if try take(.function) {
            let own = try name()
            return .localFunction(own, try functionBody(start, hasSelf: false), start)
        }
        var names: [(name: String, attribute: String?, position: Position)] = []
        repeat {
            let place = token.position
            let own = try name()
            var attribute: String?
            if try take("<") {
                let attributePlace = token.position
                let word = try name()
                guard word == "const" || word == "close" else {
                    throw SyntaxError(
                        message: "unknown attribute '\(word)'", position: attributePlace,
                        isIncomplete: false)
                }
                attribute = word
                try expect(">")
            }
            names.append((own, attribute, place))
        } while try take(",")
        let values = try take("=") ? try expressions() : []
        return .local(names, values, start)
    }

    private mutating func expressionStatement() throws(SyntaxError) -> Statement {
        let start = token.position
        let first = try suffixed()
        if isSymbol("=") || isSymbol(",") {
            var targets = [first]
            while try take(",") { targets.append(try suffixed()) }
            try expect("=")
            for target in targets {
                switch target {
                case .name, .index: continue
                default: throw unexpected("syntax error")
                }
            }
            return .assign(targets, try expressions(), start)
        }
        guard case .call(let call) = first else { throw unexpected("syntax error") }
        return .call(call)
    }

    // MARK: - Expressions

    private mutating func expressions() throws(SyntaxError) -> [Expression] {
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

    private mutating func expression(above limit: Int = 0) throws(SyntaxError) -> Expression {
        try nested { (parser) throws(SyntaxError) in try parser.plainExpression(above: limit) }
    }

    private mutating func plainExpression(above limit: Int) throws(SyntaxError) -> Expression {
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

    private mutating func limit(_ count: inout Int) throws(SyntaxError) {
        count += 1
        chained += 1
        guard count <= Self.longest, chained <= Self.deepestTree else {
            throw SyntaxError(
                message: "the expression is too long to be checked", position: token.position,
                isIncomplete: false)
        }
    }

    private mutating func simple() throws(SyntaxError) -> Expression {
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

    private mutating func primary() throws(SyntaxError) -> Expression {
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

    private mutating func suffixed() throws(SyntaxError) -> Expression {
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

    private mutating func arguments() throws(SyntaxError) -> [Expression] {
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

    private mutating func table() throws(SyntaxError) -> Expression {
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

    private mutating func tableField() throws(SyntaxError) -> TableField {
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

    private mutating func functionBody(
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
