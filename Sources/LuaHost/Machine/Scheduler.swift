import CLuaHost
import CloudClient

extension LuaMachine {
    /// What the scheduler knows.
    final class Scheduler {
        /// Tasks that have not ended; nobody else need keep them.
        var live: [ObjectIdentifier: Task] = [:]
        /// The task whose Lua code runs.
        var current: Task?
        /// Tasks that can go on.
        var ready: [Task] = []
        /// How deep calls into Lua are nested.
        var depth = 0
        var isDraining = false
        /// How many waits something outside of Lua will end.
        var outerWaits = 0
        /// The task that the run is about. When all wait for each other, it is told.
        weak var root: Task?
        /// Told of each task that has ended.
        var onTaskEnd: (Task) -> Void = { _ in }
        /// Called between two instructions after ``LuaMachine/interrupt()``.
        var onInterrupt: () -> Void = {}
        /// Called when the instructions are used up.
        var onInstructionsUsedUp: () -> Void = {}
        /// When timers are due that have to be looked at although Lua code runs.
        var deadlines: [ObjectIdentifier: Int64] = [:]
        var armedDeadline = Int64.max
        /// Whether the order in which waits end is recorded, or repeated.
        var journal = RunJournal.none
        /// Has ``LuaMachine/interrupt()`` called after some nanoseconds.
        var alarm: (Int64) -> Void = { _ in }
    }

    // MARK: - Starting

