import ArgumentParser
import CloudClient
import Shell

/// Options that several commands share. A command takes the groups that have an effect on it.
protocol RunOptionGroup: ParsableArguments {
    /// Sets the group's part of a run's options.
    func apply(to options: inout RunOptions)
}

extension RunOptions {
    /// Creates the options of a run from groups of a command line.
    init(_ groups: any RunOptionGroup...) {
        self.init()
        for group in groups { group.apply(to: &self) }
    }
}

extension RunOptions {
    /// Throws a ``ValidationError`` for a number of retries out of range.
    static func validate(retries: Int?) throws {
        if let retries, !retryRange.contains(retries) {
            throw ValidationError("--retries must be from 0 to 20")
        }
    }
}

/// The titles of groups in help screens.
enum OptionTitle {
    static let connection = "Connection"
    static let output = "Output"
    static let secrets = "Secrets"
    static let limits = "Limits and permissions"
    static let recording = "Recording"
    static let shell = "Shell"
}

/// Where calls go, for whom, and by which API.
struct ConnectionOptions: RunOptionGroup {
    @Flag(help: "Use a sandbox inside this process: a local Qdrant Cloud, without an account.")
    var sandbox = false

    @Option(help: ArgumentHelp("Use this context of the configuration.", valueName: "context"))
    var context: String?

    @Option(
        help: ArgumentHelp(
            "gRPC address: host:port or https://host:port (TLS), or http://127.0.0.1:port.",
            valueName: "address"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "REST address (default: host and port of --endpoint).", valueName: "address"))
    var restEndpoint: String?

    @Option(help: "Transport for API calls.")
    var transport: TransportKind?

    @Option(help: ArgumentHelp("Account ID for API calls.", valueName: "id"))
    var account: String?

    @Option(
        help: ArgumentHelp(
            "Trust the certificate authorities of this file; takes precedence over SSL_CERT_FILE.",
            valueName: "file"))
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "Retries after temporary failures, 0 to 20 (default: 3 for reads).",
            valueName: "number"))
    var retries: Int?

    func validate() throws {
        try RunOptions.validate(retries: retries)
    }

    func apply(to options: inout RunOptions) {
        options.retries = retries
        options.sandbox = sandbox
        options.context = context
        options.endpoint = endpoint
        options.restEndpoint = restEndpoint
        options.transport = transport
        options.account = account
        options.caFile = caFile
    }
}

/// The format of results.
struct FormatOption: RunOptionGroup {
    @Option(help: "Format of results.")
    var output: OutputFormat?

    func apply(to options: inout RunOptions) { options.output = output }
}

/// Traces of calls.
struct TraceOptions: RunOptionGroup {
    @Flag(help: "Write a line for each call to standard error.")
    var trace = false

    @Option(
        help: ArgumentHelp(
            "Write all calls to a file in the Chrome trace format.", valueName: "file"))
    var traceFile: String?

    func apply(to options: inout RunOptions) {
        options.trace = trace
        options.traceFile = traceFile
    }
}

/// Secrets of results.
struct SecretOptions: RunOptionGroup {
    @Flag(help: "Show secrets in results; without it they are masked.")
    var reveal = false

    @Option(
        help: ArgumentHelp(
            "Write secrets of results to a file with mode 0600: one secret as text, several as JSON.",
            valueName: "file"))
    var secretFile: String?

    func validate() throws {
        if reveal, secretFile != nil {
            throw ValidationError("--reveal and --secret-file exclude each other")
        }
    }

    func apply(to options: inout RunOptions) {
        options.secrets = reveal ? .reveal : secretFile.map { .file($0) } ?? .mask
    }
}

/// The time a command may take.
struct TimeoutOption: RunOptionGroup {
    @Option(
        help: ArgumentHelp(
            "Stop after this time (seconds, or 30s, 5m, 1h30m) with exit status 124.",
            valueName: "time"), transform: Interval.init(argument:))
    var timeout: Interval?

    func apply(to options: inout RunOptions) { options.timeout = timeout?.nanoseconds }
}

/// Details of errors.
struct VerboseOption: RunOptionGroup {
    @Flag(name: .shortAndLong, help: "Show tracebacks of errors.")
    var verbose = false

    func apply(to options: inout RunOptions) { options.isVerbose = verbose }
}

/// The answer to questions of contexts.
struct ConfirmOption: RunOptionGroup {
    @Flag(help: "Skip the confirmations of a context with confirm: true.")
    var yes = false

