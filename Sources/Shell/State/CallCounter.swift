import CloudClient

/// Counts calls: those on their way, and what those that have ended took.
final class CallCounter {
    private var running: [Int: String] = [:]
    private var next = 0
    /// Since ``reset()``.
    private(set) var attempts = 0
    private(set) var retries = 0
    private(set) var bytes = 0

    func begin(_ name: String) -> () -> Void {
        next += 1
        let number = next
        running[number] = name
        return { [weak self] in self?.running[number] = nil }
    }

    func add(_ record: TraceRecord) {
        attempts += 1
        bytes += record.size
        if record.attempt > 1 { retries += 1 }
    }

    func reset() {
        attempts = 0
        retries = 0
        bytes = 0
    }

    /// How many are on their way, and the name of the one that began first.
    var present: (count: Int, oldest: String)? {
        guard let oldest = running.min(by: { $0.key < $1.key }) else { return nil }
        return (running.count, oldest.value)
    }
}
