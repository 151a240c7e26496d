import Foundation
import TestSupport
import Testing

/// Where `require` looks: a script's project is that of its file, not of the directory that one is in.
@Suite struct ModuleSearchTests {
    private let folder: TemporaryFolder
    private let here: String

    init() throws {
        folder = try TemporaryFolder()
        // As the kernel names it: links on the way to the temporary directory are none of ours.
        here = URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path
        try folder.write("locked/qcsh.lock", #"{"format":1,"libraries":{}}"#)
        try folder.write("locked/lua/where.lua", #"return "locked""#)
        try folder.write("locked/jobs/nightly/t.lua", Self.script)
        try folder.write("tree/lua_modules/share/lua/5.4/where/init.lua", #"return "tree""#)
        try folder.write("tree/t.lua", Self.script)
        try folder.write("library/it-1-1.rockspec", "")
        try folder.write("library/lua/where.lua", #"return "library""#)
        try folder.write("library/scripts/t.lua", Self.script)
        try folder.write("plain/lua/where.lua", #"return "plain""#)
        try folder.write("plain/t.lua", Self.script)
        try folder.write("beside/where.lua", #"return "beside""#)
        try folder.write("beside/lua/where.lua", #"return "not first""#)
        try folder.write("beside/t.lua", Self.script)
        try folder.write("elsewhere/qcsh.lock", #"{"format":1,"libraries":{}}"#)
        try folder.write("elsewhere/lua/where.lua", #"return "elsewhere""#)
        try folder.write(
            "elsewhere/lua_modules/share/lua/5.4/where.lua", #"return "elsewhere's tree""#)
        try folder.write("bin/none", "")
        for (name, script) in Self.scripts {
            try FileManager.default.createSymbolicLink(
                atPath: "\(here)/bin/\(name).lua", withDestinationPath: "../\(script)")
        }
    }

    private static let script = #"print((require "where"))"#

    /// Scripts by the project that is theirs.
    private static let scripts = [
        ("locked", "locked/jobs/nightly/t.lua"), ("tree", "tree/t.lua"),
        ("library", "library/scripts/t.lua"), ("plain", "plain/t.lua"), ("beside", "beside/t.lua"),
    ]

    @Test func aScriptsProjectIsThatOfItsFile() throws {
        for (name, script) in Self.scripts {
            let own = String(script[..<script.lastIndex(of: "/")!])
            for (place, file) in [
                ("/", "\(here)/\(script)"), ("\(here)/elsewhere", "../\(script)"),
                (here, script), (here, "./\(script)"), ("\(here)/\(own)", "t.lua"),
                ("\(here)/elsewhere", "\(here)/bin/\(name).lua"), ("\(here)/bin", "\(name).lua"),
            ] {
                let result = try qcsh([file], folder: place)
                #expect(result.output == name + "\n", "\(file) in \(place): \(result.errors)")
            }
        }
    }

    @Test func codeInNoFileBelongsToTheWorkingDirectory() throws {
        for (name, place) in [("elsewhere", "elsewhere"), ("plain", "plain"), ("locked", "locked")]
        {
            let directory = "\(here)/\(place)"
            for result in [
                try qcsh(["-e", Self.script], folder: directory),
                try qcsh(["-"], input: Self.script, folder: directory),
                try run(
                    "/bin/bash", ["-c", "'\(Project.qcsh)' <(echo '\(Self.script)')"],
                    folder: directory),
            ] {
                #expect(result.output == name + "\n", "\(result.errors)")
            }
        }
    }

    /// Everything that reads modules reads the same ones.
    @Test func checkAndStacksAndSpecsFindTheSameModules() throws {
        for (name, script) in Self.scripts {
            let module = try #require(
                ["where.lua", "lua/where.lua", "lua_modules/share/lua/5.4/where/init.lua"]
                    .map { "\(name)/\($0)" }
                    .first { FileManager.default.fileExists(atPath: "\(here)/\($0)") })
            try folder.write(module, "unknown_name()\nreturn '\(name)'")
            let checked = try qcsh(["check", "\(here)/\(script)"], folder: "\(here)/elsewhere")
            #expect(checked.output.contains("\(here)/\(module):1:1: "), "\(checked.output)")
            try folder.write(module, "return '\(name)'")
            let stack = String(script.dropLast("t.lua".count)) + "stack.lua"
            try folder.write(stack, #"error("it is " .. require "where", 0)"#)
            let planned = try qcsh(
                ["plan", "\(here)/\(stack)", "--sandbox"], folder: "\(here)/elsewhere")
            #expect(planned.errors.contains("it is \(name)"), "\(planned.errors)")
            if ["plain", "beside"].contains(name) { continue }
            try folder.write(
                "\(name)/spec/where_spec.lua",
                "it('finds', function() assert.equal('\(name)', require 'where') end)")
            for specs in ["\(name)/spec", "\(name)/spec/where_spec.lua", name] {
                let tested = try qcsh(["test", "\(here)/\(specs)"], folder: "\(here)/elsewhere")
                #expect(tested.status == 0, "\(specs): \(tested.output)")
            }
        }
        let two = try qcsh(
            ["test", "locked/spec", "tree/spec"], folder: here)
        #expect(two.status == 2 && two.errors.contains("different projects"), "\(two.errors)")
    }

    /// What others put above a script's directory is no project of it.
    @Test(.enabled(if: getuid() == 0))
    func nobodyElseMakesADirectoryAProject() throws {
        try folder.write("shared/lua_modules/share/lua/5.4/where.lua", #"return "planted""#)
        try folder.write("shared/mine/t.lua", Self.script)
        #expect(lchown("\(here)/shared/lua_modules", 4242, 4242) == 0)
        let refused = try qcsh(["\(here)/shared/mine/t.lua"], folder: "/")
        #expect(refused.errors.contains("module 'where' not found"), "\(refused.output)")
        #expect(lchown("\(here)/shared/mine", 4242, 4242) == 0)
        #expect(try qcsh(["\(here)/shared/mine/t.lua"], folder: "/").output == "planted\n")
    }

    /// A library that is locked is checked against its lock from everywhere.
    @Test func theLockOfAScriptHoldsEverywhere() throws {
        let made = try qcsh(["lib", "new", "where"], folder: "\(here)/bin")
        #expect(made.status == 0, "\(made.errors)")
        let added = try qcsh(
            ["lib", "add", "../bin/where", "--yes", "--project", "--force"], folder: "\(here)/tree")
        #expect(added.status == 0, "\(added.errors)")
        let script = "\(here)/tree/t.lua"
        try folder.write("tree/t.lua", #"print(type(require("where").with_label))"#)
        #expect(try qcsh([script], folder: "/").output == "function\n")
        #expect(try qcsh([script], folder: "\(here)/elsewhere").output == "function\n")
        try folder.write("tree/lua_modules/share/lua/5.4/where/init.lua", "return {}")
        for place in ["/", "\(here)/elsewhere", "\(here)/tree"] {
            let changed = try qcsh([script], folder: place)
            #expect(
                changed.errors.contains("has changed since library where was added"),
                "\(changed.errors)")
        }
    }

    @Test func theShellOffersTheModulesThatRequireFinds() throws {
        try folder.write("data/qcsh/lua/fleet_names.lua", "return {}")
        try folder.write("data/qcsh/lua_modules/share/lua/5.4/deep/inner.lua", "return {}")
        try folder.write("data/qcsh/lua_modules/share/lua/5.4/deep/init.lua", "return {}")
        let shell = try ShellSession(environment: ["XDG_DATA_HOME": "\(here)/data"])
        try shell.type("require \"fleet_n\t", until: "fleet_names\"")
        try shell.type("\u{3}", until: "^C")
        try shell.type("require \"deep.\t", until: "deep.inner\"")
        try shell.type("\u{3}", until: "inner\"^C")
        #expect(try shell.leave() == 0)
    }
}
