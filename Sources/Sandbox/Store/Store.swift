import Codec
import Contract
import Foundation
import GRDB

/// The sandbox's state in SQLite. Every acknowledged write is in the file, or in memory when there
/// is none.
///
/// What was read lately is kept decoded, so that the calls that everybody repeats cost no query.
final class Store {
    fileprivate let database: DatabaseQueue
    let registry: Registry
    /// Counts the changes of who may call what; whoever remembers an answer checks it by this.
    fileprivate(set) var accessVersion = 0
    fileprivate var cache = RecordCache()
    /// When the next event is due; nil when that has to be looked up.
    fileprivate var nextDue: Int64?
    /// What was replaced lately, for reads that are to be stale.
    let history = RecordHistory()

    /// Opens a store.
    ///
    /// - Parameter path: the file; nil keeps everything in memory.
    init(path: String?, registry: Registry) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            if path != nil {
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                // What is in the write-ahead log survives the end of the process at any moment.
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
            }
        }
        database =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
            ?? DatabaseQueue(configuration: configuration)
        self.registry = registry
        try Schema.migrator.migrate(database)
    }

    /// A copy of another store, in memory.
    init(copying other: Store) throws {
        database = try DatabaseQueue()
        registry = other.registry
        try other.database.backup(to: database)
    }

    /// Does something in one transaction: all of it is stored, or nothing when it throws. What only
    /// reads opens none.
    func transaction<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try database.writeWithoutTransaction { database in
            let transaction = Transaction(store: self, database: database)
            do {
                let result = try body(transaction)
                try transaction.commit()
                return result
            } catch {
                transaction.rollBack()
                throw error
            }
        }
    }

    // MARK: - Whole states

    /// Writes everything to a new file.
    func write(to path: String) throws {
        let copy = try DatabaseQueue(path: path)
        try database.backup(to: copy)
        try copy.close()
    }

    /// Puts what ``write(to:)`` wrote in place of everything.
    func replace(byFile path: String) throws {
        var readOnly = Configuration()
        readOnly.readonly = true
        let other = try DatabaseQueue(path: path, configuration: readOnly)
        let identifier = try other.read { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        guard identifier == Schema.applicationID else {
            throw SandboxError("\(path) is no snapshot of a sandbox")
        }
        try other.backup(to: database)
        try Schema.migrator.migrate(database)
        forget()
    }

    /// Puts another store's state in place of everything.
    func replace(by other: Store) throws {
        try other.database.backup(to: database)
        forget()
    }

    private func forget() {
        cache = RecordCache()
        nextDue = nil
        accessVersion += 1
        history.clear()
    }
}

/// Reading and writing inside one transaction.
final class Transaction {
    private let store: Store
    private let database: Database
    /// What was written, so that it is forgotten when the transaction fails.
    private var written: [RecordCache.Key] = []
    private var isOpen = false
    /// Reads show what was there at this moment, as far as it is still known.
    var asOf: Int64?

    fileprivate init(store: Store, database: Database) {
        self.store = store
        self.database = database
    }

    private func open() throws {
        guard !isOpen else { return }
        try database.beginTransaction(.immediate)
        isOpen = true
    }

    fileprivate func commit() throws {
        guard isOpen else { return }
        try database.commit()
        isOpen = false
    }

    fileprivate func rollBack() {
        guard isOpen else { return }
        try? database.rollback()
        isOpen = false
        for key in written { store.cache[key] = nil }
        store.nextDue = nil
        store.accessVersion += 1
    }

    // MARK: - Records

    /// The record with an id.
    func record(_ kind: Kind, _ id: String) throws -> Record? {
        let key = RecordCache.Key(kind: kind, id: id)
        if let asOf, let earlier = store.history.state(of: key, at: asOf) { return earlier }
        if let cached = store.cache[key] { return cached }
        let found = try select("kind = ? AND id = ?", [kind.rawValue, id]).first
        if let found { store.cache[key] = found }
        return found
    }