    /// Starts a task that calls a function. It runs until it waits for the first time before this
    /// returns, unless another task is running.
    ///
    /// - Parameter isRoot: whether this is what the run is about.
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
    func spawn(
        _ function: Int32, in scope: Scope, onEnd: @escaping (Outcome) -> Void
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

    /// What the run is about: what an interrupt cancels.
    public var root: Task? { scheduler.root }

    /// Sets who is told of each task that has ended.
    func onTaskEnd(_ action: @escaping (Task) -> Void) { scheduler.onTaskEnd = action }

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

    /// When no task can go on and nothing outside of Lua will change that, the first one is told.
    private func breakDeadlock() {
        guard scheduler.ready.isEmpty, scheduler.outerWaits == 0, let root = scheduler.root,
            !root.isOver, let wait = root.wait, scheduler.current == nil
        else { return }
        wait.resumption.fail {
            $0.put(
                "all tasks wait for each other: nobody will send, open or end what they wait for")
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
        if isOrdered, case .replaying(let replay) = scheduler.journal {
            return parkInTurn(replay, task, kind, resumption, start)
        }
        var number: Int64 = 0
        if isOrdered, case .recording(let recorder) = scheduler.journal {
            number = recorder.nextWait()
        }
        if isOuter { scheduler.outerWaits += 1 }
        resumption.onComplete = { [unowned self] resumption in
            if isOuter { scheduler.outerWaits -= 1 }
            if number > 0, case .recording(let recorder) = scheduler.journal {
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
        _ replay: RunReplay, _ task: Task, _ kind: WaitKind, _ resumption: Resumption,
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
    func afterTime(_ nanoseconds: Int64, _ action: @escaping () -> Void) -> () -> Void {
        switch scheduler.journal {
        case .none:
            let timer = loop.after(nanoseconds, action)
            return { timer.cancel() }
        case .recording(let recorder):
            let number = recorder.nextWait()
            let timer = loop.after(nanoseconds) {
                recorder.wake(number)
                action()
            }
            return { timer.cancel() }
        case .replaying(let replay):
            let number = replay.nextWait()
            replay.schedule(number, on: loop, mayStall: false, action)
            return { [loop] in replay.withdraw(number, on: loop) }
        }
    }

    /// Whether a recording is repeated: nothing takes time then.
    var isReplaying: Bool {
        if case .replaying = scheduler.journal { return true }
        return false
    }

    /// Waits where Lua cannot yield: the loop turns for this one operation.
    func pump(
        _ kind: WaitKind, _ start: (Resumption) -> (() -> Void)?,
        _ output: UnsafeMutablePointer<qh_tape>
    ) -> Int32 {
        if kind.isInner {
            TapeWriter(output).put(
                "cannot wait for other tasks here: inside a callback of table.sort, string.gsub "
                    + "and the like no other task runs")
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

    // MARK: - Cancelling

    /// Cancels a task and what it has started: each is unwound from where it waits, or from its next
    /// wait. To-be-closed variables run, and may wait. A committed wait ends first.
    public func cancel(_ task: Task) {
        guard !task.isOver, !task.isCancelled else { return }
        task.isCancelled = true
        // Before its children: their end would end a wait for them.
        let scopes = task.scopes
        task.wait?.resumption.isUnwanted = true
        if let wait = task.wait, !wait.kind.isCommitted { unwind(task, to: .unwinding) }
        for scope in scopes where !scope.isShield { cancelMembers(of: scope) }
    }

    /// Cancels the tasks of a scope.
    func cancelMembers(of scope: Scope) {
        for task in Array(scope.members.values) { cancel(task) }
    }

    /// Cancels the task whose code runs, beside any run; at once when it was cancelled before.
    func stopRunning() {
        guard let current = scheduler.current else { return }
        guard current.isCancelled else { return cancel(current) }
        current.level = .killed
        qh_set_level(vm, current.level.rawValue)
        qh_interrupt(vm)
    }

    /// Whether there are tasks that have not ended.
    public var hasTasks: Bool { !scheduler.live.isEmpty }

    /// Cancels all tasks: each is unwound from where it waits, and its clean-up code may wait.
    public func cancelAll() {
        for task in Array(scheduler.live.values) { cancel(task) }
    }

    /// Stops everything: no clean-up code may wait any longer.
    public func killAll() {
        for task in Array(scheduler.live.values) where task.level != .killed {
            task.isCancelled = true
            if task.wait != nil {
                unwind(task, to: .killed)
            } else {
                task.level = .killed
            }
        }
        guard let current = scheduler.current else { return }
        qh_set_level(vm, current.level.rawValue)
        qh_interrupt(vm)
    }

    private func unwind(_ task: Task, to level: Level) {
        guard let wait = task.wait else { return }
        task.level = level
        wait.resumption.isUnwanted = true
        wait.giveUp?()
        wait.resumption.cancel()
    }

    /// Whether the current task is to be unwound here and now; it is noted that it is.
    func stopsHere() -> Bool {
        guard let task = scheduler.current, task.isCancelled else { return false }
        switch task.level {
        case .running:
            task.level = .unwinding
            qh_set_level(vm, task.level.rawValue)
            return true
        case .unwinding: return false
        case .killed: return true
        }
    }

    /// What cancelled tasks wait for before they are unwound.
    public var committedWaits: [String] {
        scheduler.live.values.compactMap { task in
            guard task.isCancelled, case .committed(let what?) = task.wait?.kind else { return nil }
            return what
        }.sorted()
    }

    // MARK: - Code that does not wait

    /// Sets what is asked between two instructions after ``interrupt()``.
    ///
    /// - Parameters:
    ///   - interrupted: called first; it may cancel tasks.
    ///   - instructionsUsedUp: called when the limit of instructions is reached.
    ///   - alarm: has ``interrupt()`` called after some nanoseconds.
    public func onInterrupt(
        _ interrupted: @escaping () -> Void, instructionsUsedUp: @escaping () -> Void,
        alarm: @escaping (Int64) -> Void
    ) {
        scheduler.onInterrupt = interrupted
        scheduler.onInstructionsUsedUp = instructionsUsedUp
        scheduler.alarm = alarm
    }

    /// Whether the code that runs has to stop.
    func check(instructionsAreUsedUp: Bool) -> Bool {
        if instructionsAreUsedUp { scheduler.onInstructionsUsedUp() }
        scheduler.onInterrupt()
        // A deadline of a task that does not wait is noticed here.
        loop.fireDueTimers()
        rearm()
        return stopsHere()
    }

    /// Has a deadline noticed even by code that never waits.
    func watch(_ owner: Scope, deadline: Int64) {
        scheduler.deadlines[ObjectIdentifier(owner)] = deadline
        // An alarm that went off while no Lua code ran has told nobody.
        let isArmed = scheduler.armedDeadline > loop.now()
        guard !isArmed || deadline < scheduler.armedDeadline else { return }
        scheduler.armedDeadline = deadline
        scheduler.alarm(max(1_000_000, deadline - loop.now()))
    }

    func unwatch(_ owner: Scope) { scheduler.deadlines[ObjectIdentifier(owner)] = nil }

    private func rearm() {
        scheduler.armedDeadline = .max
        guard let next = scheduler.deadlines.values.min() else { return }
        scheduler.armedDeadline = next
        scheduler.alarm(max(1_000_000, next - loop.now()))
    }
}
