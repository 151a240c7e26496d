import GRDB

/// The tables of a sandbox, and how older ones become the present ones.
enum Schema {
    /// Marks the file as a sandbox's (SQLite's `application_id`): "qcsh".
    static let applicationID = 0x7163_7368

    /// The migrations, the oldest first. Their names are stored; they never change.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, sql) in [
            ("records, events, facts", first), ("tags, counts, spans, journal", second),
        ] {
            migrator.registerMigration(name) { try $0.execute(sql: sql) }
        }
        return migrator
    }

    private static let first = """
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
        """

    private static let second = """
        PRAGMA application_id = \(applicationID);
        ALTER TABLE records RENAME TO old_records;
        DROP INDEX records_by_account;
        DROP INDEX records_by_parent;
        -- Rows stand in the order of their creation, as lists want them.
        CREATE TABLE records (
            number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
            account TEXT NOT NULL, parent TEXT NOT NULL, created INTEGER NOT NULL,
            type TEXT NOT NULL, body BLOB NOT NULL, hidden TEXT NOT NULL,
            tags TEXT NOT NULL DEFAULT '', UNIQUE (kind, id)
        );
        INSERT INTO records
            (kind, id, account, parent, created, type, body, hidden)
            SELECT kind, id, account, parent, created, type, body, hidden
            FROM old_records ORDER BY created, id;
        DROP TABLE old_records;
        CREATE INDEX records_by_account ON records (kind, account, created, id, tags);
        CREATE INDEX records_by_parent ON records (kind, parent);
        CREATE TABLE counts (
            kind TEXT NOT NULL, account TEXT NOT NULL, number INTEGER NOT NULL,
            PRIMARY KEY (kind, account)
        ) WITHOUT ROWID;
        INSERT INTO counts SELECT kind, account, count(*) FROM records GROUP BY 1, 2;
        CREATE TRIGGER records_grow AFTER INSERT ON records BEGIN
            INSERT INTO counts VALUES (new.kind, new.account, 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER records_shrink AFTER DELETE ON records BEGIN
            UPDATE counts SET number = number - 1
            WHERE kind = old.kind AND account = old.account;
        END;
        CREATE TABLE spans (
            number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,
            kind TEXT NOT NULL, subject TEXT NOT NULL, begun INTEGER NOT NULL,
            ended INTEGER, facts TEXT NOT NULL
        );
        CREATE INDEX spans_by_account ON spans (account, begun);
        CREATE INDEX spans_by_subject ON spans (kind, subject, begun);
        CREATE TABLE journal (
            number INTEGER PRIMARY KEY AUTOINCREMENT, moment INTEGER NOT NULL,
            body BLOB NOT NULL
        );
        """
}
