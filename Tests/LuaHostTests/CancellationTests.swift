import LuaMachine
import Testing

@testable import LuaHost

/// Cancelled tasks are unwound, whatever their code does against it.
@Suite(.serialized) struct CancellationTests {
    /// A machine whose running code can be stopped by the function `stop` or while it waits in `wait`.
    private final class Bench {
        let machine: LuaMachine
        var noted: [String] = []
        var givenUp = 0
        var waiting: [LuaMachine.Resumption] = []
        private var functions: [UInt32] = []

        init() throws {
            machine = try makeMachine()
            machine.onInterrupt(
                { [unowned machine] in if let root = machine.root { machine.cancel(root) } },
                instructionsUsedUp: { [unowned machine] in
                    if let root = machine.root { machine.cancel(root) }
                }, alarm: { _ in })
            let stop = machine.makeFunction { [unowned machine] _ in
                machine.interrupt()
                return .done
            }
            let wait = machine.makeFunction { [unowned self] _ in
                .wait { [unowned self] resumption in
                    waiting.append(resumption)
                    return { [unowned self] in givenUp += 1 }
                }
            }
            let commit = machine.makeFunction { [unowned self] _ in
                .wait(as: .committed("a change")) { [unowned self] resumption in
                    waiting.append(resumption)
                    return { [unowned self] in givenUp += 1 }
                }
            }
            let note = machine.makeFunction { [unowned self] call in
                noted.append(call.arguments.value().text ?? "?")
                return .done
            }
            let sleep = machine.makeFunction { [unowned machine] _ in
                .wait { resumption in
                    let timer = machine.loop.after(1_000_000) { resumption.succeed { _ in } }
                    return { timer.cancel() }
                }
            }
            let kill = machine.makeFunction { [unowned machine] _ in
                machine.killAll()
                return .done
            }
            functions = [stop, wait, commit, note, sleep, kill]
        }

        static let names = "local stop, wait, commit, note, sleep, kill = ...\n"

        /// Starts a chunk as the root task.
        func start(_ source: String, onEnd: @escaping (LuaMachine.Outcome) -> Void) throws {
            guard
                case .function(let function) = try machine.compile(
                    Array((Self.names + source).utf8), name: "=test")
            else { throw LuaFailure("incomplete") }
            defer { machine.release(function) }
            try machine.spawn(
                function, { [functions] in for number in functions { $0.function(number) } },
                isRoot: true, onEnd: onEnd)
        }

