import ArgumentParser

/// The command line.
@main
struct QcshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh",
        abstract: "A scriptable shell for Qdrant Cloud.",
        discussion: """
            Without arguments it is an interactive shell. Options of qcsh stand before the script; \
            what follows the script is the script's own.

            Environment: QDRANT_CLOUD_API_KEY, QDRANT_CLOUD_TOKEN, QDRANT_CLOUD_ACCOUNT_ID, \
            QDRANT_CLOUD_ENDPOINT, QDRANT_CLOUD_REST_ENDPOINT.
            """,
        version: Version.text,
        subcommands: [RunCommand.self, SandboxCommand.self],
        defaultSubcommand: RunCommand.self)
}

/// What `--version` prints.
enum Version {
    static let number = "0.1.0"
    static let text = "qcsh \(number)"
}
