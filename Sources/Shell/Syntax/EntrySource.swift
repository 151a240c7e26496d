import LuaSource

/// The text of an entry as it is compiled: what it makes local at its top stays for the entries that
/// follow.
///
/// `local x = 1` becomes `x = 1`, with blanks in the place of the word, so that lines and columns
/// stay; the names are declared to the shell's environment, which keeps them apart from the
/// globals. A variable that is closed (`<close>`) ends with its entry.
struct EntrySource {
    /// What is compiled.
    private(set) var text: [UInt8]
    /// The names that are local to the shell from now on.
    private(set) var locals: [String] = []

    init(_ source: String) {
        text = Array(source.utf8)
        guard source.contains("local") else { return }
        let statements: [Statement]
        do throws(SyntaxError) {
            statements = try Parser.parse(text)
        } catch {
            return
        }
        // From the end on: what is inserted moves what is behind it.
        for statement in statements.reversed() { declare(statement) }
        locals.reverse()
    }

    private mutating func declare(_ statement: Statement) {
        switch statement {
        case .local(let names, let values, let position):
            guard !names.contains(where: { $0.attribute == "close" }),
                let last = names.last
            else { return }
            if values.isEmpty {
                let end = endOfName(last)
                text.insert(contentsOf: Array(" = nil".utf8), at: end)
            }
            for name in names.reversed() where name.attribute != nil { blankAttribute(name) }
            guard blankLocal(position) else { return }
            locals += names.map(\.name).reversed()
        case .localFunction(let name, _, let position):
            if blankLocal(position) { locals.append(name) }
        default: return
        }
    }

    private func endOfName(_ name: (name: String, attribute: String?, position: Position)) -> Int {
        var end = name.position.offset + name.name.utf8.count
        if name.attribute != nil, let close = text[end...].firstIndex(of: UInt8(ascii: ">")) {
            end = close + 1
        }
        return end
    }

    private mutating func blankAttribute(
        _ name: (name: String, attribute: String?, position: Position)
    ) {
        for index in name.position.offset + name.name.utf8.count..<endOfName(name) {
            text[index] = UInt8(ascii: " ")
        }
    }

    private mutating func blankLocal(_ position: Position) -> Bool {
        let range = position.offset..<min(position.offset + 5, text.count)
        guard Array(text[range]) == Array("local".utf8) else { return false }
        for index in range { text[index] = UInt8(ascii: " ") }
        return true
    }

    /// How many spaces the last line has too many, when it closes what the line above has opened
    /// and stands as far inside.
    static func excess(of text: String) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, let last = lines.last else { return 0 }
        let margin = last.prefix { $0 == " " }.count
        let word = last.dropFirst(margin).prefix { $0.isLetter }
        let isCloser =
            ["end", "until", "else", "elseif"].contains(word)
            || last.dropFirst(margin).first.map { "})]".contains($0) } == true
        guard isCloser, margin >= 2 else { return 0 }
        return margin == indentation(behind: lines.dropLast().joined(separator: "\n")) ? 2 : 0
    }

    /// How far the line after an incomplete text is indented.
    static func indentation(behind text: String) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return 0 }
        let margin = last.prefix { $0 == " " }.count
        var lexer = Lexer(Array(last.utf8))
        var depth = 0
        do throws(SyntaxError) {
            while true {
                let token = try lexer.next()
                switch token.kind {
                case .end: return max(0, margin + 2 * min(1, max(-1, depth)))
                case .keyword(.do), .keyword(.then), .keyword(.function), .keyword(.repeat),
                    .symbol("{"), .symbol("("):
                    depth += 1
                case .keyword(.else), .keyword(.elseif): depth = max(depth, 0)
                case .keyword(.end), .keyword(.until), .symbol("}"), .symbol(")"): depth -= 1
                default: break
                }
                if case .keyword(.else) = token.kind { depth = 1 }
            }
        } catch {
            // In a long text nothing is indented.
            return 0
        }
    }
}