        /// Runs a chunk that is cancelled, by itself or here as soon as it waits; the outcome has to
        /// be the cancellation.
        func expectCancelled(
            _ source: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            var outcome: LuaMachine.Outcome?
            try start(source) { outcome = $0 }
            if outcome == nil, let root = machine.root { machine.cancel(root) }
            machine.loop.run { outcome != nil }
            guard case .failure(let failure) = outcome else {
                Issue.record("the task ended by itself", sourceLocation: sourceLocation)
                return
            }
            #expect(
                failure.isCancellation, "\(failure.description)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do pcall(error, 'x') end",
        "while true do xpcall(function() while true do end end, function() note('handler') end) end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        """
        local inner = coroutine.wrap(function()
          while true do pcall(coroutine.wrap(function() while true do end end)) end
        end)
        while true do pcall(inner) end
        """,
        "table.sort({3, 1, 2}, function() while true do end end)",
        "('x'):gsub('x', function() while true do end end)",
        "setmetatable({}, {__index = function() while true do end end}).x = nil; while true do end",
        "local function deep() return deep() end; deep()",
        "load(function() while true do end end)",
    ])
    func codeThatNeverWaitsIsReached(_ code: String) throws {
        let bench = try Bench()
        try bench.expectCancelled("stop()\n" + code)
        #expect(bench.noted.isEmpty)
    }

    @Test(arguments: [
        "wait()",
        "while true do pcall(wait) end",
        "while true do xpcall(wait, function() note('handler') end) end",
        "while true do pcall(pcall, pcall, wait) end",
        "local co = coroutine.wrap(function() while true do pcall(wait) end end); while true do co() end",
        "while true do coroutine.resume(coroutine.create(wait)) end",
        "table.sort({3, 1, 2}, function() while true do pcall(wait) end end)",
        "for _ in wait do end",
        "return setmetatable({}, {__index = function() return wait() end}).x",
    ])
    func aWaitIsGivenUpAndNothingCatchesThat(_ code: String) throws {
        let bench = try Bench()
        if code.contains("table.sort") {
            // The loop turns inside the comparison until somebody cancels.
            bench.machine.loop.after(1_000_000) {
                if let root = bench.machine.root { bench.machine.cancel(root) }
            }
        }
        try bench.expectCancelled(code)
        #expect(bench.givenUp == 1)
        #expect(bench.noted.isEmpty)
    }

    @Test func closersRunAndMayWait() throws {
        let bench = try Bench()
        try bench.expectCancelled(
            """
            local outer <close> = setmetatable({}, { __close = function(_, problem)
              note(tostring(problem))
              sleep()
              pcall(error, "inner errors are caught as usual")
              note("outer")
            end })
            pcall(function()
              local inner <close> = setmetatable({}, { __close = function() sleep() note("inner") end })
              wait()
            end)
            note("not reached")
            """)
        #expect(bench.noted == ["inner", "cancelled", "outer"])
    }

    /// An error of a to-be-closed variable takes the cancellation's place in Lua; it must not let
    /// the task go on.
    @Test(arguments: ["pcall", "xpcall", "coroutine.resume"])
    func aFailingCloserDoesNotSwallowIt(_ catcher: String) throws {
        let bench = try Bench()
        let call =
            switch catcher {
            case "pcall": "pcall(body)"
            case "xpcall": "xpcall(body, function(e) return e end)"
            default: "coroutine.resume(coroutine.create(body))"
            }
        try bench.expectCancelled(
            """
            local function body()
              local x <close> = setmetatable({}, { __close = function() error("oops") end })
              wait()
            end
            for _ = 1, 10 do \(call) end
            note("not reached")
            """)
        #expect(bench.noted.isEmpty)
    }

    @Test func aChangeOnItsWayEndsFirst() throws {
        let bench = try Bench()
        var outcome: LuaMachine.Outcome?
        try bench.start("pcall(commit) note('not reached')") { outcome = $0 }
        let root = try #require(bench.machine.root)
        bench.machine.cancel(root)
        #expect(outcome == nil)
        #expect(bench.machine.committedWaits == ["a change"])
        #expect(bench.waiting[0].isUnwanted)
        bench.waiting[0].succeed { _ in }
        #expect(try #require(outcome).failure?.isCancellation == true)
        #expect(bench.givenUp == 0)
        #expect(bench.noted.isEmpty)
    }

    @Test func whatIsKilledWaitsForNothing() throws {
        let bench = try Bench()
        var outcome: LuaMachine.Outcome?
        try bench.start(
            """
            local x <close> = setmetatable({}, { __close = function()
              note("closing")
              pcall(wait)
              note("not reached")
            end })
            commit()
            """
        ) { outcome = $0 }
        bench.machine.killAll()
        #expect(try #require(outcome).failure?.isCancellation == true)
        #expect(bench.givenUp == 1)
        #expect(bench.noted == [])
    }

    @Test func aCloserThatNeverEndsIsKilled() throws {
        let bench = try Bench()
        try bench.expectCancelled(
            """
            local x <close> = setmetatable({}, { __close = function()
              kill()
              while true do pcall(function() while true do end end) end
            end })
            wait()
            """)
    }

    @Test func instructionsAreCountedInEveryCoroutine() throws {
        let bench = try Bench()
        bench.machine.limitInstructions(1_000_000)
        try bench.expectCancelled(
            "while true do pcall(coroutine.wrap(function() for i = 1, 1e4 do end end)) end")
        let free = try Bench()
        free.machine.limitInstructions(1_000_000)
        var outcome: LuaMachine.Outcome?
        try free.start("for i = 1, 1e5 do end return 7") { outcome = $0 }
        #expect(try outcome?.get().first?.integer == 7)
    }

    @Test func tasksThatWaitForEachOtherAreTold() throws {
        let machine = try makeMachine()
        let wait = machine.makeFunction { _ in .wait(as: .inner) { _ in nil } }
        let failure = #expect(throws: LuaFailure.self) {
            try machine.evaluate("local wait = ...; wait()", [wait])
        }
        #expect(failure?.description.contains("all tasks are waiting for each other") == true)
    }

    /// Where Lua can yield, and where the loop turns for the one operation.
    @Test(arguments: [
        "return sleep() or 7",
        "return select(2, pcall(function() sleep() return 7 end))",
        "return select(2, xpcall(function() sleep() return 7 end, print))",
        "return setmetatable({}, { __index = function() sleep() return 7 end }).x",
        "local m = { __lt = function() sleep() return true end }; local a, b = setmetatable({}, m), "
            + "setmetatable({}, m); return a < b and 7",
        "local t = {}; for k, v in pairs(setmetatable({}, { __pairs = function() sleep() return next, "
            + "{ a = 7 } end })) do t[k] = v end; return t.a",
        "for x in function(_, c) sleep() return not c and 7 or nil end do return x end",
        "do local x <close> = setmetatable({}, { __close = function() sleep() end }) end return 7",
        "local t = { 3, 1, 2 }; table.sort(t, function(a, b) sleep() return a < b end); return t[3] + 4",
        "return tonumber((('x'):gsub('x', function() sleep() return '7' end)))",
        "return tonumber(tostring(setmetatable({}, { __tostring = function() sleep() return '7' end })))",
        "return coroutine.wrap(function() sleep() return 7 end)()",
        "return select(2, coroutine.resume(coroutine.create(function() sleep() return 7 end)))",
        "local co = coroutine.wrap(function() sleep() coroutine.yield(3) sleep() return 4 end); "
            + "return co() + co()",
        "local parts = { 'return', ' 7' }; return load(function() sleep() return table.remove(parts, 1) "
            + "end)()",
        "return select(2, xpcall(error, function() sleep() return 7 end))",
    ])
    func everyPlaceMayWait(_ code: String) throws {
        let bench = try Bench()
        var outcome: LuaMachine.Outcome?
        try bench.start(code) { outcome = $0 }
        bench.machine.loop.run { outcome != nil }
        #expect(try outcome?.get().first?.integer == 7)
    }
}

extension Result {
    /// What went wrong.
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }
}
