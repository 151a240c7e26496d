import CLuaHost
import LuaMachine
import LuaMessages

/// Whether a run goes its own way, is recorded, or repeats what was recorded.
public enum RunJournal {
    case none
    case recording(RunRecorder)
    case replaying(RunReplay)

    /// Functions of the host that read something outside at once.
    private static let readings = [
        "now", "monotonic", "crypto_random", "process_id", "os_time", "os_clock", "random_seed",
        "term_size", "term_is_terminal",
    ]
    /// Functions of the host that reach outside and wait, and how many of their first arguments tell
    /// what they are about.
    private static let outside = [
        "http_open": 2, "http_read": 1, "process_run": 1, "term_read_line": 1,
    ]
    /// Functions that cannot be repeated.
    private static let unrepeatable = ["sandbox_start", "sandbox_attach"]

    /// The order in which the waits of a run end.
    var order: WaitOrder {
        switch self {
        case .none: .free
        case .recording(let recorder): .recorded(recorder)
        case .replaying(let replay): .repeated(replay)
        }
    }

    /// Has functions of the host recorded, or answered from a recording.
    func wrap(_ functions: inout HostFunctions) {
        if case .none = self { return }
        if case .recording(let recorder) = self, let make = functions["make_secret"] {
            functions["make_secret"] = { call in
                if let bytes = call.arguments.value().bytes { recorder.hide(bytes) }
                call.arguments.rewind()
                return try make(call)
            }
        }
        for name in Self.readings {
            if let function = functions[name] { functions[name] = reading(name, function) }
        }
        for (name, count) in Self.outside {
            if let function = functions[name] { functions[name] = use(name, count, function) }
        }
        for name in Self.unrepeatable where functions[name] != nil {
            functions[name] = { _ in
                throw HostError.message(
                    "a run that is recorded or replayed cannot start a sandbox of its own: start "
                        + "qcsh with --sandbox, or against one that runs")
            }
        }
    }

    private func reading(
        _ name: String, _ function: @escaping LuaMachine.HostFunction
    ) -> LuaMachine.HostFunction {
        { call in
            switch self {
            case .none: return try function(call)
            case .recording(let recorder):
                let result = try function(call)
                recorder.value(name, call.results.written)
                return result
            case .replaying(let replay):
                for value in try replay.value(name) { call.results.put(value) }
                return .done
            }
        }
    }

    private func use(
        _ name: String, _ count: Int, _ function: @escaping LuaMachine.HostFunction
    ) -> LuaMachine.HostFunction {
        { call in
            let about = (0..<count).map { _ in Self.shown(call.arguments.value()) }
                .joined(separator: " ")
            call.arguments.rewind()
            switch self {
            case .none: return try function(call)
            case .recording(let recorder):
                let number = recorder.nextUse()
                let result: LuaMachine.HostResult
                do {
                    result = try function(call)
                } catch let error as HostError {
                    recorder.use(number, name, about, false, error.written)
                    throw error
                }
                guard case .wait(let kind, let start) = result else { return .done }
                return .wait(as: kind) { resumption in
                    let onComplete = resumption.onComplete
                    resumption.onComplete = { resumption in
                        var values = resumption.tape.writer.written
                        let ok = values.isEmpty ? false : values.removeFirst().isTrue
                        recorder.use(number, name, about, ok, values)
                        onComplete?(resumption)
                    }
                    return start(resumption)
                }
            case .replaying(let replay):
                let (ok, values) = try replay.use(name, about)
                return .wait { resumption in
                    if ok {
                        resumption.succeed { writer in for value in values { writer.put(value) } }
                    } else {
                        resumption.fail { writer in for value in values { writer.put(value) } }
                    }
                    return nil
                }
            }
        }
    }

    private static func shown(_ value: LuaValue) -> String {
        switch value {
        case .table(let table):
            table.entries.map { shown($0.value) }.joined(separator: " ")
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        default: ValueText.scalar(value)
        }
    }
}

extension HostError {
    /// What is raised.
    fileprivate var written: [LuaValue] {
        switch self {
        case .message(let text): return [.text(text)]
        case .value(let write):
            let tape = OwnedTape()
            write(tape.writer)
            return tape.writer.written
        }
    }
}

extension TapeWriter {
    /// What has been written.
    var written: [LuaValue] {
        let cursor = tape.pointee.cursor
        tape.pointee.cursor = 0
        defer { tape.pointee.cursor = cursor }
        return TapeReader(tape).rest()
    }
}
