import LuaMachine

/// An entry that is a command of the shell: a dot, a name, and words.
struct MetaCommand {
    let name: String
    /// The text after the name.
    let rest: String

    /// Nil when the entry is Lua. `x?` asks for help on x.
    init?(_ entry: String) {
        let text = entry.trimmed
        if text.hasPrefix("."), let first = text.dropFirst().first, first.isLetter {
            let word = text.dropFirst().prefix { $0.isLetter || $0 == "_" }
            let words = text.dropFirst(1 + word.count).trimmed
            // `.format?` asks for help on the command.
            name = words == "?" ? "help" : String(word)
            rest = words == "?" ? "." + word : words
            return
        }
        guard text.hasSuffix("?"), !text.contains("\n") else { return nil }
        let subject = text.dropLast().trimmed
        let isName = subject.allSatisfy { $0.isLetter || $0.isNumber || "_.:?/".contains($0) }
        guard isName else { return nil }
        name = "help"
        rest = subject
    }

    /// Writes the arguments of the Lua side's `command`.
    func write(to writer: TapeWriter) {
        writer.put(name)
        writer.put(rest)
    }
}
