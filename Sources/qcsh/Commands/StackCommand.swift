import ArgumentParser
import LuaMachine
import LuaMessages

/// Desired state: compares the file of a stack with the account.
enum StackCommand {
    /// What all of these commands take.
    struct Options: ParsableArguments {
        @OptionGroup var cloud: CloudOptions
        @OptionGroup(title: OptionTitle.output) var format: FormatOption
        @OptionGroup(title: OptionTitle.output) var details: VerboseOption
        @OptionGroup(title: OptionTitle.limits) var lua: LuaOptions

        @Option(
            name: .customLong("var"),
            help: ArgumentHelp(
                "Variable for a stack that is a function. Repeatable.", valueName: "name=value"))
        var variables: [String] = []

        @Argument(help: ArgumentHelp("The Lua file that declares the stack.", valueName: "stack"))
        var file: String

        func validate() throws {
            for text in variables where text.hasPrefix("=") || !text.contains("=") {
                throw ValidationError("--var takes name=value, not \(text)")
            }
        }

        /// Runs a command of the stack library; the exit status.
        ///
        /// - Parameter isConfirmed: whether changes that a context asks about are confirmed.
        func run(
            _ verb: String, _ more: [(String, LuaValue)] = [], isConfirmed: Bool = false
        ) -> Int32 {
            let pairs = variables.map { text in
                let parts = text.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    key: LuaValue.text(String(parts[0])), value: LuaValue.text(String(parts[1]))
                )
            }
            var values = RunOptions(cloud, format, details, lua)
            values.isConfirmed = isConfirmed
            let request: [(String, LuaValue?)] = [
                ("verb", .text(verb)), ("file", .text(file)),
                ("variables", .table(LuaTable(entries: pairs))),
                ("output", (values.output?.rawValue).map(LuaValue.text)),
            ]
            return Runner(
                options: values, code: StackCommand.code,
                argument: request + more.map { ($0.0, $0.1) },
                project: .of(script: file)
            ).run()
        }
    }

    private static let code = """
        local exit = os.exit
        local status = require("qdrant.stack.command")(...)
        if status ~= 0 then exit(status) end
        """

    /// What commands that change something take.
    struct ApplyOptions: ParsableArguments {
        @Flag(help: "Do not ask for confirmation.")
        var yes = false

        @Option(help: "Number of changes at a time.")
        var parallel = 8

        @Option(
            help: ArgumentHelp(
                "Apply a plan saved with --out; fails if anything has changed.",
                valueName: "file"))
        var plan: String?

        func validate() throws {
            guard parallel > 0 else { throw ValidationError("--parallel must be at least 1") }
        }

        var values: [(String, LuaValue)] {
            var all: [(String, LuaValue)] = [
                // A saved plan was read before; that is the confirmation.
                ("yes", .bool(yes || plan != nil)), ("parallel", .integer(Int64(parallel))),
            ]
            if let plan { all.append(("plan", .text(plan))) }
            return all
        }
    }

    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "plan",
            abstract: "Show the changes that a stack needs; exits with 10 if there are any.",
            discussion: """
                A stack is a Lua file that returns the desired state: { name = "search", clusters = \
                { … }, spaces = { … }, environments = { … }, roles = { … }, users = { … } }.
                """)

        @OptionGroup var options: Options

        @Flag(help: "Plan the deletion of all resources of the stack.")
        var destroy = false

        @Option(
            help: ArgumentHelp("Save the plan to a file, for apply --plan.", valueName: "file"))
        var out: String?

        func run() throws {
            var more: [(String, LuaValue)] = [("destroy", .bool(destroy))]
            if let out { more.append(("out", .text(out))) }
            throw ExitCode(options.run("plan", more))
        }
    }

    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Bring the account to the state that a stack declares.")

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        func run() throws {
            throw ExitCode(options.run("apply", apply.values, isConfirmed: apply.yes))
        }
    }

    struct Drift: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drift",
            abstract: "Report differences from a stack; exits with 10 if there are any.")

        @OptionGroup var options: Options

        func run() throws { throw ExitCode(options.run("drift")) }
    }

    struct Destroy: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "destroy", abstract: "Delete all resources of a stack.")

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        func run() throws {
            throw ExitCode(options.run("destroy", apply.values, isConfirmed: apply.yes))
        }
    }

    struct Adopt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt",
            abstract: "Take existing resources into a stack by their names.",
            discussion: """
                If the file does not exist, adopt first writes it, with the named clusters and spaces, \
                or with all of them.
                """)

        @OptionGroup var options: Options
        @OptionGroup var apply: ApplyOptions

        @Argument(help: ArgumentHelp("Clusters and spaces for a new file.", valueName: "name"))
        var names: [String] = []

        func run() throws {
            let list = LuaValue.list(names.map { .text($0) })
            throw ExitCode(options.run("adopt", apply.values + [("names", list)]))
        }
    }
}
