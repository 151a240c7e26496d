import Contract

/// A permission of a script, in the form of the contract's permissions: `read:clusters`, `write:*`,
/// and for this machine's resources `read:files=./data/*`.
public struct PermissionWord: Sendable, Hashable, CustomStringConvertible {
    /// Why a string is not a permission.
    public enum Problem: Error, Equatable, CustomStringConvertible {
        /// A text without the form of a permission.
        case form(String)
        /// A permission that cannot be restricted to a value.
        case value(String)
        /// A permission that does not exist, and the nearest one.
        case unknown(String, nearest: String?)

        public var description: String {
            switch self {
            case .form(let text):
                return "\"\(text)\" is not a permission; expected a form such as read:clusters, "
                    + "write:* or read:files=PATH"
            case .value(let text):
                let known = PermissionWord.localWords.map(\.key).joined(separator: ", ")
                return "\"\(text)\": only \(known) can be restricted with ="
            case .unknown(let text, let nearest):
                return "there is no permission \"\(text)\"\(Names.suggestion(nearest))"
            }
        }
    }

    /// The permissions for this machine's resources, and the meaning of their values.
    public static let localWords: KeyValuePairs<String, String> = [
        "read:files": "a path", "write:files": "a path", "read:environment": "a variable's name",
        "run:processes": "a program", "connect:hosts": "a host", "use:accounts": "an account's id",
        "use:contexts": "a context's name",
    ]

    /// Before the colon; may have `*`.
    public let verb: String
    /// After the colon; may have `*`.
    public let noun: String
    /// The value that it is restricted to; nil for everything.
    public let value: String?

    /// Parses a word.
    public init(_ text: String) throws(Problem) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let words = sides[0].split(separator: ":", omittingEmptySubsequences: false)
        if sides.count == 1, text == "*" {
            (verb, noun, value) = ("*", "*", nil)
            return
        }
        guard words.count == 2, words.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isPart) })
        else {
            throw .form(text)
        }
        verb = String(words[0])
        noun = String(words[1])
        value = sides.count == 2 ? String(sides[1]) : nil
        if value != nil, !Self.localWords.contains(where: { $0.key == "\(verb):\(noun)" }) {
            throw .value(text)
        }
    }

    /// Parses a word of a header or an option, which must be, or cover, a permission that exists.
    ///
    /// - Parameter registry: the API of the run. A newer one may have permissions that the built-in
    ///   contract does not know.
    public init(existing text: String, in registry: Registry = .embedded) throws(Problem) {
        try self.init(text)
        try requireExistence(in: registry)
    }

    /// Throws a ``Problem`` for a word that neither is nor covers a permission.
    public func requireExistence(in registry: Registry = .embedded) throws(Problem) {
        let plain = PermissionWord(verb: verb, noun: noun)
        if Self.localWords.contains(where: { $0.key == plain.description })
            || Registry.embeddedHas(permission: plain.description)
        {
            return
        }
        var known = Self.known
        if registry !== Registry.embedded { known.formUnion(Self.words(of: registry)) }
        let isKnown =
            known.contains(plain)
            || plain.description.contains("*") && known.contains(where: plain.covers)
        guard !isKnown else { return }
        let names = known.map(\.description).sorted()
        throw .unknown(description, nearest: Names.nearest(to: plain.description, in: names))
    }

    /// The permissions of the built-in contract and of this machine.
    private static let known = words(of: .embedded)
        .union(localWords.compactMap { try? PermissionWord($0.key) })

    private static func words(of registry: Registry) -> Set<PermissionWord> {
        Set(((try? registry.permissions()) ?? []).compactMap { try? PermissionWord($0) })
    }

    /// A use that has happened, or is to.
    package init(verb: String, noun: String, value: String? = nil) {
        self.verb = verb
        self.noun = noun
        self.value = value
    }

    private static func isPart(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || character == "_" || character == "*")
    }

    public var description: String { "\(verb):\(noun)" + (value.map { "=\($0)" } ?? "") }

    /// Whether the word covers a use. For paths, a directory covers everything in it.
    package func covers(_ use: PermissionWord) -> Bool {
        guard Glob.matches(verb, use.verb), Glob.matches(noun, use.noun) else { return false }
        guard let value else { return true }
        guard let wanted = use.value else { return false }
        if noun == "files" { return Paths.covers(value, wanted) }
        return Glob.matches(value, wanted)
    }
}

/// Patterns with `*`, which matches any string.
package enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        let star = UInt8(ascii: "*")
        var (p, t) = (0, 0)
        var retry: (p: Int, t: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == star {
                retry = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = retry {
                retry = (last.p, last.t + 1)
                p = last.p + 1
                t = last.t + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }
}