    /// An account's records of a kind, oldest first.
    func records(_ kind: Kind, account: String) throws -> [Record] {
        try past(
            select(
                "kind = ? AND account = ? ORDER BY created, id", [kind.rawValue, account]), kind,
            account: account)
    }

    /// All records of a kind, oldest first.
    func records(_ kind: Kind) throws -> [Record] {
        try select("kind = ? ORDER BY created, id", [kind.rawValue])
    }

    /// The records of a kind that hang on something, oldest first.
    func records(_ kind: Kind, parent: String) throws -> [Record] {
        try select("kind = ? AND parent = ? ORDER BY created, id", [kind.rawValue, parent])
    }

    /// Some of an account's records.
    struct Page {
        /// Only those that have these values in fields of ``Kind/tagFields``.
        var tags: [(field: String, value: String)] = []
        /// Only those behind this one.
        var after: (created: Int64, id: String)?
        /// At most so many.
        var limit: Int?
    }

    /// An account's records of a kind, oldest first, as a page asks for them.
    func records(_ kind: Kind, account: String, _ page: Page) throws -> [Record] {
        var condition = "kind = ? AND account = ?"
        var arguments: StatementArguments = [kind.rawValue, account]
        filter(page.tags, &condition, &arguments)
        if let (created, id) = page.after {
            condition += " AND (created, id) > (?, ?)"
            arguments += [created, id]
        }
        condition += " ORDER BY created, id"
        if let limit = page.limit {
            condition += " LIMIT ?"
            arguments += [limit]
        }
        return try past(
            select(condition, arguments, passingOn: true), kind, account: account)
    }

    /// How many records of a kind an account has.
    func count(
        _ kind: Kind, account: String, tags: [(field: String, value: String)] = []
    ) throws -> Int {
        guard !tags.isEmpty else {
            let statement = try database.cachedStatement(
                sql: "SELECT number FROM counts WHERE kind = ? AND account = ?")
            return try Int.fetchOne(statement, arguments: [kind.rawValue, account]) ?? 0
        }
        var condition = "kind = ? AND account = ?"
        var arguments: StatementArguments = [kind.rawValue, account]
        filter(tags, &condition, &arguments)
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM records WHERE \(condition)")
        return try Int.fetchOne(statement, arguments: arguments) ?? 0
    }

    private func filter(
        _ tags: [(field: String, value: String)], _ condition: inout String,
        _ arguments: inout StatementArguments
    ) {
        for (field, value) in tags {
            condition += " AND instr(tags, ?)"
            arguments += [Self.tag(field, value)]
        }
    }

    /// The records that fit a condition, decoded unless they are only passed on.
    private func select(
        _ condition: String, _ arguments: StatementArguments, passingOn: Bool = false
    ) throws -> [Record] {
        let statement = try database.cachedStatement(
            sql: "SELECT kind, id, account, parent, created, type, body, hidden FROM records "
                + "WHERE \(condition)")
        var found: [Record] = []
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try rows.next() {
            var record = try record(row)
            if !passingOn { record.open() }
            found.append(record)
        }
        return found
    }

    private func record(_ row: Row) throws -> Record {
        let typeName: String = row[5]
        guard let kind = Kind(rawValue: row[0]),
            let type = try store.registry.message(named: typeName)
        else { throw APIError(.internal, "the store has a record of the type \(typeName)") }
        let body = try row.withUnsafeData(atIndex: 6) { $0.map { [UInt8]($0) } ?? [] }
        return Record(
            kind: kind, id: row[1], account: row[2], parent: row[3], created: row[4],
            message: Message(type, serialized: body), storedFacts: row[7])
    }

    /// The list as it was at ``asOf``.
    private func past(_ records: [Record], _ kind: Kind, account: String) -> [Record] {
        guard let asOf else { return records }
        return store.history.state(of: records, kind, account: account, at: asOf)
    }

