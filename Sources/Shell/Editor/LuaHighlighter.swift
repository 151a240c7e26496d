import LuaSource

/// Finds the styles of Lua code that is still being written.
struct LuaHighlighter {
    /// Names that are shown as given.
    let builtins: Set<String>

    /// One style for each byte.
    ///
    /// - Parameter cursor: the byte that the cursor is on; a bracket there or before it is shown
    ///   with its partner. Nil when no cursor is shown.
    func styles(of text: [UInt8], cursor: Int?) -> [TextStyle] {
        var styles = [TextStyle](repeating: .plain, count: text.count)
        // A command of the shell is no Lua.
        if text.first == UInt8(ascii: ".") {
            let end = text.firstIndex(of: UInt8(ascii: " ")) ?? text.count
            for index in 0..<end { styles[index] = .accent }
            return styles
        }
        var brackets: [(offset: Int, byte: UInt8)] = []
        var pairs: [Int: Int] = [:]
        var lonely: Set<Int> = []
        var lexer = Lexer(text)
        var end = 0
        var isMember = false
        while true {
            let token: Token
            do throws(SyntaxError) {
                token = try lexer.next()
            } catch {
                unfinished(text, from: end, to: &styles)
                break
            }
            comments(text, end..<token.position.offset, &styles)
            let range = token.position.offset..<token.endOffset
            end = token.endOffset
            var style = TextStyle.plain
            switch token.kind {
            case .end: break
            case .keyword: style = .keyword
            case .string: style = .string
            case .integer, .float: style = .number
            case .name(let name): if !isMember, builtins.contains(name) { style = .builtin }
            case .symbol(let symbol):
                bracket(symbol, range.lowerBound, &brackets, &pairs, &lonely)
            }
            if case .symbol(let symbol) = token.kind {
                isMember = symbol == "." || symbol == ":"
            } else {
                isMember = false
            }
            if case .end = token.kind { break }
            for index in range { styles[index] = style }
        }
        for index in lonely { styles[index] = .problem }
        if let cursor { match(cursor, pairs, &styles) }
        return styles
    }

    /// Text between two tokens is a comment, unless it is blank.
    private func comments(_ text: [UInt8], _ range: Range<Int>, _ styles: inout [TextStyle]) {
        for index in range { styles[index] = .comment }
    }

    /// What the lexer does not read to its end: a string or a long comment that goes on.
    private func unfinished(_ text: [UInt8], from start: Int, to styles: inout [TextStyle]) {
        var begin = start
        while begin < text.count, text[begin] == 0x20 || text[begin] == 0x0a || text[begin] == 0x09
        {
            begin += 1
        }
        guard begin < text.count else { return }
        let style: TextStyle
        switch text[begin] {
        case UInt8(ascii: "-"): style = .comment
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["): style = .string
        default: style = .problem
        }
        for index in begin..<text.count { styles[index] = style }
    }

    private func bracket(
        _ symbol: String, _ offset: Int, _ open: inout [(offset: Int, byte: UInt8)],
        _ pairs: inout [Int: Int], _ lonely: inout Set<Int>
    ) {
        guard symbol.utf8.count == 1, let byte = symbol.utf8.first else { return }
        switch symbol {
        case "(", "[", "{": open.append((offset, byte))
        case ")", "]", "}":
            // The partners stand one or two codes apart.
            guard let last = open.last, byte == last.byte + 1 || byte == last.byte + 2 else {
                lonely.insert(offset)
                return
            }
            open.removeLast()
            pairs[offset] = last.offset
            pairs[last.offset] = offset
        default: break
        }
    }

    private func match(_ cursor: Int, _ pairs: [Int: Int], _ styles: inout [TextStyle]) {
        for place in [cursor, cursor - 1] {
            guard let partner = pairs[place] else { continue }
            styles[place] = .match
            styles[partner] = .match
            return
        }
    }
}
