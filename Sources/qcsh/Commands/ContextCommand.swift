import ArgumentParser
import CloudClient
import Glibc
import GuardedYAML
import LuaMachine
import Shell

/// Named connections to accounts.
struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Manage contexts: named connections to accounts.",
        discussion: """
            Contexts are stored in ~/.config/qcsh/config.yaml. Those of qcloud in \
            ~/.config/qcloud/config.yaml can be used, but are not changed.
            """,
        subcommands: [Set.self, Use.self, List.self, Show.self, Delete.self],
        defaultSubcommand: List.self)

    /// A colour that a context may have.
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case red, green, yellow, blue, magenta, cyan, white
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create or change a context.",
            discussion: """
                A credential is never an argument: --api-key and --token ask for it, or read it from \
                standard input. A command that prints it is safer (--api-key-command).
                """)

        @Argument(help: "Name of the context.")
        var name: String

        @Option(help: ArgumentHelp("gRPC address.", valueName: "address"))
        var endpoint: String?

        @Option(help: ArgumentHelp("REST address.", valueName: "address"))
        var restEndpoint: String?

        @Option(help: ArgumentHelp("Account ID.", valueName: "id"))
        var account: String?

        @Flag(help: "Ask for a management key and store it in the file.")
        var apiKey = false

        @Flag(help: "Ask for a user token and store it in the file.")
        var token = false

        @Option(
            help: ArgumentHelp(
                "Command that prints the management key; run when a call needs it.",
                valueName: "command"))
        var apiKeyCommand: String?

        @Option(
            help: ArgumentHelp(
                "Command that prints a user token; run when a call needs it.",
                valueName: "command"))
        var tokenCommand: String?

        @Flag(inversion: .prefixedNo, help: "Refuse every call that changes something.")
        var readOnly: Bool?

        @Flag(inversion: .prefixedNo, help: "Refuse calls for other accounts.")
        var lockAccount: Bool?

        @Flag(
            inversion: .prefixedNo,
            help: "Ask before a call that deletes, restores or scales down.")
        var confirm: Bool?

        @Option(
            help: ArgumentHelp(
                "Retries after temporary failures, 0 to 20.", valueName: "number"))
        var retries: Int?

        @Option(help: "Colour of the prompt.")
        var color: Color?

        @Flag(help: "Make it the current context.")
        var use = false

        func validate() throws {
            let ways = [apiKey, token, apiKeyCommand != nil, tokenCommand != nil]
            if ways.count(where: { $0 }) > 1 {
                throw ValidationError(
                    "use only one of --api-key, --token, --api-key-command and --token-command")
            }
            for address in [endpoint, restEndpoint].compactMap({ $0 }) {
                do throws(Endpoint.ParseError) { _ = try Endpoint(address) } catch {
                    throw ValidationError(error.description)
                }
            }
            try RunOptions.validate(retries: retries)
            guard !name.isEmpty, !name.contains(where: { $0.isWhitespace }) else {
                throw ValidationError("a context name must not be empty or contain spaces")
            }
        }

        func run() throws {
            try reportingErrors(as: "context") {
                let credential = try credential()
                let file = try ContextFile()
                var fields: [(key: String, value: YAMLEditor.Scalar?)] = [
                    ("endpoint", endpoint.map { .text($0) }),
                    ("rest_endpoint", restEndpoint.map { .text($0) }),
                    ("account_id", account.map { .text($0) }),
                    ("read_only", readOnly.map { .flag($0) }),
                    ("lock_account", lockAccount.map { .flag($0) }),
                    ("confirm", confirm.map { .flag($0) }),
                    ("retries", retries.map { .integer($0) }),
                    ("color", color.map { .text($0.rawValue) }),
                ].filter { $0.value != nil }
                if let credential {
                    for key in Context.credentialKeys where key != credential.key {
                        fields.append((key, nil))
                    }
                    fields.append((credential.key, .text(credential.text)))
                }
                let isNew = !file.has(name)
                let hidden = isNew ? try? Contexts.load().context(named: name) : nil
                try file.set(name, fields)
                if use { try file.use(name) }
                try file.write()
                Output.remark("\(isNew ? "created" : "changed") context \(name) in \(file.path)")
                if let hidden {
                    Output.remark("the context \(name) of \(hidden.file) does not count any more")
                }
            }
        }

        private func credential() throws -> (key: String, text: String)? {
            if let apiKeyCommand { return ("api_key_command", apiKeyCommand) }
            if let tokenCommand { return ("token_command", tokenCommand) }
            guard apiKey || token else { return nil }
            let what = apiKey ? "Management key" : "Token"
            guard let text = HiddenInput.line(prompt: what + ": ") else {
                throw CommandError("no credential given")
            }
            do throws(CredentialText.Problem) {
                return (apiKey ? "api_key" : "token", try CredentialText.clean(text))
            } catch {
                throw CommandError("the credential \(error)")
            }
        }
    }

    struct Use: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set the current context.")

        @Argument(help: "Name of the context.")
        var name: String

        func run() throws {
            try reportingErrors(as: "context") {
                _ = try Contexts.load().context(named: name)
                let file = try ContextFile()
                try file.use(name)
                try file.write()
                Output.remark("the current context is now \(name)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the contexts.")

        @Option(help: "Format of results.")
        var output = OutputFormat.table

        func run() throws {
            try reportingErrors(as: "context") {
                let contexts = try Contexts.load()
                let rows = contexts.all.map { context in
                    context.row(isCurrent: context.name == contexts.current)
                }
                guard !rows.isEmpty || output != .table else {
                    Output.remark("no contexts; create one with qcsh context set NAME")
                    return
                }
                ContextCommand.show(.table(LuaTable(kind: .list, entries: numbered(rows))), output)
            }
        }

        private func numbered(_ rows: [LuaValue]) -> [(key: LuaValue, value: LuaValue)] {
            rows.enumerated().map { (.integer(Int64($0.offset + 1)), $0.element) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a context; without a name, the current one.")

        @Option(help: "Format of results.")
        var output = OutputFormat.table

        @Argument(help: "Name of the context.")
        var name: String?

        func run() throws {
            try reportingErrors(as: "context") {
                let contexts = try Contexts.load()
                let chosen =
                    name ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT") ?? contexts.current
                guard let chosen else {
                    throw CommandError("no current context; choose one with qcsh context use NAME")
                }
                let context = try contexts.context(named: chosen)
                ContextCommand.show(
                    context.row(isCurrent: chosen == contexts.current), output)
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a context.")

        @Argument(help: "Name of the context.")
        var name: String

        func run() throws {
            try reportingErrors(as: "context") {
                let file = try ContextFile()
                guard file.has(name) else {
                    let other = try Contexts.load().context(named: name)
                    throw CommandError(
                        "context \"\(name)\" is in \(other.file), which qcsh does not change")
                }
                try file.remove(name)
                try file.write()
                Output.remark("deleted context \(name) from \(file.path)")
            }
        }
    }

    // MARK: - Showing

    fileprivate static func show(_ value: LuaValue, _ format: OutputFormat) {
        Output.data(
            Renderer(registry: .embedded, format: format, width: Terminal.width).text(value))
    }

}

/// Input that is not echoed.
enum HiddenInput {
    /// A line of the terminal, or of standard input where that is none; nil at its end.
    static func line(prompt: String) -> String? {
        guard Terminal.isTerminal(STDIN_FILENO) else {
            return readLine(strippingNewline: true)
        }
        var before = termios()
        tcgetattr(STDIN_FILENO, &before)
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &before)
            Output.note("")
        }
        _ = Output.writeAll(prompt.utf8, to: STDERR_FILENO)
        return readLine(strippingNewline: true)
    }
}
