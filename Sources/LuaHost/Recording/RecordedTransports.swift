import CloudClient
import Codec
import Contract
import EventLoop
import GRPCProtocol
import LuaMachine
import LuaMessages

/// Records calls and their answers.
public final class RecordingTransport: Transport {
    private let inner: any Transport
    private let recorder: RunRecorder
    private let loop: PollLoop

    /// Puts a recorder around a way to the API.
    public init(_ inner: any Transport, _ recorder: RunRecorder, loop: PollLoop) {
        self.inner = inner
        self.recorder = recorder
        self.loop = loop
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        let number = recorder.call(call)
        let started = loop.now()
        return inner.start(call) { [recorder, loop] result in
            recorder.reply(number, to: call, result, duration: loop.now() - started)
            completion(result)
        }
    }

    public func close() { inner.close() }
}

/// Answers calls as they were answered when they were recorded. Nothing leaves.
public final class ReplayTransport: Transport {
    private let replay: RunReplay
    private let loop: PollLoop
    private let onTrace: () -> ((TraceRecord) -> Void)?

    /// Creates a transport that asks a recording.
    ///
    /// - Parameter onTrace: returns the function that receives a record of each call; nil for none.
    public init(
        _ replay: RunReplay, loop: PollLoop, onTrace: @escaping () -> ((TraceRecord) -> Void)?
    ) {
        self.replay = replay
        self.loop = loop
        self.onTrace = onTrace
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        var duration: Int64 = 0
        let result = replay.reply(to: call).flatMap { recorded -> Result<Reply, CallError> in
            duration = recorded.duration
            return Self.result(recorded)
        }
        var attempts = 1
        if case .failure(let error) = result { attempts = error.attempts }
        onTrace()?(
            TraceRecord(call, result, attempt: attempts, started: loop.now(), duration: duration))
        completion(result)
        return SteppedCall()
    }

    public func close() {}

    private static func result(_ recorded: RunReplay.Reply) -> Result<Reply, CallError> {
        if let error = recorded.error { return .failure(Self.error(error)) }
        let text = ValueJSON(registry: .embedded).text(recorded.response ?? .nil)
        return .success(Reply(body: Array(text.utf8), format: .json, traceID: recorded.traceID))
    }

    private static func error(_ table: LuaTable) -> CallError {
        let code = StatusCode.allCases.first { $0.name == table["code"]?.text } ?? .unknown
        let origins: [String: CallError.Origin] = [
            "server": .server, "transport": .transport, "local": .local, "bound": .bound,
        ]
        var error = CallError(
            code, table["message"]?.text ?? "",
            origin: origins[table["origin"]?.text ?? ""] ?? .server)
        error.httpStatus = table["http_status"]?.integer.map(Int.init)
        error.traceID = table["trace_id"]?.text
        error.attempts = Int(table["attempts"]?.integer ?? 1)
        if case .bool(true)? = table["outcome_unknown"] { error.outcomeIsUnknown = true }
        error.violations = (table["violations"]?.table?.array ?? []).compactMap {
            (one: LuaValue) -> Violation? in
            guard let parts = one.table?.array?.map({ $0.text ?? "" }), parts.count == 3 else {
                return nil
            }
            return Violation(path: parts[0], rule: parts[1], message: parts[2])
        }
        error.details = (table["details"]?.table?.array ?? []).compactMap {
            (one: LuaValue) -> Message? in
            guard let parts = one.table?.array, parts.count == 2,
                let name = parts[0].text,
                let type = try? Registry.embedded.message(named: name)
            else { return nil }
            let text = ValueJSON(registry: .embedded).text(parts[1])
            return try? JSONReader(ignoresUnknownFields: true).message(Array(text.utf8), as: type)
        }
        return error
    }
}
