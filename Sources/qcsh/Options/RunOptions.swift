import CloudClient
import Shell

/// The options that concern the whole run, as plain values.
struct RunOptions {
    /// The range of `--retries`.
    static let retryRange = 0...20

    var sandbox = false
    var context: String?
    var endpoint: String?
    var restEndpoint: String?
    var transport: TransportKind?
    var account: String?
    var caFile: String?
    /// The maximum number of retries of a call; nil for the usual one.
    var retries: Int?
    /// How results are written; nil when it was not said.
    var output: OutputFormat?
    var contract = ContractChoice.embedded
    var trace = false
    /// Whether the shell begins without `init.lua`.
    var skipsStartFile = false
    var isVerbose = false
    var secrets = SecretPolicy.mask
    /// In bytes.
    var maximumMemory: MemorySize?
    var maximumInstructions: UInt64?
    /// How long the run may take, in nanoseconds.
    var timeout: Int64?
    /// What the command line says that may be done; nil means everything.
    var allowed: [PermissionWord]?
    var denied: [PermissionWord] = []
    var isReadOnly = false
    /// Whether changes that a context asks about are confirmed.
    var isConfirmed = false
    /// Whether changes are shown instead of made.
    var isDryRun = false
    /// Where calls are traced for a viewer.
    var traceFile: String?
    /// The most that what a call creates or scales may cost an hour, in the quote's currency.
    var maximumHourlyPrice: Double?
    /// Where the run is recorded, and what it repeats.
    var recordFile: String?
    var replayFile: String?
    /// Where it is written what was used.
    var auditFile: String?
}
