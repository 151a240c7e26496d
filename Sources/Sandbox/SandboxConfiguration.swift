import Budgets

/// The configuration of a sandbox.
public struct SandboxConfiguration: Sendable {
    /// How time passes in it.
    public enum Speed: Sendable, Equatable {
        /// The number of virtual seconds per real second.
        case factor(Double)
        /// What takes time is done at once.
        case instant
        /// Time stands still until it is moved.
        case manual
    }

    /// The address to listen on. Anything but the loopback interface wants ``usesTLS``.
    public var host = "127.0.0.1"
    /// The name by which others reach it, for endpoints and the certificate; nil takes the address.
    public var advertisedHost: String?
    /// The port; 0 takes a free one.
    public var port = 0
    /// Whether the port speaks TLS.
    public var usesTLS = false
    /// The data directory; nil keeps everything in memory.
    public var dataFolder: String?
    /// How its time passes.
    public var speed = Speed.factor(1)
    /// The initial contents: YAML, or `demo` or `bare`.
    public var seed = "demo"
    /// The file that the seed was read from; nil for none.
    public var seedFile: String?
    /// The seed of ids, secrets and times: two runs with the same number and the same calls give
    /// the same answers. Nil makes them random.
    public var seedNumber: UInt64?
    /// Rules that are not applied.
    public var leniencies: Set<Leniency> = []
    /// Whether free clusters are suspended after a week and deleted after four.
    public var retiresIdleFreeClusters = false
    /// Faults from the start, each a YAML text of one or of a list.
    public var faults: [String] = []
    /// Limits on the resources that a peer may use.
    public var budgets = Budgets()
    /// The real time, in nanoseconds since 1970.
    public var realTime: @Sendable () -> Int64

    /// Creates a configuration.
    public init(realTime: @escaping @Sendable () -> Int64) { self.realTime = realTime }
}
