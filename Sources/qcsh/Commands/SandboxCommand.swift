import ArgumentParser

/// A local Qdrant Cloud for other programs, and what it can be told while it runs.
struct SandboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "A local Qdrant Cloud.",
        discussion: """
            Without a subcommand it serves, with the options of qcsh sandbox serve --help. The other \
            subcommands tell a sandbox that runs on this machine what to do: the one that runs, or \
            that of --port when several do.

            \(ServeCommand.leniencies)
            """,
        subcommands: [
            ServeCommand.self, TokenCommand.self, WorldCommand.self, TimeCommand.self,
            FaultCommand.self, JournalCommand.self, SeedCommand.self, SnapshotCommand.self,
            RestoreCommand.self, ResetCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}
