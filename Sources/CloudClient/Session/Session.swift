import Codec
import Contract
import EventLoop
import GRPCProtocol

/// A connection to the API: endpoints, credential, account, and the rules for checking calls before
/// they are sent and for handling their failures. Main-thread confined.
public final class Session {
    /// The session's configuration.
    public let configuration: SessionConfiguration
    /// The contract.
    public let registry: Registry
    /// The loop that calls run on.
    public let loop: PollLoop
    /// Checks each call before it is sent, except for those that the session makes itself.
    public var callGuard: (any CallGuard)?
    /// Called after each attempt.
    public var onTrace: ((TraceRecord) -> Void)?

    /// Called when a call begins, except for those that the session makes itself; the returned
    /// function is called when the call has ended.
    public var onCall: ((Method) -> () -> Void)?

    /// Whether no call is sent, so that no credential is needed.
    public var isOffline = false
    /// Wraps the transport, for recording or dry runs. Set it before the first call.
    public var wrap: (any Transport) -> any Transport = { $0 }

    /// Opens the transport of a kind.
    public typealias TransportFactory =
        (TransportKind, SessionConfiguration, PollLoop) -> any Transport

    private let open: TransportFactory
    private let validator: Validator
    private var transports: [TransportKind: any Transport] = [:]
    /// The account, once it is known.
    public private(set) var accountID: String?
    private let discovery = SharedAnswer<String>()

    /// Creates a session; nothing is opened before the first call.
    ///
    /// - Parameters:
    ///   - open: opens the transport of a kind, when the first call needs it.
    ///   - wallClock: the time that rules about moments are checked against.
    public init(
        _ configuration: SessionConfiguration, registry: Registry = .embedded, loop: PollLoop,
        open: @escaping TransportFactory,
        wallClock: @escaping @Sendable () -> (seconds: Int64, nanos: Int32)
    ) {
        self.open = open
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

    /// Makes an internal call, whose result the session needs for a call that the user requested.
    func callForItself(
        _ method: Method, _ request: Message,
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let call = SessionCall(self, method, request, CallOptions(), isOwn: true, completion)
        call.start()
        return call
    }

    /// What is wrong with a request by the contract's rules; nil when nothing is.
    func refusal(of method: Method, _ request: Message) -> CallError? {
        if method.isForUsersOnly, configuration.credential.isManagementKey {
            var error = CallError(
                .permissionDenied,
                "this method requires a user's token (QDRANT_CLOUD_TOKEN), not a management key",
                origin: .local)
            error.method = method.displayName
            return error
        }
        if method.options.requiresAuthentication, case .none = configuration.credential {
            var error = CallError(
                .unauthenticated,
                "no credential is configured: set QDRANT_CLOUD_API_KEY, choose a context "
                    + "(qcsh context set), or use --sandbox",
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
    private(set) lazy var carrier: any Transport = wrap(
        RetryingTransport(
            loop: loop, random: configuration.connection.random,
            transport: { [unowned self] in transport($0) }, trace: { [unowned self] in onTrace }))

    private func transport(_ kind: TransportKind) -> any Transport {
        if let open = transports[kind] { return open }
        let opened = open(kind, configuration, loop)
        transports[kind] = opened
        return opened
    }

    // MARK: - The account

    /// The rules of the contract that a message breaks.
    public func violations(in message: Message) -> [Violation] {
        validator.violations(in: message)
    }

    /// Whether the credential is the management key with a prefix; the API identifies keys by it.
    public func usesKey(withPrefix prefix: String) -> Bool {
        configuration.credential.isManagementKey(withPrefix: prefix)
    }

    /// Finds the one account that the credential sees. Asked once; later calls get the answer.
    /// It takes as long as a call of this session may: who waits for it less long gives up alone.
    func discoverAccount(
        _ completion: @escaping (Result<String, CallError>) -> Void
    ) -> any RunningCall {
        guard let method = try? registry.method(path: KnownMethods.listAccounts) else {
            let none = SteppedCall()
            loop.enqueue {
                guard !none.isCancelled else { return }
                completion(.failure(Self.noAccount("the contract has no list of accounts")))
            }
            return none
        }
        return discovery.wait(completion) { finish in
            callForItself(method, Message(method.input)) { [weak self] result in
                guard let self else { return }
                let found = result.flatMap { reply in self.onlyAccount(in: reply, of: method) }
                if case .success(let id) = found { accountID = id }
                finish(found)
            }
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
                    ? "the credential has access to no account"
                    : "the credential has access to several accounts: "
                        + names.joined(separator: ", ")))
    }

    private static func noAccount(_ reason: String) -> CallError {
        CallError(
            .invalidArgument,
            "account_id is unknown: \(reason); set --account or QDRANT_CLOUD_ACCOUNT_ID",
            origin: .local)
    }
}
