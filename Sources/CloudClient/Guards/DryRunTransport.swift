import Codec
import Contract
import EventLoop

/// Sends reads only. Shows each change and simulates its response: the request's resource with the
/// fields that the server adds. Later reads of the same resource return it, so that the script
/// continues as in a real run.
public final class DryRunTransport: Transport {
    private let inner: any Transport
    private let loop: PollLoop
    private let now: () -> (seconds: Int64, nanos: Int32)
    private let show: (String) -> Void
    private var made = 0
    /// Echoes by the type of the resource and its id.
    private var echoes: [String: Message] = [:]

    /// Wraps a transport in a dry run.
    ///
    /// - Parameter show: shows the user which request would be sent.
    public init(
        _ inner: any Transport, loop: PollLoop,
        now: @escaping () -> (seconds: Int64, nanos: Int32), show: @escaping (String) -> Void
    ) {
        self.inner = inner
        self.loop = loop
        self.now = now
        self.show = show
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        guard call.method.isRead else { return pretend(call, completion) }
        if let echo = echo(readBy: call) {
            return answered(echo, completion)
        }
        return inner.start(call, completion: completion)
    }

    public func close() { inner.close() }

    /// Answers in the loop's next turn, unless the call is given up before.
    private func answered(
        _ message: Message, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let call = SteppedCall()
        loop.enqueue { if !call.isCancelled { completion(.success(Self.reply(message))) } }
        return call
    }

    // MARK: - Changes

    private func pretend(
        _ call: OutgoingCall, _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let request = JSONWriter(isPretty: true).text(call.request.redacted)
        show("dry run: \(call.method.displayName) would send \(request)")
        let chain = SteppedCall()
        // An update of some fields shows the whole resource: this run's own echo, or the cloud's.
        PendingChange(call: call).outcome(through: self, in: chain) { [self] result in
            switch result {
            case .success(let outcome):
                chain.step = answered(answer(to: call, outcome?.after), completion)
            case .failure(let error): completion(.failure(error))
            }
        }
        return chain
    }

    private func answer(to call: OutgoingCall, _ resource: Message?) -> Message {
        var answer = Message(call.method.output)
        if var echo = resource, let field = PendingChange.field(of: echo.type, in: answer.type) {
            complete(&echo)
            remember(echo)
            answer[field] = .message(echo)
        }
        if call.method.effect == .delete { forget(call.request) }
        return answer
    }

    /// Adds what the server would: an id and the times.
    private func complete(_ resource: inout Message) {
        if let id = resource.type.field(named: "id"), id.kind == .string,
            resource[id].map({ $0.isDefault }) ?? true
        {
            made += 1
            let digits = String(made, radix: 16)
            let tail = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
            resource[id] = .string("00000000-d000-4000-8000-" + tail)
        }
        let moment = now()
        for name in ["created_at", "last_modified_at"] {
            guard let field = resource.type.field(named: name), resource[field] == nil,
                let type = field.messageType, type.wellKnown == .timestamp
            else { continue }
            var time = Message(type)
            time[.seconds] = .int(moment.seconds)
            time[.nanos] = .int(Int64(moment.nanos))
            resource[field] = .message(time)
        }
    }

    // MARK: - Echoes

    private func remember(_ resource: Message) {
        guard let id = resource.idText else { return }
        echoes[resource.type.fullName + " " + id] = resource
    }

    private func forget(_ request: Message) {
        for (field, value) in request.setFields where field.name.hasSuffix("id") {
            guard case .string(let id) = value else { continue }
            for key in echoes.keys where key.hasSuffix(" " + id) { echoes[key] = nil }
        }
    }

    /// The answer to a read of something that only this run knows; nil when the cloud is asked.
    private func echo(readBy call: OutgoingCall) -> Message? {
        let fields = call.method.output.fields.filter { !$0.isRepeated && $0.messageType != nil }
        for field in fields {
            guard let type = field.messageType else { continue }
            for (key, value) in call.request.setFields where key.name.hasSuffix("id") {
                guard case .string(let id) = value,
                    let echo = echoes[type.fullName + " " + id]
                else { continue }
                var answer = Message(call.method.output)
                answer[field] = .message(echo)
                return answer
            }
        }
        return nil
    }

    private static func reply(_ message: Message) -> Reply {
        // Only JSON has a form for a newer server's enum names.
        var reply =
            message.unknownEnumName == nil
            ? Reply(body: message.serialized(), format: .protobuf, traceID: nil)
            : Reply(body: Array(JSONWriter().text(message).utf8), format: .json, traceID: nil)
        reply.isEcho = true
        return reply
    }
}

extension Message {
    fileprivate var idText: String? {
        guard let field = type.field(named: "id"), case .string(let id)? = self[field] else {
            return nil
        }
        return id
    }
}
