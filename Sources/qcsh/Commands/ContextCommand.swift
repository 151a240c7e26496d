import ArgumentParser
import CloudClient
import Glibc
import LuaMachine
import Shell

/// Named ways to accounts.
struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Set, choose and list named ways to accounts.",
        discussion: """
            Contexts are in ~/.config/qcsh/config.yaml; those of qcloud, in \
            ~/.config/qcloud/config.yaml, can be used, too, and are left as they are.
            """,
        subcommands: [Set.self, Use.self, List.self, Show.self, Delete.self],
        defaultSubcommand: List.self)

    /// A colour that a context may have.
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case red, green, yellow, blue, magenta, cyan, white
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a context, or change one.",
            discussion: """
                A credential is never an argument: with --api-key or --token it is asked for, or \
                read from standard input; better is a command that prints it.
                """)

        @Argument(help: "The context's name.")
        var name: String

        @Option(help: ArgumentHelp("Where gRPC is reached.", valueName: "address"))
        var endpoint: String?

        @Option(help: ArgumentHelp("Where REST is reached.", valueName: "address"))
        var restEndpoint: String?

        @Option(help: ArgumentHelp("The account that calls are about.", valueName: "id"))
        var account: String?

        @Flag(help: "Ask for a management key and keep it in the file.")
        var apiKey = false

        @Flag(help: "Ask for a user's token and keep it in the file.")
        var token = false

        @Option(
            help: ArgumentHelp(
                "A command that prints the management key, run when a call needs it.",
                valueName: "command"))
        var apiKeyCommand: String?

        @Option(
            help: ArgumentHelp(
                "A command that prints a user's token, run when a call needs it.",
                valueName: "command"))
        var tokenCommand: String?

        @Flag(inversion: .prefixedNo, help: "Refuse calls that change something.")
        var readOnly: Bool?

        @Flag(inversion: .prefixedNo, help: "Refuse calls about other accounts.")
        var lockAccount: Bool?

        @Option(help: "The colour that it is shown in.")
        var color: Color?

        @Flag(help: "Use it from now on.")
        var use = false

        func validate() throws {
            let ways = [apiKey, token, apiKeyCommand != nil, tokenCommand != nil]
            if ways.count(where: { $0 }) > 1 {
                throw ValidationError("a context has one credential")
            }
            for address in [endpoint, restEndpoint].compactMap({ $0 }) {
                do throws(Endpoint.ParseError) { _ = try Endpoint(address) } catch {
                    throw ValidationError(error.description)
                }
            }
            guard !name.isEmpty, !name.contains(where: { $0.isWhitespace }) else {
                throw ValidationError("a context's name has no blanks")
            }
        }

        func run() throws {
            try reportingErrors(as: "context") {
                var file = try ContextFile()
                var fields: [String: Any?] = [:]
                if let endpoint { fields["endpoint"] = endpoint }
                if let restEndpoint { fields["rest_endpoint"] = restEndpoint }
                if let account { fields["account_id"] = account }
                if let readOnly { fields["read_only"] = readOnly }
                if let lockAccount { fields["lock_account"] = lockAccount }
                if let color { fields["color"] = color.rawValue }
                if let credential = try credential() {
                    for key in ["api_key", "token", "api_key_command", "token_command"] {
                        fields[key] = .some(nil)
                    }
                    fields[credential.key] = credential.text
                }
                let isNew = !file.has(name)
                file.set(name, fields)
                if use { file.use(name) }
                try file.write()
                Output.remark("context \(name) \(isNew ? "made" : "changed") in \(file.path)")
            }
        }

        private func credential() throws -> (key: String, text: String)? {
            if let apiKeyCommand { return ("api_key_command", apiKeyCommand) }
            if let tokenCommand { return ("token_command", tokenCommand) }
            guard apiKey || token else { return nil }
            let what = apiKey ? "Management key" : "Token"
            guard let text = HiddenInput.line(prompt: what + ": "), !text.isEmpty else {
                throw CommandError("no credential was given")
            }
            return (apiKey ? "api_key" : "token", text)
        }
    }

    struct Use: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Use a context from now on when none is named.")

        @Argument(help: "The context's name.")
        var name: String

        func run() throws {
            try reportingErrors(as: "context") {
                _ = try Contexts.load().context(named: name)
                var file = try ContextFile()
                file.use(name)
                try file.write()
                Output.remark("context \(name) is used from now on")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the contexts.")

        @Option(help: "How results are written: table, json, jsonl, yaml or csv.")
        var output = OutputFormat.table

        func run() throws {
            try reportingErrors(as: "context") {
                let contexts = try Contexts.load()
                let rows = contexts.all.map { context in
                    context.row(isCurrent: context.name == contexts.current)
                }
                guard !rows.isEmpty || output != .table else {
                    Output.remark("there are no contexts; qcsh context set NAME makes one")
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
            abstract: "Show a context; without a name the one that is used.")

        @Option(help: "How results are written: table, json, jsonl, yaml or csv.")
        var output = OutputFormat.table

        @Argument(help: "The context's name.")
        var name: String?

        func run() throws {
            try reportingErrors(as: "context") {
                let contexts = try Contexts.load()
                let chosen =
                    name ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT") ?? contexts.current
                guard let chosen else { throw CommandError("no context is in use") }
                let context = try contexts.context(named: chosen)
                ContextCommand.show(
                    context.row(isCurrent: chosen == contexts.current), output)
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a context.")

        @Argument(help: "The context's name.")
        var name: String

        func run() throws {
            try reportingErrors(as: "context") {
                var file = try ContextFile()
                guard file.has(name) else {
                    let other = try Contexts.load().context(named: name)
                    throw CommandError(
                        "context \"\(name)\" is in \(other.file), which is left as it is")
                }
                file.remove(name)
                try file.write()
                Output.remark("context \(name) deleted from \(file.path)")
            }
        }
    }

    // MARK: - Showing

    fileprivate static func show(_ value: LuaValue, _ format: OutputFormat) {
        Output.data(
            Renderer(registry: .embedded, format: format, width: Terminal.width).text(value))
    }

}

/// A line that is not shown while it is typed.
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
