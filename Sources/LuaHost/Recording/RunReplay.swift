import CloudClient
import Contract
import EventLoop
import GRPCProtocol
import LuaMachine
import LuaMessages

/// Replays to a run what was recorded, in the same order; nothing else reaches it.
public final class RunReplay: WaitReplay {
    /// Why a file is not a valid recording.
    public enum Problem: Error, CustomStringConvertible {
        case empty(file: String)
        case version(file: String)
        case line(Int, file: String)

        public var description: String {
            switch self {
            case .empty(let file): "\(file) is empty"
            case .version(let file): "\(file) is not a recording of this version of qcsh"
            case .line(let number, let file): "\(file):\(number) is not a line of a recording"
            }
        }
    }

    struct RecordedCall {
        let number: Int64
        let method: String
        let request: LuaValue
        var isUsed = false
    }

    struct Reply {
        let response: LuaValue?
        let error: LuaTable?
        let traceID: String?
        let size: Int
        /// In nanoseconds.
        let duration: Int64
    }

    private var values: [String: ArraySlice<[LuaValue]>] = [:]
    private var uses: [Int64: LuaTable] = [:]
    private(set) var calls: [RecordedCall] = []
    private var replies: [Int64: Reply] = [:]
    private var sessions: ArraySlice<LuaTable> = []
    private var wakes: ArraySlice<Int64> = []
    private var lastWait: Int64 = 0
    private var lastUse: Int64 = 0
    /// Waits whose turn has not come, by their numbers.
    private var pending: [Int64: (mayStall: Bool, action: () -> Void)] = [:]
    private var isPumping = false

    /// Reads a recording.
    public init(_ text: [UInt8], file: String) throws(Problem) {
        var number = 0
        for line in text.split(separator: UInt8(ascii: "\n")) {
            number += 1
            guard let record = try? ValueJSON.value(Array(line)).table else {
                throw .line(number, file: file)
            }
            if number == 1 {
                guard record["recording"]?.integer == RunRecorder.version else {
                    throw .version(file: file)
                }
                continue
            }
            take(record)
        }
        guard number > 0 else { throw .empty(file: file) }
    }

    private func take(_ record: LuaTable) {
        if let wait = record["wake"]?.integer {
            wakes.append(wait)
        } else if let use = record["use"]?.integer {
            uses[use] = record
        } else if let call = record["call"]?.integer {
            calls.append(
                RecordedCall(
                    number: call, method: record["method"]?.text ?? "",
                    request: record["request"] ?? .nil))
        } else if let reply = record["reply"]?.integer {
            replies[reply] = Reply(
                response: record["response"], error: record["error"]?.table,
                traceID: record["trace_id"]?.text, size: Int(record["size"]?.integer ?? 0),
                duration: Self.nanoseconds(record["milliseconds"]?.number))
        } else if record["session"] != nil {
            sessions.append(record)
        } else if let (key, value) = record.entries.first, let kind = key.text {
            let list = (value.table?.array ?? []).map(RecordedValue.decode)
            values[kind, default: []].append(list)
        }
    }

    /// Recorded milliseconds; what no call can have taken is none.
    private static func nanoseconds(_ milliseconds: Double?) -> Int64 {
        guard let milliseconds, (0..<1e9).contains(milliseconds) else { return 0 }
        return Int64(milliseconds * 1e6)
    }

    // MARK: - Values

    /// The next recorded value of a kind.
    func value(_ kind: String) throws(HostError) -> [LuaValue] {
        guard let next = values[kind]?.popFirst() else {
            throw .message(
                "replay: the script asks for \"\(kind)\" more often than when it was recorded")
        }
        return next
    }

    /// The session that was opened next; nil when there were no more.
    public func nextSession() -> (
        endpoint: String, rest: String, transport: String, credential: String, account: String?,
        context: String?
    )? {
        guard let record = sessions.popFirst() else { return nil }
        return (
            record["session"]?.text ?? "", record["rest"]?.text ?? "",
            record["transport"]?.text ?? "grpc", record["credential"]?.text ?? "none",
            record["account"]?.text, record["context"]?.text
        )
    }

    /// What a function that reaches outside gave.
    func use(_ name: String, _ about: String) throws(HostError) -> (ok: Bool, values: [LuaValue]) {
        lastUse += 1
        guard let record = uses[lastUse] else {
            throw .message("replay: \(name) \(about) was not recorded")
        }
        guard record["name"]?.text == name, record["about"]?.text == about else {
            throw .message(
                "replay: the script calls \(name) \(about), but the recording has "
                    + "\(record["name"]?.text ?? "") \(record["about"]?.text ?? "")")
        }
        let values = (record["results"]?.table?.array ?? []).map(RecordedValue.decode)
        return (record["ok"]?.isTrue ?? false, values)
    }

    // MARK: - Order

    public func nextWait() -> Int64 {
        lastWait += 1
        return lastWait
    }

    /// Ends a wait when its turn in the recording comes.
    ///
    /// - Parameter mayStall: whether it may end when nothing else can: not a time limit, which may
    ///   not have been reached.
    public func schedule(
        _ number: Int64, on loop: PollLoop, mayStall: Bool, _ action: @escaping () -> Void
    ) {
        pending[number] = (mayStall, action)
        pump(loop)
    }

    /// Drops an abandoned wait and skips its turn in the recording.
    public func withdraw(_ number: Int64, on loop: PollLoop) {
        pending[number] = nil
        if wakes.first == number { wakes.removeFirst() }
        pump(loop)
    }

    private func pump(_ loop: PollLoop) {
        guard !isPumping else { return }
        isPumping = true
        // Later, so that who begins the wait has time to.
        loop.enqueue { [self] in
            isPumping = false
            if let next = wakes.first, let turn = pending.removeValue(forKey: next) {
                wakes.removeFirst()
                turn.action()
            } else if let stalled = pending.filter({ $0.value.mayStall }).keys.min(),
                let turn = pending.removeValue(forKey: stalled)
            {
                // The script goes another way than when it was recorded: what it asks for tells.
                wakes.removeAll { $0 == stalled }
                turn.action()
            } else {
                return
            }
            if !pending.isEmpty { pump(loop) }
        }
    }

    // MARK: - Calls

    /// The recorded answer to a call; an error that names the nearest when there is none.
    func reply(to call: OutgoingCall) -> Result<Reply, CallError> {
        let method = call.method.path.droppingSlash
        let wanted = RunRecorder.json(call.request.redacted)
        let text = Self.text(wanted)
        let found = calls.firstIndex {
            !$0.isUsed && $0.method == method && Self.text($0.request) == text
        }
        if let found {
            calls[found].isUsed = true
            if let reply = replies[calls[found].number] { return .success(reply) }
            return .failure(Self.error("the recording ends before the answer came", call))
        }
        let near =
            calls.first { !$0.isUsed && $0.method == method }
            ?? calls.first { $0.method == method } ?? calls.first { !$0.isUsed }
        var sentence = "this call is not in the recording: \(text)"
        if let near {
            sentence +=
                "; the nearest is "
                + (near.method == method ? "" : near.method + " ") + Self.text(near.request)
                + (near.isUsed ? ", which was answered already" : "")
        }
        return .failure(Self.error(sentence, call))
    }

    private static func text(_ value: LuaValue) -> String {
        ValueJSON(registry: .embedded).text(value)
    }

    private static func error(_ sentence: String, _ call: OutgoingCall) -> CallError {
        var error = CallError(.failedPrecondition, "replay: " + sentence, origin: .local)
        error.method = call.method.displayName
        error.wasNotExecuted = true
        return error
    }
}
