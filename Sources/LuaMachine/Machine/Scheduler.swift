import CLuaHost
import EventLoop

extension LuaMachine {
    // MARK: - Starting

    /// Starts a task that calls a function. It runs until it waits for the first time before this
    /// returns, unless another task is running.
    ///
    /// - Parameter isRoot: whether this is the run's main task.
    @discardableResult
    public func spawn(
        _ function: Int32, _ arguments: (TapeWriter) -> Void = { _ in }, isRoot: Bool = false,
        onEnd: @escaping (Outcome) -> Void
    ) throws(LuaFailure) -> Task {
        let task = try makeTask(function, arguments, onEnd: onEnd)
        if isRoot { scheduler.root = task }
        enqueue(task)
        return task
    }

    /// Starts a task in a scope.
    package func spawn(
        _ function: Int32, in scope: TaskScope, onEnd: @escaping (Outcome) -> Void
    ) throws(LuaFailure) -> Task {
        let task = try makeTask(function, { _ in }, onEnd: onEnd)
        task.scope = scope
        task.origin = callerSource
        scope.members[ObjectIdentifier(task)] = task
        // A child of a cancelled task is cancelled, but for those that clean-up code starts.
        if let owner = scope.owner, owner.isCancelled, owner.level == .running, !scope.isShield {
            task.isCancelled = true
        }
        enqueue(task)
        return task
    }

    private func makeTask(
        _ function: Int32, _ arguments: (TapeWriter) -> Void,
        onEnd: @escaping (Outcome) -> Void
    ) throws(LuaFailure) -> Task {
        var reference: Int32 = 0
        let status = qh_task_new(vm, function, &reference, output.pointer)
        guard status == Int32(QH_DONE.rawValue) else { throw readFailure() }
        let input = OwnedTape()
        arguments(input.writer)
        let task = Task(reference: reference, input: input, onEnd: onEnd)
        scheduler.live[ObjectIdentifier(task)] = task
        return task
    }

    /// Runs a function as a task to its end, turning the loop meanwhile.
    public func run(
        _ function: Int32, _ arguments: (TapeWriter) -> Void = { _ in }
    ) throws(LuaFailure) -> [LuaValue] {
        var outcome: Outcome?
        try spawn(function, arguments, isRoot: true) { outcome = $0 }
        loop.run { outcome != nil }
        return try outcome?.get() ?? []
    }

    /// The run's main task, which an interrupt cancels.
    public var root: Task? { scheduler.root }

    /// Sets the function to call with each task that has ended.
    package func onTaskEnd(_ action: @escaping (Task) -> Void) { scheduler.onTaskEnd = action }

    // MARK: - Running

    private func enqueue(_ task: Task) {
        scheduler.ready.append(task)
        // Inside Lua no other task may run: a nested wait drives its own operation only.
        if scheduler.depth == 0, !scheduler.isDraining { drain() }
    }

    private func drain() {
        scheduler.isDraining = true
        defer { scheduler.isDraining = false }
        repeat {
            var next = 0
            while next < scheduler.ready.count {
                let task = scheduler.ready[next]
                next += 1
                if next > 256 {
                    scheduler.ready.removeFirst(next)
                    next = 0
                }
                resume(task)
            }
            scheduler.ready.removeAll(keepingCapacity: true)
            breakDeadlock()
        } while !scheduler.ready.isEmpty
    }

    private func resume(_ task: Task) {
        guard !task.isOver else { return }
        let results = OwnedTape()
        let outer = scheduler.current
        scheduler.current = task
        scheduler.depth += 1
        qh_set_level(vm, task.level.rawValue)
        let status = qh_task_resume(vm, task.reference, task.input.pointer, results.pointer)
        qh_set_level(vm, outer?.level.rawValue ?? 0)
        scheduler.depth -= 1
        scheduler.current = outer
        switch qh_status(UInt32(status)) {
        case QH_WAITING: return
        case QH_DONE: end(task, .success(results.reader.rest()))
        default: end(task, .failure(Self.failure(results.reader)))
        }
    }

    private func end(_ task: Task, _ outcome: Outcome) {
        task.isOver = true
        scheduler.live[ObjectIdentifier(task)] = nil
        qh_release(vm, task.reference)
        // A script closes its scopes itself, unless it was stopped between two instructions.
        for scope in task.scopes { cancelMembers(of: scope) }
        task.scopes = []
        scheduler.onTaskEnd(task)
        task.onEnd(outcome)
        guard let scope = task.scope else { return }
        scope.members[ObjectIdentifier(task)] = nil
        if scope.members.isEmpty { scope.onWake?() }
    }

    /// Fails the root task's wait when no task can go on and nothing outside of Lua is awaited.
    private func breakDeadlock() {
        guard scheduler.ready.isEmpty, scheduler.outerWaits == 0, let root = scheduler.root,
            !root.isOver, let wait = root.wait, scheduler.current == nil
        else { return }
        wait.resumption.fail {
            $0.put("deadlock: all tasks are waiting for each other")
        }
    }

