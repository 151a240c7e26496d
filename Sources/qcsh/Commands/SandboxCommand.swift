import ArgumentParser

/// A local Qdrant Cloud for other programs, and the commands that control it.
struct SandboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Serve a local Qdrant Cloud, or control a running one.",
        discussion: """
            Without a subcommand, serves (see qcsh sandbox serve --help). The other subcommands \
            control a sandbox of yours that runs on this machine; --port selects one of several.
            """,
        subcommands: [
            ServeCommand.self, TokenCommand.self, WorldCommand.self, TimeCommand.self,
            FaultCommand.self, JournalCommand.self, SeedCommand.self, SnapshotCommand.self,
            RestoreCommand.self, ResetCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}
