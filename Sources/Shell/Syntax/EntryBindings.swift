import LuaSource

/// What the variables of an entry that is still being written stand for: `local c = …` and
/// `for _, c in ipairs(…)`, as far as it can be read without running anything.
struct EntryBindings {
    /// What a variable was made of last, in front of the cursor.
    private(set) var chains: [String: CursorContext.Chain] = [:]

    private let tokens: [TokenKind]

    init(_ tokens: [TokenKind]) {
        self.tokens = tokens
        for index in tokens.indices {
            switch tokens[index] {
            case .symbol("="): bindAssignment(at: index)
            case .keyword(.in): bindLoop(at: index)
            default: break
            }
        }
    }

    /// A chain with the variables of the entry replaced by what they stand for.
    func resolved(_ chain: CursorContext.Chain) -> CursorContext.Chain {
        var chain = chain
        // A variable may be made of itself: `c = c.items`.
        for _ in 0..<8 {
            guard case .name(let root)? = chain.first, let bound = chains[root] else { break }
            chain = bound + chain.dropFirst()
        }
        return chain
    }

    /// `x = chain`, not inside of a table.
    private mutating func bindAssignment(at index: Int) {
        guard index > 0, case .name(let name) = tokens[index - 1] else { return }
        let isField =
            index > 1 && [.symbol("."), .symbol("{"), .symbol(",")].contains(tokens[index - 2])
        guard !isField, let (chain, end) = chain(from: index + 1), isEnd(end) else { return }
        chains[name] = resolved(chain)
    }

    /// `for _, x in ipairs(chain)` and `for x in method:each {}`.
    private mutating func bindLoop(at index: Int) {
        guard case .name(let last)? = index > 0 ? tokens[index - 1] : nil else { return }
        guard let (chain, end) = chain(from: index + 1), isEnd(end) else { return }
        if case .name(let function)? = chain.first, chain.count == 2,
            ["ipairs", "pairs"].contains(function), case .call = chain[1],
            let (list, behind) = self.chain(from: index + 3), behind == end - 1
        {
            chains[last] = resolved(list) + [.index]
        } else if chain.count > 2, case .call = chain[chain.count - 1],
            case .method("each") = chain[chain.count - 2]
        {
            chains[last] = resolved(Array(chain.dropLast(2))) + [.method("all"), .call, .index]
        }
    }

    /// Names, calls and indexes from a token on, and the token after them.
    private func chain(from start: Int) -> (CursorContext.Chain, end: Int)? {
        guard start < tokens.count, case .name(let root) = tokens[start] else { return nil }
        var chain: CursorContext.Chain = [.name(root)]
        var index = start + 1
        while index < tokens.count {
            switch tokens[index] {
            case .symbol("."), .symbol(":"):
                guard index + 1 < tokens.count, case .name(let name) = tokens[index + 1] else {
                    return nil
                }
                chain.append(tokens[index] == .symbol(".") ? .name(name) : .method(name))
                index += 2
            case .symbol("("), .symbol("{"), .symbol("["):
                guard let end = closing(index) else { return nil }
                chain.append(tokens[index] == .symbol("[") ? .index : .call)
                index = end + 1
            case .string:
                chain.append(.call)
                index += 1
            default: return (chain, index)
            }
        }
        return (chain, index)
    }

    /// The bracket that closes the one at an index.
    private func closing(_ index: Int) -> Int? {
        var depth = 0
        for other in index..<tokens.count {
            switch tokens[other] {
            case .symbol("("), .symbol("{"), .symbol("["): depth += 1
            case .symbol(")"), .symbol("}"), .symbol("]"):
                depth -= 1
                if depth == 0 { return other }
            default: break
            }
        }
        return nil
    }

    /// Whether an expression ends in front of a token: no operator goes on with it.
    private func isEnd(_ index: Int) -> Bool {
        guard index < tokens.count else { return true }
        switch tokens[index] {
        case .name, .symbol(";"), .symbol(")"): return true
        case .keyword(.and), .keyword(.or): return false
        case .keyword: return true
        default: return false
        }
    }
}
