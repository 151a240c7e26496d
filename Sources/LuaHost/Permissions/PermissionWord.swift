import Contract

/// What a script may do, in the words of the contract's permissions: `read:clusters`, `write:*`,
/// and for things of this machine `read:files=./data/*`.
public struct PermissionWord: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no permission.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    /// The words for things that are not the API's, and what their values are.
    public static let localWords: KeyValuePairs<String, String> = [
        "read:files": "a path", "write:files": "a path", "read:environment": "a variable's name",
        "run:processes": "a program", "connect:hosts": "a host", "use:accounts": "an account's id",
        "use:contexts": "a context's name",
    ]

    /// Before the colon; may have `*`.
    public let verb: String
    /// Behind it; may have `*`.
    public let noun: String
    /// What it is restricted to; nil for everything.
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
            throw Problem(
                description: "\"\(text)\" is no permission: it has to be like read:clusters, "
                    + "write:* or read:files=PATH")
        }
        verb = String(words[0])
        noun = String(words[1])
        value = sides.count == 2 ? String(sides[1]) : nil
        if value != nil, !Self.localWords.contains(where: { $0.key == "\(verb):\(noun)" }) {
            let known = Self.localWords.map(\.key).joined(separator: ", ")
            throw Problem(description: "\"\(text)\": only \(known) can be restricted with =")
        }
    }

    /// A use that has happened, or is to.
    init(verb: String, noun: String, value: String? = nil) {
        self.verb = verb
        self.noun = noun
        self.value = value
    }

    private static func isPart(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || character == "_" || character == "*")
    }

    public var description: String { "\(verb):\(noun)" + (value.map { "=\($0)" } ?? "") }

    /// Whether the word covers a use. Of paths, a folder covers what is in it.
    func covers(_ use: PermissionWord) -> Bool {
        guard Glob.matches(verb, use.verb), Glob.matches(noun, use.noun) else { return false }
        guard let value else { return true }
        guard let wanted = use.value else { return false }
        if noun == "files" { return Paths.covers(value, wanted) }
        return Glob.matches(value, wanted)
    }
}

/// Patterns with `*`, which stands for any text.
enum Glob {
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

#if canImport(Glibc)
    import Glibc
#endif

/// Paths as the kernel sees them, so that no `..` and no link leads out of a folder.
enum Paths {
    /// How many links are followed, as the kernel does.
    private static let mostLinks = 40

    /// The path that the kernel would reach: absolute, links followed, those that lead nowhere, too,
    /// and without dots. What does not exist stays as it is written.
    static func resolved(_ path: String) -> String {
        var rest = steps(path)
        var reached: [Substring] = path.hasPrefix("/") ? [] : workingFolder
        var links = 0
        while !rest.isEmpty {
            let step = rest.removeFirst()
            if step == ".." {
                _ = reached.popLast()
                continue
            }
            let candidate = "/" + (reached + [step]).joined(separator: "/")
            if links < mostLinks, let target = link(candidate) {
                links += 1
                if target.hasPrefix("/") { reached = [] }
                rest.insert(contentsOf: steps(target), at: 0)
            } else {
                reached.append(step)
            }
        }
        return "/" + reached.joined(separator: "/")
    }

    /// The same for what removes or renames: the last step is not followed.
    static func resolvedName(_ path: String) -> String {
        var parts = steps(path)
        guard let name = parts.popLast(), name != ".." else { return resolved(path) }
        let folder = (path.hasPrefix("/") ? "/" : "./") + parts.joined(separator: "/")
        let base = resolved(folder)
        return base == "/" ? "/\(name)" : "\(base)/\(name)"
    }

    private static func steps(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    private static var workingFolder: [Substring] {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { return [] }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "/")
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a path is the one that is allowed, or inside it; `*` stands for any text. The path is
    /// resolved already.
    static func covers(_ allowed: String, _ path: String) -> Bool {
        if let star = allowed.firstIndex(of: "*") {
            // The part before the first star is resolved as a folder.
            let fixed = allowed[..<star]
            let slash = fixed.lastIndex(of: "/")
            let folder = slash.map { String(fixed[..<$0]) } ?? "."
            let rest = slash.map { String(allowed[allowed.index(after: $0)...]) } ?? allowed
            let base = resolved(folder.isEmpty ? "/" : folder)
            return Glob.matches((base == "/" ? "" : base) + "/" + rest, path)
        }
        let whole = resolved(allowed)
        return path == whole || path.hasPrefix(whole == "/" ? "/" : whole + "/")
    }
}
