import Codec
import Foundation
import GRDB

/// What is to happen, what was used, what has happened, and single facts.
extension Transaction {
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
    private static let journalCapacity = 10_000

    /// The API's events after a number, oldest first, with their numbers.
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
}
