/// What `host/task.lua` builds structured concurrency from: tasks, waiting for their end, sleep.
final class TaskModule {
    private let machine: LuaMachine
    private var tasks: [Int64: Entry] = [:]
    private var lastNumber: Int64 = 0

    private final class Entry {
        var task: LuaMachine.Task?
        var isOver = false
        var failure: LuaFailure?
        var waiting: [LuaMachine.Resumption] = []
    }

    init(machine: LuaMachine) { self.machine = machine }

    func register(in functions: inout HostFunctions) {
        functions["spawn"] = { [unowned self] call in
            guard case .function(let function) = call.arguments.value() else {
                throw HostError.message("a task needs a function")
            }
            call.results.put(try spawn(function))
            return .done
        }
        functions["join"] = { [unowned self] call in
            guard let number = call.arguments.value().integer, let entry = tasks[number] else {
                throw HostError.message("no such task")
            }
            return .wait { [weak self] resumption in
                if entry.isOver {
                    self?.tasks[number] = nil
                    Self.tell(entry, resumption)
                } else {
                    entry.waiting.append(resumption)
                }
                return nil
            }
        }
        functions["cancel"] = { [unowned self] call in
            if let number = call.arguments.value().integer, let entry = tasks[number] {
                if let task = entry.task { machine.cancel(task) }
                entry.isOver = true
                let waiting = entry.waiting
                entry.waiting = []
                for resumption in waiting { Self.tell(entry, resumption) }
            }
            return .done
        }
        functions["sleep"] = { [unowned self] call in
            let value = call.arguments.value()
            var seconds = value.number
            if case .duration(let whole, let nanos) = value {
                seconds = Double(whole) + Double(nanos) / 1e9
            }
            guard let seconds, seconds >= 0, seconds < 9e9 else {
                throw HostError.message("sleep needs a number of seconds, or a duration")
            }
            return .wait { [machine] resumption in
                let timer = machine.loop.after(Int64(seconds * 1e9)) { resumption.succeed { _ in } }
                return { timer.cancel() }
            }
        }
    }

    private func spawn(_ function: Int32) throws(HostError) -> Int64 {
        lastNumber += 1
        let number = lastNumber
        let entry = Entry()
        tasks[number] = entry
        do throws(LuaFailure) {
            entry.task = try machine.spawn(function) { [weak self] outcome in
                entry.isOver = true
                if case .failure(let failure) = outcome { entry.failure = failure }
                let waiting = entry.waiting
                entry.waiting = []
                if !waiting.isEmpty { self?.tasks[number] = nil }
                for resumption in waiting { Self.tell(entry, resumption) }
            }
        } catch {
            throw .message(error.description)
        }
        machine.release(function)
        return number
    }

    private static func tell(_ entry: Entry, _ resumption: LuaMachine.Resumption) {
        if let failure = entry.failure {
            resumption.fail { $0.put(failure.value) }
        } else {
            resumption.succeed { _ in }
        }
    }
}
