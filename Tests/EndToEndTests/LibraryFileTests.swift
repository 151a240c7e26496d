import Foundation
import TestSupport
import Testing

/// The files that libraries come with: nothing in them is passed over, and nothing is left out unsaid.
@Suite struct LibraryFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lib(_ words: [String], in place: String = ".") throws -> ProgramResult {
        try qcsh(
            ["lib"] + words, environment: ["XDG_DATA_HOME": folder.path + "/data"],
            folder: folder.path + "/" + place)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: folder.path + "/" + path, encoding: .utf8)
    }

    /// A project that has added a new library; the text of its lock file.
    private func makeProject() throws -> String {
        #expect(try lib(["new", "my-lib"]).status == 0)
        try folder.write("project/qcsh.lock", #"{"format":1,"libraries":{}}"#)
        let added = try lib(["add", "../my-lib", "--yes", "--project"], in: "project")
        #expect(added.status == 0, "\(added.errors)")
        return try text("project/qcsh.lock")
    }

    // MARK: - Modules

    @Test func everyModuleIsInstalledOrSaidToBeMissing() throws {
        #expect(try lib(["new", "my-lib"]).status == 0)
        try folder.write("my-lib/lua/my_lib/helper.lua", "return { answer = 42 }")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/my-lib/lua/my_lib/alias.lua", withDestinationPath: "helper.lua")
        // The rockspec of a new library has no list: all files are modules.
        for verb in ["test", "pack"] {
            let result = try lib([verb], in: "my-lib")
            #expect(result.status == 0, "\(verb): \(result.output)\(result.errors)")
            #expect(result.errors.contains("lua/my_lib/alias.lua is left out: it is a link"))
        }
        let added = try lib(["add", "my-lib/my-lib-0.1.0-1.tar.gz", "--yes", "--user"])
        #expect(added.status == 0, "\(added.errors)")
        let used = try qcsh(
            ["-e", "require('my_lib.helper').answer"],
            environment: ["XDG_DATA_HOME": folder.path + "/data"])
        #expect(used.output == "42\n", "\(used.errors)")

        // A list that lacks one is an error of both, with the line that is missing.
        let spec = "my-lib/my-lib-0.1.0-1.rockspec"
        try folder.write(
            spec,
            try text(spec).replacingOccurrences(
                of: "build = {\n",
                with: "build = {\n  modules = { my_lib = \"lua/my_lib/init.lua\" },\n"))
        for verb in ["test", "pack"] {
            let result = try lib([verb], in: "my-lib")
            #expect(result.status == 1, "\(verb)")
            #expect(
                result.errors.contains(#"["my_lib.helper"] = "lua/my_lib/helper.lua","#),
                "\(result.errors)")
        }
        try FileManager.default.removeItem(atPath: folder.path + "/my-lib/lua/my_lib/helper.lua")
        #expect(try lib(["test"], in: "my-lib").status == 0)
    }

    // MARK: - Keys and types

    /// Every key of a lock file and every type of value that is changed is an error with its line, for
    /// every reader.
    @Test func aLockFileIsReadWholeOrNotAtAll() throws {
        let lock = try makeProject()
        let document = try JSONSerialization.jsonObject(with: Data(lock.utf8))
        var changed = 0
        /// Each place of the document, with a function that makes the document with another value there.
        func visit(_ value: Any, _ path: [String], _ put: (Any) throws -> Void) throws {
            guard var map = value as? [String: Any] else { return }
            let isMapOfNames = ["libraries", "files", "scripts"].contains(path.last)
            for (key, inner) in map {
                try visit(inner, path + [key]) { other in
                    map[key] = other
                    try put(map)
                }
                map[key] = inner
                for other in [1, ["x": ["y"]], [[1]], NSNull(), "text", true] as [Any] {
                    if (inner is String && other is String) || (inner as? Bool) == true { continue }
                    if key == "format", other as? Int == 1 { continue }
                    if other is NSNull { continue }
                    map[key] = other
                    try put(map)
                }
                map[key] = inner
                if !isMapOfNames {
                    var misspelt = map
                    misspelt[key] = nil
                    misspelt[key + "s_"] = inner
                    try put(misspelt)
                }
            }
        }
        try visit(document, []) { other in
            changed += 1
            let data = try JSONSerialization.data(withJSONObject: other, options: [.prettyPrinted])
            try folder.write("project/qcsh.lock", String(decoding: data, as: UTF8.self))
            let result = try lib(["list", "--project"], in: "project")
            #expect(
                result.status == 1 && result.errors.contains("not a valid lock file"),
                "\(String(decoding: data, as: UTF8.self)): \(result.output)\(result.errors)")
        }
        #expect(changed > 50, "\(changed)")
        // A run reads it by the same rules: a misspelt key would free a library.
        try folder.write(
            "project/qcsh.lock", lock.replacingOccurrences(of: "\"needs\"", with: "\"nedes\""))
        let run = try qcsh(["-e", "require 'my_lib'"], folder: folder.path + "/project")
        #expect(run.status == 1)
        #expect(
            run.errors.contains(#"has an unknown key "nedes"; did you mean "needs"?"#),
            "\(run.errors)")
        let line = try #require(lock.split(separator: "\n").firstIndex { $0.contains("\"needs\"") })
        #expect(run.errors.contains("line \(line + 1): "), "\(run.errors)")
    }

    @Test(arguments: [
        ("pacakge = 'x'", #"unknown key "pacakge"; did you mean "package"?"#),
        ("dependecies = {}", #"did you mean "dependencies"?"#),
        ("description.sumary = 'x'", #"unknown key "description.sumary"; did you mean "summary"?"#),
        ("source.tga = 'x'", #"did you mean "tag"?"#),
        ("build.moduls = {}", #"did you mean "modules"?"#),
        (
            "build.install = { luaa = {} }",
            #"unknown key "build.install.luaa"; did you mean "lua"?"#
        ),
        ("dependencies = 'lua'", "dependencies must be a table, got a string"),
        ("dependencies = { 1 }", "dependencies.1 must be a string, got a number"),
        ("description = 1", "description must be a table"),
        ("source = true", "source must be a table"),
        ("source.url = 1", "source.url must be a string"), ("build = 'x'", "build must be a table"),
        ("build.modules = 'x'", "build.modules must be a table"),
        ("build.type = 1", "build.type must be a string"),
        ("build.install = 1", "build.install must be a table"),
        ("build.copy_directories = { {} }", "build.copy_directories.1 must be a string"),
        ("nothing_like_it = 1", #"unknown key "nothing_like_it""#),
        ("package, pakage = nil, package", #"unknown key "pakage"; did you mean "package"?"#),
        ("version = 5", "version must be a string, got a number"),
        ("version = nil", "has no version"),
    ])
    func aRockspecIsReadWholeOrNotAtAll(_ line: String, _ words: String) throws {
        #expect(try lib(["new", "my-lib"]).status == 0)
        let spec = "my-lib/my-lib-0.1.0-1.rockspec"
        try folder.write(spec, try text(spec) + line + "\n")
        for command in [["test"], ["pack"], ["docs"], ["add", ".", "--yes", "--user"]] {
            let result = try lib(command, in: "my-lib")
            #expect(result.status == 1, "\(command)")
            #expect(result.errors.contains(words), "\(command): \(result.errors)")
            #expect(result.errors.contains("my-lib-0.1.0-1.rockspec"), "\(result.errors)")
        }
    }

    // MARK: - Sources

    @Test(arguments: ["v0.1.0", "0.1.0"])
    func aVersionIsFoundByEitherForm(_ tag: String) throws {
        #expect(try lib(["new", "my-lib"]).status == 0)
        let made = try run(
            "/bin/sh",
            [
                "-c",
                "git init -q -b main && git add -A && git -c user.name=a -c user.email=a@example.com "
                    + "commit -qm x && git tag \(tag)",
            ], folder: folder.path + "/my-lib")
        #expect(made.status == 0, "\(made.errors)")
        let url = "git+file://\(folder.path)/my-lib"
        for ref in ["0.1.0", "v0.1.0", "main"] {
            let added = try lib(["add", url, "--ref", ref, "--yes", "--user"])
            #expect(added.status == 0, "\(ref): \(added.errors)")
        }
        let missing = try lib(["add", url, "--ref", "0.2.0", "--yes", "--user"])
        #expect(missing.status == 1 && missing.errors.contains("has no tag or branch 0.2.0"))
    }

    @Test func aSourceWithoutVersionsRefusesOne() throws {
        #expect(try lib(["new", "my-lib"]).status == 0)
        #expect(try lib(["pack"], in: "my-lib").status == 0)
        for source in ["./my-lib", "./my-lib/my-lib-0.1.0-1.tar.gz"] {
            let result = try lib(["add", source, "--ref", "v1", "--user", "--yes"])
            #expect(result.status == 1)
            #expect(result.errors.contains("--ref chooses a tag or a branch"), "\(result.errors)")
        }
    }

    @Test func aDirectoryOfRocksWithoutAManifestSaysHowToMakeOne() throws {
        try folder.write("server/note.txt", "")
        let result = try lib(["add", "my-lib", "--server", "server", "--yes", "--user"])
        #expect(result.status == 1)
        #expect(result.errors.contains("luarocks-admin make-manifest"), "\(result.errors)")
    }

    @Test func theWorkflowOfANewLibraryInstallsQcsh() throws {
        #expect(try lib(["new", "my-lib"]).status == 0)
        let steps = try text("my-lib/.github/workflows/test.yml")
        let install = try #require(steps.range(of: "scripts/install"))
        let use = try #require(steps.range(of: "qcsh lib test"))
        #expect(install.lowerBound < use.lowerBound)
        let parsed = try qcsh(
            ["-e", "#yaml.decode(fs.read('my-lib/.github/workflows/test.yml')).jobs.test.steps"],
            folder: folder.path)
        #expect(parsed.output == "5\n", "\(parsed.errors)")
    }

    // MARK: - Names that qcsh has, too

    @Test func aLibrarysOwnDependencyWinsOverAModuleOfQcsh() throws {
        try folder.write(
            "terminal/terminal-1-1.rockspec",
            """
            package = "terminal" version = "1-1" source = { url = "none" }
            build = { type = "builtin", modules = { term = "term.lua" } }
            """)
        try folder.write("terminal/term.lua", "return { name = 'the library' }")
        try folder.write(
            "project/lua_modules/share/lua/5.4/term.lua", "return { name = 'the library' }")
        try folder.write(
            "project/lua_modules/share/lua/5.4/user.lua",
            "return { early = require('term').name, late = function() return require('term').name end }"
        )
        let script = """
            local mine = require "term"
            local user = require "user"
            print(mine.name, user.early, user.late(), require("term") == mine)
            """
        try folder.write("project/t.lua", script)
        let result = try qcsh(["t.lua"], folder: folder.path + "/project")
        #expect(result.output == "nil\tthe library\tthe library\ttrue\n", "\(result.errors)")
        // Added by itself it would be of no use, which is said.
        let refused = try lib(["add", "terminal", "--yes", "--user"])
        #expect(
            refused.status == 1 && refused.errors.contains("belongs to qcsh"), "\(refused.errors)")
    }
}
