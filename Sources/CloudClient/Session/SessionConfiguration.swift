/// The configuration of a session.
public struct SessionConfiguration: Sendable {
    /// Where gRPC is reached.
    public var endpoint: Endpoint
    /// Where REST is reached.
    public var restEndpoint: Endpoint
    /// The default transport of calls.
    public var transport = TransportKind.grpc
    /// The credential of the caller.
    public var credential = Credential.none
    /// The default account of calls.
    public var accountID: String?
    /// The name of the context that this comes from.
    public var contextName: String?
    /// How connections are opened.
    public var connection = ConnectionSettings()
    /// The maximum number of retries of a call, if the call does not say; nil for the usual one.
    public var retries: Int?
    /// The default timeout of a call in nanoseconds; nil means none.
    public var timeout: Int64? = 60_000_000_000

    /// Creates a configuration.
    public init(endpoint: Endpoint, restEndpoint: Endpoint) {
        self.endpoint = endpoint
        self.restEndpoint = restEndpoint
    }
}

/// Options of a single call.
public struct CallOptions: Sendable {
    /// How long the call may take, all attempts together, in nanoseconds.
    public var timeout: Int64?
    /// The maximum number of retries; nil means three for reads and none for other calls.
    public var retries: Int?
    /// The transport of the call.
    public var transport: TransportKind?
    /// The account that the call is about.
    public var accountID: String?
    /// Further headers.
    public var metadata: [(name: String, value: String)] = []

    /// Creates default options.
    public init() {}
}
