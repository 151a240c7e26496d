import Testing

@testable import Shell

/// What becomes of the text of an entry.
@Suite struct EntryTests {
    @Test(arguments: [
        ("local x = 1", "      x = 1", ["x"]),
        ("local a, b = f()", "      a, b = f()", ["a", "b"]),
        ("local x", "      x = nil", ["x"]), ("local x; y = 1", "      x = nil; y = 1", ["x"]),
        ("local x <const> = 1", "      x         = 1", ["x"]),
        ("local function f() local y = 1 end", "      function f() local y = 1 end", ["f"]),
        ("local x <close> = f()", "local x <close> = f()", []),
        ("do local x = 1 end", "do local x = 1 end", []),
        ("local x = 1 local y = 2", "      x = 1       y = 2", ["x", "y"]),
        ("print('local x')", "print('local x')", []), ("local = 1", "local = 1", []),
        (
            "local x = function() local z end\nlocal y",
            "      x = function() local z end\n      y = nil", ["x", "y"]
        ),
    ])
    func localsAtTheTopStay(_ entry: String, _ compiled: String, _ names: [String]) {
        let source = EntrySource(entry)
        #expect(String(decoding: source.text, as: UTF8.self) == compiled)
        #expect(source.locals == names)
    }

    @Test(arguments: [
        ("for i = 1, 2 do", 2), ("if x then\n  y()", 2), ("x = {", 2), ("f(function()", 2),
        ("if x then\n  y()\nelse", 2), ("  x = 1", 2), ("x = 1", 0),
        ("while true do\n  if x then", 4),
    ])
    func whatIsInsideIsIndented(_ text: String, _ spaces: Int) {
        #expect(EntrySource.indentation(behind: text) == spaces)
    }

    @Test(arguments: [
        ("for i = 1, 2 do\n  end", 2), ("x = {\n  }", 2), ("if x then\n  y()\n  else", 2),
        ("if x then\n  y()\nend", 0), ("x = {\n  y", 0), ("end", 0),
    ])
    func whatClosesMovesOut(_ text: String, _ spaces: Int) {
        #expect(EntrySource.excess(of: text) == spaces)
    }

    @Test(arguments: [
        ("x = secret.new('abc')", "x = secret.new(\"********\")"),
        ("x = secret.new \"abc\"", "x = secret.new \"********\""),
        ("t = { api_key = 'abc', name = 'n' }", "t = { api_key = \"********\", name = 'n' }"),
        ("t['password'] = [[abc]]", "t['password'] = \"********\""),
        (
            "http.get(u, { headers = { Authorization = 'apikey abcdefgh' } })",
            "http.get(u, { headers = { Authorization = \"********\" } })"
        ),
        ("f('eyJhbGciOi.eyJzdWIiOiIx.c2ln')", "f(\"********\")"),
        ("list { page_token = 'abc' }", "list { page_token = 'abc' }"),
        (
            "labels = { { key = 'env', value = 'prod' } }",
            "labels = { { key = 'env', value = 'prod' } }"
        ),
        ("if token == 'abc' then", "if token == \"********\" then"),
        ("print('hello')", "print('hello')"),
    ])
    func secretsAreNotKept(_ entry: String, _ kept: String) {
        #expect(HistoryMask().masked(entry) == kept)
    }

    @Test(arguments: [
        (".format json", "format", "json"), ("  .help ", "help", ""), ("x?", "help", "x"),
        ("api.cluster.list_clusters ?", "help", "api.cluster.list_clusters"),
        (".watch 5s f(1, '?')", "watch", "5s f(1, '?')"),
    ])
    func commandsAreToldFromLua(_ entry: String, _ name: String, _ rest: String) throws {
        let command = try #require(MetaCommand(entry))
        #expect(command.name == name && command.rest == rest)
    }

    @Test(arguments: [".5 + 1", "x = 1", "f('?')", "x.y", "..", "print 'a?'"])
    func luaIsNoCommand(_ entry: String) { #expect(MetaCommand(entry) == nil) }

    @Test func coloursFollowTheText() {
        let highlighter = LuaHighlighter(builtins: ["print"])
        func styles(_ text: String, cursor: Int? = nil) -> [TextStyle] {
            highlighter.styles(of: Array(text.utf8), cursor: cursor)
        }
        #expect(styles("if x")[0] == .keyword && styles("if x")[3] == .plain)
        #expect(styles("print(1)")[0] == .builtin && styles("x.print")[2] == .plain)
        #expect(styles("'open").allSatisfy { $0 == .string })
        #expect(styles("--[[ open").allSatisfy { $0 == .comment })
        #expect(styles("x -- y")[2...].allSatisfy { $0 == .comment })
        #expect(styles("(a]")[2] == .problem)
        let matched = styles("f({})", cursor: 1)
        #expect(matched[1] == .match && matched[4] == .match && matched[2] == .plain)
        #expect(styles(".help x")[0] == .accent)
        // Whatever is typed has one style a byte.
        for text in ["", "\u{0}", "'\\", "[==[", "0x", "é'ü", "\"\n", "--"] {
            #expect(styles(text).count == text.utf8.count)
        }
    }
}
