import ArgumentParser
/// What qcsh does without a subcommand: it runs a script, code, or the interactive shell.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh",
        abstract: "A scriptable shell for Qdrant Cloud.",
        usage: """
            qcsh [options]                      the interactive shell
            qcsh [options] SCRIPT [args …]      run a script; - reads it from standard input
            qcsh [options] -e CODE              run code, print what it returns
            qcsh call [options] METHOD …        make one call; see qcsh call --help
            qcsh check SCRIPT …                 check scripts without running them
            qcsh permit SCRIPT --from FILE      write the header for what a run has used
            qcsh test [PATH …]                  run Lua specs
            qcsh plan|apply STACK               what a declared state changes, and changing it; also
                                                drift, destroy and adopt
            qcsh context …                      named ways to accounts; see qcsh context --help
            qcsh lib …                          libraries of scripts; see qcsh lib --help
            qcsh stubs                          type definitions for editors
            qcsh doctor                         what is configured, reachable and allowed
            qcsh api [NAME]                     look up the API; see qcsh api --help
            qcsh sandbox [options]              a local Qdrant Cloud; see qcsh sandbox --help
            """,
        discussion: """
            Options of qcsh stand before the script; what follows the script is the script's own.

            Environment: QDRANT_CLOUD_API_KEY, QDRANT_CLOUD_TOKEN, QDRANT_CLOUD_ACCOUNT_ID, \
            QDRANT_CLOUD_ENDPOINT, QDRANT_CLOUD_REST_ENDPOINT.
            """,
        version: Version.text)

    @OptionGroup var options: GlobalOptions

    @Option(
        name: [.customShort("e")],
        help: ArgumentHelp(
            "Run statements, or an expression whose value is printed. May be given several times.",
            valueName: "code"))
    var code: [String] = []

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The script and its arguments; - reads the script from standard input.",
            valueName: "script"))
    var script: [String] = []

    func validate() throws {
        // What stands in the script's place but looks like an option is one that there is not.
        guard let word = script.first, word.hasPrefix("-"), word != "-" else { return }
        switch word {
        case "--help", "-h": throw CleanExit.helpRequest()
        case "--version": throw CleanExit.message(Version.text)
        default: throw ValidationError("there is no option \(word)")
        }
    }

    func run() throws {
        throw ExitCode(
            Runner(
                options: options.values, code: code, script: script,
                isSubcommand: { Subcommands.all[$0] != nil }
            ).run())
    }
}
