import Foundation
import TestSupport
import Testing

/// Limits that hold for everything a run executes, and bounds that metamethods do not escape.
@Suite struct BoundTests {
    // MARK: - Instructions

    /// Ways to execute much in many small pieces; N is how much.
    static let pieces = [
        "local t = {} for i = 1, 20000 do t[i] = i end "
            + "task.map(t, function() for i = 1, 90 do N = N + 1 end end, { limit = 8 })",
        "for i = 1, 100000 do coroutine.wrap(function() for j = 1, 90 do N = N + 1 end end)() end",
        "for i = 1, 100000 do local c = coroutine.create(function() for j = 1, 90 do N = N + 1 end end) "
            + "coroutine.resume(c) coroutine.close(c) end",
        "local function deep(n) if n > 0 then coroutine.wrap(function() for i = 1, 90 do N = N + 1 end "
            + "deep(n - 1) end)() end end for i = 1, 10000 do deep(50) end",
        "for i = 1, 100 do setmetatable({}, { __gc = function() for j = 1, 1000000 do N = N + 1 end end }) "
            + "end collectgarbage()",
        "local m = { __gc = function() for j = 1, 90 do N = N + 1 end end } "
            + "for i = 1, 100000 do setmetatable({}, m) if i % 100 == 0 then collectgarbage() end end",
        "local m = { __close = function() for j = 1, 90 do N = N + 1 end end } "
            + "for i = 1, 100000 do local x <close> = setmetatable({}, m) end",
        "while true do N = N + 1 end",
    ]

    @Test(arguments: pieces)
    func oneCountOfInstructionsHoldsForTheRun(_ code: String) throws {
        let folder = try TemporaryFolder()
        // What was reached is written by the finalizer of a task that is not counted any more: the
        // file has the last count that the limit let through.
        let script = try folder.write(
            "run.lua",
            """
            N = 0
            local shown <close> = setmetatable({}, { __close = function() io.stderr:write("N=", N, "\\n") end })
            \(code)
            """)
        let result = try qcsh(["--max-instructions", "200000", script])
        #expect(result.status == 1, "\(result)")
        #expect(result.errors.contains("more than 200000 instructions were executed"), "\(result)")
        let reached = result.errors.split(separator: "\n").first { $0.hasPrefix("N=") }
        let count = Int(reached?.dropFirst(2) ?? "") ?? 0
        #expect(count < 200_000, "\(result)")
    }

    @Test func whatIsBelowTheLimitRunsToItsEnd() throws {
        let result = try qcsh([
            "--max-instructions", "10000000", "-e",
            "N = 0 for i = 1, 1000 do setmetatable({}, { __gc = function() N = N + 1 end }) end "
                + "collectgarbage() return N",
        ])
        #expect(result.output == "1000\n", "\(result)")
    }

    /// A finalizer is code like other code: it is interrupted, its errors are warnings, it may call
    /// the host.
    @Test func finalizersBehaveAsInLua() throws {
        let result = try qcsh([
            "-e",
            """
            local log = {}
            for i = 1, 3 do setmetatable({}, { __gc = function() log[#log + 1] = time.now() and i end }) end
            collectgarbage()
            print(#log, log[1], log[3])
            setmetatable({}, { __gc = function() error("from the finalizer") end })
            collectgarbage()
            setmetatable({}, { __gc = function() coroutine.yield() end })
            collectgarbage()
            local shared = { __gc = function(o) print("gone", o.name) end }
            setmetatable({ name = "a" }, shared) setmetatable({ name = "b" }, shared)
            collectgarbage()
            """,
        ])
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "3\t3\t1\ngone\tb\ngone\ta\n", "\(result)")
        #expect(result.errors.contains("from the finalizer"), "\(result)")
        let started = ContinuousClock.now
        let ended = try qcsh([
            "--timeout", "1s", "-e",
            "setmetatable({}, { __gc = function() while true do end end }) collectgarbage()",
        ])
        #expect(ended.status == 124 && ContinuousClock.now - started < .seconds(6), "\(ended)")
    }

    // MARK: - Libraries

    /// Ways to have a function of the host called by Lua itself, or by code that does not know it.
    static let metamethods = [
        "setmetatable({ 'touch', PATH }, { __gc = process.run }) collectgarbage()",
        "do local x <close> = setmetatable({ 'touch', PATH }, { __close = process.run }) end",
        "local m = { __gc = function() end } setmetatable({ 'touch', PATH }, m) m.__gc = process.run "
            + "collectgarbage()",
        "local m = { __close = function() end } local o = setmetatable({ 'touch', PATH }, m) "
            + "m.__close = process.run do local x <close> = o end",
        "local co = coroutine.create(function() local x <close> = setmetatable({ 'touch', PATH }, "
            + "{ __close = process.run }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
        "setmetatable({ 'touch', PATH }, { __gc = pcall, __call = process.run }) collectgarbage()",
        "return setmetatable({ 'touch', PATH }, { __call = process.run })",
        "return setmetatable({ 'touch', PATH }, { __index = process.run })",
        "return setmetatable({ 'touch', PATH }, { __newindex = process.run })",
        "return setmetatable({ 'touch', PATH }, { __concat = process.run })",
        "return setmetatable({ 'touch', PATH }, { __len = process.run })",
        "return setmetatable({ 'touch', PATH }, { __unm = process.run })",
        "local m = {} local o = setmetatable({ 'touch', PATH }, m) m.__call = process.run return o",
        "setmetatable({}, { __gc = function() process.run { 'touch', PATH } end }) collectgarbage()",
        "return { __gc = 1, go = process.run }",
    ]

    @Test(arguments: metamethods.dropLast())
    func functionsOfTheHostAsMetamethodsAreTheLibrarysCalls(_ code: String) throws {
        let folder = try TemporaryFolder()
        let made = folder.path + "/made"
        try folder.write(
            "lua/sly.lua",
            """
            library { about = "harmless", needs = {} }
            local PATH = "\(made)"
            local sly = {}
            function sly.run() \(code) end
            return sly
            """)
        let script = try folder.write(
            "use.lua",
            """
            local sly = require "sly"
            local ok, value = pcall(sly.run)
            -- The script uses what it was given, in the ways that one uses values.
            for _, use in ipairs {
              function() return value() end, function() return value.x end,
              function() value.y = 1 end, function() return value .. "z" end,
              function() return #value end, function() return -value end,
            } do pcall(use) end
            collectgarbage() collectgarbage()
            -- What is its own stays its own.
            print(process.run({ "echo", "mine" }):text())
            local own = setmetatable({}, { __call = function() return process.run({ "echo", "called" }):text() end })
            print(own())
            do local x <close> = setmetatable({}, { __close = function() print("closed") end }) end
            """)
        let result = try qcsh([script], folder: folder.path)
        #expect(!FileManager.default.fileExists(atPath: made), "\(result)")
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "mine\ncalled\nclosed\n", "\(result)")
    }
}
