import Codec
import Contract
import Foundation
import GRDB
import GRPCProtocol

/// Reading and writing inside one transaction.
final class Transaction {
    let store: Store
    let database: Database
    /// What was written, so that it is forgotten when the transaction fails.
    private var written: [RecordCache.Key] = []
    private var isOpen = false
    /// Whether anything was written.
    private(set) var hasWritten = false
    /// Reads show what was there at this moment, as far as it is still known.
    var asOf: Int64?
    /// Answers what is looked for and not found; nil takes the store for complete.
    var onMiss: MissHandler?

    init(store: Store, database: Database) {
        self.store = store
        self.database = database
    }

    /// Begins to write.
    func open() throws {
        guard !isOpen else { return }
        try database.beginTransaction(.immediate)
        isOpen = true
        hasWritten = true
    }

    func commit() throws {
        guard isOpen else { return }
        try database.commit()
        isOpen = false
    }

    func rollBack() {
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
        if let found { store.cache[key] = found } else { try onMiss?(.record(kind, id: id)) }
        return found
    }

    /// An account's records of a kind, oldest first.
    func records(_ kind: Kind, account: String) throws -> [Record] {
        try onMiss?(.records(kind, account: account))
        return try past(
            select(
                "kind = ? AND account = ? ORDER BY created, id", [kind.rawValue, account]), kind,
            account: account)
    }

    /// All records of a kind, oldest first.
    func records(_ kind: Kind) throws -> [Record] {
        try onMiss?(.all(kind))
        return try select("kind = ? ORDER BY created, id", [kind.rawValue])
    }

    /// The records of a kind that hang on something, oldest first.
    func records(_ kind: Kind, parent: String) throws -> [Record] {
        try onMiss?(.children(kind, parent: parent))
        return try select("kind = ? AND parent = ? ORDER BY created, id", [kind.rawValue, parent])
    }

    /// Some of an account's records.
    struct Page {
        /// Only those that have these values in fields of ``Kind/tagFields``.
        var tags: [(field: FieldName, value: String)] = []
        /// Only records after this one.
        var after: (created: Int64, id: String)?
        /// The maximum number of records.
        var limit: Int?
    }

    /// An account's records of a kind, oldest first, as a page asks for them.
    func records(_ kind: Kind, account: String, _ page: Page) throws -> [Record] {
        if asOf != nil { return try earlierRecords(kind, account: account, page) }
        try onMiss?(.records(kind, account: account))
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
        return try select(condition, arguments, passingOn: true)
    }

    /// A page as it was at ``asOf``: later changes are undone before the page is cut.
    private func earlierRecords(
        _ kind: Kind, account: String, _ page: Page
    ) throws -> [Record] {
        var whole = try records(kind, account: account)
        whole.removeAll { record in
            !page.tags.allSatisfy { record.message.string($0.field) == $0.value }
        }
        if let after = page.after { whole.removeAll { ($0.created, $0.id) <= after } }
        return page.limit.map { Array(whole.prefix($0)) } ?? whole
    }

    /// How many records of a kind an account has.
    func count(
        _ kind: Kind, account: String, tags: [(field: FieldName, value: String)] = []
    ) throws -> Int {
        try onMiss?(.records(kind, account: account))
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
        _ tags: [(field: FieldName, value: String)], _ condition: inout String,
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
        else { throw APIError(.internal, "the store has a record of unknown type \(typeName)") }
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

    // MARK: - Text

    private static func tag(_ field: FieldName, _ value: String) -> String {
        "\n\(field)=\(value)\n"
    }

    private static func tags(of record: Record) -> String {
        record.kind.tagFields.map { tag($0, record.message.string($0)) }.joined()
    }
}
