import Budgets
import NIOCore

/// The state that all connections of a server share: the budgets, how much of those for all is used, and
/// whose input is worked on next.
///
/// Lives on the server's one event loop.
final class ServerLoad {
    let budgets: Budgets
    /// Connections that are open.
    var connections = 0
    /// Bytes of requests that have not come whole.
    var input = 0
    /// Bytes of answers that no peer has taken.
    var output = 0

    private let eventLoop: any EventLoop
    private var queue: [Connection] = []
    private var isScheduled = false

    /// How long one round over all queued connections may take at most, in nanoseconds. It takes
    /// longer when each connection's share would be less than ``leastTurn``.
    private static let roundTime = 8_000_000
    private static let leastTurn = 50_000

    init(_ budgets: Budgets, on eventLoop: any EventLoop) {
        self.budgets = budgets
        self.eventLoop = eventLoop
    }

    /// Has a connection go on with its input after all others had their turn.
    func enqueue(_ connection: Connection) {
        queue.append(connection)
        if !isScheduled { schedule() }
    }

    /// One task for all, and not at once: the loop runs whatever is due before it looks at its sockets.
    private func schedule() {
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: .microseconds(50)) { self.round() }
    }

    private func round() {
        let batch = queue
        queue = []
        let share = max(Self.leastTurn, Self.roundTime / max(1, batch.count))
        for connection in batch { connection.work(for: min(budgets[.turnTime], share)) }
        // The time until the next round counts from the end of this one.
        if queue.isEmpty { isScheduled = false } else { schedule() }
    }
}
