import Codec
import LuaMachine

/// What `host/task.lua` builds structured concurrency from: scopes of tasks, gates to wait at, sleep.
final class TaskModule {
    private let machine: LuaMachine
    private var tasks: [Int64: LuaMachine.Task] = [:]
    private var scopes: [Int64: TaskScope] = [:]
    private var gates: [Int64: Gate] = [:]
    private var lastNumber: Int64 = 0
    /// Where failures of children are remembered until one of them ends the run.
    let childFailures: ChildFailures

    /// What a task waits at until another opens it.
    private final class Gate {
        var isOpen = false
        var waiting: [LuaMachine.Resumption] = []
    }

    /// The functions of the host that keep functions of scripts.
    static let keepers: Set<String> = ["spawn"]

    init(machine: LuaMachine, childFailures: ChildFailures) {
        self.machine = machine
        self.childFailures = childFailures
    }

    func register(in functions: inout HostFunctions) {
        registerTasks(in: &functions)
        registerScopes(in: &functions)
        registerGates(in: &functions)
    }

    private func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    // MARK: - Tasks

    private func registerTasks(in functions: inout HostFunctions) {
        machine.onTaskEnd { [unowned self] task in tasks[task.number] = nil }
        functions["spawn"] = { [unowned self] call in
            let scope = try scope(call.arguments.value())
            guard case .function(let function) = call.arguments.value() else {
                throw HostError.message("a task needs a function")
            }
            defer { machine.release(function) }
            guard call.canYield else {
                throw HostError.message(
                    "tasks cannot be started inside a callback of table.sort, string.gsub and the "
                        + "like: no other task runs there")
            }
            call.results.put(try spawn(function, in: scope))
            return .done
        }
        functions["cancel"] = { [unowned self] call in
            guard let number = call.arguments.value().integer else { return .done }
            if let task = tasks[number] { machine.cancel(task) }
            return .done
        }
        functions["current_task"] = { [unowned self] call in
            guard let current = machine.scheduler.current else {
                call.results.put(0)
                return .done
            }
            call.results.put(number(of: current))
            return .done
        }
        functions["checkpoint"] = { [unowned self] _ in
            if machine.stopsHere() { throw Cancellation() }
            return .done
        }
        functions["child_failed"] = { [unowned self] call in
            childFailures.note(
                call.arguments.value(), traceback: call.arguments.value().text ?? "")
            return .done
        }
        functions["sleep"] = { [unowned self] call in
            guard let nanoseconds = Self.nanoseconds(call.arguments.value()) else {
                throw HostError.message(
                    "sleep needs a number of seconds, or a duration like \"10s\"")
            }
            return .wait { [machine] resumption in
                // What comes next in the recording may be what this task does then.
                if machine.isReplaying {
                    resumption.succeed { _ in }
                    return nil
                }
                let timer = machine.loop.after(nanoseconds) { resumption.succeed { _ in } }
                return { timer.cancel() }
            }
        }
    }

    /// A number of seconds, a duration or the text of one ("10m") as nanoseconds; nil for anything else.
    static func nanoseconds(_ value: LuaValue) -> Int64? {
        var seconds = value.number
        if case .duration(let whole, let nanos) = value {
            seconds = Double(whole) + Double(nanos) / 1e9
        } else if case .string = value, let text = value.text {
            guard let length = TimeText.parseHumanDuration(text) else { return nil }
            seconds = Double(length.seconds) + Double(length.nanos) / 1e9
        }
        guard let seconds, seconds >= 0, seconds < 9e9 else { return nil }
        return Int64(seconds * 1e9)
    }

    private func number(of task: LuaMachine.Task) -> Int64 {
        if task.number == 0 {
            task.number = nextNumber()
            tasks[task.number] = task
        }
        return task.number
    }

    /// Starts a task. How it ends is the Lua side's business: it catches errors itself.
    private func spawn(
        _ function: Int32, in scope: TaskScope
    ) throws(HostError) -> Int64 {
        do throws(LuaFailure) {
            return number(of: try machine.spawn(function, in: scope) { _ in })
        } catch {
            throw .message(error.description)
        }
    }

    // MARK: - Scopes

    private func scope(_ value: LuaValue) throws(HostError) -> TaskScope {
        guard let number = value.integer, let scope = scopes[number] else {
            throw .message("this scope is closed: its tasks have ended")
        }
        return scope
    }

