import Foundation
import TestSupport
import Testing

@testable import LuaSource

@Suite struct ParserTests {
    private func files(under folder: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: Project.root + "/" + folder)
        return (found?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".lua") }
            .map { Project.root + "/" + folder + "/" + $0 }
    }

    @Test func theProjectsOwnFilesAreRead() throws {
        let all = ["stdlib", "scripts", "Tests/Lua"].flatMap(files)
        #expect(all.count > 15)
        for file in all {
            let text = try #require(FileManager.default.contents(atPath: file))
            let body = try Parser.parse(Array(text))
            #expect(!body.isEmpty, "\(file)")
        }
    }

    /// What Lua's own compiler takes and what it refuses (luac5.4 is in the set-up's lua5.4).
    @Test(arguments: [
        "local a <const>, b <close> = 1, nil",
        "goto done; do ::inner:: end ::done::",
        "for i = 1, 10, 2 do break end for k, v in pairs(t) do end",
        "return 0x7fffffffffffffff, 0xffffffffffffffffff, 0x1p4, 0x.8p1, 3., .5, 1e10, 1E-2, 3e0",
        "return 'a\\z  b'", "return '\\x41\\65\\u{7FFFFFFF}\\u{48}\\n\\\nb'",
        "return [==[ ]=] ]==], --[[ x ]] 1 --[==[ y ]==]",
        "a.b.c:d 'x' {1; 2, [3] = 4, x = 5,} [[y]] (...)",
        "return -x^2 ^ 3, not a == b, #t .. 'x' .. 1, a // b % c, ~a & b | c ~ d << 1 >> 2",
        "function a.b:c(x, ...) return self, ... end",
        "return function(a, b) end, (f())",
        "while true do repeat local x = 1 until x end",
        "if a then elseif b then else end",
        "local function f() return f() end",
        "; ; return ;",
        "x = }", "local 1 = 2", "return return", "f(", "a.b:c = 1", "x y", "f() = 1", "'a\nb'",
        "local a <const> = 1 local b <frozen> = 2", "return 3x", "return 0x", "goto", "a = 1 b = ",
        "for i = 1 do end", "return '\\q'", "return '\\300'", "return '\\u{80000000}'", "@",
        "return [==[ ", "function f( end", "if x then", "(f) = 1", "a, f() = 1, 2", "::x",
    ])
    func agreesWithLua(_ text: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("x.lua", text)
        let verdict = try run(
            "/usr/bin/env", ["lua5.4", "-e", "os.exit(loadfile(arg[0]) and 0 or 1)", file])
        // The code ends before the file would run: only whether it can be loaded counts.
        let isLua = verdict.status == 0
        let mine = (try? Parser.parse(Array(text.utf8))) != nil
        #expect(mine == isLua, "\(text)")
    }

    @Test func valuesAreWhatLuaMakesOfThem() throws {
        let text = #"""
            return "a\x41\65\u{20AC}\z
                    b\
            c", 0xffffffffffffffff, 1e2, 9223372036854775808, [[
            x]], 0x.8p1
            """#
        guard case .return(let values, _)? = try Parser.parse(Array(text.utf8)).first else {
            Issue.record("no return")
            return
        }
        #expect(values[0].text == "aAA\u{20AC}b\nc")
        guard case .integer(-1, _) = values[1], case .float(100, _) = values[2],
            case .float(9_223_372_036_854_775_808, _) = values[3], case .float(1, _) = values[5]
        else {
            Issue.record("numbers differ: \(values)")
            return
        }
        #expect(values[4].text == "x")
    }

    @Test func positionsAreThoseOfTheText() throws {
        let body = try Parser.parse(Array("local x = 1\r\n  foo.bar(x,\n  'y')".utf8))
        guard case .call(let call)? = body.last else {
            Issue.record("no call")
            return
        }
        #expect(call.position.line == 2 && call.position.column == 10)
        #expect(call.arguments[1].position.line == 3 && call.arguments[1].position.column == 3)
    }

    @Test(arguments: [("if x then", true), ("f(", true), ("x = 'abc", true), ("x = }", false)])
    func aTextThatGoesOnIsTold(_ text: String, _ isIncomplete: Bool) {
        let error = #expect(throws: SyntaxError.self) { try Parser.parse(Array(text.utf8)) }
        #expect(error?.isIncomplete == isIncomplete)
    }

    @Test func deepNestingIsRefusedNotFatal() {
        let text = String(repeating: "(", count: 100_000)
        #expect(throws: SyntaxError.self) { try Parser.parse(Array(("x = " + text).utf8)) }
    }

    @Test func headersAreReadWithoutRunning() throws {
        let header = try ScriptHeader.read(
            Array(
                """
                #!/usr/bin/env qcsh
                -- A comment.
                local args = script { about = "Cleans up", needs = { "read:clusters", "delete:backups" },
                  args = { { "--age", type = "duration", default = -3 } }, deletes = true }
                this is not lua
                """.utf8))
        #expect(header?.about == "Cleans up")
        #expect(header?.needs?.map(\.word) == ["read:clusters", "delete:backups"])
        #expect(header?.deletes == true)
        #expect(try ScriptHeader.read(Array("print('x') script {}".utf8)) == nil)
        let computed = #expect(throws: ScriptHeader.Problem.self) {
            try ScriptHeader.read(Array("script { needs = { 'read:' .. what } }".utf8))
        }
        #expect(computed?.message.hasPrefix("needs: a header may contain only literals") == true)
        let unknown = #expect(throws: ScriptHeader.Problem.self) {
            try ScriptHeader.read(Array("script { need = {} }".utf8))
        }
        #expect(unknown?.message.hasPrefix("script has no field \"need\"") == true)
    }
}
