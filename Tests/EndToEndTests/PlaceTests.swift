import Foundation
import LuaReference
import TestSupport
import Testing

/// Errors stand at the user's line: never at a place inside qcsh.
@Suite struct PlaceTests {
    /// Arguments that have the right type, mostly, and are wrong otherwise.
    private static let values = [
        "\"te%xt\"", "-1", "1e300", "{}", "{ nope = 1 }", "{ \"a\", { b = print } }", "print",
        "nil",
    ]

    /// A script that calls every public function with wrong arguments, each call on a line of its own,
    /// and prints the messages.
    private static func script() -> String {
        var code = "\(LibraryObjects.setUp)\nlocal objects = {\n"
        for (name, maker) in LibraryObjects.byClass { code += "  [\"\(name)\"] = \(maker),\n" }
        code += """
            }
            local count, out = 0, print
            local function try(line, fn, ...)
              count = count + 1
              local ok, problem = pcall(task.timeout, 0.5, fn, ...)
              if not ok then out(line .. "\\t" .. type(problem) .. "\\t" .. tostring(problem):gsub("%s", " ")) end
            end
            local function null() end
            print = null

            """
        let quiet = ["term.", "os.", "shell.", "sandbox.", "process.exec", "cli.", "test."]
        for entry in LuaReference.embedded.entries {
            guard let names = entry.parameters, !quiet.contains(where: entry.name.hasPrefix) else {
                continue
            }
            let parts = entry.name.split(separator: ":").map(String.init)
            var function = entry.name
            var own = ""
            if parts.count == 2 {
                guard LibraryObjects.object(parts[0]) != nil else { continue }
                let isClass = LibraryObjects.byClass[parts[0]] != nil
                let object = isClass ? "objects[\"\(parts[0])\"]" : parts[0]
                function = "\(object).\(parts[1])"
                own = object + ", "
            }
            let count = max(1, names.split(separator: ",").count)
            for value in values {
                // The error belongs to the line of this function.
                code +=
                    "try([==[\(entry.name)]==], function() local _ = \(function)("
                    + own + Array(repeating: value, count: count).joined(separator: ", ")
                    + ") end)\n"
            }
        }
        return code + "out(count)\n"
    }

    @Test func noErrorNamesAPlaceInside() throws {
        let folder = try TemporaryFolder()
        let code = Self.script()
        try folder.write("wrong.lua", code)
        let result = try qcsh(["--sandbox", "wrong.lua"], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var failures = 0
        for line in result.output.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
            guard parts.count == 3 else { continue }
            failures += 1
            for inner in ["[host/", "[qdrant/", "[string", "(command line)", "'__"] {
                #expect(!parts[2].contains(inner), "\(line)")
            }
            guard parts[2].hasPrefix("wrong.lua:"),
                let number = Int(parts[2].dropFirst(10).prefix { $0.isNumber })
            else { continue }
            #expect(lines[number - 1].contains("[==[\(parts[0])]==]"), "\(line)")
        }
        #expect(failures > 1000, "\(failures)")
    }

    /// What nothing catches names the user's line, whoever has raised it, and shows it.
    @Test(arguments: [
        ("fs.read('/no/such/file')", "cannot read /no/such/file"),
        ("time.parse('x')", "invalid time"), ("json.decode('{')", "invalid JSON"),
        ("qdrant.clusters:find('none')", "NOT_FOUND"), ("qdrant.costs:by('x')", "costs:by expects"),
        (
            "qdrant.packages:choose { cloud = 'aws', region = 'eu-central-1', cpu = 'x' }",
            "cpu must be"
        ),
        ("task.map({ 1 }, function() time.parse('x') end)", "invalid time"),
        ("pcall(time.parse, 'x') error('mine')", "mine"), ("error({ code = 'MINE' })", "MINE"),
        ("coroutine.wrap(function() time.parse('x') end)()", "invalid time"),
        ("local x = nil + 1", "attempt to perform arithmetic"),
        ("unknown_name.x = 1", "unknown_name"),
    ])
    func theUsersLineIsShown(_ code: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("t.lua", "-- first\n\n  \(code)\n")
        let result = try qcsh(["--sandbox", "t.lua"], folder: folder.path)
        #expect(result.status != 0)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("qcsh: t.lua:3: ") == true, "\(result.errors)")
        #expect(lines.first?.contains(words) == true, "\(result.errors)")
        #expect(lines.contains("  3 |   \(code)"), "\(result.errors)")
    }

