import CloudClient
import Contract

/// A named connection to an account, from a configuration file.
struct Context {
    let name: String
    var endpoint: String?
    var restEndpoint: String?
    var accountID: String?
    /// The credential, or the command that prints it.
    var apiKey: String?
    var apiKeyCommand: String?
    var token: String?
    var tokenCommand: String?
    /// Whether it forbids changes of the cloud.
    var isReadOnly = false
    /// Whether it forbids other accounts than its own.
    var locksAccount = false
    /// Whether a person must confirm calls that delete, restore or scale down.
    var confirms = false
    /// The maximum number of retries of a call; nil for the usual one.
    var retries: Int?
    /// The colour that it is shown in.
    var color: String?
    /// The file that it comes from.
    let file: String

    /// The keys that protect something.
    static let guards = ["read_only", "lock_account", "confirm"]
    /// The keys that exclude each other.
    static let credentialKeys = ["api_key", "api_key_command", "token", "token_command"]
    /// The keys of a context, in the order in which they are shown.
    static let keys =
        ["name", "endpoint", "rest_endpoint", "account_id"] + credentialKeys + guards
        + ["retries", "color"]

    /// Reads a context of a file.
    init(_ given: ConfigurationFields) throws(CommandError) {
        var fields = given
        guard let name = try fields.text("name") else {
            throw fields.problem("a context needs a name")
        }
        fields.place = "context \"\(name)\""
        guard !name.contains(where: { $0.isWhitespace || $0.isNewline }) else {
            throw fields.problem("a name must not contain spaces", at: "name")
        }
        try fields.refuse(otherThan: Self.keys, guards: Self.guards)
        self.name = name
        file = fields.file
        endpoint = try Self.address("endpoint", fields)
        restEndpoint = try Self.address("rest_endpoint", fields)
        accountID = try fields.text("account_id")
        apiKey = try Self.credential("api_key", fields)
        token = try Self.credential("token", fields)
        apiKeyCommand = try fields.text("api_key_command")
        tokenCommand = try fields.text("token_command")
        isReadOnly = try fields.flag("read_only")
        locksAccount = try fields.flag("lock_account")
        confirms = try fields.flag("confirm")
        retries = try fields.count("retries", in: RunOptions.retryRange)
        if let color = try fields.text("color") {
            guard ContextColours.codes[color] != nil else {
                let known = ContextColours.codes.keys.sorted().joined(separator: ", ")
                throw fields.problem(
                    "color must be one of \(known), got \"\(color)\"", at: "color")
            }
            self.color = color
        }
        let given = Self.credentialKeys.filter { fields.node($0) != nil }
        if given.count > 1, fields.ownership == .own {
            throw fields.problem(
                "\(given.joined(separator: " and ")) exclude each other; delete one", at: given[1])
        }
    }

    private static func address(
        _ key: String, _ fields: ConfigurationFields
    ) throws(CommandError) -> String? {
        guard let text = try fields.text(key) else { return nil }
        do throws(Endpoint.ParseError) { _ = try Endpoint(text) } catch {
            throw fields.problem("\(key): \(error)", at: key)
        }
        return text
    }

    private static func credential(
        _ key: String, _ fields: ConfigurationFields
    ) throws(CommandError) -> String? {
        guard let text = try fields.text(key) else { return nil }
        do throws(CredentialText.Problem) { return try CredentialText.clean(text) } catch {
            throw fields.problem("\(key) \(error)", at: key)
        }
    }

    /// Whether it has a credential of its own.
    var hasCredential: Bool {
        apiKey != nil || apiKeyCommand != nil || token != nil || tokenCommand != nil
    }

    /// What the context forbids; nil when nothing.
    var permissionLayer: PermissionLayer? {
        guard isReadOnly || locksAccount else { return nil }
        var layer = PermissionLayer(source: "context \"\(name)\"")
        layer.isReadOnly = isReadOnly
        layer.locksAccount = locksAccount
        return layer
    }
}
