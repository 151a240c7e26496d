import Codec
import Contract
import GRPCProtocol

/// One call of a session from the script's point of view: the account is filled in, the request is
/// checked, and then it leaves.
final class SessionCall: SteppedCall {
    /// An id that stands for the account while it is not known.
    private static let anyAccount = "00000000-0000-4000-8000-000000000000"

    private let session: Session
    private let method: Method
    private var request: Message
    private let options: CallOptions
    private let callGuard: (any CallGuard)?
    private let completion: (Result<Reply, CallError>) -> Void
    private var deadline: Int64?

    init(
        _ session: Session, _ method: Method, _ request: Message, _ options: CallOptions,
        isOwn: Bool = false, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        self.session = session
        self.method = method
        self.request = request
        self.options = options
        callGuard = isOwn ? nil : session.callGuard
        self.completion = completion
    }

    func start() {
        if let timeout = options.timeout ?? session.configuration.timeout {
            let (moment, overflow) = session.loop.now().addingReportingOverflow(timeout)
            deadline = overflow ? .max : moment
        }
        if let refusal = callGuard?.refusal(of: method) { return completion(.failure(refusal)) }
        guard let path = method.accountIDPath, request.value(at: path)?.isDefault ?? true else {
            return check()
        }
        if let account = options.accountID ?? session.accountID {
            request.setValue(.string(account), at: path)
            return check()
        }
        if method.options.requiresAuthentication, case .none = session.configuration.credential {
            return check()
        }
        // What is wrong whatever the account is found out without asking for the account.
        var filled = request
        filled.setValue(.string(Self.anyAccount), at: path)
        if let refusal = session.refusal(of: method, filled) {
            return completion(.failure(refusal))
        }
        giveUpAtDeadline("the account was not determined before the deadline")
        step = session.discoverAccount { [self] result in
            guard !isCancelled else { return }
            step = nil
            pause?.cancel()
            pause = nil
            switch result {
            case .success(let account):
                request.setValue(.string(account), at: path)
                check()
            case .failure(var error):
                // It was only asked for the account: the call itself has not left.
                error.outcomeIsUnknown = false
                error.wasNotExecuted = true
                if error.method.isEmpty { error.method = method.displayName }
                completion(.failure(error))
            }
        }
    }

    /// Ends the call at its deadline while it is being prepared.
    private func giveUpAtDeadline(_ words: String) {
        guard let deadline else { return }
        pause = session.loop.after(deadline - session.loop.now()) { [self] in
            step?.cancel()
            step = nil
            isCancelled = true
            var error = CallError.transport(.deadlineExceeded, words)
            error.method = method.displayName
            error.wasNotExecuted = true
            completion(.failure(error))
        }
    }

    private func check() {
        if let path = method.accountIDPath, case .string(let account) = request.value(at: path),
            let refusal = callGuard?.refusal(
                of: method, account: account, own: session.accountID)
        {
            return completion(.failure(refusal))
        }
        if let refusal = session.refusal(of: method, request) {
            return completion(.failure(refusal))
        }
        send()
    }

    /// Sends the call with its credential, as soon as that is known.
    private func send() {
        guard method.options.requiresAuthentication, !session.isOffline else { return send(nil) }
        let credential = session.configuration.credential
        guard let helper = credential.openQuestion else { return send(credential.header) }
        giveUpAtDeadline("the command for the credential did not finish before the deadline")
        step = helper.wait { [self] result in
            guard !isCancelled else { return }
            step = nil
            pause?.cancel()
            pause = nil
            switch result {
            case .success: send(credential.header)
            case .failure(var error):
                error.wasNotExecuted = true
                completion(.failure(told(error)))
            }
        }
    }

    private func send(_ authorization: String?) {
        let kind = options.transport ?? session.configuration.transport
        var metadata = options.metadata
        if let authorization { metadata.append(("authorization", authorization)) }
        let call = OutgoingCall(
            method: method, request: request, metadata: metadata, deadline: deadline,
            transport: kind, retries: retries)
        step = session.carrier.start(call) { [self] result in
            step = nil
            completion(result.mapError(told))
        }
    }

    /// The maximum number of retries: the call's own, or for reads the session's. A change is
    /// repeated if its outcome is known.
    private var retries: Int? {
        options.retries ?? (method.isRead ? session.configuration.retries : nil)
    }

    /// The error with the method's name, and with what is not known.
    private func told(_ error: CallError) -> CallError {
        var error = error
        error.method = method.displayName
        if error.outcomeIsUnknown, !method.isRead {
            error.message += "; the call may or may not have been executed"
        }
        return error
    }
}
