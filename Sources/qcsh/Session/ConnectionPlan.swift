import CloudClient
import LuaMachine

/// The settings of a session to the cloud, each with its origin.
///
/// The nearer setting wins: what a script gives `qdrant.connect`, options, a context that was
/// named, the environment, the current context, defaults. A named context is used without settings
/// of the environment. The current context's endpoints and account belong to its credential: if the
/// environment has another credential, they are not used.
struct ConnectionPlan {
    /// The text of a credential or the command that prints it.
    enum Secret {
        case key(String)
        case token(String)
        case keyCommand(String)
        case tokenCommand(String)
    }

    private(set) var endpoint = Sourced(QdrantCloud.endpoint, .builtIn)
    private(set) var restEndpoint = Sourced(QdrantCloud.restEndpoint, .builtIn)
    private(set) var account: Sourced<String>?
    private(set) var credential: Sourced<Secret>?
    private(set) var retries: Sourced<Int>?
    /// The context that was named, or the current one; its guards hold in any case.
    private(set) var context: Context?
    /// Whether the context was named, rather than chosen by the file.
    private(set) var isNamed = false
    /// Whether the current context's credential, endpoints and account give way to the environment's
    /// credential.
    private(set) var isSetAside = false

    /// Plans a session.
    ///
    /// - Parameters:
    ///   - wanted: what a script gives `qdrant.connect`.
    ///   - options: the command line.
    ///   - contexts: reads the configuration.
    init(
        _ wanted: ConnectWish, _ options: RunOptions,
        contexts: () throws(CommandError) -> Contexts
    ) throws(CommandError) {
        // Options of the run do not change a context that a script names.
        let hasOptions = wanted.context == nil
        let named = Sourced.first(
            wanted.context, Sourced(hasOptions ? options.context : nil, option: "--context"),
            Sourced(variable: "QDRANT_CLOUD_CONTEXT"))
        isNamed = named != nil
        let known = try contexts()
        context = try (named?.value ?? known.current).map { (name) throws(CommandError) in
            try known.context(named: name)
        }
        let environment = isNamed ? nil : try Self.environmentSecret
        isSetAside =
            environment != nil && wanted.secret == nil && context?.hasCredential == true
        let lending = isSetAside ? nil : context

        let endpointText = Sourced.first(
            wanted.endpoint, Sourced(hasOptions ? options.endpoint : nil, option: "--endpoint"),
            isNamed ? nil : Sourced(variable: "QDRANT_CLOUD_ENDPOINT"),
            Sourced(lending?.endpoint, of: lending))
        let restText = restText(wanted, options, endpointText, lending, hasOptions)
        try place(endpointText, restText)

        account = Sourced.first(
            wanted.account, Sourced(hasOptions ? options.account : nil, option: "--account"),
            isNamed ? nil : Sourced(variable: "QDRANT_CLOUD_ACCOUNT_ID"),
            Sourced(lending?.accountID, of: lending))
        if let context, !isSetAside, context.locksAccount, let own = context.accountID,
            let account, account.value != own
        {
            throw CommandError(
                "context \"\(context.name)\" is locked to its account \(own); the account of "
                    + "\(account.origin) is another")
        }
        credential = wanted.secret ?? environment
        if credential == nil { credential = try own(lending) }
        retries =
            options.retries.map { Sourced($0, .option("--retries")) }
            ?? context.flatMap { context in
                context.retries.map {
                    Sourced($0, .context(name: context.name, file: context.file))
                }
            }
    }

    // MARK: - Endpoints

    /// A REST address without a gRPC address of its source belongs to another place.
    private func restText(
        _ wanted: ConnectWish, _ options: RunOptions, _ endpoint: Sourced<String>?,
        _ lending: Context?, _ hasOptions: Bool
    ) -> Sourced<String>? {
        if let given = wanted.restEndpoint { return given }
        if wanted.endpoint != nil { return nil }
        if hasOptions, let given = options.restEndpoint {
            return Sourced(given, .option("--rest-endpoint"))
        }
        if case .option? = endpoint?.origin { return nil }
        if !isNamed, let given = Sourced(variable: "QDRANT_CLOUD_REST_ENDPOINT") { return given }
        if case .environment? = endpoint?.origin { return nil }
        return Sourced(lending?.restEndpoint, of: lending)
    }

    private mutating func place(
        _ endpointText: Sourced<String>?, _ restText: Sourced<String>?
    ) throws(CommandError) {
        if let endpointText { endpoint = try Self.endpoint(endpointText) }
        if let restText {
            restEndpoint = try Self.endpoint(restText)
        } else if endpoint.value != QdrantCloud.endpoint {
            restEndpoint = endpoint
        }
    }

    private static func endpoint(_ text: Sourced<String>) throws(CommandError) -> Sourced<Endpoint>
    {
        do throws(Endpoint.ParseError) {
            return Sourced(try Endpoint(text.value), text.origin)
        } catch {
            throw CommandError("\(text.origin): \(error)")
        }
    }

    // MARK: - Credentials

    private static var environmentSecret: Sourced<Secret>? {
        get throws(CommandError) {
            if let key = Sourced(variable: "QDRANT_CLOUD_API_KEY") {
                return Sourced(.key(try clean(key)), key.origin)
            }
            if let token = Sourced(variable: "QDRANT_CLOUD_TOKEN") {
                return Sourced(.token(try clean(token)), token.origin)
            }
            return nil
        }
    }

    /// Returns a credential in the form that a header can carry.
    static func clean(_ text: Sourced<String>) throws(CommandError) -> String {
        do throws(CredentialText.Problem) { return try CredentialText.clean(text.value) } catch {
            throw CommandError("\(text.origin) \(error)")
        }
    }

    /// The credential of a context, which is sent to that context's hosts only.
    private func own(_ context: Context?) throws(CommandError) -> Sourced<Secret>? {
        guard let context, let secret = context.secret else { return nil }
        if let stranger = try foreignOrigin(to: context) {
            throw CommandError(
                "the credential of context \"\(context.name)\" is not sent to another endpoint "
                    + "(\(stranger)); "
                    + (isNamed
                        ? "name a context for that endpoint"
                        : "set one for it in QDRANT_CLOUD_API_KEY"))
        }
        return Sourced(secret, .context(name: context.name, file: context.file))
    }

    /// Where an endpoint that is none of a context's came from; nil when both are the context's.
    private func foreignOrigin(to context: Context) throws(CommandError) -> Origin? {
        let own = try Sourced(context.endpoint, of: context).map(Self.endpoint)?.value
        let rest = try Sourced(context.restEndpoint, of: context).map(Self.endpoint)?.value
        let places = [
            own ?? QdrantCloud.endpoint, rest ?? own ?? QdrantCloud.restEndpoint,
        ]
        return [endpoint, restEndpoint].first { !places.contains($0.value) }?.origin
    }
}

extension Context {
    /// The credential; nil when the context has none.
    fileprivate var secret: ConnectionPlan.Secret? {
        if let apiKey { return .key(apiKey) }
        if let token { return .token(token) }
        if let apiKeyCommand { return .keyCommand(apiKeyCommand) }
        return tokenCommand.map { .tokenCommand($0) }
    }
}
