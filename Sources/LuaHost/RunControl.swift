import EventLoop
import LuaMachine

/// Ends a run in stages, whatever its code does.
///
/// First the run's tasks are cancelled: reads are given up, changes on their way are waited for,
/// to-be-closed variables run. When that takes longer than the time of grace, or on a second demand,
/// nothing may wait any longer.
public final class RunControl {
    /// Why a run is ended.
    public enum Reason: Sendable {
        /// Ctrl-C.
        case interrupted
        /// SIGTERM or SIGHUP.
        case terminated
        /// It took longer than it may.
        case timedOut
        /// It executed more instructions than it may.
        case instructionsUsedUp
    }

    /// How long cleaning up may take, in nanoseconds.
    public static let grace: Int64 = 5_000_000_000
    /// How long what is killed may take to end, in nanoseconds.
    public static let patience: Int64 = 1_000_000_000
    /// How often it is looked whether a change is still on its way, in nanoseconds.
    private static let look: Int64 = 200_000_000

    /// Why the run is being ended; nil while it is not.
    public private(set) var reason: Reason?
    private let machine: LuaMachine
    private let note: (String) -> Void
    private var timer: PollLoop.Timer?
    private let alarm: (Int64) -> Void
    private let lastResort: (Int64, Reason) -> Void

    /// Creates a control of the runs of a machine, one after another.
    ///
    /// - Parameters:
    ///   - alarm: has the machine interrupted after some nanoseconds, though Lua code runs.
    ///   - lastResort: has the program end after some nanoseconds whatever it does: code of a C
    ///     library and finalizers are not reached.
    ///   - note: tells a person what is waited for.
    public init(
        machine: LuaMachine, alarm: @escaping (Int64) -> Void,
        lastResort: @escaping (Int64, Reason) -> Void, note: @escaping (String) -> Void
    ) {
        self.lastResort = lastResort
        self.machine = machine
        self.alarm = alarm
        self.note = note
    }

    /// Notes that a run begins.
    public func begin() {
        end()
        reason = nil
    }

    /// Notes that the run has ended.
    public func end() {
        timer?.cancel()
        timer = nil
    }

    /// Ends the run: politely the first time, at once the second.
    public func stop(_ reason: Reason) {
        guard let task = machine.root, !task.isOver else { return machine.stopRunning() }
        guard self.reason == nil else { return machine.killAll() }
        self.reason = reason
        machine.cancel(task)
        let pending = machine.committedWaits
        if !pending.isEmpty {
            note(
                "waiting for what is on its way: \(pending.joined(separator: ", "))"
                    + (reason == .interrupted ? " (Ctrl-C again gives it up)" : ""))
        }
        hurry(after: Self.grace)
    }

    private func hurry(after nanoseconds: Int64) {
        if let reason { lastResort(nanoseconds + Self.patience, reason) }
        alarm(nanoseconds)
        timer = machine.loop.after(nanoseconds) { [unowned self] in
            // After Ctrl-C a call ends by its own deadline, or at the next Ctrl-C. A limit holds, and
            // so does the word of whoever ends programs.
            if reason != .interrupted || machine.committedWaits.isEmpty { return machine.killAll() }
            hurry(after: Self.look)
        }
    }
}