    /// Stores a record, in place of an older one with its id.
    func put(_ record: Record) throws {
        try open()
        remember(record.kind, record.id)
        let body = record.message.serialized()
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO records (kind, id, account, parent, created, type, body, hidden, tags)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (kind, id) DO UPDATE SET account = excluded.account,
                    parent = excluded.parent, created = excluded.created, type = excluded.type,
                    body = excluded.body, hidden = excluded.hidden, tags = excluded.tags
                """)
        try statement.execute(arguments: [
            record.kind.rawValue, record.id, record.account, record.parent, record.created,
            record.message.type.fullName, Data(body),
            record.storedFacts, Self.tags(of: record),
        ])
        let key = RecordCache.Key(kind: record.kind, id: record.id)
        written.append(key)
        var kept = record
        kept.message.keepSerialization(body)
        store.cache[key] = kept
        if record.kind.concernsAccess { store.accessVersion += 1 }
    }

    /// Removes a record.
    func delete(_ kind: Kind, _ id: String) throws {
        try open()
        remember(kind, id)
        let statement = try database.cachedStatement(
            sql: "DELETE FROM records WHERE kind = ? AND id = ?")
        try statement.execute(arguments: [kind.rawValue, id])
        let key = RecordCache.Key(kind: kind, id: id)
        written.append(key)
        store.cache[key] = nil
        if kind.concernsAccess { store.accessVersion += 1 }
    }

    /// Removes all that an account has.
    func deleteAll(account: String) throws {
        try open()
        try database.execute(sql: "DELETE FROM records WHERE account = ?", arguments: [account])
        try database.execute(sql: "DELETE FROM spans WHERE account = ?", arguments: [account])
        store.cache = RecordCache()
        store.accessVersion += 1
    }

    private func remember(_ kind: Kind, _ id: String) {
        guard store.history.isKept else { return }
        store.history.note(kind, id, (try? record(kind, id)) ?? nil)
    }

    // MARK: - Events

    /// Has something happen at a moment.
    func schedule(_ kind: String, subject: String, payload: String = "", at due: Int64) throws {
        try open()
        let statement = try database.cachedStatement(
            sql: "INSERT INTO events (due, kind, subject, payload) VALUES (?, ?, ?, ?)")
        try statement.execute(arguments: [due, kind, subject, payload])
        if let next = store.nextDue { store.nextDue = min(next, due) }
    }

    /// Takes the first event that is due.
    func takeEvent(until moment: Int64) throws -> PendingEvent? {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM events WHERE due <= ? ORDER BY due, number LIMIT 1")
        guard let row = try Row.fetchOne(statement, arguments: [moment]) else { return nil }
        let event = PendingEvent(
            number: row["number"], due: row["due"], kind: row["kind"], subject: row["subject"],
            payload: row["payload"])
        try open()
        let removal = try database.cachedStatement(sql: "DELETE FROM events WHERE number = ?")
        try removal.execute(arguments: [event.number])
        store.nextDue = nil
        return event
    }

    /// All events that are still to happen, in their order.
    func events() throws -> [PendingEvent] {
        try Row.fetchAll(database, sql: "SELECT * FROM events ORDER BY due, number").map { row in
            PendingEvent(
                number: row["number"], due: row["due"], kind: row["kind"],
                subject: row["subject"], payload: row["payload"])
        }
    }

    /// Whether an event is due, without a write.
    func hasEvent(until moment: Int64) throws -> Bool {
        try nextEvent() <= moment
    }

    /// When the next event is due; the end of time when there is none.
    func nextEvent() throws -> Int64 {
        if let next = store.nextDue { return next }
        let statement = try database.cachedStatement(sql: "SELECT min(due) FROM events")
        let next = try Int64.fetchOne(statement) ?? .max
        store.nextDue = next
        return next
    }

    /// Drops what was to happen to something.
    func cancelEvents(_ kind: String, subject: String) throws {
        try open()
        try database.execute(
            sql: "DELETE FROM events WHERE kind = ? AND subject = ?", arguments: [kind, subject])
        store.nextDue = nil
    }

    // MARK: - Spans of use

    /// Begins a span of use.
    func begin(_ span: Span) throws {
        try open()
        try database.execute(
            sql: """
                INSERT INTO spans (account, kind, subject, begun, ended, facts)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                span.account, span.kind.rawValue, span.subject, span.begun, span.ended,
                Facts.encode(span.facts),
            ])
    }

    /// Ends the spans of a thing that are still open.
    func endSpans(_ kind: Span.Kind, subject: String, at moment: Int64) throws {
        try open()
        try database.execute(
            sql: "UPDATE spans SET ended = ? WHERE kind = ? AND subject = ? AND ended IS NULL",
            arguments: [moment, kind.rawValue, subject])
    }

    /// The spans that overlap a time, oldest first.
    func spans(account: String, from begin: Int64, to end: Int64) throws -> [Span] {
        try spans(
            "account = ? AND begun < ? AND coalesce(ended, ?) > ?", [account, end, end, begin])
    }

    /// All spans of one thing, oldest first.
    func spans(_ kind: Span.Kind, subject: String) throws -> [Span] {
        try spans("kind = ? AND subject = ?", [kind.rawValue, subject])
    }

    /// All spans of an account, oldest first.
    func spans(account: String) throws -> [Span] { try spans("account = ?", [account]) }

    private func spans(_ condition: String, _ arguments: StatementArguments) throws -> [Span] {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM spans WHERE \(condition) ORDER BY begun, number")
        return try Row.fetchAll(statement, arguments: arguments).compactMap { row in
            guard let kind = Span.Kind(rawValue: row["kind"]) else { return nil }
            return Span(
                account: row["account"], kind: kind, subject: row["subject"], begun: row["begun"],
                ended: row["ended"], facts: Facts.decode(row["facts"]))
        }
    }

    // MARK: - Journal

    /// Appends an event of the API (qdrant.cloud.event.v1.Event).
    func append(_ event: Message, at moment: Int64) throws {
        try open()
        let statement = try database.cachedStatement(
            sql: "INSERT INTO journal (moment, body) VALUES (?, ?)")
        try statement.execute(arguments: [moment, Data(event.serialized())])
        // Now and then what is too old goes.
        let number = database.lastInsertedRowID
        guard number % 1000 == 0 else { return }
        try database.execute(
            sql: "DELETE FROM journal WHERE number <= ?",
            arguments: [number - Int64(Self.journalCapacity)])
    }

    /// How many events of the API are kept.
    private static let journalCapacity = 100_000

    /// The API's events behind a number, oldest first, with their numbers.
    func journal(after number: Int64, limit: Int) throws -> [(number: Int64, event: Message)] {
        guard let type = try store.registry.message(named: "qdrant.cloud.event.v1.Event") else {
            return []
        }
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT number, body FROM journal WHERE number > ? ORDER BY number LIMIT ?",
            arguments: [number, limit])
        return try rows.map { row in
            (row["number"], try ProtobufReader().message([UInt8](row["body"] as Data), as: type))
        }
    }

    // MARK: - Facts

    /// A single stored value.
    func fact(_ name: String) throws -> String? {
        let statement = try database.cachedStatement(sql: "SELECT value FROM facts WHERE name = ?")
        return try String.fetchOne(statement, arguments: [name])
    }

    /// Stores a single value.
    func setFact(_ name: String, _ value: String) throws {
        try open()
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO facts VALUES (?, ?)")
        try statement.execute(arguments: [name, value])
    }

    // MARK: - Text

    private static func tag(_ field: String, _ value: String) -> String { "\n\(field)=\(value)\n" }

    private static func tags(of record: Record) -> String {
        record.kind.tagFields.map { tag($0, record.message.string($0)) }.joined()
    }
}
