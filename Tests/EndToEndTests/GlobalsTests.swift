import Foundation
import LuaReference
import TestSupport
import Testing

/// A script may replace every global and every function of Lua's library: what qcsh itself does goes on
/// working.
@Suite struct GlobalsTests {
    /// Replaces all globals and all members of all of Lua's libraries, which it finds by itself.
    private static func breaking(with value: String) -> String {
        """
        local breaking = { next = next, type = type, error = error, names = {}, tables = {} }
        for name, value in breaking.next, _G do
          breaking.names[#breaking.names + 1] = name
          breaking.tables[#breaking.tables + 1] = standard[name]
        end
        breaking.value = \(value)
        for i = 1, #breaking.tables do
          local members = {}
          for name in breaking.next, breaking.tables[i] do members[#members + 1] = name end
          for m = 1, #members do breaking.tables[i][members[m]] = breaking.value end
        end
        local globals = _G
        for i = 1, #breaking.names do globals[breaking.names[i]] = breaking.value end
        for _, event in breaking.next, { "__index", "__add", "__concat", "__len", "__lt" } do
          breaking.strings[event] = breaking.value
        end

        """
    }

    private static let values = [
        "5", "function() breaking.error('a global of the script was used') end",
    ]

    /// All examples of the reference but those of the shell, with names of their own.
    private static let examples = LuaReference.embedded.entries.filter {
        $0.example != nil && !$0.name.hasPrefix("shell.") && !$0.name.hasPrefix("os.")
    }

