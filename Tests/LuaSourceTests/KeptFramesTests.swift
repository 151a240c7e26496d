import LuaSource
import Testing

/// Functions that stay on the stack until they return.
@Suite struct KeptFramesTests {
    private static let mark = " local __frame <close> = nil "

    private func rewrite(_ text: String) -> String {
        String(decoding: KeptFrames.rewrite(Array(text.utf8)), as: UTF8.self)
    }

    @Test func eachFunctionGetsOneBehindItsParameters() {
        let mark = Self.mark
        #expect(rewrite("return 1") == mark + "return 1")
        #expect(
            rewrite("local function f(a, ...) return g(a) end")
                == mark + "local function f(a, ...)\(mark) return g(a) end")
        #expect(
            rewrite("function a.b:c() return d(function() return (e()) end) end")
                == mark + "function a.b:c()\(mark) return d(function()\(mark) return (e()) end) end"
        )
        // What stands in texts and comments is not code.
        let quiet = "-- function f()\nlocal t = 'function()' .. [[function()]]"
        #expect(rewrite(quiet) == "-- function f()\n" + mark + "local t" + quiet.dropFirst(23))
    }

    @Test func linesStayWhereTheyWere() {
        let text = "#!/usr/bin/env qcsh\n\nfunction f(a,\n  b)\n  return g(a)\nend\n"
        let result = rewrite(text)
        #expect(result.split(separator: "\n", omittingEmptySubsequences: false).count == 7)
        #expect(result.hasPrefix("#!/usr/bin/env qcsh\n\n" + Self.mark + "function f(a,\n  b)"))
        #expect(rewrite("") == Self.mark)
    }

    @Test func whatIsNoLuaStaysAsItIs() {
        #expect(rewrite("local x = 'open") == "local x = 'open")
    }
}
