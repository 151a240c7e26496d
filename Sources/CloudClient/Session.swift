import Codec
import Contract

/// What a session is made of.
public struct SessionConfiguration: Sendable {
    /// Which way calls go when they do not say.
    public enum TransportKind: String, Sendable, CaseIterable {
        case grpc
        case rest
    }

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
    public var transport: SessionConfiguration.TransportKind?
    /// The account that the call is about.
    public var accountID: String?
    /// Further headers.
    public var metadata: [(name: String, value: String)] = []

    /// Creates options that ask for nothing.
    public init() {}
}

/// One line of a trace: what a call did.
public struct TraceRecord: Sendable {
    /// The method's name.
    public let method: String
    /// Which way it went.
    public let transport: SessionConfiguration.TransportKind
    /// What it ended with.
    public let code: StatusCode
    /// When it began on the loop's clock, in nanoseconds.
    public let started: Int64
    /// How long it took, in nanoseconds.
    public let duration: Int64
    /// Which attempt this was, from 1.
    public let attempt: Int
    /// The answer's size in bytes.
    public let size: Int
    /// What the API calls the request in its own logs.
    public let traceID: String?

    /// Describes an attempt, or a whole call that was replayed.
    public init(
        _ call: OutgoingCall, _ result: Result<Reply, CallError>, attempt: Int, started: Int64,
        duration: Int64
    ) {
        method = call.method.displayName
        transport = call.transport
        self.attempt = attempt
        self.started = started
        self.duration = duration
        switch result {
        case .success(let reply):
            code = .ok
            size = reply.body.count
            traceID = reply.traceID
        case .failure(let error):
            code = error.code
            size = 0
            traceID = error.traceID
        }
    }
}

/// Somebody's way to the API: endpoints, credential, account, and the rules that each call obeys
/// before it leaves and when it fails. Main-thread confined.
public final class Session {
    /// What the session was made of.
    public let configuration: SessionConfiguration
    /// The contract.
    public let registry: Registry
    /// The loop that calls run on.
    public let loop: PollLoop
    /// Asked before each call that somebody makes, but not for those that the session makes itself.
    public var callGuard: (any CallGuard)?
    /// Told of each attempt.
    public var onTrace: ((TraceRecord) -> Void)?

    /// Told when somebody's call begins; what it returns is called when the call has ended.
    public var onCall: ((Method) -> () -> Void)?

    /// Whether no call leaves, so that no credential is asked for.
    public var isOffline = false
    /// What is put around the way to the API: recording, dry runs. To be set before the first call.
    public var wrap: (any Transport) -> any Transport = { $0 }

    private let validator: Validator
    private var transports: [SessionConfiguration.TransportKind: any Transport] = [:]
    /// The account, once it is known.
    public private(set) var accountID: String?
    private var waitingForAccount: [(Result<String, CallError>) -> Void]?

    /// Creates a session; nothing is opened before the first call.
    public init(
        _ configuration: SessionConfiguration, registry: Registry = .embedded, loop: PollLoop,
        wallClock: @escaping @Sendable () -> (seconds: Int64, nanos: Int32)
    ) {
        self.configuration = configuration
        self.registry = registry
        self.loop = loop
        accountID = configuration.accountID
        validator = Validator(now: wallClock)
    }

    /// Closes the connections.
    public func close() {
        for transport in transports.values { transport.close() }
        transports = [:]
    }

    /// Makes a call. The completion is called once, from the loop or before this returns.
    @discardableResult
    public func call(
        _ method: Method, _ request: Message, options: CallOptions = CallOptions(),
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        var told = completion
        if let onCall {
            let ended = onCall(method)
            told = { result in
                ended()
                completion(result)
            }
        }
        let call = SessionCall(self, method, request, options, told)
        call.start()
        return call
    }

    /// Makes a call that nobody asked for: what it finds out is needed for one that somebody did.
    func callForItself(
        _ method: Method, _ request: Message,
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        SessionCall(self, method, request, CallOptions(), isOwn: true, completion).start()
    }