    /// Runs the examples of the reference with globals of their own, and prints the names of those
    /// that worked.
    private func working(breaking: String) throws -> [String] {
        var code = """
            local own, standard = {}, {}
            for name, value in pairs(_G) do
              own[name] = value
              if type(value) == "table" and value ~= _G and value ~= arg then
                own[name], standard[name] = {}, value
                for member, inner in next, value do own[name][member] = inner end
              end
            end
            for _, name in ipairs { \(Self.modules) } do own[name] = _G[name] end
            own._G = own
            local print, pcall, load, collect = print, pcall, load, collectgarbage
            local examples = {

            """
        for entry in Self.examples {
            // Methods of strings are the script's, here as everywhere.
            let example = (entry.example ?? "").replacingOccurrences(
                of: "crypto.uuid():sub(1, 8)", with: "string.sub(crypto.uuid(), 1, 8)"
            ).replacingOccurrences(of: #":find("search")"#, with: "")
            code += "{ [==[\(entry.name)]==], [==[\(example)]==] },\n"
        }
        code +=
            "}\n"
            + breaking.replacingOccurrences(
                of: "local breaking = {", with: "local breaking = { strings = getmetatable(''),")
        code += """
            for i = 1, #examples do
              local chunk = load(examples[i][2], "=example", "t", own)
              local ok, problem = pcall(chunk)
              print(ok and "works" or "fails", examples[i][1], ok and "" or problem)
            end
            """
        let folder = try TemporaryFolder()
        try folder.write("examples.lua", code)
        let result = try qcsh(["--sandbox", "examples.lua"], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    private static let modules = Set(
        LuaReference.embedded.entries.compactMap { $0.name.split(separator: ".").first }
    )
    .filter { !["shell", "script", "library"].contains($0) && !$0.contains(":") }
    .sorted().map { "\"\($0)\"" }.joined(separator: ", ")

    @Test func everyFunctionWorksWhateverAScriptReplaces() throws {
        let control = try working(breaking: "").filter { $0.hasPrefix("works") }
        #expect(control.count > 250)
        for value in Self.values {
            let lines = try working(breaking: Self.breaking(with: value))
            let broken = Set(control).subtracting(lines)
            let reasons = lines.filter { line in
                broken.contains { line.hasPrefix("fails" + $0.dropFirst(5).dropLast()) }
            }
            #expect(reasons == [], "with \(value)")
        }
    }

    /// What comes before and after a script, and errors, do not depend on its globals either.
    @Test func runsBeginAndEndWhateverAScriptReplaces() throws {
        let folder = try TemporaryFolder()
        for value in Self.values {
            let setUp = """
                local standard = {}
                for name, value in pairs(_G) do
                  if type(value) == "table" and value ~= _G and value ~= arg then standard[name] = value end
                end
                local script, print, task, qdrant, require = script, print, task, qdrant, require
                local error, process, exit = error, process, os.exit

                """
            let breaking = Self.breaking(with: value).replacingOccurrences(
                of: "local breaking = {", with: "local breaking = { strings = getmetatable(''),")
            func run(_ code: String, _ arguments: [String] = []) throws -> ProgramResult {
                try folder.write("t.lua", setUp + breaking + code)
                return try qcsh(
                    ["--sandbox", "t.lua"] + arguments, environment: ["A": "b"],
                    folder: folder.path)
            }
            let header =
                #"local args = script { args = { { "--size", type = "int", required = true } } }"#
            let ended = try run(
                """
                \(header)
                task.defer(function() print("deferred") end)
                task.spawn(function() task.sleep(0.01) print("task") end)
                print(args.size, require("csv").decode("a\\n1\\n")[1][1])
                """, ["--size", "7"])
            #expect(
                ended.output.hasPrefix("7\t") && ended.output.contains("task\ndeferred\n"),
                "\(ended.output)\(ended.errors)")
            #expect(ended.status == 0, "\(ended.errors)")
            let wrong = try run(header, ["--size", "x"])
            #expect(wrong.status == 2 && wrong.errors.contains("--size"), "\(wrong.errors)")
            let helped = try run(header, ["--help"])
            #expect(helped.status == 0 && helped.output.contains("--size"), "\(helped.errors)")
            let missing = try run(#"require("mising")"#)
            #expect(missing.errors.contains("package.path"), "\(missing.errors)")
            let failed = try run(#"qdrant.clusters:find "nothing""#)
            #expect(failed.errors.contains("NOT_FOUND"), "\(failed.errors)")
            let raised = try run(#"error { code = "MINE", message = "mine" }"#)
            #expect(raised.errors.contains("MINE: mine"), "\(raised.errors)")
            let unknown = try run(#"qdrant.clusters:lst()"#)
            #expect(unknown.errors.contains("list"), "\(unknown.errors)")
            #expect(try run("exit(4)").status == 4)
            // Modules that nothing has used before.
            for module in Self.unused {
                let loaded = try run("return require('\(module)')")
                #expect(loaded.status == 0, "\(module): \(loaded.errors)")
            }
        }
    }

    private static let unused =
        Set(
            LuaReference.embedded.entries.compactMap {
                $0.name.split(separator: ":").first.map(String.init)
            }
        )
        .filter { name in
            name.hasPrefix("qdrant.")
                && name.dropFirst(7).allSatisfy { $0.isLowercase || $0 == "_" }
        }
        .filter { LuaReference.embedded.libraries.contains($0) }
        + LuaReference.embedded.modules.filter { $0 != "shell" }

    /// Scripts that watch their globals find ordinary ones, and those of qcsh among them.
    @Test(arguments: [
        "setmetatable(_G, nil)",
        "setmetatable(_G, { __index = function(_, name) error('undefined ' .. name, 2) end })",
        "local meta = getmetatable(_G) if meta == nil then meta = {} setmetatable(_G, meta) end "
            + "meta.__newindex = rawset meta.__index = function(_, name) error('undefined ' .. name, 2) end",
        "assert(getmetatable(_G) == nil) local _ENV = setmetatable({}, { __index = _G })",
        "fs = 5 setmetatable(_G, {}) assert(fs == 5) fs = require 'fs'",
    ])
    func theMetatableOfTheGlobalsIsTheScripts(_ code: String) throws {
        let names = LuaReference.embedded.modules.filter { $0 != "shell" && $0 != "qdrant" }
        let uses = names.map { "assert(type(\($0)) == 'table', '\($0)')" }.joined(separator: "\n")
        let folder = try TemporaryFolder()
        try folder.write(
            "script.lua", "\(code)\n\(uses)\nprint(#qdrant.clusters:list(), fs.exists('.'))\n")
        let result = try qcsh(["--sandbox", "script.lua"], folder: folder.path)
        #expect(result.output == "2\ttrue\n", "\(result.errors)")
    }

    @Test func theShellWorksWhateverIsReplacedThere() throws {
        let shell = try ShellSession()
        try shell.home.write(
            "break.lua",
            "local standard, strings = {}, getmetatable('')\nfor name, value in pairs(_G) do if type(value) == 'table' "
                + "and value ~= _G then standard[name] = value end end\n"
                + Self.breaking(with: "5").replacingOccurrences(
                    of: "local breaking = {", with: "local breaking = { strings = strings,"))
        try shell.run("keep = clusters", until: "")
        try shell.run("dofile('\(shell.home.path)/break.lua')", until: "")
        try shell.run("local c = qdrant", until: "")
        try shell.run("40 + 2", until: "\n42")
        try shell.run("{ a = 1 }", until: "a")
        try shell.run(".help", until: "backup retention")
        try shell.run(".history", until: "40 + 2")
        try shell.run("nothing.at_all", until: "nothing")
        #expect(try shell.leave() == 0)
    }
}
