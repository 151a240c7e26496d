/// Completes the words of a command line of qcsh, for the scripts of ``CompletionScript``.
struct CommandLineCompleter {
    /// A word that may stand in the last word's place.
    struct Candidate: Equatable {
        let text: String
        var about = ""
    }

    /// The words before the one that is completed.
    private let words: [String]
    private let current: String
    /// The commands, and the options of scripts and the shell.
    private let commands: CommandTree
    private let script: CommandTree

    /// - Parameter words: the words after `qcsh` up to the cursor; the last one is completed.
    init(_ words: [String], commands: CommandTree, script: CommandTree) {
        self.words = Array(words.dropLast())
        current = words.last ?? ""
        self.commands = commands
        self.script = script
    }

    /// The candidates that begin with the last word.
    func candidates() -> [Candidate] {
        let place = place()
        var sources = CompletionSources(
            line: place.line, positions: place.positions, path: place.path)
        let found = candidates(at: place, &sources)
        var seen: Set<String> = []
        return found.filter { $0.text.hasPrefix(current) && seen.insert($0.text).inserted }
    }

    // MARK: - Where the cursor is

    /// What the words before the last one say about its place.
    private struct Place {
        var node: CommandTree
        /// The subcommands that were named.
        var path: [String] = []
        /// The options that were given, with their values.
        var line: [(name: String, value: String)] = []
        var positions: [String] = []
        /// The option whose value the last word is.
        var pending: CommandTree.Argument?
        /// Whether only positional arguments follow.
        var isClosed = false
        /// The script whose arguments follow.
        var scriptName: String?
    }

    private func place() -> Place {
        var place = Place(node: commands)
        for word in words { advance(&place, over: word) }
        return place
    }

    private func advance(_ place: inout Place, over word: String) {
        if let pending = place.pending {
            place.line.append((pending.names[0], word))
            place.pending = nil
        } else if place.scriptName != nil || place.isClosed {
            place.positions.append(word)
        } else if word == "--" {
            place.isClosed = true
        } else if word.hasPrefix("-"), word.count > 1 {
            let name = String(word.prefix { $0 != "=" })
            guard let option = options(at: place).first(where: { $0.names.contains(name) }) else {
                return
            }
            if word.contains("=") {
                place.line.append((option.names[0], String(word.dropFirst(name.count + 1))))
            } else if option.kind == .option {
                place.pending = option
            } else {
                place.line.append((option.names[0], ""))
            }
        } else if word == "help", place.path.isEmpty {
            place.path.append(word)
        } else if let child = place.node.child(word), place.positions.isEmpty {
            place.node = child
            place.path.append(word)
        } else if place.path.isEmpty || place.node.effective.positionals.first?.takesTheRest == true
        {
            place.scriptName = word
        } else {
            place.positions.append(word)
        }
    }

    private func options(at place: Place) -> [CommandTree.Argument] {
        let node = place.path.isEmpty ? script : place.node.effective
        return node.arguments.filter { $0.kind != .positional }
    }

    // MARK: - Candidates

    private func candidates(
        at place: Place, _ sources: inout CompletionSources
    ) -> [Candidate] {
        if let pending = place.pending { return sources.values(of: pending, current) }
        if let name = place.scriptName {
            return sources.scriptWords(name, isReady: place.path == ["run"], current)
        }
        if current.hasPrefix("-"), !place.isClosed {
            return optionCandidates(at: place, &sources)
        }
        var found: [Candidate] = []
        if place.positions.isEmpty {
            found += place.node.children.filter(\.isShown).map {
                Candidate(text: $0.name, about: $0.about)
            }
            if place.path.isEmpty { found.append(Candidate(text: "help", about: "Show help.")) }
        }
        if place.path.first == "help" { return found }
        if place.path.isEmpty { return found + sources.files(current, suffix: ".lua") }
        let positionals = place.node.effective.positionals
        let index = min(place.positions.count, positionals.count - 1)
        if index >= 0, place.positions.count <= index || positionals[index].isRepeating {
            found += sources.values(of: positionals[index], current)
        }
        return found
    }

    private func optionCandidates(
        at place: Place, _ sources: inout CompletionSources
    ) -> [Candidate] {
        let known = options(at: place)
        if let equals = current.firstIndex(of: "=") {
            let name = String(current[..<equals])
            guard let option = known.first(where: { $0.names.contains(name) }) else { return [] }
            let value = String(current[current.index(after: equals)...])
            return sources.values(of: option, value).map {
                Candidate(text: "\(name)=\($0.text)", about: $0.about)
            }
        }
        let given = Set(place.line.map(\.name))
        var found = known.filter { $0.isRepeating || !given.contains($0.names[0]) }.flatMap {
            option in option.names.map { Candidate(text: $0, about: option.about) }
        }
        if !found.contains(where: { $0.text == "--help" }) {
            found.append(Candidate(text: "--help", about: "Show help information."))
        }
        if place.path.isEmpty {
            found.append(Candidate(text: "--version", about: "Show the version."))
        }
        return found
    }
}

extension CommandTree {
    /// The positional arguments.
    var positionals: [Argument] { arguments.filter { $0.kind == .positional } }
}
