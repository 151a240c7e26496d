import ArgumentParser
import CloudClient
import Shell

/// The options that concern the whole run.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Run against a Qdrant Cloud that lives inside this process.")
    var sandbox = false

    @Option(help: ArgumentHelp("The context to use, from the configuration.", valueName: "name"))
    var context: String?

    @Option(
        help: ArgumentHelp(
            "Where gRPC is reached: host:port or https://host:port (TLS), or http://127.0.0.1:port.",
            valueName: "address"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "Where REST is reached; the same host and port as --endpoint unless given.",
            valueName: "address"))
    var restEndpoint: String?

    @Option(help: "Which way calls go: grpc or rest.")
    var transport: TransportKind?

    @Option(help: ArgumentHelp("The account that calls are about.", valueName: "id"))
    var account: String?

    @Option(
        help: ArgumentHelp(
            "A file of certificate authorities to trust instead of the system's.",
            valueName: "file"))
    var caFile: String?

    @Option(
        help: "How results are written: table, wide, tree, json, jsonl, yaml, lua or csv.")
    var output: OutputFormat?

    @OptionGroup var source: ContractSource

    @Flag(help: "Begin the shell without init.lua.")
    var norc = false

    @Flag(help: "Write a line about each call to standard error.")
    var trace = false

    @Flag(name: .shortAndLong, help: "Show tracebacks of errors.")
    var verbose = false

    @Option(
        help: ArgumentHelp("How much memory Lua may use, for example 256MiB.", valueName: "size"))
    var maxMemory: MemorySize?

    @Option(
        help: ArgumentHelp(
            "How many instructions of Lua may be executed; counting makes code slower.",
            valueName: "number"))
    var maxInstructions: UInt64?

    @Option(
        help: ArgumentHelp(
            "How long it may take: seconds, or 30s, 5m, 2h. Then the exit status is 124.",
            valueName: "time"))
    var timeout: Interval?

    @Option(
        help: ArgumentHelp(
            "What may be done, and nothing else: read:clusters,write:backups,read:files=./data; "
                + "several by commas.", valueName: "permissions"))
    var allow: [PermissionList] = []

    @Option(
        help: ArgumentHelp("What may not be done, whatever is allowed.", valueName: "permissions"))
    var deny: [PermissionList] = []

    @Flag(help: "Refuse every call that changes something.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "Write what was used to a file, for qcsh permit.", valueName: "file"))
    var audit: String?

    @Flag(help: "Send reads only; show what each change would send.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Refuse to create or scale what costs more an hour, in the currency of the quote.",
            valueName: "amount"))
    var maxHourlyPrice: Double?

    @Option(
        help: ArgumentHelp(
            "Write each call to a file in the Chrome trace format.", valueName: "file"))
    var traceFile: String?

    @Option(
        help: ArgumentHelp(
            "Record what the run gets from outside, for --replay; secrets are masked.",
            valueName: "file"))
    var record: String?

    @Option(
        help: ArgumentHelp(
            "Repeat a recorded run: nothing leaves, and a call that was not recorded fails.",
            valueName: "file"))
    var replay: String?

    @Flag(help: "Show secrets in results, and let encoders write them.")
    var reveal = false

    @Option(
        help: ArgumentHelp(
            "Write the secrets of results to a file that only you can read: one as it is, several "
                + "as JSON.", valueName: "file"))
    var secretFile: String?

    func validate() throws {
        if reveal, secretFile != nil {
            throw ValidationError("--reveal and --secret-file exclude each other")
        }
        if let price = maxHourlyPrice, !(price >= 0) {
            throw ValidationError("--max-hourly-price has to be an amount that is not negative")
        }
        if record != nil, replay != nil {
            throw ValidationError("--record and --replay exclude each other")
        }
    }

    /// The parsed values.
    var values: RunOptions {
        RunOptions(
            sandbox: sandbox, context: context, endpoint: endpoint, restEndpoint: restEndpoint,
            transport: transport,
            account: account, caFile: caFile, output: output,
            contract: source.choice, trace: trace, skipsStartFile: norc, isVerbose: verbose,
            secrets: reveal ? .reveal : secretFile.map { .file($0) } ?? .mask,
            maximumMemory: maxMemory?.bytes, maximumInstructions: maxInstructions,
            timeout: timeout?.nanoseconds,
            allowed: allow.isEmpty ? nil : allow.flatMap(\.words), denied: deny.flatMap(\.words),
            isReadOnly: readOnly, isDryRun: dryRun, traceFile: traceFile,
            maximumHourlyPrice: maxHourlyPrice, recordFile: record, replayFile: replay,
            auditFile: audit)
    }
}
