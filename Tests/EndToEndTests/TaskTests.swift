import TestSupport
import Testing

/// Structured concurrency as scripts see it. Each script asserts by itself.
@Suite struct TaskTests {
    private func check(
        _ script: String, _ options: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try qcsh(options + ["-"], input: script + "\nprint('done')\n")
        #expect(
            result.output.hasSuffix("done\n"), "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.status == 0, sourceLocation: sourceLocation)
    }

    @Test func childrenNeverOutliveTheirScope() throws {
        try check(
            """
            local log = {}
            local value, other = task.scope(function(s)
              s:spawn(function() task.sleep(0.02) log[#log + 1] = "child" end)
              s:defer(function() log[#log + 1] = "deferred" end)
              return "a", nil
            end)
            assert(value == "a" and other == nil)
            assert(table.concat(log, " ") == "child deferred", table.concat(log, " "))
            -- A failing body cancels the children.
            local closed = false
            local ok, problem = pcall(task.scope, function(s)
              s:spawn(function()
                local x <close> = setmetatable({}, { __close = function() closed = true end })
                task.sleep(60)
              end)
              task.sleep(0)
              error("body")
            end)
            assert(not ok and problem:find("body") and closed)
            -- A failing child cancels the body.
            local ok, problem = pcall(task.scope, function(s)
              s:spawn(function() task.sleep(0.01) error("child") end)
              task.sleep(60)
            end)
            assert(not ok and problem:find("child"))
            -- A scope that has ended takes no tasks.
            local kept
            task.scope(function(s) kept = s end)
            assert(not pcall(kept.spawn, kept, print))
            """)
    }

    @Test func handlesAreAwaitedAndCancelled() throws {
        try check(
            """
            task.scope(function(s)
              local h = s:spawn(function(a, b) task.sleep(0.01) return a + b, "more" end, 3, 4)
              assert(h.status == "running" and tostring(h) == "task (running)")
              local sum, more = h:await()
              assert(sum == 7 and more == "more" and h.status == "done" and h:await() == 7)
              local sleeper = s:spawn(task.sleep, 60)
              sleeper:cancel()
              local ok, problem = pcall(sleeper.await, sleeper)
              assert(not ok and problem:find("cancelled"), problem)
              assert(sleeper.status == "cancelled")
            end)
            """)
    }

    @Test func theFirstOneWinsARace() throws {
        try check(
            """
            local closed = 0
            local function slow()
              local x <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
              task.sleep(60)
            end
            local a, b = task.race { slow, function() task.sleep(0.01) return 1, 2 end, slow }
            assert(a == 1 and b == 2 and closed == 2)
            local ok, problem = pcall(task.race, { slow, function() error("lost", 0) end })
            assert(not ok and problem == "lost" and closed == 3, closed)
            assert(not pcall(task.race, {}))
            """)
    }

    @Test func timeoutsReachWaitsAndLoops() throws {
        try check(
            """
            assert(task.timeout(5, function(x) return x end, "quick") == "quick")
            for _, body in ipairs {
              function() task.sleep(60) end,
              function() while true do end end,
              function() while true do pcall(task.sleep, 60) end end,
              function() task.map({ 1, 2 }, function() while true do end end) end,
              function() task.scope(function(s) s:spawn(function() while true do end end) task.sleep(60) end) end,
            } do
              local started = qdrant.clock()
              local ok, problem = pcall(task.timeout, 0.05, body)
              assert(not ok and problem.code == "DEADLINE_EXCEEDED", tostring(problem))
              assert(qdrant.clock() - started < 5)
            end
            local ok, problem = pcall(task.timeout, 5, error, "its own", 0)
            assert(not ok and problem == "its own")
            """)
    }

    @Test func whatIsShieldedIsDoneWhole() throws {
        try check(
            """
            local steps = {}
            pcall(task.timeout, 0.02, function()
              task.shield(function()
                task.sleep(0.06)
                steps[#steps + 1] = "whole"
              end)
              steps[#steps + 1] = "not reached"
            end)
            assert(table.concat(steps, " ") == "whole", table.concat(steps, " "))
            assert(task.shield(function() return 5 end) == 5)
            """)
    }

    @Test func cancellationIsLevelTriggered() throws {
        try check(
            """
            local caught, cleaned = 0, 0
            pcall(task.timeout, 0.02, function()
              local x <close> = setmetatable({}, { __close = function()
                task.sleep(0.01)
                assert(pcall(error) == false)
                cleaned = cleaned + 1
              end })
              while true do
                pcall(task.sleep, 60)
                caught = caught + 1
              end
            end)
            assert(caught == 0 and cleaned == 1)
            """)
    }