    @Test func aScriptsOwnWordsStayAsTheyAre() throws {
        let folder = try TemporaryFolder()
        try folder.write("t.lua", "error('mine', 0)")
        #expect(try qcsh(["t.lua"], folder: folder.path).errors == "qcsh: mine\n")
        try folder.write("t.lua", "local t\nt.x = 1")
        let marked = try qcsh(["t.lua"], folder: folder.path)
        #expect(marked.errors.hasSuffix("  2 | t.x = 1\n      ^\n"), "\(marked.errors)")
        try folder.write("t.lua", "local x = = 1")
        let syntax = try qcsh(["t.lua"], folder: folder.path)
        #expect(syntax.errors.contains("\n  1 | local x = = 1\n"), "\(syntax.errors)")
    }

    @Test(arguments: [
        ("return { name = 'x',\n clusters = { web = { regoin = 'y' } } }", "s.lua:2: "),
        (
            "return { name = 'x',\n\n clusters = { web = { cloud = 'aws', region = 'eu-central-1', cpu = 'half', ram = '2GiB' } } }",
            "s.lua:3: "
        ),
        ("local a\nqdrant.clusters:find 'none'", "s.lua:2: "),
        ("local a\nerror('mine')", "s.lua:2: "),
        ("local a\nreturn a.b", "s.lua:2: "), ("return {} }", "s.lua:1: "),
        (
            "return { name = 'x', clusters = { web = { cloud = 'aws', region = 'nowhere', cpu = '500m', ram = '2GiB' } } }",
            "s.lua"
        ),
    ])
    func errorsOfAStackNameItsFile(_ stack: String, _ place: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("s.lua", stack)
        let result = try qcsh(["plan", "s.lua", "--sandbox"], folder: folder.path)
        #expect(result.errors.hasPrefix("qcsh: " + place), "\(result.errors)")
        #expect(!result.errors.contains("command line"))
    }

    /// What fails in two lines of code, and where: the same for scripts, standard input and `-e`.
    @Test(arguments: [
        ("local a\na.b.c = 1", 2, "attempt to index a nil value"),
        ("local a\nlocal b = = 2", 2, "unexpected symbol near '='"),
        ("local f = function()\n  error('mine') end f()", 2, "mine"),
        ("task.spawn(function()\n  error('in a task') end):await()", 2, "in a task"),
        ("setmetatable({}, { __index = function()\n  error 'lazy' end }).x()", 2, "lazy"),
        ("coroutine.wrap(function()\n  error('inside') end)()", 2, "inside"),
        (
            "do local c <close> = setmetatable({}, { __close = function()\n  error 'last' end }) end",
            2, "last"
        ),
        ("local a\nqdrant.clusters:lst()", 2, "did you mean \"list\"?"),
        (
            "local a\nerror(setmetatable({}, { __tostring = function() return 'its own text' end }))",
            2, "its own text"
        ),
        ("local a\nerror { message = 'of a table' }", 2, "of a table"),
    ])
    func theLineIsShownWhereverTheCodeComesFrom(
        _ code: String, _ line: Int, _ message: String
    ) throws {
        let folder = try TemporaryFolder()
        try folder.write("script.lua", code)
        let text = code.split(separator: "\n")[line - 1].replacing("\t", with: "    ")
        let runs: [(words: [String], input: String, name: String)] = [
            (["script.lua"], "", "script.lua"), (["-"], code, "stdin"), ([], code, "stdin"),
            (["-e", code], "", "(command line)"),
        ]
        for run in runs {
            let result = try qcsh(run.words, input: run.input, folder: folder.path)
            #expect(result.status == 1, "\(run.words)")
            let first = result.errors.prefix { $0 != "\n" }
            #expect(first.contains("\(run.name):\(line): "), "\(result.errors)")
            #expect(first.contains(message), "\(result.errors)")
            #expect(result.errors.contains("\n  \(line) | \(text.prefix(80))"), "\(result.errors)")
        }
    }
}
