import Glibc

/// The program's one event loop: sockets, timers and deferred work on the main thread.
///
/// Not thread-safe: everything happens on the thread that runs it.
public final class PollLoop {
    /// What a descriptor is watched for.
    public struct Events: OptionSet, Sendable {
        public let rawValue: Int16
        public init(rawValue: Int16) { self.rawValue = rawValue }
        /// Bytes can be read, or the peer has closed.
        public static let input = Events(rawValue: Int16(POLLIN))
        /// Bytes can be written.
        public static let output = Events(rawValue: Int16(POLLOUT))
        /// The descriptor has failed. Reported unasked.
        public static let failure = Events(rawValue: Int16(POLLERR | POLLHUP | POLLNVAL))
    }

    /// A timer that has not fired.
    public final class Timer {
        fileprivate let deadline: Int64
        fileprivate let order: UInt64
        fileprivate var action: (() -> Void)?
        /// Where the timer waits.
        private weak var heap: TimerHeap?

        fileprivate init(
            deadline: Int64, order: UInt64, in heap: TimerHeap, action: @escaping () -> Void
        ) {
            self.deadline = deadline
            self.order = order
            self.heap = heap
            self.action = action
        }

        /// Keeps the timer from firing.
        public func cancel() {
            guard action != nil else { return }
            action = nil
            heap?.noteCancelled()
        }
    }

    private struct Watch {
        let events: Events
        let action: (Events) -> Void
    }

    /// Nanoseconds of a clock that never goes back.
    public let now: () -> Int64
    private var watches: [Int32: Watch] = [:]
    private var descriptors: [pollfd] = []
    private var descriptorsAreStale = false
    private let timers = TimerHeap()
    private var timerOrder: UInt64 = 0
    private var deferred = DeferredQueue()

    /// Called when poll(2) was interrupted by a signal.
    public var onSignal: () -> Void = {}

    /// Creates a loop.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    public init(now: @escaping () -> Int64) { self.now = now }

    /// Watches a descriptor, instead of what it was watched for before.
    public func watch(_ descriptor: Int32, for events: Events, action: @escaping (Events) -> Void) {
        watches[descriptor] = Watch(events: events, action: action)
        descriptorsAreStale = true
    }

    /// Stops watching a descriptor.
    public func unwatch(_ descriptor: Int32) {
        if watches.removeValue(forKey: descriptor) != nil { descriptorsAreStale = true }
    }

    /// Calls an action once, after some nanoseconds.
    @discardableResult
    public func after(_ nanoseconds: Int64, _ action: @escaping () -> Void) -> Timer {
        timerOrder += 1
        let deadline = now().addingReportingOverflow(max(0, nanoseconds))
        let timer = Timer(
            deadline: deadline.overflow ? .max : deadline.partialValue, order: timerOrder,
            in: timers, action: action)
        timers.insert(timer)
        return timer
    }

    /// Calls an action in the next turn, before waiting.
    public func enqueue(_ action: @escaping () -> Void) { deferred.append(action) }

    /// Turns until a condition holds.
    public func run(until isDone: () -> Bool) {
        while !isDone() { turn() }
    }

    /// One turn: deferred work, a wait for sockets and timers, their actions.
    ///
    /// - Parameter limit: the longest wait in nanoseconds; nil means none.
    public func turn(waitingAtMost limit: Int64? = nil) {
        // What the actions did may be what the caller waits for: no sleep before they are seen.
        let hasRun = runDeferred()
        var wait = limit ?? .max
        if hasRun || !deferred.isEmpty { wait = 0 }
        if let deadline = timers.nextDeadline { wait = min(wait, max(0, deadline - now())) }
        rebuildDescriptors()
        // Round up, so that a timer is due when poll returns for it.
        precondition(
            wait != .max || !descriptors.isEmpty, "the loop waits, but there is nothing to wait for"
        )
        let milliseconds = wait == .max ? -1 : Int32(clamping: (wait + 999_999) / 1_000_000)
        let ready = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if ready < 0 {
            onSignal()
        } else if ready > 0 {
            for entry in descriptors where entry.revents != 0 {
                // An earlier action may have ended this watch.
                watches[entry.fd]?.action(Events(rawValue: entry.revents))
            }
        }
        fireDueTimers()
        runDeferred()
    }

    /// Runs the deferred actions; whether there were any.
    @discardableResult
    private func runDeferred() -> Bool {
        // What the actions enqueue themselves waits for the next turn. A turn inside an action (a
        // nested wait) goes on with the rest of the queue.
        guard !deferred.isEmpty else { return false }
        let last = deferred.appended
        while deferred.taken < last, let action = deferred.popFirst() { action() }
        return true
    }

    /// Fires the timers that are due, without waiting for anything.
    public func fireDueTimers() {
        let present = now()
        while let timer = timers.popDue(at: present) {
            let action = timer.action
            timer.action = nil
            action?()
        }
    }

    private func rebuildDescriptors() {
        guard descriptorsAreStale else { return }
        descriptorsAreStale = false
        descriptors = watches.map {
            pollfd(fd: $0.key, events: $0.value.events.rawValue, revents: 0)
        }
    }

    private struct DeferredQueue {
        private var actions: [(() -> Void)?] = []
        private var head = 0
        /// How many actions have been appended and taken, ever.
        private(set) var appended: UInt64 = 0
        private(set) var taken: UInt64 = 0

        var isEmpty: Bool { appended == taken }

        mutating func append(_ action: @escaping () -> Void) {
            actions.append(action)
            appended += 1
        }

        mutating func popFirst() -> (() -> Void)? {
            guard head < actions.count else { return nil }
            let action = actions[head]
            actions[head] = nil
            head += 1
            taken += 1
            if head == actions.count {
                actions.removeAll(keepingCapacity: true)
                head = 0
            }
            return action
        }
    }

    /// Timers, the next one first. Cancelled ones are removed when they come first, or when they are
    /// most of all: a program that sets and cancels a million timers keeps none of them.
    fileprivate final class TimerHeap {
        private var items: [Timer] = []
        private var cancelled = 0

        /// The deadline of the first timer that has not been cancelled.
        var nextDeadline: Int64? {
            while let first = items.first, first.action == nil {
                removeFirst()
                cancelled -= 1
            }
            return items.first?.deadline
        }

        /// One of the timers was cancelled.
        func noteCancelled() {
            cancelled += 1
            // So few cost less than a sort.
            guard cancelled > 64, cancelled > items.count / 2 else { return }
            items.removeAll { $0.action == nil }
            cancelled = 0
            // A list in order is a heap.
            items.sort { Self.precedes($0, $1) }
        }

        func popDue(at time: Int64) -> Timer? {
            guard let deadline = nextDeadline, deadline <= time, let first = items.first else {
                return nil
            }
            removeFirst()
            return first
        }

        func insert(_ timer: Timer) {
            items.append(timer)
            var child = items.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard Self.precedes(items[child], items[parent]) else { break }
                items.swapAt(child, parent)
                child = parent
            }
        }

        private func removeFirst() {
            items.swapAt(0, items.count - 1)
            items.removeLast()
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < items.count && Self.precedes(items[child], items[least]) {
                    least = child
                }
                guard least != parent else { return }
                items.swapAt(parent, least)
                parent = least
            }
        }

        private static func precedes(_ a: Timer, _ b: Timer) -> Bool {
            (a.deadline, a.order) < (b.deadline, b.order)
        }
    }
}
