import Foundation
import TestSupport
import Testing

/// What `qcsh test` adds to busted: choices, orders, messages; and luassert for everybody.
@Suite struct SpecCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func test(_ spec: String, _ options: String...) throws -> ProgramResult {
        try folder.write("spec/some_spec.lua", spec)
        return try qcsh(["test"] + options, folder: folder.path)
    }

    private func passed(_ result: ProgramResult) -> [String] {
        result.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }
            .map { String($0.dropFirst("ok".count).drop { $0 == " " }) }
    }

    @Test func tagsChooseSpecs() throws {
        let spec = """
            describe("group #slow", function()
              it("one", function() end)
              it("two #net", function() end)
            end)
            it("three #net-work", function() end)
            it("four", function() end)
            """
        for (options, names) in [
            ([], ["group #slow one", "group #slow two #net", "three #net-work", "four"]),
            (["--tags", "slow"], ["group #slow one", "group #slow two #net"]),
            (["--tags", "net"], ["group #slow two #net"]),
            (
                ["--tags", "net", "--tags", "net-work"],
                ["group #slow two #net", "three #net-work"]
            ),
            (["--tags", "net,net-work"], ["group #slow two #net", "three #net-work"]),
            (["--exclude-tags", "slow"], ["three #net-work", "four"]),
            (["--tags", "slow", "--exclude-tags", "net"], ["group #slow one"]),
            (["--tags", "slow", "--filter", "two"], ["group #slow two #net"]),
        ] {
            try folder.write("spec/some_spec.lua", spec)
            let result = try qcsh(["test"] + options, folder: folder.path)
            #expect(passed(result) == names, "\(options): \(result.errors)")
        }
    }

    @Test func aSeedRepeatsAnOrder() throws {
        let spec = "for i = 1, 30 do it('number ' .. i, function() end) end"
        let first = try test(spec, "--shuffle")
        let names = passed(first)
        #expect(
            names.count == 30
                && names != names.sorted { Int($0.suffix(2)) ?? 0 < Int($1.suffix(2)) ?? 0 })
        let seed = try #require(
            first.output.split(separator: "\n").last?.split(separator: " ").first {
                Int($0) != nil
            })
        #expect(passed(try test(spec, "--shuffle", "--seed", String(seed))) == names)
        #expect(passed(try test(spec)).first == "number 1")
    }

    @Test func messagesSayWhereLongValuesDiffer() throws {
        let result = try test(
            """
            local long = ("a line\\n"):rep(20)
            it("texts", function() assert.equal(long .. "end", long .. "END") end)
            it("tables", function()
              assert.same({ a = { b = { { c = { d = 1 } } } } }, { a = { b = { { c = { d = 2 } } } } })
            end)
            it("short", function() assert.equal("a", "b") end)
            it("negated", function() assert.not_equal("a\\nb", "a\\nb") end)
            it("values", function() assert.equal(time.parse("2026-01-02T03:04:05Z"), 1) end)
            it("secrets", function() assert.same({ secret.new("hidden") }, { "shown" }) end)
            it("control characters", function() assert.equal("a", "\\27[2J\\0") end)
            """)
        #expect(
            result.output.contains(#"They differ from line 21, column 1 on: "END", expected "end""#)
        )
        #expect(
            result.output.contains("They differ at .a.b[1].c.d: 2, expected 1"), "\(result.output)")
        #expect(result.output.components(separatedBy: "They differ").count == 3)
        #expect(result.output.contains("2026-01-02T03:04:05Z"))
        #expect(!result.output.contains("hidden") && !result.output.contains("\u{1B}"))
    }

    @Test func errorsOfScriptsAndPartsOfValues() throws {
        let result = try test(
            """
            local function raise(value) return function() error(value, 0) end end
            it("pass", function()
              assert.raises(raise "code 12: gone", "code 12")
              assert.raises(raise { code = "NOT_FOUND", more = { 1 } }, { more = { 1 } })
              assert.raises(raise "x")
              assert.no.raises(function() end)
              assert.contains("b", "abc")
              assert.contains({ 1 }, { { 2 }, { 1 } })
              assert.does_not.contain_ = nil
              assert.not_contains("z", "abc")
            end)
            it("another text", function() assert.raises(raise "a", "b") end)
            it("no error", function() assert.raises(function() end, "b") end)
            it("another field", function() assert.raises(raise { code = 1 }, { code = 2 }) end)
            it("not in a text", function() assert.contains("z", "abc") end)
            it("not in a list", function() assert.contains(3, { 1, 2 }) end)
            """.replacingOccurrences(of: "  assert.does_not.contain_ = nil\n", with: ""))
        #expect(passed(result) == ["pass"], "\(result.output)")
        #expect(result.output.contains("1 passed, 5 failed"))
        #expect(result.output.contains("Caught:\n         (no error)"), "\(result.output)")
    }

    /// A library's assertions and a script's are the same; the modules of others have their names.
    @Test func scriptsRequireLuassertAndSay() throws {
        let code = """
            local assert, spy, match = require "luassert", require "luassert.spy", require "luassert.match"
            local s = spy.new(function() end)
            s(1, { 2 })
            assert.spy(s).was.called_with(match.is_number(), { 2 })
            print(pcall(assert.are.equal, 1, 2))
            print(require("say")("assertion.equals.positive") ~= nil, package.loaded.luassert == assert)
            """
        let plain = try qcsh(["-e", code], folder: folder.path)
        #expect(plain.output.hasPrefix("false\tExpected objects to be equal."), "\(plain.errors)")
        #expect(plain.output.hasSuffix("true\ttrue\n"))
        try folder.write("lua/say.lua", "return { mine = true }")
        let own = try qcsh(
            ["-e", "print(require('say').mine, require('luassert').is_true(true))"],
            folder: folder.path)
        #expect(own.output == "true\ttrue\n", "\(own.errors)")
        let missing = try qcsh(["-e", "require 'busted.none'"], folder: folder.path)
        #expect(missing.errors.contains("qcsh test runs specs that are written for busted"))
    }

    /// Functions of Lua that a spec replaces are not those of its assertions.
    @Test func specsMayStubEveryFunctionOfLua() throws {
        let result = try test(
            """
            for _, place in ipairs { "_G", "string", "table", "math", "os", "io", "debug", "utf8" } do
              local names = {}
              for name, value in pairs(_G[place]) do
                if type(value) == "function" then names[#names + 1] = name end
              end
              for _, name in ipairs(names) do
                it(place .. "." .. name, function()
                  local original, library = _G[place][name], _G[place]
                  local s = stub(library, name)
                  assert.is_nil(library[name](1, { 2 }))
                  assert.stub(s).was.called_with(1, { 2 })
                  assert.has_error(function() assert.same({ 1 }, { 2 }) end)
                  s:revert()
                  assert.equal(original, library[name])
                end)
              end
            end
            """)
        #expect(result.status == 0, "\(result.output.suffix(3000))\(result.errors.suffix(2000))")
        #expect(passed(result).count > 80)
    }

    /// What specs require is known, whether Debian's packages are installed or not.
    @Test func checkKnowsWhatSpecsRequire() throws {
        let file = try folder.write(
            "spec/some_spec.lua",
            """
            require "busted.runner"()
            local assert, match, say = require "luassert", require "luassert.match", require "say"
            local busted, fixtures = require "busted", require "busted.fixtures"
            insulate("all", function()
              randomize()
              it("words", function() spy.new(print) stub({}, "f") mock({}) assert.equal(1, 1) end)
              it("modules", function() return match._, say, busted, fixtures end)
            end)
            """)
        let result = try qcsh(["check", file], folder: folder.path)
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
        #expect(try qcsh(["test", file], folder: folder.path).status == 0)
        let used = try qcsh(["check", "--permissions", file], folder: folder.path)
        #expect(used.output.contains("loads \"luassert\", which calls"), "\(used.output)")
    }

    @Test func fixturesAreNextToTheirSpecs() throws {
        try folder.write("spec/deep/data.txt", "text\n")
        try folder.write("spec/deep/module.lua", "return { 7 }")
        try folder.write(
            "spec/deep/own_spec.lua",
            """
            local fixtures = require "busted.fixtures"
            it("finds them", function()
              assert.equal("text\\n", fixtures.read("data.txt"))
              assert.equal(7, fixtures.load("module")[1])
              assert.matches("/spec/deep$", fixtures.path())
              assert.matches("^/.*/spec/deep/a/b$", fixtures.path("a/b"))
              assert.error_matches(function() fixtures.read("none") end, "Error reading file", 1, true)
            end)
            """)
        let result = try qcsh(["test"], folder: folder.path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// Ways for a library to have luassert, or Lua for luassert, call functions of the host.
    private static let keeper = #"""
        library { about = "keeps", needs = {} }
        local luassert, util = require "luassert", require "luassert.util"
        local spy, stub, match = require "luassert.spy", require "luassert.stub", require "luassert.match"
        local run, keeper = process.run, {}
        local function with(event, value)
          return setmetatable({ "touch", "made" }, { [event] = value })
        end
        local command = { "touch", "made" }
        function keeper.spy() spy.new(run)(command) end
        function keeper.spy_on() local t = { f = run } spy.on(t, "f") t.f(command) end
        function keeper.stub() local t = {} stub(t, "f").invokes(run) t.f(command) end
        function keeper.close() local c <close> = util.deepcopy(with("__close", run), true) end
        function keeper.shallow() local c <close> = util.shallowcopy(with("__close", run)) end
        function keeper.spy_close() local c <close> = with("__close", spy.new(run)) end
        function keeper.gc() util.deepcopy(with("__gc", run), true) collectgarbage() end
        function keeper.formatter()
          luassert:add_formatter(run)
          pcall(luassert.equal, command, 1)
          luassert:remove_formatter(run)
        end
        function keeper.matcher()
          luassert:register("matcher", "evil", function() return run end)
          local s = spy.new(function() end)
          s(command)
          luassert.spy(s).was.called_with(match.is_evil())
        end
        function keeper.call() luassert.has_error(with("__call", run)) end
        function keeper.text() luassert.has_error(function() error(with("__tostring", run)) end, "x") end
        function keeper.index() util.deepcompare({ "a" }, with("__index", run), true) end
        function keeper.equal() util.deepcompare(with("__eq", run), with("__eq", run)) end
        return keeper
        """#

    @Test func luassertGivesALibraryNoPermissions() throws {
        try folder.write("lua/keeper.lua", Self.keeper)
        let result = try qcsh(
            [
                "-e",
                """
                for name, f in pairs(require "keeper") do
                  pcall(f)
                  if fs.exists "made" then print(name) fs.remove "made" end
                end
                print(process.run({ "echo", "scripts may" }):text())
                """,
            ], folder: folder.path)
        #expect(result.output == "scripts may\n", "\(result.errors)")
    }
}
