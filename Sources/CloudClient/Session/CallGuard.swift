import Contract

/// Decides whether a call may be sent. Main-thread confined.
public protocol CallGuard: AnyObject {
    /// Why a method may not be called; nil if it may. Checked before anything else.
    func refusal(of method: Method) -> CallError?

    /// Why a call may not be about an account; nil when it may.
    ///
    /// - Parameters:
    ///   - account: which account the request names.
    ///   - own: the session's account, as far as it is known.
    func refusal(of method: Method, account: String, own: String?) -> CallError?
}