    // MARK: - Waiting

    /// Lets the current task wait.
    func park(
        _ kind: WaitKind, _ start: @escaping (Resumption) -> (() -> Void)?
    ) -> Int32 {
        guard let task = scheduler.current else { return Int32(QH_ERROR.rawValue) }
        let resumption = Resumption()
        let isOuter = !kind.isInner
        let isOrdered = isOuter && kind != .timed
        task.wait = Task.Wait(kind: kind, resumption: resumption)
        if isOrdered, case .repeated(let replay) = scheduler.order {
            return parkInTurn(replay, task, kind, resumption, start)
        }
        var number: Int64 = 0
        if isOrdered, case .recorded(let recorder) = scheduler.order {
            number = recorder.nextWait()
        }
        if isOuter { scheduler.outerWaits += 1 }
        resumption.onComplete = { [unowned self] resumption in
            if isOuter { scheduler.outerWaits -= 1 }
            if number > 0, case .recorded(let recorder) = scheduler.order {
                recorder.wake(number)
            }
            goOn(task, kind, resumption)
        }
        // What is waited for keeps the resumption; the task keeps it, too, until it ends.
        let giveUp = start(resumption)
        if !resumption.isComplete { task.wait?.giveUp = giveUp }
        return Int32(QH_YIELD.rawValue)
    }

    private func goOn(_ task: Task, _ kind: WaitKind, _ resumption: Resumption) {
        guard !task.isOver else { return }
        task.wait = nil
        task.input = resumption.tape
        // What a cancelled task has waited for to the end is not seen by it.
        if kind.isCommitted, task.isCancelled, task.level == .running {
            task.level = .unwinding
            task.input = Self.cancelTape()
        }
        enqueue(task)
    }

    /// Lets the current task wait for what a recording has, until its turn comes.
    private func parkInTurn(
        _ replay: any WaitReplay, _ task: Task, _ kind: WaitKind, _ resumption: Resumption,
        _ start: @escaping (Resumption) -> (() -> Void)?
    ) -> Int32 {
        let number = replay.nextWait()
        scheduler.outerWaits += 1
        resumption.onComplete = { [unowned self] resumption in
            scheduler.outerWaits -= 1
            goOn(task, kind, resumption)
        }
        task.wait?.giveUp = { [loop] in replay.withdraw(number, on: loop) }
        replay.schedule(number, on: loop, mayStall: true) { _ = start(resumption) }
        return Int32(QH_YIELD.rawValue)
    }

    /// Calls an action after some nanoseconds; when a run is repeated, in the turn that it had.
    package func afterTime(_ nanoseconds: Int64, _ action: @escaping () -> Void) -> () -> Void {
        switch scheduler.order {
        case .free:
            let timer = loop.after(nanoseconds, action)
            return { timer.cancel() }
        case .recorded(let recorder):
            let number = recorder.nextWait()
            let timer = loop.after(nanoseconds) {
                recorder.wake(number)
                action()
            }
            return { timer.cancel() }
        case .repeated(let replay):
            let number = replay.nextWait()
            replay.schedule(number, on: loop, mayStall: false, action)
            return { [loop] in replay.withdraw(number, on: loop) }
        }
    }

    /// Whether a recording is repeated: nothing takes time then.
    package var isReplaying: Bool {
        if case .repeated = scheduler.order { return true }
        return false
    }

    /// Waits where Lua cannot yield: the loop turns for this one operation.
    func pump(
        _ kind: WaitKind, _ start: (Resumption) -> (() -> Void)?,
        _ output: UnsafeMutablePointer<qh_tape>
    ) -> Int32 {
        if kind.isInner {
            TapeWriter(output).put(
                "cannot wait for other tasks inside a callback of table.sort, string.gsub "
                    + "and the like")
            return Int32(QH_ERROR.rawValue)
        }
        let resumption = Resumption()
        let giveUp = start(resumption)
        let task = scheduler.current
        loop.run {
            guard !resumption.isComplete, let task else { return resumption.isComplete }
            resumption.isUnwanted = task.isCancelled
            return task.level == .killed
                || (task.isCancelled && task.level == .running && !kind.isCommitted)
        }
        if !resumption.isComplete {
            resumption.isComplete = true
            giveUp?()
        }
        if stopsHere() { return Int32(QH_STOP.rawValue) }
        let tape = resumption.tape.pointer
        let ok = tape.pointee.bytes[0] == UInt8(QH_TRUE.rawValue)
        let count = tape.pointee.length - 1
        if let place = qh_tape_reserve(output, count) {
            place.update(from: tape.pointee.bytes + 1, count: count)
        }
        return Int32(ok ? QH_OK.rawValue : QH_ERROR.rawValue)
    }

    private static func cancelTape() -> OwnedTape {
        let tape = OwnedTape()
        tape.writer.put(false)
        qh_put_tag(tape.pointer, UInt8(QH_CANCEL.rawValue))
        return tape
    }
}
