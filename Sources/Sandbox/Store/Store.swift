import Codec
import Contract
import Foundation
import GRDB

/// One stored thing: what the API shows of it, and what only the sandbox knows.
struct Record {
    /// What it is, for example `cluster`.
    let kind: String
    /// Its id, unique in its kind.
    let id: String
    /// The account that it belongs to; empty for none.
    let account: String
    /// What it hangs on, for example a key's cluster; empty for nothing.
    var parent = ""
    /// When it was created, in nanoseconds since 1970. Lists are in this order.
    var created: Int64
    /// What the API shows.
    var message: Message
    /// What only the sandbox knows, for example the hash of a secret.
    var hidden: [String: String] = [:]
}

/// Something that is to happen at a moment.
struct PendingEvent {
    let number: Int64
    /// Nanoseconds since 1970.
    let due: Int64
    let kind: String
    let subject: String
    let payload: String
}

/// The sandbox's state in SQLite. Every acknowledged write is in the file, or in memory when there
/// is none.
final class Store {
    private let database: DatabaseQueue
    private let registry: Registry

    /// Opens a store.
    ///
    /// - Parameter path: the file; nil keeps everything in memory.
    init(path: String?, registry: Registry) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            if path != nil {
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
            }
        }
        database =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
            ?? DatabaseQueue(configuration: configuration)
        self.registry = registry
        try Self.migrator.migrate(database)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("records, events, facts") { database in
            try database.execute(
                sql: """
                    CREATE TABLE records (
                        kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
                        parent TEXT NOT NULL, created INTEGER NOT NULL, type TEXT NOT NULL,
                        body BLOB NOT NULL, hidden TEXT NOT NULL, PRIMARY KEY (kind, id)
                    ) WITHOUT ROWID;
                    CREATE INDEX records_by_account ON records (kind, account, created, id);
                    CREATE INDEX records_by_parent ON records (kind, parent);
                    CREATE TABLE events (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL,
                        kind TEXT NOT NULL, subject TEXT NOT NULL, payload TEXT NOT NULL
                    );
                    CREATE INDEX events_by_due ON events (due, number);
                    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    /// Does something in one transaction: all of it is stored, or nothing when it throws.
    func transaction<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try database.writeWithoutTransaction { database in
            var result: Swift.Result<Result, any Error>?
            try database.inTransaction {
                do {
                    result = .success(
                        try body(Transaction(database: database, registry: registry)))
                    return .commit
                } catch {
                    result = .failure(error)
                    return .rollback
                }
            }
            guard let result else { throw APIError(.internal, "the transaction had no result") }
            return try result.get()
        }
    }
}

/// Reading and writing inside one transaction.
struct Transaction {
    fileprivate let database: Database
    fileprivate let registry: Registry

    // MARK: - Records

    /// The record with an id.
    func record(_ kind: String, _ id: String) throws -> Record? {
        try select("kind = ? AND id = ?", [kind, id]).first
    }

    /// An account's records of a kind, oldest first.
    func records(_ kind: String, account: String) throws -> [Record] {
        try select("kind = ? AND account = ? ORDER BY created, id", [kind, account])
    }

    /// All records of a kind, oldest first.
    func records(_ kind: String) throws -> [Record] {
        try select("kind = ? ORDER BY created, id", [kind])
    }

    /// The records of a kind that hang on something, oldest first.
    func records(_ kind: String, parent: String) throws -> [Record] {
        try select("kind = ? AND parent = ? ORDER BY created, id", [kind, parent])
    }

    private func select(_ condition: String, _ arguments: StatementArguments) throws -> [Record] {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM records WHERE \(condition)")
        return try Row.fetchAll(statement, arguments: arguments).map(record)
    }

    private func record(_ row: Row) throws -> Record {
        let typeName: String = row["type"]
        guard let type = try registry.message(named: typeName) else {
            throw APIError(.internal, "the store has a record of the unknown type \(typeName)")
        }
        return Record(
            kind: row["kind"], id: row["id"], account: row["account"], parent: row["parent"],
            created: row["created"],
            message: try ProtobufReader().message([UInt8](row["body"] as Data), as: type),
            hidden: Self.decode(row["hidden"]))
    }

    /// Stores a record, in place of an older one with its id.
    func put(_ record: Record) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        try statement.execute(arguments: [
            record.kind, record.id, record.account, record.parent, record.created,
            record.message.type.fullName, Data(record.message.serialized()),
            Self.encode(record.hidden),
        ])
    }

    /// Removes a record.
    func delete(_ kind: String, _ id: String) throws {
        try database.execute(
            sql: "DELETE FROM records WHERE kind = ? AND id = ?", arguments: [kind, id])
    }

    // MARK: - Events

    /// Has something happen at a moment.
    func schedule(_ kind: String, subject: String, payload: String = "", at due: Int64) throws {
        try database.execute(
            sql: "INSERT INTO events (due, kind, subject, payload) VALUES (?, ?, ?, ?)",
            arguments: [due, kind, subject, payload])
    }

    /// Takes the first event that is due.
    func takeEvent(until moment: Int64) throws -> PendingEvent? {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM events WHERE due <= ? ORDER BY due, number LIMIT 1")
        guard let row = try Row.fetchOne(statement, arguments: [moment]) else { return nil }
        let event = PendingEvent(
            number: row["number"], due: row["due"], kind: row["kind"], subject: row["subject"],
            payload: row["payload"])
        try database.execute(sql: "DELETE FROM events WHERE number = ?", arguments: [event.number])
        return event
    }

    /// Whether an event is due, without a write.
    func hasEvent(until moment: Int64) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM events WHERE due <= ?)")
        return try Bool.fetchOne(statement, arguments: [moment]) ?? false
    }

    /// Drops what was to happen to something.
    func cancelEvents(subject: String) throws {
        try database.execute(sql: "DELETE FROM events WHERE subject = ?", arguments: [subject])
    }

    // MARK: - Facts

    /// A single stored value.
    func fact(_ name: String) throws -> String? {
        try String.fetchOne(
            database, sql: "SELECT value FROM facts WHERE name = ?", arguments: [name])
    }

    /// Stores a single value.
    func setFact(_ name: String, _ value: String) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO facts VALUES (?, ?)", arguments: [name, value])
    }

    /// Names and values, one each line; both are free of line breaks.
    private static func encode(_ hidden: [String: String]) -> String {
        hidden.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }

    private static func decode(_ text: String) -> [String: String] {
        var hidden: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { hidden[String(parts[0])] = String(parts[1]) }
        }
        return hidden
    }
}