    private func registerScopes(in functions: inout HostFunctions) {
        // open_scope(is_shield, is_root): a root scope belongs to no task.
        functions["open_scope"] = { [unowned self] call in
            guard case .bool(let isShield) = call.arguments.value(),
                case .bool(let isRoot) = call.arguments.value()
            else { throw HostError.message("open_scope needs two booleans") }
            let owner = isRoot ? nil : machine.scheduler.current
            let scope = TaskScope(owner: owner, isShield: isShield)
            owner?.scopes.append(scope)
            let number = nextNumber()
            scopes[number] = scope
            call.results.put(number)
            return .done
        }
        // wait_scope(scope, seconds): waits until the tasks have ended, one of them wakes the scope,
        // or the time is over; then they are cancelled and the result is false.
        functions["wait_scope"] = { [unowned self] call in
            let scope = try scope(call.arguments.value())
            let limit = call.arguments.value()
            var nanoseconds: Int64?
            if case .nil = limit {
            } else {
                nanoseconds = Self.nanoseconds(limit)
                guard nanoseconds != nil else {
                    throw HostError.message(
                        "the time has to be seconds, or a duration like \"10m\"")
                }
            }
            if scope.isWoken || scope.members.isEmpty {
                if machine.stopsHere() { throw Cancellation() }
                call.results.put(true)
                return .done
            }
            let kind: LuaMachine.WaitKind =
                scope.isShield ? .committed(nil) : nanoseconds == nil ? .inner : .timed
            return .wait(as: kind) { [unowned self] in wait(for: scope, nanoseconds, $0) }
        }
        functions["wake_scope"] = { [unowned self] call in
            try scope(call.arguments.value()).wake()
            return .done
        }
        functions["cancel_scope"] = { [unowned self] call in
            machine.cancelMembers(of: try scope(call.arguments.value()))
            return .done
        }
        // close_scope(scope): cancels what has not ended, waits for it and forgets the scope.
        functions["close_scope"] = { [unowned self] call in
            guard let number = call.arguments.value().integer, let scope = scopes[number] else {
                return .done
            }
            machine.cancelMembers(of: scope)
            if scope.members.isEmpty {
                forget(number, scope)
                return .done
            }
            return .wait(as: .committed(nil)) { [unowned self] resumption in
                scope.onWake = { [unowned self] in
                    guard scope.members.isEmpty else { return }
                    forget(number, scope)
                    resumption.succeed { _ in }
                }
                return { [unowned self] in forget(number, scope) }
            }
        }
    }

    private func wait(
        for scope: TaskScope, _ nanoseconds: Int64?, _ resumption: LuaMachine.Resumption
    ) -> () -> Void {
        let timer = nanoseconds.map { nanoseconds in
            machine.watch(scope, deadline: machine.loop.now() + nanoseconds)
            return machine.afterTime(nanoseconds) { [unowned self] in
                scope.onWake = nil
                machine.unwatch(scope)
                machine.cancelMembers(of: scope)
                resumption.succeed { $0.put(false) }
            }
        }
        let finish = { [unowned self] in
            scope.onWake = nil
            timer?()
            machine.unwatch(scope)
        }
        scope.onWake = {
            finish()
            resumption.succeed { $0.put(true) }
        }
        return finish
    }

    private func forget(_ number: Int64, _ scope: TaskScope) {
        scope.onWake = nil
        scopes[number] = nil
        machine.unwatch(scope)
        scope.owner?.scopes.removeAll { $0 === scope }
    }

    // MARK: - Gates

    private func registerGates(in functions: inout HostFunctions) {
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
            return .wait(as: .inner) { resumption in
                if gate.isOpen {
                    resumption.succeed { _ in }
                } else {
                    gate.waiting.append(resumption)
                }
                return { gate.waiting.removeAll { $0 === resumption } }
            }
        }
        functions["close_gate"] = { [unowned self] call in
            if let number = call.arguments.value().integer { gates[number] = nil }
            return .done
        }
    }
}

/// Where the tasks failed whose errors ended a scope: an error that is raised again in the task that
/// opened the scope has the traceback of that one.
final class ChildFailures {
    private var noted: [(value: LuaValue, traceback: String)] = []

    /// Remembers a failure.
    func note(_ value: LuaValue, traceback: String) {
        noted.append((value, traceback))
        if noted.count > 16 { noted.removeFirst() }
    }

    /// The failure with its child's traceback put before its own.
    func completed(_ failure: LuaFailure) -> LuaFailure {
        guard let text = failure.value.text,
            let known = noted.last(where: { $0.value.text == text })
        else { return failure }
        return LuaFailure(
            value: failure.value,
            traceback: known.traceback + "\nwhich was raised again by\n" + failure.traceback)
    }
}
