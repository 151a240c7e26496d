/// What a session is made of.
public struct SessionConfiguration: Sendable {
    /// Where gRPC is reached.
    public var endpoint: Endpoint
    /// Where REST is reached.
    public var restEndpoint: Endpoint
    /// Which way calls go when they do not say.
    public var transport = TransportKind.grpc
    /// Who calls.
    public var credential = Credential.none
    /// The account that calls are about when they do not say.
    public var accountID: String?
    /// The name of the context that this comes from.
    public var contextName: String?
    /// How connections are opened.
    public var connection = ConnectionSettings()
    /// How long a call may take when it does not say, in nanoseconds; nil means for ever.
    public var timeout: Int64? = 60_000_000_000

    /// Creates a configuration.
    public init(endpoint: Endpoint, restEndpoint: Endpoint) {
        self.endpoint = endpoint
        self.restEndpoint = restEndpoint
    }
}

/// What one call asks for beyond its request.
public struct CallOptions: Sendable {
    /// How long the call may take, all attempts together, in nanoseconds.
    public var timeout: Int64?
    /// How many more attempts may be made; nil means three for reads and none for others.
    public var retries: Int?
    /// Which way the call goes.
    public var transport: TransportKind?
    /// The account that the call is about.
    public var accountID: String?
    /// Further headers.
    public var metadata: [(name: String, value: String)] = []

    /// Creates options that ask for nothing.
    public init() {}
}
