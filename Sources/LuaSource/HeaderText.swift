/// The text of a script's header by fields, so that it can be replaced.
public struct HeaderText: Sendable {
    /// The text before the table: `local args = script`.
    public let beginning: String
    /// The fields in their original text, with their names and the comments above them.
    public let fields: [(name: String, text: String)]

    /// Reads the header that a script begins with; nil when it begins with anything else.
    public init?(_ source: [UInt8]) {
        guard (try? ScriptHeader.read(source)) ?? nil != nil else { return nil }
        var lexer = Lexer(source)
        var fields: [(name: String, text: String)] = []
        var beginning: String?
        var start: Int?
        var depth = 0
        // The present field: its name, its start and its end.
        var name: String?
        var from = 0
        var end = 0
        func text(_ range: Range<Int>) -> String {
            String(decoding: source[range], as: UTF8.self).trimmed
        }
        while let token = try? lexer.next(), token.kind != .end {
            if start == nil { start = token.position.offset }
            let isOpening = [.symbol("{"), .symbol("("), .symbol("[")].contains(token.kind)
            let isClosing = [.symbol("}"), .symbol(")"), .symbol("]")].contains(token.kind)
            if depth == 0, token.kind == .symbol("{") {
                beginning = text((start ?? 0)..<token.position.offset)
                from = token.endOffset
            } else if depth == 1, [.symbol(","), .symbol(";"), .symbol("}")].contains(token.kind) {
                if let name { fields.append((name, text(from..<end))) }
                name = nil
                from = token.endOffset
            } else if depth > 0 {
                if depth == 1, name == nil, case .name(let first) = token.kind { name = first }
                end = token.endOffset
            }
            // `script({ … })` has the table in parentheses.
            if isOpening, token.kind == .symbol("{") || depth > 0 { depth += 1 }
            if isClosing, depth > 0 { depth -= 1 }
            if depth == 0, beginning != nil { break }
        }
        guard let beginning else { return nil }
        self.beginning = beginning.hasSuffix("(") ? String(beginning.dropLast()).trimmed : beginning
        self.fields = fields
    }
}

extension String {
    /// The text without blanks at both ends.
    fileprivate var trimmed: String {
        var rest = Substring(self)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
