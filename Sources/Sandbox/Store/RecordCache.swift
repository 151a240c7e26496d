/// What was read or written lately, decoded.
struct RecordCache {
    struct Key: Hashable {
        let kind: Kind
        let id: String
    }

    /// Beyond this many, half of them is dropped.
    private static let capacity = 4096

    private var records: [Key: Record] = [:]

    subscript(key: Key) -> Record? {
        get { records[key] }
        set {
            records[key] = newValue
            if records.count > Self.capacity {
                for key in Array(records.keys.prefix(Self.capacity / 2)) { records[key] = nil }
            }
        }
    }
}

/// What records were before their latest changes. Kept only while somebody wants stale reads.
final class RecordHistory {
    private struct Change {
        let moment: Int64
        /// nil when the change created the record.
        let before: Record?
    }

    /// How many changes are kept.
    private static let capacity = 2000

    /// Whether changes are noted.
    var isKept = false {
        didSet { if !isKept { clear() } }
    }
    /// The moment that changes are noted with.
    var now: Int64 = 0
    private var changes: [RecordCache.Key: [Change]] = [:]
    private var order: [RecordCache.Key] = []

    /// Notes that a record is about to change.
    func note(_ kind: Kind, _ id: String, _ before: Record?) {
        let key = RecordCache.Key(kind: kind, id: id)
        changes[key, default: []].append(Change(moment: now, before: before))
        order.append(key)
        guard order.count > Self.capacity else { return }
        for key in order.prefix(Self.capacity / 2) {
            changes[key]?.removeFirst()
            if changes[key]?.isEmpty == true { changes[key] = nil }
        }
        order.removeFirst(Self.capacity / 2)
    }

    /// Forgets everything.
    func clear() {
        changes = [:]
        order = []
    }

    /// What a record was at a moment: nil when it has not changed since, a record or nothing when
    /// it has.
    func state(of key: RecordCache.Key, at moment: Int64) -> Record?? {
        guard let change = changes[key]?.first(where: { $0.moment > moment }) else { return nil }
        return .some(change.before)
    }

    /// What a list was at a moment.
    func state(of records: [Record], _ kind: Kind, account: String, at moment: Int64) -> [Record] {
        var byID = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for key in changes.keys where key.kind == kind {
            guard let past = state(of: key, at: moment) else { continue }
            byID[key.id] = past?.account == account ? past : nil
        }
        return byID.values.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }
}
