/// What proves who calls. Its text is given to transports only and never printed.
public enum Credential: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// No credential: the public methods only.
    case none
    /// A management key, which belongs to an account.
    case managementKey(String)
    /// A person's token.
    case userToken(String)

    /// The value of the `authorization` header.
    var header: String? {
        switch self {
        case .none: nil
        case .managementKey(let key): "apikey \(key)"
        case .userToken(let token): "Bearer \(token)"
        }
    }

    public var description: String {
        switch self {
        case .none: "none"
        case .managementKey: "a management key"
        case .userToken: "a user's token"
        }
    }

    public var debugDescription: String { description }
}
