import LuaSource

/// Where the cursor stands in an entry that is still being written: after a dot, in the table of a
/// call, at a field's value.
///
/// Half an entry has no syntax tree, so this reads the tokens in front of the cursor and keeps what
/// is open: brackets, calls, the field that is being written.
struct CursorContext {
    /// A step from a value to another.
    enum Step: Equatable {
        case name(String)
        /// After a colon.
        case method(String)
        /// `[…]`
        case index
        /// `(…)`, `{…}` or a text, as a call.
        case call
    }

    /// Names, calls and indexes from a variable on.
    typealias Chain = [Step]

    /// A bracket that is open.
    struct Frame {
        enum Kind { case parenthesis, brace, bracket }
        let kind: Kind
        /// What is called with it, or with the call that it is an argument of.
        var callee: Chain?
        /// Which argument stands here.
        var argument = 0
        /// Whether a field's name may stand here; only in braces.
        var isAtKey = true
        /// The field whose value stands here.
        var key: String?
        /// The fields that are already written, and the texts among their values.
        var written: [String: String?] = [:]
        /// Whether it is the table of a call itself: `f {` or `f({`.
        var isArgument = false
    }

    /// What stands in front of the cursor: a chain that ends in a dot or a colon, or nothing.
    enum Place {
        /// A name that begins here.
        case name
        /// A member of what a chain leads to.
        case member(Chain, isMethod: Bool)
        /// A command of the shell.
        case command
        /// The words after a command's name.
        case commandArgument(command: String)
        /// A place where no name may stand: after a number, in a comment.
        case none
    }

    /// What is open, from the outside in.
    private(set) var frames: [Frame] = []
    private(set) var place = Place.name
    /// Whether the cursor is in a text.
    var isInString: Bool { quote != nil }
    /// What the text that the cursor is in begins with, and ends with.
    private(set) var quote: UInt8?
    /// Variables that the entry has named so far.
    private(set) var variables: Set<String> = []
    /// What those variables stand for.
    private(set) var bindings = EntryBindings([])
    /// The chain that a text in front of the cursor is an argument of: `require "…`.
    private(set) var stringCallee: Chain?
    /// Whether a whole value stands in front of the cursor, with nothing but spaces between.
    private(set) var followsValue = false

    /// Reads what stands in front of the word that the cursor is in.
    init(_ text: [UInt8], before start: Int) {
        var text = text
        var start = start
        if text.first == UInt8(ascii: "."), !text[..<start].contains(UInt8(ascii: "\n")) {
            let words = String(decoding: text[1..<max(1, start)], as: UTF8.self)
                .split(separator: " ", omittingEmptySubsequences: true)
            // The code behind these is Lua.
            if let name = words.first, Self.takesCode.contains(String(name)) {
                let offset = 1 + name.utf8.count
                text = Array(text[offset...])
                start = max(0, start - offset)
                // `.watch 5s code`
                if let pause = words.dropFirst().first, pause.first?.isNumber == true {
                    for index in 0..<min(pause.utf8.count + 1, text.count) { text[index] = 0x20 }
                }
            } else {
                let isOpen = !text[..<start].contains(UInt8(ascii: " "))
                place = isOpen ? .command : .commandArgument(command: String(words.first ?? ""))
                return
            }
        }
        scan(Array(text[..<start]))
    }

    /// Commands whose words are Lua.
    static let takesCode: Set<String> = ["watch"]

    /// What separates the words at a place, so that what is completed is a word there: the
    /// characters.
    enum Words: String, CaseIterable {
        /// In code a word is a name.
        case code = " \t\n\"'`()[]{}<>=,;:.+-*/%^#~&|!?"
        /// A text is one word.
        case text = "\"'"
        /// After a command come words as in a shell.
        case plain = " \t"

        /// What separates words in front of a byte.
        init(_ text: [UInt8], at point: Int) {
            let context = CursorContext(text, before: point)
            switch context.place {
            case .commandArgument: self = .plain
            default: self = context.isInString ? .text : .code
            }
        }

        /// Where the word in front of a byte begins.
        func start(_ text: [UInt8], before point: Int) -> Int {
            let breaks = Set(rawValue.utf8)
            var start = point
            while start > 0, !breaks.contains(text[start - 1]) { start -= 1 }
            return start
        }
    }

    private mutating func scan(_ text: [UInt8]) {
        var lexer = Lexer(text)
        var tokens: [TokenKind] = []
        defer { bindings = EntryBindings(tokens) }
        var chain: Chain = []
        var last: TokenKind?
        var lastEnd = 0
        var pending: String?
        while true {
            let token: Token
            do throws(SyntaxError) {
                token = try lexer.next()
            } catch {
                // A text or a comment that goes on behind the cursor.
                open(text, from: lastEnd, chain)
                return
            }
            if case .end = token.kind { break }
            take(token.kind, &chain, last, &pending)
            tokens.append(token.kind)
            last = token.kind
            lastEnd = token.endOffset
        }
        if isComment(text, from: lastEnd) {
            place = .none
            return
        }
        // In a function's body a statement may follow.
        followsValue =
            lastEnd < text.count && (last?.endsValue ?? false)
            && !tokens.contains(.keyword(.function)) && !isBehindKey(last)
        switch last {
        case .symbol("."): place = .member(chain, isMethod: false)
        case .symbol(":"): place = .member(chain, isMethod: true)
        case .name, .integer, .float, .string:
            // `name |`: another name cannot follow, but for a new statement.
            place = lastEnd == text.count ? .none : .name
        default: place = .name
        }
    }

