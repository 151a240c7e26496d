import CLuaHost

/// Cancelling tasks, and code that does not wait.
extension LuaMachine {
    /// Cancels a task and the tasks that it has started: each is unwound from its current or next
    /// wait. To-be-closed variables run and may wait. A committed wait is completed first.
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
    package func cancelMembers(of scope: TaskScope) {
        for task in Array(scope.members.values) { cancel(task) }
    }

    /// Cancels the current task, outside of any run; kills it when it was already cancelled.
    package func stopRunning() {
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

    private func unwind(_ task: Task, to level: TaskLevel) {
        guard let wait = task.wait else { return }
        task.level = level
        wait.resumption.isUnwanted = true
        wait.giveUp?()
        wait.resumption.cancel()
    }

    /// Whether the current task is to be unwound here and now; it is noted that it is.
    package func stopsHere() -> Bool {
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
    package func watch(_ owner: TaskScope, deadline: Int64) {
        scheduler.deadlines[ObjectIdentifier(owner)] = deadline
        // An alarm that went off while no Lua code ran has told nobody.
        let isArmed = scheduler.armedDeadline > loop.now()
        guard !isArmed || deadline < scheduler.armedDeadline else { return }
        scheduler.armedDeadline = deadline
        scheduler.alarm(max(1_000_000, deadline - loop.now()))
    }

    package func unwatch(_ owner: TaskScope) { scheduler.deadlines[ObjectIdentifier(owner)] = nil }

    private func rearm() {
        scheduler.armedDeadline = .max
        guard let next = scheduler.deadlines.values.min() else { return }
        scheduler.armedDeadline = next
        scheduler.alarm(max(1_000_000, next - loop.now()))
    }
}
