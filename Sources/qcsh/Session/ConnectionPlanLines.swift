import CloudClient

extension ConnectionPlan {
    /// A setting for people: what it is about, its value, and where it came from.
    struct Row {
        let subject: String
        let words: String
    }

    /// The settings, with their origins. A credential's text is not among them.
    func rows(_ options: RunOptions) -> [Row] {
        var rows = [
            Row(subject: "endpoint", words: "\(endpoint.value.url) (\(endpoint.origin))"),
            Row(subject: "rest endpoint", words: "\(restEndpoint.value.url) (\(restOrigin))"),
            Row(
                subject: "account",
                words: account.map { "\($0.value) (\($0.origin))" }
                    ?? "that of the credential (default)"),
            Row(subject: "credential", words: credentialWords),
        ]
        if let retries {
            rows.append(Row(subject: "retries", words: "\(retries.value) (\(retries.origin))"))
        }
        return rows + guardRows(options)
    }

    /// The settings as lines of a trace.
    func lines(_ options: RunOptions) -> [String] {
        rows(options).map { "session  \($0.subject)  \($0.words)" }
    }

    /// A REST endpoint that follows the gRPC endpoint has its origin.
    private var restOrigin: String {
        if case .builtIn = restEndpoint.origin, restEndpoint.value == endpoint.value {
            return "as the endpoint"
        }
        return restEndpoint.origin.description
    }

    private var credentialWords: String {
        guard let credential else {
            guard isNamed, let context else { return "none" }
            return "none: context \(context.name) has none, and with a named context "
                + "the environment's is not used"
        }
        let kind =
            switch credential.value {
            case .key: "a management key"
            case .keyCommand: "a management key from a command"
            case .token: "a user's token"
            case .tokenCommand: "a user's token from a command"
            }
        guard isSetAside, let context else { return "\(kind) (\(credential.origin))" }
        return "\(kind) (\(credential.origin)), instead of that of context \(context.name), whose "
            + "endpoint and account are not used either"
    }

    /// The guards, each with its origin.
    private func guardRows(_ options: RunOptions) -> [Row] {
        var guards: [(words: String, origin: String)] = []
        if let context {
            let origin = Origin.context(name: context.name, file: context.file).description
            if context.isReadOnly { guards.append(("read_only", origin)) }
            if context.locksAccount { guards.append(("lock_account", origin)) }
            if context.confirms { guards.append(("confirm", origin)) }
        }
        if options.isReadOnly { guards.append(("read only", "--read-only")) }
        if options.allowed != nil { guards.append(("permissions", "--allow")) }
        if !options.denied.isEmpty { guards.append(("permissions", "--deny")) }
        if options.isDryRun { guards.append(("dry run", "--dry-run")) }
        if let price = options.maximumHourlyPrice {
            guards.append(("at most \(price) per hour", "--max-hourly-price"))
        }
        if guards.isEmpty { return [Row(subject: "guards", words: "none")] }
        return guards.map { Row(subject: "guard", words: "\($0.words) (\($0.origin))") }
    }
}
