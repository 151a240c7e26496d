import Codec
import Contract

/// A change that waits to be sent: its resource, as it is and as the change would leave it.
package struct PendingChange {
    /// A resource before and after the change.
    struct Outcome {
        /// The resource as it is; nil when the contract names no method that reads it.
        let before: Message?
        /// The resource as the change would leave it.
        let after: Message
    }

    let call: OutgoingCall

    /// The request's field with the resource that the call creates or changes; nil when the request
    /// has at most the resource's id. Request and response hold the same message.
    package var resource: Field? {
        call.method.input.fields.first { sent in
            guard let type = sent.messageType, type.wellKnown == nil, !sent.isRepeated else {
                return false
            }
            return Self.field(of: type, in: call.method.output) != nil
        }
    }

    /// The field of a message that holds one resource of a type.
    static func field(of type: MessageType, in message: MessageType) -> Field? {
        message.fields.first { $0.messageType === type && !$0.isRepeated }
    }

    /// Reads the resource if the contract names a method for it (`patch_source`), and lays the
    /// change over it.
    ///
    /// - Parameter completion: receives nil when the request has no resource.
    func outcome(
        through transport: any Transport, in chain: SteppedCall,
        _ completion: @escaping (Result<Outcome?, CallError>) -> Void
    ) {
        guard let reading = readingPresent else { return completion(.success(outcome(over: nil))) }
        chain.read(reading, through: transport) { completion($0.map(outcome(over:))) }
    }

    /// The call that reads what an update changes; nil when the contract names none.
    var readingPresent: OutgoingCall? {
        guard let source = call.method.options.patchSource,
            let method = try? Registry.embedded.method(
                path: source.getMethod.hasPrefix("/") ? source.getMethod : "/" + source.getMethod)
        else { return nil }
        var request = Message(method.input)
        for (target, origin) in source.fieldMapping {
            guard let value = call.request.value(at: Self.steps(origin)) else { continue }
            request.setValue(value, at: Self.steps(target))
        }
        return call.reading(method, request)
    }

    /// - Parameter present: the response to ``readingPresent``.
    private func outcome(over present: Message?) -> Outcome? {
        guard let resource, let type = resource.messageType,
            case .message(let sent)? = call.request[resource]
        else { return nil }
        guard let present, let held = Self.field(of: type, in: present.type),
            case .message(let before)? = present[held]
        else { return Outcome(before: nil, after: sent) }
        var after = before
        after.overlay(sent, mask: call.request.updateMask)
        return Outcome(before: before, after: after)
    }

    package static func steps(_ path: String) -> [String] {
        path.split(separator: ".").map(String.init)
    }
}

extension OutgoingCall {
    /// A call of another method that is sent like this one.
    func reading(_ method: Method, _ request: Message) -> OutgoingCall {
        OutgoingCall(
            method: method, request: request, metadata: metadata, deadline: deadline,
            transport: transport)
    }
}

extension SteppedCall {
    /// Sends a read as the next step, unless the call was cancelled.
    func read(
        _ call: OutgoingCall, through transport: any Transport,
        _ completion: @escaping (Result<Message, CallError>) -> Void
    ) {
        guard !isCancelled else { return }
        step = transport.start(call) { result in
            completion(
                result.flatMap { reply in
                    (try? reply.message(as: call.method.output)).map { .success($0) }
                        ?? .failure(
                            CallError(.internal, "the answer cannot be read", origin: .transport))
                })
        }
    }
}

extension Message {
    /// The paths that an update names; nil when it names none.
    fileprivate var updateMask: [[String]]? {
        for (field, value) in setFields where field.messageType?.wellKnown == .fieldMask {
            guard case .message(let mask) = value else { continue }
            let paths = mask.strings(.paths)
            return paths.isEmpty ? nil : paths.map(PendingChange.steps)
        }
        return nil
    }

    /// Takes over what an update sets: all that it has, or what its mask names.
    fileprivate mutating func overlay(_ change: Message, mask: [[String]]?) {
        guard let mask else {
            for (field, value) in change.setFields { self[field] = value }
            return
        }
        for path in mask { setValue(change.value(at: path), at: path) }
    }
}
