import CLuaHost
import Contract
import LuaMachine
import LuaMessages

/// Whether a run is recorded, replays a recording, or neither.
public enum RunJournal {
    case none
    case recording(RunRecorder)
    case replaying(RunReplay)

    /// The order in which the waits of a run end.
    var order: WaitOrder {
        switch self {
        case .none: .free
        case .recording(let recorder): .recorded(recorder)
        case .replaying(let replay): .repeated(replay)
        }
    }

    /// The body of a function, recorded or answered from a recording as the function declares.
    func wrapped(_ function: HostFunction) -> LuaMachine.HostBody {
        if case .none = self { return function.body }
        switch function.recording {
        case .none: return function.body
        case .reading: return reading(function.name, function.body)
        case .use(let count): return use(function.name, count, function.body)
        case .secret: return hidden(function.body)
        case .refused(let reason): return { _ in throw HostError.message(reason) }
        }
    }

    private func hidden(_ function: @escaping LuaMachine.HostBody) -> LuaMachine.HostBody {
        guard case .recording(let recorder) = self else { return function }
        return { call in
            if let bytes = call.arguments.value().bytes { recorder.hide(bytes) }
            call.arguments.rewind()
            return try function(call)
        }
    }

    private func reading(
        _ name: String, _ function: @escaping LuaMachine.HostBody
    ) -> LuaMachine.HostBody {
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
        _ name: String, _ count: Int, _ function: @escaping LuaMachine.HostBody
    ) -> LuaMachine.HostBody {
        { call in
            // Masks the message in recordings and replays alike.
            let about = URLMask.masked(
                (0..<count).map { _ in Self.shown(call.arguments.value()) }
                    .joined(separator: " "))
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
