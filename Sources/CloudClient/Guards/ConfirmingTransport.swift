import Codec
import Contract
import EventLoop

/// Asks a person before a call that deletes, restores or scales down.
public final class ConfirmingTransport: Transport {
    /// A question that a person answers by typing a name.
    public struct Question: Sendable {
        /// The change: `delete the cluster "search-prod"`.
        public let action: String
        /// The name to type.
        public let name: String
    }

    /// The answer to a question.
    public enum Answer: Sendable {
        case confirmed
        /// The question could not be asked, or was not confirmed; the reason.
        case refused(String)
    }

    /// Asks a person. Calls the completion once, from the loop. Cancelling withdraws the question.
    public typealias Asker =
        (Question, _ completion: @escaping (Answer) -> Void) -> any RunningCall

    private let inner: any Transport
    private let loop: PollLoop
    private let source: String
    private let ask: Asker

    /// Wraps a transport.
    ///
    /// - Parameter source: who wants the question, for errors: `context "prod"`.
    public init(_ inner: any Transport, loop: PollLoop, source: String, ask: @escaping Asker) {
        self.inner = inner
        self.loop = loop
        self.source = source
        self.ask = ask
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        guard !call.method.isRead else { return inner.start(call, completion: completion) }
        let change = PendingChange(call: call)
        let chain = SteppedCall()
        if call.method.effect == .delete {
            change.namedResource(through: inner, in: chain) { [self] in
                confirm("delete", $0, call, chain, completion)
            }
        } else if call.method.name.hasPrefix("Restore") {
            change.namedResource(through: inner, in: chain) { [self] in
                confirm("restore", $0, call, chain, completion)
            }
        } else if change.readingPresent != nil {
            compare(change, chain, completion)
        } else {
            return inner.start(call, completion: completion)
        }
        return chain
    }

    public func close() { inner.close() }

    // MARK: - Scaling

    /// Asks if an update makes something smaller; sends other updates at once.
    private func compare(
        _ change: PendingChange, _ chain: SteppedCall,
        _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        let call = change.call
        change.outcome(through: inner, in: chain) { [self] result in
            guard case .success(let outcome?) = result, let before = outcome.before else {
                return send(call, chain, completion)
            }
            let after = outcome.after
            let resource = ChangedResource(before)
            if Self.nodes(after) < Self.nodes(before) {
                return confirm("scale down", resource, call, chain, completion)
            }
            let (new, old) = (Self.package(after), Self.package(before))
            guard new != old, !new.isEmpty, !old.isEmpty else {
                return send(call, chain, completion)
            }
            size(of: old, before, call, chain) { [self] had in
                size(of: new, before, call, chain) { [self] has in
                    // A package of unknown size may be smaller.
                    if let had, let has, has.cpu >= had.cpu, has.ram >= had.ram {
                        return send(call, chain, completion)
                    }
                    confirm("scale down", resource, call, chain, completion)
                }
            }
        }
    }

    private static func nodes(_ resource: Message) -> Int64 {
        if case .int(let count)? = resource.value(at: ["configuration", "number_of_nodes"]) {
            return count
        }
        if case .uint(let count)? = resource.value(at: ["configuration", "number_of_nodes"]) {
            return Int64(clamping: count)
        }
        return 0
    }

    private static func package(_ resource: Message) -> String {
        if case .string(let id)? = resource.value(at: ["configuration", "package_id"]) {
            return id
        }
        return ""
    }

    /// The CPUs and the memory of a package's nodes; nil when they are not known.
    private func size(
        of package: String, _ cluster: Message, _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping ((cpu: Double, ram: Double)?) -> Void
    ) {
        guard let method = try? Registry.embedded.method(path: KnownMethods.getPackage),
            let account = call.method.accountIDPath.flatMap({ call.request.value(at: $0) })
        else { return completion(nil) }
        var request = Message(method.input)
        request.setValue(account, at: ["account_id"])
        request.setValue(.string(package), at: ["id"])
        for place in ["cloud_provider_id", "cloud_provider_region_id"] {
            request.setValue(cluster.value(at: [place]), at: [place])
        }
        chain.read(call.reading(method, request), through: inner) { result in
            let path = ["package", "resource_configuration"]
            guard case .message(let has)? = (try? result.get())?.value(at: path),
                let cpu = Quantity.value(has.string(.cpu)),
                let ram = Quantity.value(has.string(.ram))
            else { return completion(nil) }
            completion((cpu, ram))
        }
    }

    // MARK: - Asking

    private func confirm(
        _ verb: String, _ resource: ChangedResource, _ call: OutgoingCall,
        _ chain: SteppedCall, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        guard !chain.isCancelled else { return }
        let action = "\(verb) the \(resource.noun) \"\(resource.name)\""
        let asked = loop.now()
        chain.step = ask(Question(action: action, name: resource.name)) { [self] answer in
            guard !chain.isCancelled else { return }
            switch answer {
            case .confirmed:
                // A person may think for longer than a call may take.
                let waited = loop.now() - asked
                let deadline = call.deadline.map { $0.addingReportingOverflow(waited) }
                let later = OutgoingCall(
                    method: call.method, request: call.request, metadata: call.metadata,
                    deadline: deadline.map { $0.overflow ? .max : $0.partialValue },
                    transport: call.transport, retries: call.retries)
                send(later, chain, completion)
            case .refused(let reason):
                var error = CallError(
                    .failedPrecondition, "\(source) asks before it may \(action): \(reason)",
                    origin: .bound)
                error.method = call.method.displayName
                error.wasNotExecuted = true
                completion(.failure(error))
            }
        }
    }

    private func send(
        _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        guard !chain.isCancelled else { return }
        chain.step = inner.start(call, completion: completion)
    }
}

/// Quantities in the form of packages: `2000m` and `64Gi`.
enum Quantity {
    private static let factors: [(suffix: String, factor: Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
        ("m", 0.001), ("", 1),
    ]

    /// Returns the number of a quantity; nil for other texts.
    static func value(_ text: String) -> Double? {
        for (suffix, factor) in factors where text.hasSuffix(suffix) {
            if let number = Double(text.dropLast(suffix.count)) { return number * factor }
        }
        return nil
    }
}
