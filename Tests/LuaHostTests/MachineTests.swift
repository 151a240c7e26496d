import EventLoop
import LuaMachine
import Testing

@testable import LuaHost

/// A machine on a loop with the real clock.
func makeMachine(memoryLimit: Int? = nil) throws -> LuaMachine {
    try LuaMachine(loop: PollLoop(now: testClock), memoryLimit: memoryLimit)
}

/// Nanoseconds of a clock that never goes back.
func testClock() -> Int64 {
    let now = ContinuousClock.now.duration(to: origin)
    let (seconds, attoseconds) = now.components
    return -(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
}

private let origin = ContinuousClock.now

extension LuaMachine {
    /// Runs a chunk as a task, with host functions as its arguments.
    func evaluate(_ source: String, _ functions: [UInt32] = []) throws -> [LuaValue] {
        guard case .function(let function) = try compile(Array(source.utf8), name: "=test") else {
            throw LuaFailure("incomplete")
        }
        defer { release(function) }
        return try run(function) { writer in for number in functions { writer.function(number) } }
    }
}

/// An object whose life is counted.
final class Canary {
    nonisolated(unsafe) static var alive = 0
    init() { Canary.alive += 1 }
    deinit { Canary.alive -= 1 }
}

@Suite(.serialized) struct MachineTests {
    @Test func valuesCrossUnchanged() throws {
        let machine = try makeMachine()
        let echo = machine.makeFunction { call in
            while !call.arguments.isAtEnd { call.results.put(call.arguments.value()) }
            return .done
        }
        let result = try machine.evaluate(
            #"local echo = ...; return echo(1, 2^53, -0.5, "a\0b", true, nil, {1, {x = "y"}})"#,
            [echo])
        #expect(result.count == 7)
        #expect(result[0].integer == 1)
        #expect(result[1].number == 9_007_199_254_740_992)
        #expect(result[3].text == "a\0b")
        #expect(result[6].table?.array?[1].table?["x"]?.text == "y")
    }

    @Test func functionsThatNobodyKeepsAreNotKept() throws {
        let machine = try makeMachine()
        let ignore = machine.makeFunction { call in
            while !call.arguments.isAtEnd { _ = call.arguments.value() }
            return .done
        }
        let keep = machine.makeFunction(
            { call in
                guard case .function(let reference) = call.arguments.value() else { return .done }
                call.machine.release(reference)
                return .done
            }, keepsFunctions: true)
        _ = try machine.evaluate("local f = ...; f(print, { print })", [ignore])
        machine.collect()
        let before = machine.memoryUsed
        _ = try machine.evaluate(
            """
            local ignore, keep = ...
            for i = 1, 20000 do
              ignore(function() return i end, { function() return i end })
              keep(function() return i end)
            end
            """, [ignore, keep])
        machine.collect()
        #expect(machine.memoryUsed < before + 4096)
    }

    @Test func scriptsAreTextOnly() throws {
        let machine = try makeMachine()
        #expect(throws: LuaFailure.self) {
            try machine.compile([0x1b] + Array("Lua".utf8), name: "=binary")
        }
        let result = try machine.evaluate(
            #"return load(string.dump(function() end)), load("return 1", "x", "b")"#)
        guard case .nil = result[0] else {
            Issue.record("a binary chunk was loaded")
            return
        }
        #expect(result.count >= 2)
    }

    @Test func nativeModulesAndDebugAreOutOfReach() throws {
        let machine = try makeMachine()
        let result = try machine.evaluate(
            "return package.loadlib, package.cpath, debug.sethook, debug.getregistry, debug.traceback ~= nil"
        )
        #expect(result[1].text == "")
        for index in [0, 2, 3] {
            guard case .nil = result[index] else {
                Issue.record("value \(index) is reachable")
                continue
            }
        }
        guard case .bool(true) = result[4] else {
            Issue.record("debug.traceback is gone")
            return
        }
    }

    @Test func incompleteChunksAreTold() throws {
        let machine = try makeMachine()
        guard case .incomplete = try machine.compile(Array("if x then".utf8), name: "=x") else {
            Issue.record("not told to be incomplete")
            return
        }
        #expect(throws: LuaFailure.self) { try machine.compile(Array("x x".utf8), name: "=x") }
    }

    @Test func errorsHaveATracebackWithLines() throws {
        let machine = try makeMachine()
        let failure = #expect(throws: LuaFailure.self) {
            try machine.evaluate("local function f()\n  error('boom')\nend\nf()")
        }
        #expect(failure?.description == "test:2: boom")
        #expect(failure?.traceback.contains("test:4:") == true)
    }

    @Test func cyclicDeepAndOddValuesAreRefusedWithAPath() throws {
        let machine = try makeMachine()
        let take = machine.makeFunction { call in
            _ = call.arguments.rest()
            return .done
        }
        let cases = [
            ("local t = {a = {}}; t.a.b = t; take(t)", "contains itself at .a.b"),
            (
                "local t = {}; local c = t; for i = 1, 150 do c.n = {}; c = c.n end; take(t)",
                "nested too deep at .n"
            ),
            ("take({cluster = {labels = {io.stdout}}})", "at .cluster.labels[1]"),
        ]
        for (code, words) in cases {
            let failure = #expect(throws: LuaFailure.self) {
                try machine.evaluate("local take = ...; " + code, [take])
            }
            #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
        }
    }

    @Test func hugeTablesAreRefused() throws {
        let machine = try makeMachine()
        let take = machine.makeFunction { _ in .done }
        let failure = #expect(throws: LuaFailure.self) {
            try machine.evaluate(
                "local take = ...; local s = ('x'):rep(2^20); local t = {}; for i = 1, 300 do t[i] = {s} end; take(t)",
                [take])
        }
        #expect(failure?.description.contains("too large") == true)
    }

    /// A Swift object that is alive while a host call ends in an error, a yield or a lack of memory
    /// is released: no Swift frame is jumped over.
    @Test func swiftObjectsOutliveNoErrorYieldOrLackOfMemory() throws {
        Canary.alive = 0
        let machine = try makeMachine()
        let fail = machine.makeFunction { _ in
            let canary = Canary()
            defer { withExtendedLifetime(canary) {} }
            throw HostError.message("no")
        }
        let wait = machine.makeFunction { _ in
            let canary = Canary()
            return .wait { resumption in
                withExtendedLifetime(canary) { resumption.succeed { $0.put(1) } }
                return nil
            }
        }
        let give = machine.makeFunction { call in
            let canary = Canary()
            defer { withExtendedLifetime(canary) {} }
            call.results.put(String(repeating: "x", count: 100_000))
            return .done
        }
        let result = try machine.evaluate(
            """
            local fail, wait, give = ...
            local failed, waited = 0, 0
            for i = 1, 10000 do
              if not pcall(fail) then failed = failed + 1 end
              waited = waited + wait()
            end
            return failed, waited
            """, [fail, wait, give])
        #expect(result.map(\.integer) == [10_000, 10_000])
        #expect(Canary.alive == 0)

        let small = try makeMachine(memoryLimit: 2_000_000)
        let smallGive = small.makeFunction { call in
            let canary = Canary()
            defer { withExtendedLifetime(canary) {} }
            call.results.put(String(repeating: "x", count: 700_000))
            return .done
        }
        let outcome = try small.evaluate(
            """
            local give = ...
            local kept, refused = {}, 0
            for i = 1, 10000 do
              local ok, value = pcall(give)
              if ok then if #kept < 2 then kept[#kept + 1] = value end elseif not ok then refused = refused + 1 end
            end
            return refused
            """, [smallGive])
        #expect((outcome.first?.integer ?? 0) > 0, "memory never ran out")
        #expect(Canary.alive == 0)
    }

    @Test func memoryIsLimitedAndTheMachineGoesOn() throws {
        let machine = try makeMachine(memoryLimit: 8 << 20)
        let failure = #expect(throws: LuaFailure.self) {
            try machine.evaluate("local t = {} for i = 1, 1e9 do t[i] = i end")
        }
        #expect(failure?.description == "not enough memory")
        #expect(try machine.evaluate("return 1").first?.integer == 1)
    }

    @Test func hostCallsWaitInsideTheScriptsOwnCoroutines() throws {
        let machine = try makeMachine()
        let wait = machine.makeFunction { call in
            let value = call.arguments.value()
            return .wait { [loop = machine.loop] resumption in
                loop.after(1_000_000) { resumption.succeed { $0.put(value) } }
                return nil
            }
        }
        let result = try machine.evaluate(
            """
            local wait = ...
            local co = coroutine.wrap(function(a)
              local b = coroutine.yield(a + wait(10))
              return wait(b)
            end)
            return co(1), co(5), pcall(function() return wait(7) end)
            """, [wait])
        #expect(result[0].integer == 11)
        #expect(result[1].integer == 5)
        #expect(result[3].integer == 7)
    }

    @Test func hostCallsWaitWhereLuaCannotYield() throws {
        let machine = try makeMachine()
        let wait = machine.makeFunction { call in
            .wait { [loop = machine.loop] resumption in
                loop.after(1_000_000) { resumption.succeed { $0.put(1) } }
                return nil
            }
        }
        let result = try machine.evaluate(
            """
            local wait = ...
            local t = {3, 1, 2}
            table.sort(t, function(a, b) wait() return a < b end)
            local s = ("abc"):gsub(".", function(c) wait() return c:upper() end)
            return table.concat(t, ","), s
            """, [wait])
        #expect(result.map(\.text) == ["1,2,3", "ABC"])
    }
}
