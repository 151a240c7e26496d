import CLuaHost

/// How a task ended.
public typealias TaskOutcome = Result<[LuaValue], LuaFailure>

/// Who ends a wait, and what becomes of it when its task is cancelled.
public enum LuaWaitKind: Sendable, Equatable {
    /// Something outside of Lua: a timer, a read. Abandoned at once on cancellation.
    case outer
    /// Other tasks. Given up at once.
    case inner
    /// Other tasks, but only for some time. Given up at once.
    case timed
    /// Something that must not be abandoned, for example a change in flight: a cancelled task is
    /// unwound only after it has ended. The value describes it for people; nil for a wait for
    /// other tasks.
    case committed(String?)

    /// Whether a cancelled task goes on waiting.
    var isCommitted: Bool {
        if case .committed = self { return true }
        return false
    }

    /// Whether only tasks of this machine can end the wait.
    var isInner: Bool { self == .inner || self == .committed(nil) }
}

/// Ends a wait.
public final class LuaResumption {
    package let tape = OwnedTape()
    var isComplete = false
    /// Called once, with this.
    package var onComplete: ((LuaResumption) -> Void)?
    /// Whether the task was cancelled meanwhile, so that the result will not be seen.
    public internal(set) var isUnwanted = false

    /// Goes on with results.
    public func succeed(_ body: (TapeWriter) -> Void) { complete(true, body) }

    /// Goes on with an error.
    public func fail(_ body: (TapeWriter) -> Void) { complete(false, body) }

    /// Goes on with results when the first body returns true, else with the error that the
    /// second writes.
    public func complete(
        _ body: (TapeWriter) -> Bool, otherwise: (TapeWriter) -> Void
    ) {
        guard !isComplete else { return }
        tape.clear()
        tape.writer.put(true)
        if !body(tape.writer) { return fail(otherwise) }
        isComplete = true
        tellComplete()
    }

    /// What is called keeps what it needs; afterwards nothing does.
    private func tellComplete() {
        let action = onComplete
        onComplete = nil
        action?(self)
    }

    private func complete(_ ok: Bool, _ body: (TapeWriter) -> Void) {
        guard !isComplete else { return }
        isComplete = true
        tape.clear()
        tape.writer.put(ok)
        body(tape.writer)
        tellComplete()
    }

    /// Goes on with what unwinds the task.
    func cancel() {
        guard !isComplete else { return }
        complete(false) { qh_put_tag($0.tape, UInt8(QH_CANCEL.rawValue)) }
    }
}

/// How far the cancellation of a task has come.
enum TaskLevel: Int32 {
    case running = 0
    /// The cancellation has been thrown: the task cleans up, and may wait.
    case unwinding = 1
    /// Nothing may go on, not even cleaning up.
    case killed = 2
}

/// A coroutine that the scheduler runs.
public final class LuaTask {
    let reference: Int32
    var input: OwnedTape
    let onEnd: (TaskOutcome) -> Void
    /// The scope that the task belongs to; nil for one that the host started.
    weak var scope: TaskScope?
    /// The scopes that the task has opened and not yet closed.
    package var scopes: [TaskScope] = []
    /// What the task waits for.
    var wait: Wait?
    var level = TaskLevel.running
    /// What scripts know the task by; 0 while none has asked.
    package var number: Int64 = 0
    /// The source of the code that has started the task.
    var origin: String?
    /// Whether the task is to be unwound at its next wait.
    public internal(set) var isCancelled = false
    /// Whether the task has ended.
    public internal(set) var isOver = false

    struct Wait {
        let kind: LuaWaitKind
        let resumption: LuaResumption
        var giveUp: (() -> Void)?
    }

    init(reference: Int32, input: OwnedTape, onEnd: @escaping (TaskOutcome) -> Void) {
        self.reference = reference
        self.input = input
        self.onEnd = onEnd
    }
}

/// A group of tasks that end before the task that opened the scope continues.
package final class TaskScope {
    /// Whether cancelling the owner leaves the members alone.
    package let isShield: Bool
    package weak var owner: LuaTask?
    package var members: [ObjectIdentifier: LuaTask] = [:]
    /// Called when the last member has ended, or somebody has a result.
    package var onWake: (() -> Void)?
    package var isWoken = false

    package init(owner: LuaTask?, isShield: Bool) {
        self.owner = owner
        self.isShield = isShield
    }

    /// Wakes the task that waits for the scope, so that it checks the members again.
    package func wake() {
        isWoken = true
        onWake?()
    }
}

/// What a host function throws to unwind the task that called it.
package struct Cancellation: Error {
    package init() {}
}
