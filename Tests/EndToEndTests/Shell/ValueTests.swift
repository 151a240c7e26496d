import Foundation
import TestSupport
import Testing

/// How results are shown.
@Suite(.serialized) struct ShellValueTests {
    @Test func listsAreTablesThatFitAndMessagesAreTrees() throws {
        let shell = try ShellSession()
        try shell.run("api.cluster.list_clusters {}", until: "SUSPENDED")
        let header = shell.screen.lines.first { $0.hasPrefix("NAME") }
        #expect(header == "NAME         PHASE      CLOUD  REGION        NODES  VERSION  AGE")
        try shell.run("_.items[1]", until: "scalability_info      status=SCALABLE")
        try shell.run("#_2.items", until: "\n2\n")
        #expect(try shell.leave() == 0)
    }

    @Test func narrowWindowsLeaveColumnsOut() throws {
        let shell = try ShellSession(columns: 40, rows: 12)
        try shell.run("api.cluster.list_clusters {}", until: "SUSPENDED")
        #expect(shell.screen.lines.contains("NAME         PHASE      CLOUD"))
        #expect(shell.screen.lines.allSatisfy { $0.count <= 40 })
        #expect(try shell.leave() == 0)
    }

    @Test func luaOutputGivesAnEqualValue() throws {
        let shell = try ShellSession()
        try shell.home.write(
            "same.lua",
            #"""
            local function same(a, b, path)
              if type(a) == "table" and type(b) == "table" then
                for k, v in pairs(a) do same(v, rawget(b, k), path .. "." .. tostring(k)) end
                for k in pairs(b) do assert(rawget(a, k) ~= nil, path .. "." .. tostring(k)) end
                return
              end
              assert(a == b or (a ~= a and b ~= b), path .. ": " .. tostring(a) .. " " .. tostring(b))
            end
            local values = {
              { 1, 2.5, -0.0, 1e100, math.huge, -math.huge, 0/0, math.mininteger, math.maxinteger },
              { ["end"] = 1, ["1x"] = 2, _y = 3, [3] = 4, [2.5] = 5, ["a b"] = "c" },
              "text with \"quotes\", \\, \0, \1 2, \127, \200\201 and \n lines", "日本語", "", {}, true,
              api.cluster.list_clusters {}, time.parse "2026-01-02T03:04:05.678Z", time.duration "36h",
              { qdrant.null },
            }
            for number, value in ipairs(values) do
              local text = shell.text(value, "lua")
              same(value, assert(load("return " .. text, text))(), "value " .. number)
            end
            print("all the " .. "same")
            """#)
        try shell.run(".load \(shell.home.path)/same.lua", until: "all the same")
        #expect(try shell.leave() == 0)
    }

    @Test(arguments: [
        ("json", "\"id\": \"aws\""), ("jsonl", "{\"id\":\"aws\""), ("yaml", "id: aws"),
        ("csv", "Amazon Web Services,aws"), ("tree", "1  id=aws name=Amazon"),
        ("lua", "id = \"aws\""),
        ("wide", "aws     Amazon Web Services"), ("table", "aws     Amazon"),
    ])
    func formatsAreWhatTheyAreCalled(_ name: String, _ shown: String) throws {
        let shell = try ShellSession(columns: 120, rows: 60)
        try shell.run(".format \(name)", until: "format \(name)")
        try shell.run("api.platform.list_cloud_providers {}.items", until: shown)
        #expect(try shell.leave() == 0)
    }

    @Test func longResultsArePagedAndShortOnesAreNot() throws {
        let home = try TemporaryFolder()
        let pager = try home.write("pager.sh", "echo \"paged $(wc -l < \"$1\")\"\n")
        let shell = try ShellSession(environment: ["PAGER": "sh " + pager], home: home)
        try shell.run("'short'", until: "\nshort\n")
        try shell.run("('line\\n'):rep(100)", until: "paged 10")
        try shell.run(".pager off", until: "off\n")
        try shell.run("('line\\n'):rep(100) .. 'end'", until: "line\nend")
        #expect(!shell.screen.text.contains("paged 10\nline"))
        #expect(try shell.leave() == 0)
    }

    @Test func whatAServerSaysCannotSteerTheTerminal() throws {
        let shell = try ShellSession()
        try shell.run(
            "'\\27]0;title\\7 \\27[2J \\u{202e}'", until: "\\u{1b}]0;title\\u{7} \\u{1b}[2J")
        try shell.run("{ name = 'a\\27[31mb' }", until: "a\\u{1b}[31mb")
        try shell.run("{ { name = 'a\\27[31mb', n = 1 } }", until: "NAME")
        try shell.wait(for: "a\\u{1b}[31mb")
        // Names come from elsewhere, too.
        try shell.run("{ { ['x\\27[31my'] = 1 } }", until: "X\\U{1B}[31MY")
        #expect(try shell.leave() == 0)
    }

    @Test(arguments: ["json", "jsonl", "yaml", "csv", "table", "wide", "tree"])
    func noFormatLetsATextSteerTheTerminal(_ format: String) throws {
        let shell = try ShellSession()
        try shell.run(".format \(format)", until: "format")
        try shell.run(
            "{ { name = 'a\\27[31mb\\u{9b}32mc\\u{202e}d', n = 1 } }", until: "32mc")
        let row = try #require(shell.screen.lines.lastIndex { $0.contains("31mb") })
        let column = try #require(
            shell.screen.lines[row].range(of: "mb").map {
                shell.screen.lines[row].distance(
                    from: shell.screen.lines[row].startIndex, to: $0.upperBound) - 1
            })
        #expect(try shell.screen.style(row: row, column: column)?.color == "default")
        #expect(shell.screen.text.contains("32mc"))
        #expect(try shell.leave() == 0)
    }

    @Test func secretsAreMaskedAndFoldedValuesSayHowMuchThereIs() throws {
        let shell = try ShellSession()
        try shell.run("api.auth.create_management_key { management_key = {} }", until: "********")
        try shell.run(
            "{ a = { b = { c = { d = { e = { f = { g = { 1, { 2 } } } } } } } } }", until: "…")
        #expect(try shell.leave() == 0)
    }

    @Test func theLastResultsAreAtHandAndLocalsStay() throws {
        let shell = try ShellSession()
        try shell.run("10", until: "\n10\n")
        try shell.run("20", until: "\n20\n")
        try shell.run("_ + _2", until: "\n30\n")
        try shell.run(
            "local a, b <const> = 1, 2 local function f() return a + b end", until: "a + b end\nq")
        try shell.run("a = a + 10; return f()", until: "\n13\n")
        try shell.run("local later", until: "later\nq")
        try shell.run("later = 5 return rawget(_G, 'later')", until: "later')\nq")
        try shell.run("later", until: "\n5\n")
        #expect(try shell.leave() == 0)
    }
}
