/// What `host/task.lua` builds structured concurrency from: tasks, gates to wait at, sleep.
final class TaskModule {
    private let machine: LuaMachine
    private var tasks: [Int64: LuaMachine.Task] = [:]
    private var gates: [Int64: Gate] = [:]
    private var lastNumber: Int64 = 0

    /// What a task waits at until another opens it.
    private final class Gate {
        var isOpen = false
        var waiting: [LuaMachine.Resumption] = []
    }

    /// The functions of the host that keep functions of scripts.
    static let keepers: Set<String> = ["spawn"]

    init(machine: LuaMachine) { self.machine = machine }

    func register(in functions: inout HostFunctions) {
        functions["spawn"] = { [unowned self] call in
            guard case .function(let function) = call.arguments.value() else {
                throw HostError.message("a task needs a function")
            }
            guard call.canYield else {
                machine.release(function)
                throw HostError.message(
                    "tasks cannot be started inside a callback of sort, gsub and the like")
            }
            call.results.put(try spawn(function))
            return .done
        }
        functions["cancel"] = { [unowned self] call in
            guard let number = call.arguments.value().integer else { return .done }
            if let task = tasks.removeValue(forKey: number) { machine.cancel(task) }
            return .done
        }
        functions["gate"] = { [unowned self] call in
            let number = nextNumber()
            gates[number] = Gate()
            call.results.put(number)
            return .done
        }
        functions["open"] = { [unowned self] call in
            guard let number = call.arguments.value().integer, let gate = gates[number] else {
                return .done
            }
            gate.isOpen = true
            let waiting = gate.waiting
            gate.waiting = []
            for resumption in waiting { resumption.succeed { _ in } }
            return .done
        }
        functions["pass"] = { [unowned self] call in
            guard let number = call.arguments.value().integer, let gate = gates[number] else {
                throw HostError.message("no such gate")
            }
            return .wait { resumption in
                if gate.isOpen {
                    resumption.succeed { _ in }
                } else {
                    gate.waiting.append(resumption)
                }
                return nil
            }
        }
        functions["close_gate"] = { [unowned self] call in
            if let number = call.arguments.value().integer { gates[number] = nil }
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

    private func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    /// Starts a task. How it ends is the Lua side's business: it catches errors itself.
    private func spawn(_ function: Int32) throws(HostError) -> Int64 {
        let number = nextNumber()
        defer { machine.release(function) }
        do throws(LuaFailure) {
            let task = try machine.spawn(function) { [weak self] _ in self?.tasks[number] = nil }
            if !task.isOver { tasks[number] = task }
        } catch {
            throw .message(error.description)
        }
        return number
    }
}
