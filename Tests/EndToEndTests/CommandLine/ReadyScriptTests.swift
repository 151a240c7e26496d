import Foundation
import TestSupport
import Testing

/// `qcsh run`: scripts by their names.
@Suite struct ReadyScriptTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ words: [String], input: String = "") throws -> ProgramResult {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/work", withIntermediateDirectories: true)
        return try qcsh(
            words, input: input, environment: ["XDG_DATA_HOME": folder.path + "/data"],
            folder: folder.path + "/work")
    }

    @Test func theListHasEveryScriptWithALine() throws {
        let list = try run(["run"])
        #expect(list.status == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: Project.root + "/scripts")
            .filter { $0.hasSuffix(".lua") }
        let lines = list.output.split(separator: "\n").dropFirst()
        #expect(lines.count == files.count)
        for line in lines {
            let cells = line.split(separator: " ", maxSplits: 2)
            #expect(files.contains(String(cells[0]) + ".lua"))
            #expect(cells.count == 3, "\(cells[0]) has no line about it")
        }
        let json = try run(["run", "--output", "json"])
        let rows = try #require(
            JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: String]])
        #expect(rows.count == files.count)
        #expect(rows.allSatisfy { $0["from"] == "qcsh" && $0["about"]?.isEmpty == false })
    }

    @Test func builtInScriptsRunByNameFromAnywhere() throws {
        let help = try run(["run", "report", "--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("--month"), "\(help.errors)")
        #expect(help.output.contains("Usage: qcsh run report [options]"))
        let result = try run(["--sandbox", "run", "access-review", "--output", "x"])
        #expect(result.status == 2)
        let prices = try run(["run", "--sandbox", "qcsh/price", "--cpu", "2000m"])
        #expect(!prices.errors.contains("there is no script"), "\(prices.errors)")
    }

    private static let names =
        ((try? FileManager.default.contentsOfDirectory(
            atPath: Project.root + "/scripts")) ?? [])
        .filter { $0.hasSuffix(".lua") }.map { String($0.dropLast(4)) }.sorted()

    /// However a script is started, `--help` shows its help and does nothing: there is no credential, and
    /// no cloud that could be reached.
    @Test(arguments: names) func eachScriptAnswersHelpAndDoesNothing(_ name: String) throws {
        let path = Project.root + "/scripts/\(name).lua"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let about = try #require(text.firstMatch(of: #/about = "(.+)",/#), "no about").output.1
        for words in [
            ["run", name, "--help"], [path, "--help"], [path, "-h"],
            ["run", name, "a", "--no-such-option", "--help", "b"],
        ] {
            let result = try run(["--endpoint", "127.0.0.1:1"] + words)
            #expect(result.status == 0, "\(words): \(result)")
            #expect(result.output.hasPrefix(about + "\n"), "\(words): \(result)")
            #expect(result.errors.isEmpty, "\(words): \(result)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/work")
        #expect(left.isEmpty, "\(left)")
    }

    @Test func theUsersScriptsComeFirstAndThePlaceIsNamed() throws {
        try folder.write("data/qcsh/scripts/hello.lua", "print('user', ...)")
        try folder.write("work/scripts/hello.lua", "print('project', ...)")
        try folder.write("work/scripts/report.lua", "print('mine')")
        let first = try run(["run", "hello", "--x", "1"])
        #expect(first.output == "user\t--x\t1\n")
        #expect(
            first.errors.contains("running user/hello; hello is also the name of project/hello"))
        let other = try run(["run", "project/hello", "a"])
        #expect(other.output == "project\ta\n")
        #expect(other.errors == "")
        #expect(try run(["run", "report"]).output == "mine\n")
        #expect(try run(["run", "qcsh/report", "--help"]).output.contains("--month"))
    }

    @Test func headersBindReadyMadeScripts() throws {
        try folder.write(
            "work/scripts/greedy.lua",
            "script { needs = {} }\nreturn qdrant.api.cluster.list_clusters {}")
        let result = try run(["--sandbox", "run", "greedy"])
        #expect(result.status == 3)
        #expect(result.errors.contains("read:clusters"), "\(result.errors)")
    }

    @Test func pathsAreNoNames() throws {
        try folder.write("work/x.lua", "print('x')")
        let result = try run(["run", "./x.lua"])
        #expect(result.status == 2)
        #expect(result.errors.contains("to run a file: qcsh ./x.lua"))
        #expect(try run(["run", "../x"]).status == 2)
        #expect(try run(["run", ""]).status == 2)
    }

    // MARK: - Libraries

    private func library(_ script: String) throws {
        try folder.write(
            "fleet/fleet-1.0-1.rockspec",
            """
            package = "fleet"
            version = "1.0-1"
            source = { url = "." }
            build = { type = "builtin", modules = { fleet = "fleet.lua" } }
            """)
        try folder.write(
            "fleet/fleet.lua",
            "library { needs = {} }\nreturn { word = function() return 'from fleet' end }")
        try folder.write("fleet/scripts/greet.lua", script)
    }

    @Test func aLibraryShipsScripts() throws {
        try library(
            """
            local args = script { about = "Greets", args = { { "name" } }, needs = { "read:clusters" } }
            print(require("fleet").word(), args.name, #qdrant.api.cluster.list_clusters {}.items)
            """)
        let added = try run(["lib", "add", "../fleet", "--project", "--yes"])
        #expect(added.status == 0, "\(added.errors)")
        #expect(added.errors.contains("its scripts may  read:clusters"), "\(added.errors)")
        let list = try run(["run"])
        #expect(list.output.contains("greet"), "\(list.output)")
        for name in ["greet", "fleet/greet"] {
            let result = try run(["--sandbox", "run", name, "you"])
            #expect(result.output == "from fleet\tyou\t2\n", "\(result.errors)")
        }
        #expect(try run(["run", "greet", "--help"]).output.hasPrefix("Greets"))
        // It is removed with the library.
        #expect(try run(["lib", "remove", "fleet"]).status == 0)
        #expect(try run(["run", "greet"]).status == 2)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/work/lua_modules"))
    }

    @Test func aLibrarysScriptDoesWhatItsHeaderSaysAndNoMore() throws {
        try library(
            "script { needs = { \"read:backups\" } }\nreturn qdrant.api.cluster.list_clusters {}")
        #expect(try run(["lib", "add", "../fleet", "--project", "--yes"]).status == 0)
        let result = try run(["--sandbox", "run", "fleet/greet"])
        #expect(result.status == 3)
        #expect(result.errors.contains("read:clusters"), "\(result.errors)")
    }

    @Test func changedScriptsOfLibrariesAreRefused() throws {
        try library("script { needs = {} }\nprint('as added')")
        #expect(try run(["lib", "add", "../fleet", "--project", "--yes"]).status == 0)
        #expect(try run(["run", "greet"]).output == "as added\n")
        try folder.write(
            "work/lua_modules/share/qcsh/fleet/scripts/greet.lua",
            "script { needs = { \"write:*\" } }\nprint('changed')")
        let result = try run(["run", "greet"])
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.contains("has changed since library fleet was added"))
        #expect(try run(["lib", "list"]).output.contains("changed"))
    }

    @Test(
        arguments: [
            ("print('no header')", "must begin with script { needs"),
            ("script { about = 'x' }", "must begin with script { needs"),
            ("script { needs = { 'what' } }", "is not a permission"),
        ])
    func scriptsWithoutNeedsAreNotAdded(_ script: String, _ reason: String) throws {
        try library(script)
        let result = try run(["lib", "add", "../fleet", "--project", "--yes"])
        #expect(result.status != 0)
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/work/qcsh.lock"))
    }

    @Test func aLockFileCannotNameFilesElsewhere() throws {
        try folder.write("work/evil.lua", "print('evil')")
        for path in ["scripts/../../../../../evil.lua", "scripts//evil.lua", "../evil.lua"] {
            try folder.write(
                "work/qcsh.lock",
                """
                {"format": 1, "libraries": {"..": {"version": "1", "source": {}, "files": {}, \
                "scripts": {"scripts/evil.lua": "x"}}, "lib": {"version": "1", "source": {}, \
                "files": {}, "scripts": {"\(path)": "x"}}}}
                """)
            let list = try run(["run", "--output", "json"])
            #expect(!list.output.contains("evil"), "\(path)")
        }
    }
}