    func apply(to options: inout RunOptions) { options.isConfirmed = yes }
}

/// Bounds on Lua code.
struct LuaOptions: RunOptionGroup {
    @Option(
        help: ArgumentHelp("Memory limit of Lua, for example 256MiB.", valueName: "size"),
        transform: MemorySize.init(argument:))
    var maxMemory: MemorySize?

    @Option(
        help: ArgumentHelp(
            "Instruction limit of Lua; counting slows code down.", valueName: "number"))
    var maxInstructions: UInt64?

    func apply(to options: inout RunOptions) {
        options.maximumMemory = maxMemory
        options.maximumInstructions = maxInstructions
    }
}

/// What a run may do.
struct PermissionOptions: RunOptionGroup {
    @Option(
        help: ArgumentHelp(
            "Permit these and nothing else: read:clusters,write:backups,read:files=./data.",
            valueName: "permissions"))
    var allow: [PermissionList] = []

    @Option(
        help: ArgumentHelp(
            "Permissions to deny; takes precedence over --allow.", valueName: "permissions"))
    var deny: [PermissionList] = []

    @Flag(help: "Refuse every call that changes something.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "Write the permissions that were used to a file, for qcsh permit.", valueName: "file"))
    var audit: String?

    @Flag(help: "Send reads only; show what each change would send.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Refuse to create or scale anything that costs more per hour, in the currency of the "
                + "quote.", valueName: "amount"))
    var maxHourlyPrice: Double?

    func validate() throws {
        if let price = maxHourlyPrice, !(price >= 0) {
            throw ValidationError("--max-hourly-price must be an amount of at least 0")
        }
    }

    func apply(to options: inout RunOptions) {
        options.allowed = allow.isEmpty ? nil : allow.flatMap(\.words)
        options.denied = deny.flatMap(\.words)
        options.isReadOnly = readOnly
        options.auditFile = audit
        options.isDryRun = dryRun
        options.maximumHourlyPrice = maxHourlyPrice
    }
}

/// Recordings of runs.
struct RecordingOptions: RunOptionGroup {
    @Option(
        help: ArgumentHelp(
            "Record all input from outside for --replay; secrets are masked.", valueName: "file"))
    var record: String?

    @Option(
        help: ArgumentHelp(
            "Repeat a recorded run without the network; a call that was not recorded fails.",
            valueName: "file"))
    var replay: String?

    func validate() throws {
        if record != nil, replay != nil {
            throw ValidationError("--record and --replay exclude each other")
        }
    }

    func apply(to options: inout RunOptions) {
        options.recordFile = record
        options.replayFile = replay
    }
}

/// The interactive shell.
struct ShellOptions: RunOptionGroup {
    @Flag(help: "Start the shell without init.lua.")
    var norc = false

    func apply(to options: inout RunOptions) { options.skipsStartFile = norc }
}

/// The options of all commands that call the API.
///
/// The parser looks into groups again for each level above them: groups stay at most three levels deep.
struct CloudOptions: RunOptionGroup {
    @OptionGroup(title: OptionTitle.connection) var connection: ConnectionOptions
    @OptionGroup(title: OptionTitle.connection) var source: ContractSource
    @OptionGroup(title: OptionTitle.output) var traces: TraceOptions
    @OptionGroup(title: OptionTitle.limits) var timeout: TimeoutOption
    @OptionGroup(title: OptionTitle.limits) var permissions: PermissionOptions
    @OptionGroup(title: OptionTitle.recording) var recording: RecordingOptions

    func apply(to options: inout RunOptions) {
        let groups: [any RunOptionGroup] = [
            connection, source, traces, timeout, permissions, recording,
        ]
        for group in groups { group.apply(to: &options) }
    }
}

/// The options of scripts.
struct ScriptOptions: RunOptionGroup {
    @OptionGroup var cloud: CloudOptions
    @OptionGroup(title: OptionTitle.output) var format: FormatOption
    @OptionGroup(title: OptionTitle.output) var details: VerboseOption
    @OptionGroup(title: OptionTitle.secrets) var secrets: SecretOptions
    @OptionGroup(title: OptionTitle.limits) var lua: LuaOptions
    @OptionGroup(title: OptionTitle.limits) var confirmation: ConfirmOption

    func apply(to options: inout RunOptions) {
        let groups: [any RunOptionGroup] = [
            cloud, format, details, secrets, lua, confirmation,
        ]
        for group in groups { group.apply(to: &options) }
    }
}
