import Foundation
import TestSupport
import Testing

/// Libraries: from nothing to what others have added, and what they may do there.
@Suite struct LibraryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs `qcsh lib` in a folder below the test's.
    private func lib(_ words: [String], in place: String = ".") throws -> ProgramResult {
        try qcsh(
            ["lib"] + words, environment: ["XDG_DATA_HOME": folder.path + "/data"],
            folder: folder.path + "/" + place)
    }

    private func rows(_ words: [String], in place: String) throws -> [[String: Any]] {
        let result = try lib([words[0], "--output", "json"] + words.dropFirst(), in: place)
        #expect(result.status == 0, "\(words): \(result.errors)")
        let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(value as? [[String: Any]])
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/" + name, withIntermediateDirectories: true)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: folder.path + "/" + path, encoding: .utf8)
    }

    /// Replaces a text in a file.
    private func edit(_ path: String, _ old: String, _ new: String) throws {
        let before = try text(path)
        #expect(before.contains(old), "\(path) has no \(old)")
        try folder.write(path, before.replacingOccurrences(of: old, with: new))
    }

    /// Makes a new version of the library `fleet-tools`, as a release does.
    private func release(_ old: String, _ new: String) throws {
        let files = FileManager.default
        try files.moveItem(
            atPath: folder.path + "/fleet-tools/fleet-tools-\(old)-1.rockspec",
            toPath: folder.path + "/fleet-tools/fleet-tools-\(new)-1.rockspec")
        try edit("fleet-tools/fleet-tools-\(new)-1.rockspec", old, new)
    }

    /// Puts a rock on the server, which is a folder.
    private func publish() throws {
        let packed = try lib(["pack", "--rock", "../fleet-tools"], in: "server")
        #expect(packed.status == 0, "\(packed.errors)")
        let listed = try run(
            "/usr/bin/env", ["luarocks-admin", "--lua-version", "5.4", "make-manifest", "."],
            folder: folder.path + "/server")
        #expect(listed.status == 0, "\(listed.errors)")
    }

    private func use(_ code: String, in place: String) throws -> ProgramResult {
        try qcsh(
            ["--sandbox", "-e", code], environment: ["XDG_DATA_HOME": folder.path + "/data"],
            folder: folder.path + "/" + place)
    }

    private static let call = "return table.concat(require('fleet_tools').with_label('env'), ' ')"

    /// New, test, pack, add elsewhere, require, update, remove, by way of a server of rocks.
    @Test func theRoundTripByRocks() throws {
        let made = try lib(["new", "fleet-tools", "--about", #"Tools for a "fleet""#])
        #expect(made.status == 0, "\(made.errors)")
        for file in [
            "fleet-tools-0.1.0-1.rockspec", "lua/fleet_tools/init.lua", "README.md",
            "spec/fleet_tools_spec.lua", ".luarc.json", ".luacheckrc", ".gitignore",
            ".github/workflows/test.yml",
        ] {
            #expect(try !text("fleet-tools/" + file).isEmpty)
        }
        let tested = try lib(["test"], in: "fleet-tools")
        #expect(tested.status == 0, "\(tested.output)\(tested.errors)")
        #expect(tested.output.contains("2 passed, 0 failed"))
        let linted = try run(
            "/usr/bin/env", ["luacheck", "--quiet", "."], folder: folder.path + "/fleet-tools")
        #expect(linted.status == 0, "\(linted.output)")
        let known = try run(
            "/usr/bin/env", ["luarocks", "lint", "fleet-tools-0.1.0-1.rockspec"],
            folder: folder.path + "/fleet-tools")
        #expect(known.status == 0, "\(known.output)\(known.errors)")

        try makeFolder("server")
        try makeFolder("elsewhere")
        try publish()
        let server = folder.path + "/server"
        let add = ["add", "fleet-tools", "--server", server, "--project"]
        let refused = try lib(add, in: "elsewhere")
        #expect(refused.status == 1 && refused.errors.contains("may      read:clusters"))
        #expect(refused.errors.contains("use --yes to grant"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/elsewhere/qcsh.lock"))
        #expect(try rows(add + ["--yes"], in: "elsewhere")[0]["action"] as? String == "added")
        #expect(try use(Self.call, in: "elsewhere").output == "search-prod staging\n")

        try release("0.1.0", "0.2.0")
        try edit(
            "fleet-tools/lua/fleet_tools/init.lua", #"{ "read:clusters" }"#,
            #"{ "read:clusters", "write:clusters" }"#)
        try publish()
        let asked = try lib(["update"], in: "elsewhere")
        #expect(asked.status == 1, "\(asked.output)")
        #expect(asked.errors.contains("fleet-tools 0.1.0-1 → 0.2.0-1"), "\(asked.errors)")
        #expect(asked.errors.contains("read:clusters, write:clusters (new)"))
        #expect(try rows(["list"], in: "elsewhere")[0]["version"] as? String == "0.1.0-1")
        #expect(
            try rows(["update", "--yes"], in: "elsewhere")[0]["action"] as? String == "updated")
        let row = try rows(["list"], in: "elsewhere")[0]
        #expect(row["version"] as? String == "0.2.0-1" && row["state"] as? String == "as added")
        #expect(row["needs"] as? String == "read:clusters, write:clusters")
        #expect(try use(Self.call, in: "elsewhere").output == "search-prod staging\n")

        #expect(
            try rows(["remove", "fleet-tools"], in: "elsewhere")[0]["action"] as? String
                == "removed")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path + "/elsewhere").isEmpty)
        #expect(
            try use(Self.call, in: "elsewhere").errors.contains("module 'fleet_tools' not found"))
    }

    /// The lock file has what was added: it comes back as it was, or not at all.
    @Test func whatTheLockSaysIsWhatComes() throws {
        #expect(try lib(["new", "fleet-tools"]).status == 0)
        try makeFolder("project")
        for command in [
            ["init", "-q"], ["add", "-A"],
            ["-c", "user.email=a@b", "-c", "user.name=n", "commit", "-qm", "first"],
            ["tag", "v0.1.0"],
        ] {
            let result = try run(
                "/usr/bin/env", ["git"] + command, folder: folder.path + "/fleet-tools")
            #expect(result.status == 0, "\(result.errors)")
        }
        let origin = "git+file://\(folder.path)/fleet-tools"
        let added = try rows(["add", origin, "--yes", "--project"], in: "project")
        #expect(added[0]["version"] as? String == "0.1.0-1")
        let lock = try RunningSandbox.json(text("project/qcsh.lock"))
        let entry = (lock["libraries"] as? [String: [String: Any]])?["fleet-tools"]
        let from = try #require(entry?["source"] as? [String: String])
        #expect(from["ref"] == "v0.1.0" && from["commit"]?.count == 40)

        let module = "project/lua_modules/share/lua/5.4/fleet_tools/init.lua"
        let original = try text(module)
        try folder.write(module, original + "-- changed\n")
        let changed = try use(Self.call, in: "project")
        #expect(changed.status == 1)
        #expect(changed.errors.contains("has changed since library fleet-tools was added"))
        #expect(try rows(["list"], in: "project")[0]["state"] as? String == "changed")
        #expect(try rows(["add"], in: "project")[0]["action"] as? String == "restored")
        #expect(try text(module) == original)
        try FileManager.default.removeItem(atPath: folder.path + "/project/lua_modules")
        #expect(try rows(["add"], in: "project")[0]["action"] as? String == "restored")
        #expect(try use(Self.call, in: "project").output == "search-prod staging\n")

        // The tag was moved: what comes is not what was added.
        try edit("fleet-tools/lua/fleet_tools/init.lua", "table.sort(names)", "-- sorted")
        for command in [
            ["-c", "user.email=a@b", "-c", "user.name=n", "commit", "-qam", "moved"],
            ["tag", "-f", "v0.1.0"],
        ] {
            let result = try run(
                "/usr/bin/env", ["git"] + command, folder: folder.path + "/fleet-tools")
            #expect(result.status == 0, "\(result.errors)")
        }
        try FileManager.default.removeItem(atPath: folder.path + "/project/lua_modules")
        let moved = try lib(["add"], in: "project")
        #expect(moved.status == 1 && moved.errors.contains("run qcsh lib update to accept"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/" + module))
        #expect(try rows(["update"], in: "project")[0]["action"] as? String == "updated")
        #expect(try text(module).contains("-- sorted"))
    }

    /// An archive says the same each time it is made, and is added among one's own libraries.
    @Test func archivesAreTheSameAndBelongToTheUser() throws {
        #expect(try lib(["new", "fleet-tools"]).status == 0)
        try makeFolder("a")
        try makeFolder("b")
        let one = try rows(["pack", "../fleet-tools"], in: "a")[0]
        let two = try rows(["pack", "../fleet-tools"], in: "b")[0]
        #expect(one["sha256"] as? String == two["sha256"] as? String)
        let archive = "fleet-tools-0.1.0-1.tar.gz"
        let added = try rows(["add", archive, "--yes"], in: "a")[0]
        #expect(added["place"] as? String == "user")
        // From everywhere, and it is known where it came from.
        #expect(try use(Self.call, in: "b").output == "search-prod staging\n")
        let source = try #require(try rows(["list"], in: "b")[0]["source"] as? String)
        #expect(source.hasPrefix("/") && source.hasSuffix("/a/" + archive))
        #expect(try lib(["list"], in: "b").output.contains("fleet-tools  0.1.0-1  user"))
    }

    @Test func dependenciesComeAlong() throws {
        #expect(try lib(["new", "fleet-tools"]).status == 0)
        #expect(try lib(["new", "upper"]).status == 0)
        try edit(
            "upper/upper-0.1.0-1.rockspec", #""lua ~> 5.4""#, #""lua ~> 5.4", "fleet-tools >= 0.1""#
        )
        try makeFolder("server")
        try makeFolder("project")
        try publish()
        let server = folder.path + "/server"
        let added = try rows(
            ["add", "../upper", "--project", "--yes", "--server", server], in: "project")
        #expect(added.map { $0["name"] as? String } == ["fleet-tools", "upper"])
        let needed = try lib(["remove", "fleet-tools"], in: "project")
        #expect(needed.status == 1 && needed.errors.contains("is needed by upper"))
        #expect(try rows(["remove", "upper", "fleet-tools"], in: "project").count == 2)
        try edit("upper/upper-0.1.0-1.rockspec", "fleet-tools >= 0.1", "fleet-tools >= 9")
        let missing = try lib(
            ["add", "../upper", "--project", "--yes", "--server", server], in: "project")
        #expect(missing.status == 1 && missing.errors.contains("rock fleet-tools not found"))
        #expect(try rows(["list"], in: "project").isEmpty)
    }

    @Test func documentationIsAPage() throws {
        #expect(try lib(["new", "fleet-tools", "--about", "For <fleets> & more"]).status == 0)
        let made = try lib(["docs"], in: "fleet-tools")
        #expect(made.status == 0 && !made.errors.contains("has no documentation"), "\(made.errors)")
        let read = try run(
            Project.tool("python"),
            [
                "-B", Project.root + "/Tests/Fixtures/peers/read_html.py",
                folder.path + "/fleet-tools/docs/index.html",
            ])
        #expect(read.status == 0, "\(read.errors)")
        let page = try RunningSandbox.json(read.output)
        #expect(page["headings"] as? [String] == ["fleet_tools"])
        #expect(page["loads"] as? [String] == [] && page["allowed"] as? Bool == true)
        let html = try text("fleet-tools/docs/index.html")
        #expect(html.contains("For &lt;fleets&gt; &amp; more"))
        #expect(html.contains("fleet_tools.with_label(key, value, connection)"))
        #expect(html.contains("fleet_tools.with_label(&quot;env&quot;, &quot;prod&quot;)"))
        #expect(html.contains("any value when not given") && html.contains("read:clusters"))
        try edit("fleet-tools/lua/fleet_tools/init.lua", "--- The names of", "-- The names of")
        #expect(
            try lib(["docs"], in: "fleet-tools").errors.contains(
                "fleet_tools.with_label has no documentation"))
    }

    @Test func whatIsWrongIsSaid() throws {
        try folder.write("full/file", "")
        for (words, said) in [
            (["new", "task"], "is a module of qcsh"), (["new", "../x"], "invalid library name"),
            (["new", "full"], "is not empty"), (["add", "./none"], "not found: ./none"),
            (["add"], "qcsh.lock not found"), (["remove", "none"], "no library named"),
            (["docs"], "has no rockspec"), (["pack"], "has no rockspec"),
            (["add", "full"], "has no rockspec"),
        ] {
            let result = try lib(words)
            #expect(
                result.status == 1 && result.errors.contains(said), "\(words): \(result.errors)")
        }
        #expect(try lib(["add", "x", "--user", "--project"]).status == 2)
        #expect(try lib(["test", "none"]).errors.contains("No such file"))
        #expect(try lib(["list"]).errors.contains("no libraries"))
        try folder.write("qcsh.lock", "{")
        #expect(try lib(["list"]).errors.contains("is not a valid lock file"))
    }

    // MARK: - What libraries may do

    /// Ways for a library to do what it has not said.
    private static let keeper = """
        library { about = "keeps", needs = { "read:clusters" } }
        local keeper = {}
        function keeper.tail(c) return c:delete() end
        function keeper.in_a_task(c) task.map({ c }, function(x) return x:delete() end) end
        function keeper.as_a_task(c) task.scope(function(s) s:spawn(c.delete, c) end) end
        function keeper.in_a_coroutine(c) coroutine.wrap(function() return c:delete() end)() end
        function keeper.as_a_coroutine(c) coroutine.wrap(c.delete)(c) end
        function keeper.loaded(c) return load("return ...")(c):delete() end
        function keeper.by_call(c) return pcall(c.delete, c) and 1 or error("denied PERMISSION", 0) end
        function keeper.by_api(c)
          return qdrant.api.cluster.delete_cluster { cluster_id = c.id }
        end
        function keeper.by_session(c)
          return qdrant.connect {}.api.cluster.delete_cluster { cluster_id = c.id }
        end
        local Thing = {}
        Thing.__index = Thing
        function Thing:go(c) return c:delete() end
        function keeper.by_method(c) local thing = setmetatable({}, Thing) return thing:go(c) end
        function keeper.by_part(c) return require("keeper.part").go(c) end
        function keeper.by_spy(c) return require("luassert.spy").new(c.delete)(c) end
        function keeper.by_stub(c)
          return require("luassert.stub")({}, "f").invokes(c.delete)(c)
        end
        function keeper.opens() return assert(io.open("/etc/passwd")) end
        function keeper.reads() return fs.read("/etc/passwd") end
        function keeper.runs() return process.run { "id" } end
        function keeper.asks() return os.getenv("HOME") end
        function keeper.connects() return http.get("http://127.0.0.1:1/") end
        function keeper.names()
          local names = {}
          for i, c in ipairs(qdrant.clusters:list()) do names[i] = c.name end
          return table.concat(names, " ")
        end
        function keeper.each(fn)
          for _, c in ipairs(qdrant.clusters:list()) do fn(c) end
        end
        function keeper.thing() return setmetatable({}, Thing) end
        return keeper
        """

    @Test func aLibraryDoesWhatItSaysAndNoMore() throws {
        try folder.write("lua/keeper/init.lua", Self.keeper)
        try folder.write(
            "lua/keeper/part.lua", "return { go = function(c) return c:delete() end }")
        let script = try folder.write(
            "use.lua",
            """
            local keeper = require "keeper"
            print(keeper.names())
            local c = qdrant.clusters:find "staging"
            for _, name in ipairs { "tail", "in_a_task", "as_a_task", "in_a_coroutine",
              "as_a_coroutine", "loaded", "by_spy", "by_stub",
              "by_call", "by_api", "by_session", "by_method", "by_part", "opens", "reads", "runs",
              "asks", "connects" } do
              local ok, problem = pcall(keeper[name], c)
              print(name, ok, tostring(problem):find("PERMISSION", 1, true) ~= nil)
            end
            print("thing", pcall(keeper.thing().go, nil, c))
            -- The script itself may: nobody has bound it, not even while the library calls it.
            print(io.open("/etc/passwd") ~= nil, process.run({ "echo", "x" }):text())
            keeper.each(function(x) if x.name == "staging" then x:delete() end end)
            print(keeper.names())
            """)
        let result = try qcsh(["--sandbox", script], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "search-prod staging" && lines.last == "search-prod")
        #expect(lines.filter { $0.hasSuffix("\tfalse\ttrue") }.count == 18, "\(result.output)")
        #expect(
            lines.contains {
                $0.hasPrefix("thing\tfalse") && $0.contains("library keeper allows no deletes")
            })
        #expect(lines.contains("true\tx"))
    }

    /// What was granted counts, and not what the library says afterwards; a bound script stays bound.
    @Test func theScriptsBoundStaysAndTheGrantCounts() throws {
        try folder.write(
            "lua/wide.lua",
            """
            library { needs = { "read:clusters", "write:clusters", "delete:clusters" }, deletes = true }
            return { remove = function(c) c:delete() end, count = function() return #qdrant.clusters:list() end }
            """)
        let script = try folder.write(
            "bound.lua",
            """
            script { about = "looks", needs = { "read:clusters", "read:files=." } }
            local wide = require "wide"
            print(wide.count(), pcall(wide.remove, qdrant.clusters:find "staging"))
            """)
        let bound = try qcsh(["--sandbox", script], folder: folder.path)
        #expect(bound.output.hasPrefix("2\tfalse\t"), "\(bound.errors)")
        #expect(bound.output.contains("the header of bound.lua allows no deletes"))
        let free = try qcsh(
            ["--sandbox", "-e", "require('wide').remove(qdrant.clusters:find 'staging')"],
            folder: folder.path)
        #expect(free.status == 0, "\(free.errors)")
        // A check sees it before it runs.
        try folder.write(
            "lua/wrong.lua",
            """
            library { needs = { "read:clusters" } }
            local wrong = {}
            function wrong.go(id) qdrant.api.cluster.delete_cluster { cluster_id = id } end
            return wrong
            """)
        let checked = try qcsh(["check", "lua/wrong.lua"], folder: folder.path)
        #expect(checked.status == 1)
        #expect(checked.output.contains("the header allows no deletes"), "\(checked.output)")
    }

    /// What a library loads is its own, whatever it is called and whoever calls it.
    @Test func whatALibraryLoadsIsBoundAsItIs() throws {
        try folder.write(
            "lua/sly.lua",
            """
            library { needs = { "read:clusters", "read:files" } }
            local sly, code = {}, "return function(c) return c:delete() end"
            function sly.closure() return load(code)() end
            function sly.another_name() return load(code, "@/other.lua")() end
            function sly.typed_name() return load(code, "=other")() end
            function sly.in_pieces()
              local left = { "return function(c) ", "return c:delete() end" }
              return load(function() return table.remove(left, 1) end)()
            end
            function sly.twice() return load("return load(...)()")(code) end
            function sly.of_a_file() return loadfile("lua/evil.txt")() end
            function sly.done() return dofile("lua/evil.txt") end
            function sly.elsewhere()
              package.path = "./lua/?.txt"
              return require "evil"
            end
            function sly.by_kept_load() return require("kept").load(code, "=x")() end
            function sly.by_raw_path() rawset(package, "path", "./lua/?.txt") return require "evil" end
            function sly.problems()
              return select(2, load("return +", "=x")), select(2, load(function() return 1 end))
            end
            function sly.where() return pcall(load("local a = nil\\nreturn a.b")) end
            return sly
            """)
        try folder.write("lua/evil.txt", "return function(c) return c:delete() end")
        try folder.write("lua/kept.lua", "return { load = load }")
        try folder.write("lua/late.lua", "local late = {}\nlibrary { needs = {} }\nreturn late")
        let script = try folder.write(
            "use.lua",
            """
            require "kept"
            local c = qdrant.clusters:find "staging"
            local sly = require "sly"
            for _, name in ipairs { "closure", "another_name", "typed_name", "in_pieces", "twice",
              "by_kept_load", "of_a_file", "done", "elsewhere", "by_raw_path" } do
              local made, fn = pcall(sly[name])
              local ok, problem = pcall(made and fn or error, made and c or fn)
              print(name, made, ok, problem)
            end
            rawset(package, "path", nil)
            package.path = "./lua/?.lua"
            print(package.path)
            print(select("#", sly.problems()), sly.problems())
            print(sly.where())
            print(pcall(require, "late"))
            -- The script loads what it likes, by the names that it gives.
            print(load("error 'x'", "=mine") ~= nil, pcall(load("error 'x'", "=mine")))
            print(load("return a", "=mine", "t", { a = 1 })(), dofile("lua/evil.txt") ~= nil)
            print(#qdrant.clusters:list())
            """)
        let result = try qcsh(["--sandbox", script], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        for name in [
            "closure", "another_name", "typed_name", "in_pieces", "twice", "by_kept_load",
        ] {
            let line = lines.first { $0.hasPrefix(name + "\t") } ?? ""
            #expect(line.hasPrefix("\(name)\ttrue\tfalse\t"), "\(line)")
            #expect(line.contains("library sly allows no deletes"), "\(line)")
        }
        for name in ["of_a_file", "done"] {
            let line = lines.first { $0.hasPrefix(name + "\t") } ?? ""
            #expect(line.hasPrefix("\(name)\tfalse\tfalse\t"), "\(line)")
            #expect(line.contains("a library must load files with require"), "\(line)")
        }
        #expect(
            lines.contains {
                $0.hasPrefix("elsewhere\tfalse") && $0.contains("cannot change package.path")
            })
        #expect(lines.contains { $0.hasPrefix("by_raw_path\tfalse") })
        #expect(lines.contains("./lua/?.lua"))
        #expect(lines.contains { $0.contains("unexpected symbol near '+'") })
        #expect(lines.contains { $0.contains("sly.lua (text):2: attempt to index") })
        #expect(
            lines.contains {
                $0.hasPrefix("false\t") && $0.contains("lua/late.lua:2: the header of a library")
            })
        #expect(lines.contains("true\tfalse\tmine:1: x"))
        #expect(lines.suffix(2) == ["1\ttrue", "2"], "\(result.output)")
    }

    /// A file of the tree is the lock's by whatever path it is reached.
    @Test func aPathDoesNotLeadAroundTheLock() throws {
        try folder.write(
            "lib/x-1-1.rockspec",
            """
            rockspec_format = "3.0"
            package = "x"
            version = "1-1"
            build = { type = "builtin", modules = { x = "x.lua", ["x.part"] = "part.lua" } }
            """)
        try folder.write("lib/x.lua", "library { needs = {} }\nreturn {}")
        try folder.write("lib/part.lua", "return { go = function(c) return c:delete() end }")
        let added = try qcsh(["lib", "add", "./lib", "--project", "--yes"], folder: folder.path)
        #expect(added.status == 0, "\(added.errors)")
        let script = try folder.write(
            "around.lua",
            """
            package.path = "lua_modules/../lua_modules/share/lua/5.4/./?.lua"
            local part = require "x/part"
            print(pcall(part.go, qdrant.clusters:find "staging"))
            """)
        let result = try qcsh(["--sandbox", script], folder: folder.path)
        #expect(
            result.output.contains("library x allows no deletes"),
            "\(result.output)\(result.errors)")
    }

    @Test func aFileWithAReservedNameIsReported() throws {
        try folder.write("lua/json.lua", "error('loaded')")
        try folder.write("lua/qdrant/extra.lua", "error('loaded')")
        let script = try folder.write(
            "use.lua",
            "local json = require 'json'\nlocal ok = pcall(function() local x = require 'qdrant.extra' end)\nprint(json.encode { ok = ok })"
        )
        let result = try qcsh([script], folder: folder.path)
        #expect(result.output == "{\"ok\":false}\n", "\(result.errors)")
        #expect(
            result.errors.contains(#"./lua/json.lua was not loaded: "json" is a built-in module"#))
        #expect(result.errors.contains("./lua/qdrant/extra.lua was not loaded"))
        // Who uses what is built in is not told.
        #expect(try qcsh(["-e", "print(json.encode {})"], folder: folder.path).errors.isEmpty)
    }
}
