/// The caller's credential. Its value is passed to transports only and never printed.
public enum Credential: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// No credential: the public methods only.
    case none
    /// A management key, which belongs to an account.
    case managementKey(String)
    /// A person's token.
    case userToken(String)
    /// One of the two from an external source, which is asked when a call needs it.
    case helper(CredentialHelper)

    /// The value of the `authorization` header.
    ///
    /// - Throws: an UNAUTHENTICATED ``CallError`` when the credential helper does not return it.
    func header() throws(CallError) -> String? {
        switch self {
        case .none: nil
        case .managementKey(let key): "apikey \(key)"
        case .userToken(let token): "Bearer \(token)"
        case .helper(let helper):
            (helper.isToken ? "Bearer " : "apikey ") + (try helper.text())
        }
    }

    /// Whether it is a management key rather than a person's token.
    var isManagementKey: Bool {
        switch self {
        case .managementKey: true
        case .helper(let helper): !helper.isToken
        case .none, .userToken: false
        }
    }

    /// Of how many characters at the least and at the most prefixes are by which the API lists
    /// management keys.
    private static let prefixLengths = 4...8

    /// Whether it is the management key with a prefix, by which the API distinguishes keys. Only as
    /// many characters as the API lists are compared, so that callers learn no more of the key.
    func isManagementKey(withPrefix prefix: String) -> Bool {
        let listed = prefix.prefix(Self.prefixLengths.upperBound)
        guard listed.count >= Self.prefixLengths.lowerBound else { return false }
        switch self {
        case .managementKey(let key): return key.hasPrefix(listed)
        case .helper(let helper) where !helper.isToken:
            return (try? helper.text())?.hasPrefix(listed) ?? false
        case .none, .userToken, .helper: return false
        }
    }

    public var description: String {
        switch self {
        case .none: "none"
        case .managementKey: "a management key"
        case .userToken: "a user's token"
        case .helper(let helper): helper.isToken ? "a user's token" : "a management key"
        }
    }

    public var debugDescription: String { description }
}

/// Asks for a credential once, when it is first needed. Main-thread confined.
public final class CredentialHelper: @unchecked Sendable {
    /// Whether it returns a user's token rather than a management key.
    public let isToken: Bool
    private let ask: () -> Result<String, CallError>
    private let onText: (String) -> Void
    private var answer: String?

    /// Creates a helper.
    ///
    /// - Parameters:
    ///   - ask: returns the credential; may take some time.
    ///   - onText: called with the credential once it is known, so that it can be masked in output.
    public init(
        isToken: Bool, ask: @escaping () -> Result<String, CallError>,
        onText: @escaping (String) -> Void = { _ in }
    ) {
        self.isToken = isToken
        self.ask = ask
        self.onText = onText
    }

    func text() throws(CallError) -> String {
        if let answer { return answer }
        let text = try ask().get()
        answer = text
        onText(text)
        return text
    }
}
