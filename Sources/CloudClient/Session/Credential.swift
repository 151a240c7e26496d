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

    /// The value of the `authorization` header; nil when there is none, or when a helper has not
    /// answered yet.
    var header: String? {
        switch self {
        case .none: nil
        case .managementKey(let key): "apikey \(key)"
        case .userToken(let token): "Bearer \(token)"
        case .helper(let helper):
            helper.answer.map { (helper.isToken ? "Bearer " : "apikey ") + $0 }
        }
    }

    /// The helper that must be asked before ``header`` is known; nil when there is none to ask.
    var openQuestion: CredentialHelper? {
        guard case .helper(let helper) = self, helper.answer == nil else { return nil }
        return helper
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
            // Only a call yields a prefix to compare with, so the helper has already answered.
            return helper.answer?.hasPrefix(listed) ?? false
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
    /// Asks the helper. Calls the completion once, from the loop. Cancelling ends the helper.
    public typealias Question =
        (_ completion: @escaping (Result<String, CallError>) -> Void) -> any RunningCall

    /// Whether it returns a user's token rather than a management key.
    public let isToken: Bool
    private let ask: Question
    private let onText: (String) -> Void
    /// The credential, once it is known.
    private(set) var answer: String?
    private let shared = SharedAnswer<String>()

    /// Creates a helper.
    ///
    /// - Parameters:
    ///   - ask: asks for the credential; what fails is asked again by the next call.
    ///   - onText: called with the credential once it is known, so that it can be masked in output.
    public init(
        isToken: Bool, ask: @escaping Question, onText: @escaping (String) -> Void = { _ in }
    ) {
        self.isToken = isToken
        self.ask = ask
        self.onText = onText
    }

    /// Waits for the credential; calls that wait at the same time share one question.
    func wait(_ completion: @escaping (Result<String, CallError>) -> Void) -> any RunningCall {
        shared.wait(completion) { [weak self, ask] finish in
            ask { result in
                if let self, case .success(let text) = result {
                    self.answer = text
                    self.onText(text)
                }
                finish(result)
            }
        }
    }
}
