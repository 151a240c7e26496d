import Contract
import LuaHost
import LuaSource

/// Takes the secrets out of an entry before it is kept: texts that are the value of a field that
/// the contract calls secret, of a variable or field that is named like one, what `secret.new` is
/// given, and what looks like a credential.
struct HistoryMask {
    private let secretFields: Set<String>

    init() { secretFields = SecretFields.unmistakableNames.union(["authorization"]) }

    /// What stands in the place of a secret.
    static let mask = "\"\(ValueText.secretMask)\""

    /// The entry without secrets.
    func masked(_ entry: String) -> String {
        let text = Array(entry.utf8)
        var ranges: [Range<Int>] = []
        var lexer = Lexer(text)
        var before: [TokenKind] = []
        scan: while true {
            guard let token = try? lexer.next() else {
                // What cannot be read as Lua may have a secret anywhere behind this.
                break
            }
            switch token.kind {
            case .end: break scan
            case .string(let bytes):
                let content = String(decoding: bytes, as: UTF8.self)
                if isSecret(content, after: before) {
                    ranges.append(token.position.offset..<token.endOffset)
                }
            default: break
            }
            before.append(token.kind)
            if before.count > 6 { before.removeFirst() }
        }
        var masked = text
        for range in ranges.reversed() { masked.replaceSubrange(range, with: Self.mask.utf8) }
        return String(decoding: masked, as: UTF8.self)
    }

    private func isSecret(_ content: String, after before: [TokenKind]) -> Bool {
        if Self.looksLikeCredential(content) { return true }
        var rest = before[...]
        // `["name"] = "…"` is `name = "…"`, and so is `name == "…"`.
        guard let last = rest.popLast() else { return false }
        switch last {
        case .symbol("="), .symbol("=="), .symbol("~="):
            if rest.last == .symbol("]") { rest = rest.dropLast() }
            switch rest.last {
            case .name(let name): return isSecret(name: name)
            case .string(let bytes): return isSecret(name: String(decoding: bytes, as: UTF8.self))
            default: return false
            }
        case .symbol("("), .name:
            // secret.new "…", secret.new("…")
            if last == .symbol("(") { return rest.suffix(3) == Self.newSecret }
            return before.suffix(3) == Self.newSecret
        default: return false
        }
    }

    private static let newSecret: ArraySlice<TokenKind> = [
        .name("secret"), .symbol("."), .name("new"),
    ]

    private func isSecret(name: String) -> Bool {
        let lower = name.lowercased()
        if secretFields.contains(lower) { return true }
        if lower.hasSuffix("page_token") { return false }
        return ["api_key", "apikey", "token", "secret", "password", "passphrase", "passwd"]
            .contains { lower == $0 || lower.hasSuffix("_" + $0) }
            || lower.hasPrefix("secret_") || lower.hasPrefix("password_")
    }

    /// A JSON Web Token, or a scheme of HTTP's Authorization with what follows it.
    private static func looksLikeCredential(_ text: String) -> Bool {
        if text.hasPrefix("eyJ"), text.split(separator: ".").count == 3 { return true }
        let lower = text.lowercased()
        return ["apikey ", "bearer ", "basic "].contains { lower.hasPrefix($0) && text.count > 12 }
    }
}
