import Foundation
import TestSupport
import Testing

/// What a sandbox does with states, seeds and files that are damaged, gone or somebody else's.
@Suite struct DamagedStateTests {
    /// Changes a snapshot in each of many ways and restores it; what SQLite calls damage and what it
    /// does not.
    private static let damage = """
        import random, sqlite3, sys
        source, target, way = sys.argv[1:]
        data = bytearray(open(source, "rb").read())
        if way == "cut":
            data = data[:len(data) // 2]
        elif way == "noise":
            chance = random.Random(7)
            for _ in range(200):
                data[chance.randrange(4096, len(data))] = chance.randrange(256)
        elif way == "zeros":
            data[8192:16384] = bytes(8192)
        elif way == "empty":
            data = b""
        open(target, "wb").write(data)
        statements = {
            "text-for-number": "UPDATE records SET created = 'yesterday' WHERE kind = 'cluster'",
            "null-body": "PRAGMA writable_schema = 1; UPDATE records SET body = 5",
            "far-moment": "UPDATE records SET created = 9223372036854775807",
            "far-span": "UPDATE spans SET begun = -9223372036854775808",
            "bad-message": "UPDATE records SET body = x'ffffffff' WHERE kind = 'cluster'",
            "other-type": "UPDATE records SET type = 'no.such.Type'",
            "other-kind": "UPDATE records SET kind = 'dragon' WHERE kind = 'cluster'",
            "no-table": "DROP TABLE facts",
            "more-columns": "ALTER TABLE facts ADD COLUMN more TEXT",
            "trigger": "CREATE TRIGGER evil AFTER INSERT ON facts BEGIN DELETE FROM records; END",
            "foreign": "PRAGMA application_id = 1",
            "newer": "INSERT INTO grdb_migrations VALUES ('of the year 3000')",
            "other-database": None,
        }
        if way in statements:
            if way == "other-database":
                open(target, "wb").close()
                statements[way] = "CREATE TABLE mine (a)"
            database = sqlite3.connect(target)
            database.executescript(statements[way])
            database.commit()
            database.close()
        """

    @Test(arguments: [
        "cut", "noise", "zeros", "text-for-number", "null-body", "far-moment", "far-span",
        "bad-message", "other-type", "other-kind", "no-table", "more-columns", "trigger", "foreign",
        "newer", "other-database",
    ])
    func aDamagedSnapshotChangesNothing(_ way: String) throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        do {
            let sandbox = try RunningSandbox("--data", data, "--speed", "instant")
            func command(_ arguments: String...) throws -> ProgramResult {
                try qcsh(
                    ["sandbox"] + arguments,
                    environment: ["XDG_STATE_HOME": sandbox.server.stateFolder])
            }
            #expect(try command("snapshot", folder.path + "/good").status == 0)
            let made = try run(
                "/usr/bin/python3",
                ["-c", Self.damage, folder.path + "/good", folder.path + "/bad", way])
            #expect(made.status == 0, "\(made.errors)")
            let restored = try command("restore", folder.path + "/bad")
            #expect(restored.status == 1, "\(restored)")
            #expect(restored.errors.contains("nothing was changed"), "\(restored)")
            #expect(
                try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n"
            )
            // What is good is taken.
            #expect(try command("restore", folder.path + "/good").status == 0)
            sandbox.server.stop()
        }
        // It starts again with what it had.
        let again = try RunningSandbox("--data", data, "--speed", "instant")
        #expect(try again.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")
    }

    @Test(arguments: ["gone", "short", "long", "link"])
    func aLostSeedIsNotMadeAgain(_ way: String) throws {
        let folder = try TemporaryFolder()
        let (data, seed) = (folder.path + "/data", folder.path + "/data/seed")
        let key = try {
            let sandbox = try RunningSandbox("--data", data, "--speed", "instant")
            sandbox.server.stop()
            return sandbox.key
        }()
        let files = FileManager.default
        let kept = try #require(files.contents(atPath: seed))
        try files.removeItem(atPath: seed)
        switch way {
        case "short": try kept.prefix(31).write(to: URL(fileURLWithPath: seed))
        case "long": try (kept + [0]).write(to: URL(fileURLWithPath: seed))
        case "link":
            try kept.write(to: URL(fileURLWithPath: folder.path + "/elsewhere"))
            try files.createSymbolicLink(
                atPath: seed, withDestinationPath: folder.path + "/elsewhere")
        default: break
        }
        let refused = try run(
            "/usr/bin/timeout", ["20", Project.qcsh, "sandbox", "--data", data])
        #expect(refused.status == 1, "\(refused)")
        let words =
            [
                "gone": "is missing", "short": "has 31 bytes instead of 32",
                "long": "has 33 bytes instead of 32", "link": "it is a symbolic link",
            ][way]
        #expect(refused.errors.contains(try #require(words)), "\(refused)")
        // Put back, it is the same sandbox.
        try? files.removeItem(atPath: seed)
        try kept.write(to: URL(fileURLWithPath: seed))
        let again = try RunningSandbox("--data", data)
        #expect(again.key == key)
    }

    @Test func aDatabaseOfSomebodyElseIsNotTouched() throws {
        let folder = try TemporaryFolder()
        let made = try run(
            "/usr/bin/python3",
            [
                "-c",
                "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('CREATE TABLE t (a)'); d.commit()",
                folder.path + "/sandbox.sqlite",
            ])
        #expect(made.status == 0)
        try folder.write("seed", String(repeating: "x", count: 32))
        let before = FileManager.default.contents(atPath: folder.path + "/sandbox.sqlite")
        let refused = try run(
            "/usr/bin/timeout", ["20", Project.qcsh, "sandbox", "--data", folder.path])
        #expect(
            refused.status == 1 && refused.errors.contains("is not a sandbox's state"), "\(refused)"
        )
        #expect(FileManager.default.contents(atPath: folder.path + "/sandbox.sqlite") == before)
    }

    /// Files that are waited for can be given up.
    @Test(arguments: ["--seed", "--faults"])
    func aPipeThatNobodyWritesIsGivenUpOnDemand(_ option: String) throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let ended = try run(
            "/usr/bin/timeout",
            ["-k", "10", "1", Project.qcsh, "sandbox", option, folder.path + "/pipe"])
        // 124: SIGTERM was enough; 137 would be SIGKILL.
        #expect(ended.status == 124, "\(ended)")
    }
}
