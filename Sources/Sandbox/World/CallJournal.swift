import Contract

/// The latest calls that a sandbox has answered, for tests of scripts.
final class CallJournal {
    /// One call.
    struct Entry {
        let number: Int
        /// The sandbox's time, in nanoseconds since 1970.
        let moment: Int64
        let method: Method
        /// `grpc` or `rest`.
        let transport: String
        let account: String
        /// What was wrong; nil when nothing was.
        let error: APIError?
        /// The names of the faults that were at work.
        let faults: [String]
        let traceID: String
    }

    private static let capacity = 10_000

    private var entries: [Entry] = []
    private var count = 0

    /// Appends a call.
    func append(
        moment: Int64, method: Method, transport: String, account: String, error: APIError?,
        faults: [String], traceID: String
    ) {
        count += 1
        entries.append(
            Entry(
                number: count, moment: moment, method: method, transport: transport,
                account: account, error: error, faults: faults, traceID: traceID))
        if entries.count > 2 * Self.capacity { entries.removeFirst(Self.capacity) }
    }

    /// The calls after a number, oldest first.
    func entries(after number: Int, limit: Int) -> [Entry] {
        let first = entries.firstIndex { $0.number > number } ?? entries.endIndex
        return Array(entries[first...].prefix(limit))
    }

    /// Forgets all calls.
    func clear() { entries = [] }
}