    /// What is wrong with a request by the contract's rules; nil when nothing is.
    func refusal(of method: Method, _ request: Message) -> CallError? {
        if method.isForUsersOnly, configuration.credential.isManagementKey {
            var error = CallError(
                .permissionDenied,
                "this method is for people: it needs a user's token (QDRANT_CLOUD_TOKEN), not a "
                    + "management key", origin: .local)
            error.method = method.displayName
            return error
        }
        if method.options.requiresAuthentication, case .none = configuration.credential {
            var error = CallError(
                .unauthenticated,
                "no credential is configured: set QDRANT_CLOUD_API_KEY, or choose a context",
                origin: .local)
            error.method = method.displayName
            return error
        }
        // The cloud completes a masked update before it validates, so the request alone may look
        // incomplete.
        let violations =
            UpdateScope(request, of: method).map { validator.violations(in: request, updating: $0) }
            ?? validator.violations(in: request)
        guard let first = violations.first else { return nil }
        let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
        var error = CallError(.invalidArgument, first.description + more, origin: .local)
        error.violations = violations
        error.method = method.displayName
        return error
    }

    /// The way that calls go: attempts over the transports, and what is put around them.
    private(set) lazy var carrier: any Transport = wrap(RetryingTransport(session: self))

    func transport(_ kind: SessionConfiguration.TransportKind) -> any Transport {
        if let open = transports[kind] { return open }
        let opened: any Transport =
            switch kind {
            case .grpc:
                GRPCTransport(
                    endpoint: configuration.endpoint, settings: configuration.connection, loop: loop
                )
            case .rest:
                RESTTransport(
                    endpoint: configuration.restEndpoint, settings: configuration.connection,
                    loop: loop)
            }
        transports[kind] = opened
        return opened
    }

    // MARK: - The account

    /// What the contract has against a message.
    public func violations(in message: Message) -> [Violation] {
        validator.violations(in: message)
    }

    /// Whether the credential is the management key with a prefix, as the API tells keys apart.
    public func usesKey(withPrefix prefix: String) -> Bool {
        configuration.credential.isManagementKey(withPrefix: prefix)
    }

    /// Finds the one account that the credential sees. Asked once; later calls get the answer.
    /// It takes as long as a call of this session may: who waits for it less long gives up alone.
    func discoverAccount(_ completion: @escaping (Result<String, CallError>) -> Void) {
        if let accountID { return completion(.success(accountID)) }
        if waitingForAccount != nil {
            waitingForAccount?.append(completion)
            return
        }
        guard let method = try? registry.method(path: KnownMethods.listAccounts) else {
            return completion(.failure(Self.noAccount("the contract has no list of accounts")))
        }
        waitingForAccount = [completion]
        callForItself(method, Message(method.input)) { [weak self] result in
            guard let self else { return }
            let found = result.flatMap { reply in self.onlyAccount(in: reply, of: method) }
            if case .success(let id) = found { accountID = id }
            let waiting = waitingForAccount ?? []
            waitingForAccount = nil
            for completion in waiting { completion(found) }
        }
    }

    private func onlyAccount(in reply: Reply, of method: Method) -> Result<String, CallError> {
        guard let message = try? reply.message(as: method.output) else {
            return .failure(Self.noAccount("the list of accounts cannot be read"))
        }
        let accounts = message.messages(.items)
        if accounts.count == 1 { return .success(accounts[0].string(.id)) }
        let names = accounts.map { "\($0.string(.name)) (\($0.string(.id)))" }
        return .failure(
            Self.noAccount(
                accounts.isEmpty
                    ? "the credential sees no account"
                    : "the credential sees several accounts: " + names.joined(separator: ", ")))
    }

    private static func noAccount(_ reason: String) -> CallError {
        CallError(
            .invalidArgument,
            "account_id is not known: \(reason); give --account or QDRANT_CLOUD_ACCOUNT_ID",
            origin: .local)
    }
}