    @Test func deferredFunctionsRunLastFirst() throws {
        let result = try qcsh(
            ["-"],
            input: """
                task.defer(function() print("script ends") end)
                local early <close> = task.defer(function() print("block ends") end)
                task.scope(function()
                  task.defer(function() print("first deferred") end)
                  task.defer(function() task.sleep(0.01) print("last deferred") end)
                  print("body")
                end)
                task.spawn(function() task.sleep(0.02) print("child of the script") end)
                print("main")
                """)
        #expect(
            result.output == """
                body
                last deferred
                first deferred
                main
                block ends
                child of the script
                script ends

                """, "\(result.errors)")
        #expect(result.status == 0)
    }

    @Test func aFailedChildFailsTheScriptWithItsOwnTraceback() throws {
        let result = try qcsh(
            ["-v", "-"],
            input: """
                local function deep() error("from the child") end
                task.spawn(function()
                  task.sleep(0.01)
                  deep()
                end)
                task.spawn(task.sleep, 60)
                """)
        #expect(result.status == 1)
        #expect(result.errors.contains("stdin:1: from the child"))
        #expect(result.errors.contains("in upvalue 'deep'"), "\(result.errors)")
        #expect(result.errors.contains("stdin:4: in function"))
    }

    @Test func channelsHandValuesOverInOrder() throws {
        try check(
            """
            local c = task.channel(2)
            local got = {}
            task.all {
              function() for i = 1, 10 do c:send(i) end c:close() end,
              function() for v in c:each() do got[#got + 1] = v task.sleep(0) end end,
            }
            assert(table.concat(got, ",") == "1,2,3,4,5,6,7,8,9,10")
            assert(c:receive() == nil and not pcall(c.send, c, 1))
            -- Without capacity, sending waits until the value is taken.
            local d, log = task.channel(), {}
            task.all {
              function() d:send("x") log[#log + 1] = "sent" end,
              function() task.sleep(0.02) log[#log + 1] = "taking" d:receive() end,
            }
            assert(log[1] == "taking" and log[2] == "sent")
            -- Who is cancelled while waiting takes nothing away.
            local e = task.channel(1)
            task.scope(function(s)
              local first = s:spawn(function() e:receive() end)
              local second = s:spawn(function() return e:receive() end)
              task.sleep(0)
              first:cancel()
              e:send("kept")
              assert(second:await() == "kept")
            end)
            -- Many of each.
            local many, sum = task.channel(8), 0
            task.scope(function(s)
              for _ = 1, 20 do
                s:spawn(function() for v in many:each() do sum = sum + v end end)
              end
              task.map({ 1, 2, 3, 4 }, function() for i = 1, 500 do many:send(i) end end)
              many:close()
            end)
            assert(sum == 4 * 500 * 501 // 2, sum)
            """)
    }

    @Test func whatACancelledTaskHasPutOffIsDone() throws {
        try check(
            """
            local log = {}
            local ok = pcall(task.map, { 1, 2, 3 }, function(n)
              task.defer(function() task.sleep(0.01) log[#log + 1] = n end)
              if n == 2 then task.sleep(0.02) error("no") end
              task.sleep(100)
            end)
            table.sort(log)
            assert(not ok and table.concat(log) == "123", table.concat(log))
            local handle = task.spawn(function()
              task.defer(function() log[#log + 1] = "late" end)
              task.sleep(100)
            end)
            task.sleep(0.01)
            handle:cancel()
            pcall(handle.await, handle)
            assert(log[4] == "late")
            """)
    }

    @Test func aDurationMayBeWritten() throws {
        try check(
            """
            task.sleep "1ms"
            local ok = pcall(task.timeout, "10ms", function() task.sleep "10m" end)
            assert(not ok)
            """)
    }

    @Test func tasksThatWaitForEachOtherAreAnError() throws {
        let result = try qcsh(["-e", "task.channel():receive()"])
        #expect(result.status == 1)
        #expect(result.errors.contains("deadlock: all tasks are waiting for each other"))
    }

    @Test func whereNoOtherTaskRunsIsSaid() throws {
        try check(
            """
            local ok, problem = pcall(table.sort, { 2, 1 }, function() task.map({ 1 }, print) end)
            assert(not ok and problem:find("table.sort, string.gsub"), problem)
            """)
    }

    /// Two tasks that load one module share one load; modules that wait for each other are named.
    @Test func modulesAreLoadedOnce() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "lua/slow.lua", "task.sleep(0.02) loads = (loads or 0) + 1 return { n = loads }")
        try folder.write("lua/one.lua", "task.sleep(0.01) return require 'two'")
        try folder.write("lua/two.lua", "task.sleep(0.01) return require 'one'")
        let result = try qcsh(
            ["-"],
            input: """
                local modules = task.map({ 1, 2, 3 }, function() return require "slow" end)
                assert(modules[1] == modules[3] and loads == 1)
                local ok, problem = pcall(require, "one")
                assert(not ok and problem:find("requires itself"), problem)
                local ok, problem = pcall(task.map, { "one", "two" }, require)
                assert(not ok and problem:find("requires itself"), problem)
                print("done")
                """, folder: folder.path)
        #expect(result.output == "done\n", "\(result.errors)")
    }
}
