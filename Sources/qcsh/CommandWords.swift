import ArgumentParser
import Contract

/// The words of a command line, in the order that the parser expects: options that precede a
/// subcommand follow its name, so that the subcommand takes or refuses them.
enum CommandWords {
    /// What a command line asks for.
    enum Request: Equatable {
        /// The help screen of the program.
        case help
        case version
        /// A subcommand, as the parser expects it.
        case command([String])
        /// A script, code or the shell.
        case script([String])
    }

    /// - Throws: ``CommandError`` when a word where a subcommand is expected names none.
    static func arranged(_ words: [String]) throws(CommandError) -> Request {
        // To know the options takes milliseconds, which scripts with options need not wait for.
        let marks = QcshCommand.names + ["help", "--help", "-h", "--version"]
        guard words.contains(where: marks.contains) else { return .script(words) }
        var path: [String] = []
        var options: [String] = []
        var rest = words[...]
        var node: any ParsableCommand.Type = QcshCommand.self
        while !node.configuration.subcommands.isEmpty {
            let found = leadingOptions(&rest)
            options += found.words
            if found.runsCode { break }
            guard let word = rest.first, !word.hasPrefix("-") else { break }
            if word == "help", path.isEmpty {
                try checkHelp(rest.dropFirst())
                return rest.count == 1 ? .help : .command(Array(rest))
            }
            guard let next = child(of: node, word) else {
                if path.isEmpty { break }
                throw unknown(word, below: path, node)
            }
            path.append(word)
            node = next
            rest = rest.dropFirst()
        }
        if path.isEmpty {
            if options.contains("--help") || options.contains("-h") { return .help }
            if options.contains("--version") { return .version }
            return .script(options + rest)
        }
        return .command(path + options + rest)
    }

    /// Takes the options at the front, with their values, as far as they are known.
    ///
    /// - Returns: the words, and whether they hold code to run: then no subcommand follows.
    private static func leadingOptions(
        _ rest: inout ArraySlice<String>
    ) -> (words: [String], runsCode: Bool) {
        guard rest.first?.hasPrefix("-") == true, let known = CommandTree(ScriptCommand.self) else {
            return ([], false)
        }
        var words: [String] = []
        var runsCode = false
        while let word = rest.first, word.hasPrefix("-"), word.count > 1 {
            let name = String(word.prefix { $0 != "=" })
            let isBuiltIn = ["--help", "-h", "--version"].contains(word)
            let option = known.option(name)
            guard isBuiltIn || option != nil else { break }
            if name == "-e" { runsCode = true }
            let takesValue = option?.kind == .option && !word.contains("=")
            words += rest.prefix(takesValue ? 2 : 1)
            rest = rest.dropFirst(takesValue ? 2 : 1)
        }
        return (words, runsCode)
    }

    private static func child(
        of node: any ParsableCommand.Type, _ name: String
    ) -> (any ParsableCommand.Type)? {
        node.configuration.subcommands.first { $0._commandName == name }
    }

    private static func checkHelp(_ words: ArraySlice<String>) throws(CommandError) {
        var node: any ParsableCommand.Type = QcshCommand.self
        var path: [String] = []
        for word in words where !word.hasPrefix("-") {
            guard let next = child(of: node, word) else { throw unknown(word, below: path, node) }
            path.append(word)
            node = next
        }
    }

    private static func unknown(
        _ word: String, below path: [String], _ node: any ParsableCommand.Type
    ) -> CommandError {
        let names = node.configuration.subcommands.map { $0._commandName }
        let command = (["qcsh"] + path).joined(separator: " ")
        guard !names.isEmpty else {
            return CommandError(
                path == ["run"]
                    ? "qcsh run \(word) --help shows the help of a script"
                    : "\(command) has no subcommand \"\(word)\"")
        }
        let near = Names.suggestion(Names.nearest(to: word, in: names))
        return CommandError(
            "\(command) has no subcommand \"\(word)\""
                + (near.isEmpty ? "; it has \(names.joined(separator: ", "))" : near))
    }
}

extension QcshCommand {
    /// The environment variables that have an effect, with their meanings.
    private static let variables: KeyValuePairs = [
        "QDRANT_CLOUD_API_KEY": "management key",
        "QDRANT_CLOUD_TOKEN": "user token, if there is no key",
        "QDRANT_CLOUD_ACCOUNT_ID": "account ID (default: the only account of the key)",
        "QDRANT_CLOUD_ENDPOINT": "as --endpoint",
        "QDRANT_CLOUD_REST_ENDPOINT": "as --rest-endpoint",
        "QDRANT_CLOUD_CONTEXT": "as --context",
        "QDRANT_CLOUD_CONFIG": "configuration file (default: ~/.config/qcsh/config.yaml)",
        "SSL_CERT_FILE": "file of certificate authorities to trust instead of the system's",
        "SSL_CERT_DIR": "directory of them, with names as openssl rehash makes them",
        "QCSH_SANDBOX_SEED": "initial contents of the --sandbox cloud: a YAML file, demo or bare",
    ]

    /// The help screen of the program: the commands, the options of scripts and the shell, and the
    /// variables.
    static func help(columns: Int?) -> String {
        var text = helpMessage(columns: columns)
        // The parser's own options are those of scripts and the shell, too.
        let title = "OPTIONS:\n"
        if let start = text.firstRange(of: title),
            let end = text[start.upperBound...].firstRange(of: "\n\n")
        {
            text.removeSubrange(start.lowerBound..<end.upperBound)
        }
        let options = ScriptCommand.helpMessage(columns: columns)
        if let start = options.firstRange(of: "\(OptionTitle.connection.uppercased()):\n") {
            text += "\n\n" + options[start.lowerBound...]
        }
        text += "\nENVIRONMENT:\n"
        let width = variables.map(\.key.count).max() ?? 0
        for (name, meaning) in variables {
            text +=
                "  \(name)" + String(repeating: " ", count: width - name.count + 2) + meaning + "\n"
        }
        return String(text.dropLast())
    }
}
