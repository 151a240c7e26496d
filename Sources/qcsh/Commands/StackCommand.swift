import ArgumentParser
import LuaMachine
import LuaMessages

/// Desired state: what a stack's file declares, compared with what is there.
enum StackCommand {
    /// What all of these commands take.
    struct Options: ParsableArguments {
        @OptionGroup var global: LuaRunOptions

        @Option(
            name: .customLong("var"),
            help: ArgumentHelp(
                "A variable for a stack that is a function.", valueName: "name=value"))
        var variables: [String] = []

        @Argument(help: ArgumentHelp("The file that declares the stack.", valueName: "file"))
        var file: String

        func validate() throws {
            for text in variables where !text.contains("=") {
                throw ValidationError("--var takes name=value, not \(text)")
            }
        }

        /// Runs a command of the stack library; the exit status.
        func run(_ verb: String, _ more: [(String, LuaValue)] = []) -> Int32 {
            let pairs = variables.map { text in
                let parts = text.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    key: LuaValue.text(String(parts[0])), value: LuaValue.text(String(parts[1]))
                )
            }
            let values = RunOptions(global)
            let request: [(String, LuaValue?)] = [
                ("verb", .text(verb)), ("file", .text(file)),
                ("variables", .table(LuaTable(entries: pairs))),
                ("output", (values.output?.rawValue).map(LuaValue.text)),
            ]
            let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
            return Runner(
                options: values, code: StackCommand.code,
                argument: request + more.map { ($0.0, $0.1) },
                moduleFolders: [folder.isEmpty ? "/" : folder]
            ).run()
        }
    }

    private static let code = """
        local status = require("qdrant.stack.command")(...)
        if status ~= 0 then os.exit(status) end
        """

    /// What commands that change something take.
    struct ApplyOptions: ParsableArguments {
        @Flag(help: "Do not ask.")
        var yes = false

        @Option(help: "How many things are done at once.")
        var parallel = 8

        @Option(
            help: ArgumentHelp(
                "Do what a plan says that was written by --out, if nothing has changed since.",
                valueName: "file"))
        var plan: String?

        func validate() throws {
            guard parallel > 0 else { throw ValidationError("--parallel is at least 1") }
        }

        var values: [(String, LuaValue)] {
            var all: [(String, LuaValue)] = [
                // Who has looked at a plan has agreed to it.
                ("yes", .bool(yes || plan != nil)), ("parallel", .integer(Int64(parallel))),
            ]
            if let plan { all.append(("plan", .text(plan))) }
            return all
        }
    }

    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "plan",
            abstract: "Show what a stack would change; status 10 when it would change something.",
            discussion: """
                A stack is a Lua file that returns what is to be there: { name = "search", clusters = \
                { … }, spaces = { … }, environments = { … }, roles = { … }, users = { … } }.
                """)

        @OptionGroup var options: Options

        @Flag(help: "Plan to remove everything of the stack.")
        var destroy = false

        @Option(
            help: ArgumentHelp("Write the plan to a file, for apply --plan.", valueName: "file"))
        var out: String?

        func run() throws {
            var more: [(String, LuaValue)] = [("destroy", .bool(destroy))]
            if let out { more.append(("out", .text(out))) }
            throw ExitCode(options.run("plan", more))
        }
    }

    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Make what is there what a stack declares.")

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        func run() throws { throw ExitCode(options.run("apply", apply.values)) }
    }

    struct Drift: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drift",
            abstract: "Tell what is not as a stack declares; status 10 when something is not.")

        @OptionGroup var options: Options

        func run() throws { throw ExitCode(options.run("drift")) }
    }

    struct Destroy: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "destroy", abstract: "Remove everything of a stack.")

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        func run() throws { throw ExitCode(options.run("destroy", apply.values)) }
    }

    struct Adopt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt",
            abstract: "Take over what is there by the names that a stack declares.",
            discussion: """
                A file that is not there is written first, with the clusters and spaces that are named \
                behind it, or all of them.
                """)

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        @Argument(help: ArgumentHelp("What a new file declares.", valueName: "name"))
        var names: [String] = []

        func run() throws {
            let list = LuaValue.list(names.map { .text($0) })
            throw ExitCode(options.run("adopt", apply.values + [("names", list)]))
        }
    }
}
