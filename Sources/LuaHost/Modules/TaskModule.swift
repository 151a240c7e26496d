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
        functions.declare("spawn", scope, .function, keepsFunctions: true) {
            [unowned self] call, scope, function in
            defer { machine.release(function) }
            guard call.canYield else {
                throw HostError.message(
                    "cannot start a task inside a callback of table.sort, string.gsub and the "
                        + "like")
            }
            call.results.put(try spawn(function, in: scope))
        }
        functions.declare("cancel", .integer) { [unowned self] _, number in
            if let task = tasks[number] { machine.cancel(task) }
        }
        functions.declare("current_task") { [unowned self] call in
            call.results.put(machine.scheduler.current.map { number(of: $0) } ?? 0)
        }
        functions.declare("checkpoint") { [unowned self] _ in
            if machine.stopsHere() { throw Cancellation() }
        }
        functions.declare("child_failed", .any, .optional(.string)) {
            [unowned self] _, value, text in
            childFailures.note(value, traceback: text ?? "")
        }
        functions.declareWaiting("sleep", .length) { [machine] _, nanoseconds in
            .wait { resumption in
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

    private var scope: Parameter<TaskScope> {
        .numbered(otherwise: "this scope is closed: its tasks have ended") { [unowned self] in
            scopes[$0]
        }
    }

    private func registerScopes(in functions: inout HostFunctions) {
        // open_scope(is_shield, is_root): a root scope belongs to no task.
        functions.declare("open_scope", .flag, .flag) { [unowned self] call, isShield, isRoot in
            let owner = isRoot ? nil : machine.scheduler.current
            let scope = TaskScope(owner: owner, isShield: isShield)
            owner?.scopes.append(scope)
            let number = nextNumber()
            scopes[number] = scope
            call.results.put(number)
        }
        // wait_scope(scope, seconds): waits until the tasks have ended, one of them wakes the scope,
        // or the time is over; then they are cancelled and the result is false.
        functions.declareWaiting("wait_scope", scope, .optional(.length)) {
            [unowned self] call, scope, nanoseconds in
            if scope.isWoken || scope.members.isEmpty {
                if machine.stopsHere() { throw Cancellation() }
                call.results.put(true)
                return .done
            }
            let kind: LuaMachine.WaitKind =
                scope.isShield ? .committed(nil) : nanoseconds == nil ? .inner : .timed
            return .wait(as: kind) { [unowned self] in wait(for: scope, nanoseconds, $0) }
        }
        functions.declare("wake_scope", scope) { _, scope in scope.wake() }
        functions.declare("cancel_scope", scope) { [machine] _, scope in
            machine.cancelMembers(of: scope)
        }
        // close_scope(scope): cancels what has not ended, waits for it and forgets the scope.
        functions.declareWaiting("close_scope", .integer) { [unowned self] _, number in
            guard let scope = scopes[number] else { return .done }
            return close(number, scope)
        }
    }

    private func close(_ number: Int64, _ scope: TaskScope) -> LuaMachine.HostResult {
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
        functions.declare("gate") { [unowned self] call in
            let number = nextNumber()
            gates[number] = Gate()
            call.results.put(number)
        }
        functions.declare("open", .integer) { [unowned self] _, number in
            guard let gate = gates[number] else { return }
            gate.isOpen = true
            let waiting = gate.waiting
            gate.waiting = []
            for resumption in waiting { resumption.succeed { _ in } }
        }
        let gate = Parameter<Gate>.numbered(otherwise: "no such gate") { [unowned self] in
            gates[$0]
        }
        functions.declareWaiting("pass", gate) { _, gate in
            .wait(as: .inner) { resumption in
                if gate.isOpen {
                    resumption.succeed { _ in }
                } else {
                    gate.waiting.append(resumption)
                }
                return { gate.waiting.removeAll { $0 === resumption } }
            }
        }
        functions.declare("close_gate", .integer) { [unowned self] _, number in
            gates[number] = nil
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
