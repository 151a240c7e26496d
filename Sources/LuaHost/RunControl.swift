import EventLoop
import LuaMachine

/// Stops a run in stages, whatever its code does.
///
/// First the run's tasks are cancelled: reads are abandoned, changes in flight are waited for,
/// to-be-closed variables run. After the grace period, or on a second request to stop, tasks are
/// killed: nothing may wait any longer.
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
    ///   - alarm: interrupts the machine after some nanoseconds, even while Lua code runs.
    ///   - lastResort: ends the program after some nanoseconds, whatever it does: code of a C
    ///     library and finalizers cannot be interrupted.
    ///   - note: reports to the user what is being waited for.
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

    /// Stops the run: the first call cancels its tasks, the second kills them.
    public func stop(_ reason: Reason) {
        guard let task = machine.root, !task.isOver else { return machine.stopRunning() }
        guard self.reason == nil else { return machine.killAll() }
        self.reason = reason
        machine.cancel(task)
        let pending = machine.committedWaits
        if !pending.isEmpty {
            note(
                "waiting for calls in flight: \(pending.joined(separator: ", "))"
                    + (reason == .interrupted ? " (Ctrl-C again abandons them)" : ""))
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
