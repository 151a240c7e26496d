/// Reads a chunk of Lua 5.4 (manual, section 9).
public struct Parser {
    var lexer: Lexer
    var token: Token
    var ahead: Token?
    var depth = 0

    /// How deep constructs may be nested, as in Lua itself.
    static let deepest = 195
    /// How many operators or calls may follow each other: what reads the tree goes down into it.
    static let longest = 2000
    /// How deep the tree of one statement may be in all.
    static let deepestTree = 8000
    /// The length of the chains in the statements that are open, which bounds the tree's depth.
    var chained = 0

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

    mutating func advance() throws(SyntaxError) {
        if let next = ahead {
            token = next
            ahead = nil
        } else {
            token = try lexer.next()
        }
    }

    mutating func lookAhead() throws(SyntaxError) -> Token {
        if let ahead { return ahead }
        let next = try lexer.next()
        ahead = next
        return next
    }

    func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }

    func isKeyword(_ keyword: Keyword) -> Bool { token.kind == .keyword(keyword) }

    mutating func take(_ symbol: String) throws(SyntaxError) -> Bool {
        guard isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func take(_ keyword: Keyword) throws(SyntaxError) -> Bool {
        guard isKeyword(keyword) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(SyntaxError) {
        guard try take(symbol) else { throw unexpected("'\(symbol)' expected") }
    }

    mutating func expect(_ keyword: Keyword, opened: Position? = nil) throws(SyntaxError) {
        if try take(keyword) { return }
        let place = opened.map {
            $0.line == token.position.line ? "" : " (to close line \($0.line))"
        }
        throw unexpected("'\(keyword.rawValue)' expected" + (place ?? ""))
    }

    mutating func name() throws(SyntaxError) -> String {
        guard case .name(let name) = token.kind else { throw unexpected("<name> expected") }
        try advance()
        return name
    }

    func unexpected(_ message: String) -> SyntaxError {
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

    mutating func nested<Result>(
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

    var endsBlock: Bool {
        switch token.kind {
        case .end, .keyword(.else), .keyword(.elseif), .keyword(.end), .keyword(.until): true
        default: false
        }
    }

    mutating func block() throws(SyntaxError) -> [Statement] {
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

    mutating func returnStatement() throws(SyntaxError) -> Statement {
        let start = token.position
        try advance()
        let values = endsBlock || isSymbol(";") ? [] : try expressions()
        _ = try take(";")
        return .return(values, start)
    }

    mutating func statement() throws(SyntaxError) -> Statement {
        let outer = chained
        defer { chained = outer }
        return try nested { (parser) throws(SyntaxError) in try parser.plainStatement() }
    }

    mutating func plainStatement() throws(SyntaxError) -> Statement {
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

    mutating func ifStatement(_ start: Position) throws(SyntaxError) -> Statement {
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

    mutating func forStatement(_ start: Position) throws(SyntaxError) -> Statement {
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

    mutating func functionStatement(_ start: Position) throws(SyntaxError) -> Statement {
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

    mutating func localStatement(_ start: Position) throws(SyntaxError) -> Statement {
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

    mutating func expressionStatement() throws(SyntaxError) -> Statement {
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
}
