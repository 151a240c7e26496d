import Budgets

/// How connections are opened, for both transports.
public struct ConnectionSettings: Sendable {
    /// A file of certificates to trust instead of others; nil means those that `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name, or else the system's.
    public var caFile: String?
    /// How long opening a connection may take, in nanoseconds.
    public var connectTimeout: Int64 = 10_000_000_000
    /// The `user-agent` of each call.
    public var userAgent = "qcsh"
    /// The largest answer that is taken, in bytes.
    public var maximumResponseSize = Budgets()[.responseBody]
    /// How long a connection with calls in flight may be silent before it is asked, in nanoseconds.
    public var keepaliveInterval: Int64 = 20_000_000_000
    /// How long the answer to a PING may take, in nanoseconds.
    public var keepaliveTimeout: Int64 = 10_000_000_000
    /// The present time in seconds since 1970, for answers that name a time but not their own.
    public var now: @Sendable () -> Int64 = { 0 }
    /// Random numbers from 0 up to 1, for jitter.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// Creates the default settings.
    public init() {}
}
