import Contract
import LuaSource

/// Takes the secrets out of an entry before it is kept: texts that are the value of a field that
/// the contract calls secret, of a variable or field that is named like one, what `secret.new` is
/// given, and what looks like a credential.
struct HistoryMask {
    private let secretFields: Set<String>

    init() { secretFields = SecretFields.unmistakableNames.union(["authorization"]) }

    /// What stands in the place of a secret.
    static let mask = "\"\(SecretMask.text)\""

    /// The entry without secrets.
    func masked(_ entry: String) -> String {
        let text = Array(entry.utf8)
        var ranges: [Range<Int>] = []
        var offset = 0
        // The code behind `.watch 5s` is Lua, the words in front of it are not.
        if let command = MetaCommand(entry), let code = Self.code(of: command, in: entry) {
            offset = code
        }
        var lexer = Lexer(Array(text[offset...]))
        var tokens: [Token] = []
        while let token = try? lexer.next() {
            if case .end = token.kind { break }
            tokens.append(token)
        }
        let read = (tokens.last?.endOffset ?? 0) + offset
        for (index, token) in tokens.enumerated() {
            guard case .string(let bytes) = token.kind,
                isSecret(String(decoding: bytes, as: UTF8.self), at: index, in: tokens)
            else { continue }
            ranges.append(token.position.offset + offset..<token.endOffset + offset)
        }
        // What cannot be read as Lua may have a secret in any text behind this.
        ranges += Self.quoted(in: text, from: read)
        var masked = text
        for range in ranges.reversed() { masked.replaceSubrange(range, with: Self.mask.utf8) }
        return String(decoding: masked, as: UTF8.self)
    }

    /// Where the code of a command begins that takes some.
    private static func code(of command: MetaCommand, in entry: String) -> Int? {
        guard CursorContext.takesCode.contains(command.name),
            let first = command.rest.split(separator: " ").first, first.first?.isNumber == true,
            let range = entry[...].firstRange(of: first)
        else { return nil }
        return entry.utf8.distance(from: entry.startIndex, to: range.upperBound)
    }

    /// The quoted strings after a position, as far as they can be recognised.
    private static func quoted(in text: [UInt8], from start: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = start
        while index < text.count {
            let quote = text[index]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                index += 1
                continue
            }
            var end = index + 1
            while end < text.count, text[end] != quote {
                end += text[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            end = min(end + 1, text.count)
            ranges.append(index..<end)
            index = end
        }
        return ranges
    }

    // MARK: - What is a secret

    private func isSecret(_ content: String, at index: Int, in tokens: [Token]) -> Bool {
        if Self.looksLikeCredential(content) { return true }
        // secret.new "…", secret.new(("…"))
        var place = index - 1
        while place >= 0, tokens[place].kind == .symbol("(") { place -= 1 }
        if place >= 2, tokens[(place - 2)...place].map(\.kind) == Self.newSecret { return true }
        return names(of: index, in: tokens).contains(where: isSecret)
    }

    private static let newSecret: [TokenKind] = [.name("secret"), .symbol("."), .name("new")]

    /// The names that a text is a value of: `a` and `b` of `a, b = x or "…"`, `key` of `["key"] = "…"`,
    /// `a` of `a = { "…" }`, and the other side of a comparison. What a call is given is not what it
    /// returns.
    private func names(of index: Int, in tokens: [Token]) -> [String] {
        comparedNames(behind: index, in: tokens) + assignedNames(before: index, in: tokens)
    }

    /// `a.b` of `"…" == a.b`.
    private func comparedNames(behind index: Int, in tokens: [Token]) -> [String] {
        var place = index + 1
        while place < tokens.count, tokens[place].kind == .symbol(")") { place += 1 }
        guard place < tokens.count, [.symbol("=="), .symbol("~=")].contains(tokens[place].kind)
        else { return [] }
        var found: [String] = []
        for token in tokens[(place + 1)...] {
            switch token.kind {
            case .name(let name): found.append(name)
            case .symbol("."), .symbol("("): break
            default: return found
            }
        }
        return found
    }

    private func assignedNames(before index: Int, in tokens: [Token]) -> [String] {
        guard let sign = sign(before: index, in: tokens) else { return [] }
        var found: [String] = []
        var place = sign - 1
        while place >= 0 {
            switch tokens[place].kind {
            case .name(let name): found.append(name)
            case .string(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
            case .symbol("."), .symbol("]"), .symbol("["), .symbol("<"), .symbol(">"): break
            case .symbol(","):
                // A field of a table ends at the comma in front of it; what the table is called
                // counts, too.
                guard let brace = openBrace(before: place, in: tokens) else { break }
                return found + assignedNames(before: brace, in: tokens)
            case .symbol("{"): return found + assignedNames(before: place, in: tokens)
            default: return found
            }
            place -= 1
        }
        return found
    }

    /// Where the sign is that stands in front of the expression that a token is in; nil when there is
    /// none, or when the token is what a call is given.
    private func sign(before index: Int, in tokens: [Token]) -> Int? {
        guard index > 0, !tokens[index - 1].kind.endsValue else { return nil }
        var depth = 0
        for place in stride(from: index - 1, through: 0, by: -1) {
            let isBehindValue = place > 0 && tokens[place - 1].kind.endsValue
            switch tokens[place].kind {
            case .symbol(")"), .symbol("]"), .symbol("}"): depth += 1
            case .symbol("("), .symbol("["):
                if depth == 0, isBehindValue { return nil }
                depth = max(0, depth - 1)
            case .symbol("{"):
                // The brace is in an expression, too: its sign is further ahead.
                if depth == 0, isBehindValue { return nil }
                depth = max(0, depth - 1)
            case .symbol("="), .symbol("=="), .symbol("~="): if depth == 0 { return place }
            case .symbol(";"), .keyword(.local), .keyword(.then), .keyword(.do), .keyword(.end):
                return nil
            // Another statement begins.
            case .name: if depth == 0, isBehindValue { return nil }
            default: break
            }
        }
        return nil
    }

    /// The brace that is open in front of a token.
    private func openBrace(before index: Int, in tokens: [Token]) -> Int? {
        var depth = 0
        for place in stride(from: index - 1, through: 0, by: -1) {
            switch tokens[place].kind {
            case .symbol("}"): depth += 1
            case .symbol("{"):
                if depth == 0 { return place }
                depth -= 1
            default: break
            }
        }
        return nil
    }

    private func isSecret(_ name: String) -> Bool {
        secretFields.contains(name.lowercased()) || SecretName.isSecret(name)
    }

    /// A JSON Web Token, a key, a header or an address that holds one.
    private static func looksLikeCredential(_ text: String) -> Bool {
        if text.hasPrefix("eyJ"), text.split(separator: ".").count == 3 { return true }
        let lower = text.lowercased()
        if ["apikey ", "bearer ", "basic "].contains(where: { lower.hasPrefix($0) }),
            text.count > 12
        {
            return true
        }
        if ["authorization:", "api-key:", "x-api-key:"].contains(where: { lower.hasPrefix($0) }) {
            return true
        }
        if URLMask.masked(text) != text { return true }
        // As management keys are: hexadecimal digits, or letters and digits, in one long word.
        guard text.utf8.count >= 32, text.utf8.allSatisfy({ isWord($0) }) else { return false }
        let isHexadecimal = text.allSatisfy(\.isHexDigit)
        let kinds = [
            text.contains(where: \.isNumber), text.contains(where: \.isUppercase),
            text.contains(where: \.isLowercase),
        ].count { $0 }
        return isHexadecimal || kinds == 3
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
