/// The state of a machine's tasks.
package final class Scheduler {
    /// Tasks that have not ended; no other reference to them is necessary.
    var live: [ObjectIdentifier: LuaTask] = [:]
    /// The task whose Lua code runs.
    package var current: LuaTask?
    /// Tasks that can go on.
    var ready: [LuaTask] = []
    /// How deep calls into Lua are nested.
    var depth = 0
    var isDraining = false
    /// How many waits something outside of Lua will end.
    var outerWaits = 0
    /// The run's main task. When all tasks wait for each other, its wait fails.
    weak var root: LuaTask?
    /// Called with each task that has ended.
    var onTaskEnd: (LuaTask) -> Void = { _ in }
    /// Called between two instructions after ``LuaMachine/interrupt()``.
    var onInterrupt: () -> Void = {}
    /// Called when the instructions are used up.
    var onInstructionsUsedUp: () -> Void = {}
    /// When timers are due that must be checked even while Lua code runs.
    var deadlines: [ObjectIdentifier: Int64] = [:]
    var armedDeadline = Int64.max
    /// The order in which waits end.
    package var order = WaitOrder.free
    /// Has ``LuaMachine/interrupt()`` called after some nanoseconds.
    var alarm: (Int64) -> Void = { _ in }
}
