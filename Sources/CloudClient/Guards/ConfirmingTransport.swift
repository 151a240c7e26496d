import Codec
import Contract
import EventLoop

/// Asks a person before a call that deletes, restores or scales down.
public final class ConfirmingTransport: Transport {
    /// A question, for which a person types a name.
    public struct Question: Sendable {
        /// What is to be done: `delete the cluster "search-prod"`.
        public let action: String
        /// What must be typed.
        public let name: String
    }

    /// What a person has answered.
    public enum Answer: Sendable {
        case confirmed
        /// It was not asked, or not confirmed; the reason.
        case refused(String)
    }

    /// Asks; the completion is called once, from the loop. Cancelling withdraws the question.
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
        let chain = SteppedCall()
        if call.method.effect == .delete {
            name(call, chain) { [self] in confirm("delete", $0, call, chain, completion) }
        } else if call.method.name.hasPrefix("Restore") {
            name(call, chain) { [self] in confirm("restore", $0, call, chain, completion) }
        } else if let reading = PendingChange(call: call).readingPresent {
            compare(reading, call, chain, completion)
        } else {
            return inner.start(call, completion: completion)
        }
        return chain
    }

    public func close() { inner.close() }

    // MARK: - Scaling

    /// Asks if an update makes something smaller; other updates leave at once.
    private func compare(
        _ reading: OutgoingCall, _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        read(reading, chain) { [self] present in
            let field = call.method.input.fields.first { sent in
                sent.messageType.map { type in
                    type.wellKnown == nil
                        && reading.method.output.fields.contains { $0.messageType === type }
                } ?? false
            }
            guard let present, let field,
                let wanted = PendingChange(call: call).result(in: field, over: present),
                let answered = present.type.fields.first(where: {
                    $0.messageType === field.messageType
                }), case .message(let before)? = present[answered]
            else { return send(call, chain, completion) }
            let subject = Self.subject(before)
            if Self.nodes(wanted) < Self.nodes(before) {
                return confirm("scale down", subject, call, chain, completion)
            }
            let (new, old) = (Self.package(wanted), Self.package(before))
            guard new != old, !new.isEmpty, !old.isEmpty else {
                return send(call, chain, completion)
            }
            size(of: old, before, call, chain) { [self] had in
                size(of: new, before, call, chain) { [self] has in
                    // What cannot be compared is asked about.
                    if let had, let has, has.cpu >= had.cpu, has.ram >= had.ram {
                        return send(call, chain, completion)
                    }
                    confirm("scale down", subject, call, chain, completion)
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
        read(PendingChange.call(method, request, like: call), chain) { answer in
            guard
                case .message(let has)? = answer?.value(at: ["package", "resource_configuration"]),
                let cpu = Quantity.value(has.string(.cpu)),
                let ram = Quantity.value(has.string(.ram))
            else { return completion(nil) }
            completion((cpu, ram))
        }
    }

    // MARK: - Names

    /// What a call is about, with its name where the API returns it.
    private func name(
        _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping ((noun: String, name: String)) -> Void
    ) {
        let noun = call.method.name.replacing("Delete", with: "").replacing("Restore", with: "")
        let words = Names.snakeCase(noun).split(separator: "_").joined(separator: " ")
        let ids = call.request.setFields.compactMap { field, value -> String? in
            guard case .string(let id) = value, field.name.hasSuffix("id"),
                field.name != FieldName.accountID.text
            else { return nil }
            return id
        }
        let fallback = (words, ids.last ?? words)
        let siblings = call.method.service.methods
        let reader =
            siblings.first { $0.name == "Get" + noun }
            ?? siblings.first { $0.name == "List" + noun + "s" }
        guard let reader else { return completion(fallback) }
        var request = Message(reader.input)
        for (field, value) in call.request.setFields {
            guard let own = reader.input.field(named: field.name), own.kind == field.kind,
                !own.isRepeated
            else { continue }
            request[own] = value
        }
        read(PendingChange.call(reader, request, like: call), chain) { answer in
            let found = answer.flatMap { answer -> Message? in
                let all = answer.setFields.flatMap { _, value -> [Message] in
                    switch value {
                    case .message(let one): [one]
                    case .list(let items):
                        items.compactMap { if case .message(let one) = $0 { one } else { nil } }
                    default: []
                    }
                }
                return all.first { ids.contains($0.string(.id)) }
            }
            completion(found.map { (words, Self.subject($0).name) } ?? fallback)
        }
    }

    /// A resource as people know it.
    private static func subject(_ resource: Message) -> (noun: String, name: String) {
        let words = Names.snakeCase(resource.type.name).split(separator: "_")
            .joined(separator: " ")
        for field in ["name", "display_name", "email"] {
            guard let known = resource.type.field(named: field),
                case .string(let name)? = resource[known], !name.isEmpty
            else { continue }
            return (words, name)
        }
        return (words, resource.string(.id))
    }

    // MARK: - Asking

    private func confirm(
        _ verb: String, _ subject: (noun: String, name: String), _ call: OutgoingCall,
        _ chain: SteppedCall, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        guard !chain.isCancelled else { return }
        let action = "\(verb) the \(subject.noun) \"\(subject.name)\""
        let asked = loop.now()
        chain.step = ask(Question(action: action, name: subject.name)) { [self] answer in
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

    /// Reads something that a question needs; nil when it cannot be read.
    private func read(
        _ call: OutgoingCall, _ chain: SteppedCall, _ completion: @escaping (Message?) -> Void
    ) {
        guard !chain.isCancelled else { return }
        chain.step = inner.start(call) { result in
            completion(try? result.get().message(as: call.method.output))
        }
    }
}

/// Quantities as packages have them: `2000m` and `64Gi`.
enum Quantity {
    private static let factors: [(suffix: String, factor: Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
        ("m", 0.001), ("", 1),
    ]

    /// The number of a quantity; nil when it is not understood.
    static func value(_ text: String) -> Double? {
        for (suffix, factor) in factors where text.hasSuffix(suffix) {
            if let number = Double(text.dropLast(suffix.count)) { return number * factor }
        }
        return nil
    }
}
