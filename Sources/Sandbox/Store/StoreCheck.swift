import Codec
import Contract
import Foundation
import GRDB

/// Makes sure that a database that came from elsewhere is a sandbox's state, whole and usable,
/// before anything is done with it.
///
/// Readers of the tables rely on these checks: the types of columns, the ranges of moments, and that
/// messages can be decoded.
enum StoreCheck {
    /// Columns whose values must have a certain type, by table.
    private static let columns: [(table: String, type: String, names: [String])] = [
        ("records", "text", ["kind", "id", "account", "parent", "type", "hidden", "tags"]),
        ("records", "integer", ["number", "created"]),
        ("records", "blob", ["body"]),
        ("events", "text", ["kind", "subject", "payload"]),
        ("events", "integer", ["number", "due"]),
        ("facts", "text", ["name", "value"]),
        ("counts", "text", ["kind", "account"]),
        ("counts", "integer", ["number"]),
        ("spans", "text", ["account", "kind", "subject", "facts"]),
        ("spans", "integer", ["number", "begun"]),
        ("journal", "integer", ["number", "moment"]),
        ("journal", "blob", ["body"]),
    ]
    /// Columns that hold a moment in nanoseconds since 1970, by table.
    private static let moments = [
        ("records", "created"), ("spans", "begun"), ("spans", "ended"), ("events", "due"),
        ("journal", "moment"),
    ]

    /// Whether a file may be opened as a sandbox's state: an empty one, or one that a sandbox wrote.
    ///
    /// - Throws: ``SandboxError`` that says why not.
    static func identify(_ database: Database, _ path: String) throws {
        let identifier = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = Set(
            try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
        // The first sandboxes did not mark their files.
        let isOwn =
            identifier == Schema.applicationID
            || (identifier == 0 && (tables.isEmpty || tables.isSuperset(of: ["records", "facts"])))
        guard isOwn else { throw SandboxError.notASandbox(path: path) }
        if tables.contains("grdb_migrations"), try Schema.migrator.hasBeenSuperseded(database) {
            throw SandboxError.newer(path: path)
        }
    }

    /// Checks everything in a database whose tables are the present ones.
    ///
    /// - Throws: ``SandboxError`` that names what is damaged.
    static func run(_ database: Database, registry: Registry) throws {
        let damage = try String.fetchAll(database, sql: "PRAGMA integrity_check(3)")
        guard damage == ["ok"] else {
            throw SandboxError.damaged(damage.joined(separator: "; "))
        }
        try checkSchema(database)
        try checkColumns(database)
        try checkMessages(database, registry)
    }

    /// Checks that the schema is the same as that of a new state.
    private static func checkSchema(_ database: Database) throws {
        let list = """
            SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master
            WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%' ORDER BY 1
            """
        let fresh = try DatabaseQueue()
        try Schema.migrator.migrate(fresh)
        let wanted = try fresh.read { try String.fetchAll($0, sql: list) }
        // Older versions broke the lines of the statements elsewhere.
        func words(_ statements: [String]) -> [String] {
            statements.map { $0.filter { !$0.isWhitespace } }.sorted()
        }
        guard words(try String.fetchAll(database, sql: list)) == words(wanted) else {
            throw SandboxError.damaged("its tables are not those of a sandbox")
        }
    }

    private static func checkColumns(_ database: Database) throws {
        for (table, type, names) in columns {
            for name in names {
                let wrong = try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM \(table) WHERE typeof(\(name)) != '\(type)'")
                guard wrong == 0 else {
                    throw SandboxError.damaged("\(table).\(name) is not \(type)")
                }
            }
        }
        let range = Nanoseconds.usable
        for (table, name) in moments {
            let wrong = try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM \(table) WHERE \(name) IS NOT NULL
                    AND (typeof(\(name)) != 'integer' OR \(name) NOT BETWEEN ? AND ?)
                    """, arguments: [range.lowerBound, range.upperBound])
            guard wrong == 0 else {
                throw SandboxError.damaged("\(table).\(name) is not a valid time")
            }
        }
    }

    private static func checkMessages(_ database: Database, _ registry: Registry) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT kind, id, type, body FROM records")
        while let row = try rows.next() {
            let (kind, id, name): (String, String, String) = (row["kind"], row["id"], row["type"])
            let body: Data = row["body"]
            guard let known = Kind(rawValue: kind), known.holds(name),
                let type = try registry.message(named: name)
            else { throw SandboxError.damaged("the kind or type of \(kind) \(id) is unknown") }
            do throws(CodecError) {
                _ = try ProtobufReader().message([UInt8](body), as: type)
            } catch {
                throw SandboxError.damaged("\(kind) \(id) cannot be read: \(error)")
            }
        }
        guard let event = try registry.message(named: "qdrant.cloud.event.v1.Event") else { return }
        let journal = try Row.fetchCursor(database, sql: "SELECT number, body FROM journal")
        while let row = try journal.next() {
            let (number, body): (Int64, Data) = (row["number"], row["body"])
            guard (try? ProtobufReader().message([UInt8](body), as: event)) != nil else {
                throw SandboxError.damaged("event \(number) cannot be read")
            }
        }
    }
}
