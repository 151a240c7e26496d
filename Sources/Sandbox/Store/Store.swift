import Contract
import Foundation
import GRDB

/// The sandbox's state in SQLite. Every acknowledged write is in the file, or in memory when there
/// is none.
///
/// What was read lately is kept decoded, so that the calls that everybody repeats cost no query.
final class Store {
    private let database: DatabaseQueue
    let registry: Registry
    /// Counts changes to credentials and permissions; caches of access decisions compare it.
    var accessVersion = 0
    var cache = RecordCache()
    /// When the next event is due; nil when the store must look it up.
    var nextDue: Int64?
    /// What was replaced lately, for reads that are to be stale.
    let history = RecordHistory()

    /// Opens a store. Migrates an existing file to the current schema and checks all of it; to
    /// restore a snapshot, pass a copy of it.
    ///
    /// - Parameter path: the file; nil keeps everything in memory.
    /// - Throws: ``SandboxError`` that names what is damaged, or an error of SQLite.
    init(path: String?, registry: Registry) throws {
        let isOld = try path.map(Self.identify) ?? false
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
        if isOld { try database.read { try StoreCheck.run($0, registry: registry) } }
    }

    /// Makes sure that a file is a sandbox's before anything in it changes.
    ///
    /// - Returns: whether there is one.
    private static func identify(_ path: String) throws -> Bool {
        guard FileManager.default.fileExists(atPath: path) else { return false }
        var readOnly = Configuration()
        readOnly.readonly = true
        let database = try DatabaseQueue(path: path, configuration: readOnly)
        try database.read { try StoreCheck.identify($0, path) }
        try database.close()
        return true
    }

    /// A copy of another store, in memory.
    init(copying other: Store) throws {
        database = try DatabaseQueue()
        registry = other.registry
        try other.database.backup(to: database)
    }

    /// Does something in one transaction: all of it is stored, or nothing when it throws. What only
    /// reads opens none.
    ///
    /// - Parameter onMiss: answers what the body looks for and does not find; nil takes the store
    ///   for complete.
    func transaction<Result>(
        onMiss: MissHandler? = nil, _ body: (Transaction) throws -> Result
    ) throws -> Result {
        try database.writeWithoutTransaction { database in
            let transaction = Transaction(store: self, database: database)
            transaction.onMiss = onMiss
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
