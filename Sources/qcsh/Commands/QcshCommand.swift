import ArgumentParser

/// The tree of all commands.
struct QcshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh",
        abstract: "A scriptable shell for Qdrant Cloud.",
        usage: """
            qcsh [options]                      start the interactive shell
            qcsh [options] SCRIPT [args …]      run a script; - reads it from standard input
            qcsh [options] -e CODE              run code and print its values
            qcsh SUBCOMMAND [options] …         run a subcommand
            """,
        discussion: """
            Options precede the script or follow the subcommand. All words after a script are its \
            own arguments.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "API", subcommands: [CallCommand.self, APICommand.self]),
            CommandGroup(
                name: "Script",
                subcommands: [
                    RunCommand.self, CheckCommand.self, PermitCommand.self, TestCommand.self,
                    LibraryCommand.self, StubsCommand.self,
                ]),
            CommandGroup(
                name: "Stack",
                subcommands: [
                    StackCommand.Plan.self, StackCommand.Apply.self, StackCommand.Drift.self,
                    StackCommand.Destroy.self, StackCommand.Adopt.self,
                ]),
            CommandGroup(
                name: "Configuration",
                subcommands: [
                    ContextCommand.self, DoctorCommand.self, CompletionsCommand.self,
                ]),
            CommandGroup(name: "Sandbox", subcommands: [SandboxCommand.self]),
        ])

    /// The names of the commands.
    static let names: [String] = configuration.subcommands.map { $0._commandName }
}