    private func isComment(_ text: [UInt8], from start: Int) -> Bool {
        var index = start
        while index + 1 < text.count {
            if text[index] == UInt8(ascii: "-"), text[index + 1] == UInt8(ascii: "-") {
                return !text[index...].contains(UInt8(ascii: "\n"))
            }
            index += 1
        }
        return false
    }

    private mutating func open(_ text: [UInt8], from start: Int, _ chain: Chain) {
        var begin = start
        while begin < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[begin]) { begin += 1 }
        guard begin < text.count, text[begin] != UInt8(ascii: "-") else {
            place = .none
            return
        }
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "[")]
        quote = quotes.contains(text[begin]) ? text[begin] : nil
        place = isInString ? .name : .none
        if isInString, !chain.isEmpty { stringCallee = chain }
    }

    /// Goes on by one token.
    private mutating func take(
        _ kind: TokenKind, _ chain: inout Chain, _ last: TokenKind?, _ pending: inout String?
    ) {
        switch kind {
        case .name(let name):
            switch last {
            case .symbol("."): chain.append(.name(name))
            case .symbol(":"): chain.append(.method(name))
            default:
                chain = [.name(name)]
                variables.insert(name)
            }
            pending = chain.count == 1 ? name : nil
        case .string(let bytes):
            if !chain.isEmpty, Self.endsChain(last) {
                chain.append(.call)
            } else {
                note(text: String(decoding: bytes, as: UTF8.self))
                chain = []
            }
        case .symbol(let symbol): take(symbol: symbol, &chain, last, &pending)
        case .keyword, .integer, .float: chain = []
        case .end: break
        }
    }

    /// Whether what stood before is a value that may be called.
    private static func endsChain(_ last: TokenKind?) -> Bool {
        switch last {
        case .name, .string, .symbol(")"), .symbol("]"), .symbol("}"): true
        default: false
        }
    }

    /// Whether a field's name stands in front of the cursor, whose sign is still to come.
    private func isBehindKey(_ last: TokenKind?) -> Bool {
        guard let frame = frames.last, frame.kind == .brace, frame.isAtKey, frame.key == nil,
            case .name = last
        else { return false }
        return true
    }

    private mutating func note(text: String) {
        guard let frame = frames.last, frame.kind == .brace, let key = frame.key else { return }
        frames[frames.count - 1].written[key] = text
    }

    private mutating func take(
        symbol: String, _ chain: inout Chain, _ last: TokenKind?, _ pending: inout String?
    ) {
        switch symbol {
        case "(", "{", "[":
            var frame = Frame(
                kind: symbol == "(" ? .parenthesis : symbol == "{" ? .brace : .bracket)
            if symbol != "[", !chain.isEmpty, Self.endsChain(last) {
                frame.callee = chain
                frame.isArgument = true
            } else if symbol == "{", let outer = frames.last, outer.kind == .parenthesis,
                last == .symbol("(") || last == .symbol(",")
            {
                frame.callee = outer.callee
                frame.argument = outer.argument
                frame.isArgument = outer.callee != nil
            }
            frames.append(frame)
            // What is called comes back when the bracket closes.
            if symbol == "[", frame.callee == nil, Self.endsChain(last) {
                frames[frames.count - 1].callee = chain
            }
            chain = []
        case ")", "}", "]":
            chain = []
            guard let frame = frames.popLast() else { return }
            // `["name"] = …` is a field, too.
            if symbol == "]", frame.callee == nil, case .string(let bytes)? = last {
                pending = String(decoding: bytes, as: UTF8.self)
            }
            if let callee = frame.callee, frame.kind == .bracket {
                chain = callee + [.index]
            } else if let callee = frame.callee, frame.kind == .parenthesis || frame.isArgument,
                !(frame.kind == .brace && frames.last?.kind == .parenthesis && frame.isArgument
                    && frames.last?.callee == callee)
            {
                chain = callee + [.call]
            }
        case "=":
            if let frame = frames.last, frame.kind == .brace, frame.isAtKey, let key = pending {
                variables.remove(key)
                frames[frames.count - 1].key = key
                frames[frames.count - 1].written[key] = .some(nil)
                frames[frames.count - 1].isAtKey = false
            }
            chain = []
        case ",", ";":
            if !frames.isEmpty {
                if frames[frames.count - 1].kind == .parenthesis {
                    frames[frames.count - 1].argument += 1
                }
                frames[frames.count - 1].isAtKey = true
                frames[frames.count - 1].key = nil
            }
            chain = []
        case ".", ":": break
        default: chain = []
        }
    }
}
