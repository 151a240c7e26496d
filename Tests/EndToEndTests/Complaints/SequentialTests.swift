import TestSupport
import Testing

/// "Async that looks sync": every place where other shells need a special word or cannot wait at all.
@Suite struct SequentialTests {
    /// The call is one of the API, over the network, each time.
    @Test(arguments: [
        "return count()",
        "local n repeat n = count() until n == 2 return n",
        "return select(2, pcall(count))",
        "return select(2, xpcall(count, debug.traceback))",
        "return coroutine.wrap(count)()",
        "local co = coroutine.create(function() coroutine.yield(count()) return count() end) "
            + "local _, a = coroutine.resume(co) local _, b = coroutine.resume(co) return a + b - 2",
        "local t = { 3, 1, 2 } table.sort(t, function(a, b) return count() == 2 and a < b end) return t[2]",
        "return tonumber((('x'):gsub('x', function() return tostring(count()) end)))",
        "return setmetatable({}, { __index = function() return count() end }).anything",
        "return setmetatable({}, { __call = function() return count() end })()",
        "return #tostring(setmetatable({}, { __tostring = function() return ('x'):rep(count()) end }))",
        "return setmetatable({}, { __add = function() return count() end }) + 1",
        "local x = setmetatable({}, { __lt = function() return count() == 2 end }) return x < x and 2",
        "local x = setmetatable({}, { __concat = function() return count() end }) return x .. 'y'",
        "for n in function(_, last) return not last and count() or nil end do return n end",
        "do local x <close> = setmetatable({}, { __close = function() N = count() end }) end return N",
        "local parts = { 'return count', '()' } return load(function() count() return table.remove(parts, 1) end)()",
        "return (require 'counts')",
        "return dofile('lua/counts.lua')",
        "return task.all({ count, count })[2]",
        "return (task.timeout(30, count))",
        "return task.scope(function(s) return (s:spawn(count):await()) end)",
        "local sum = 0 for _ in qdrant.api.cluster.list_clusters:each { page_size = 1 } do sum = sum + 1 end return sum",
        "local first for c in qdrant.api.cluster.list_clusters:each { page_size = 1 } do first = c break end return first and 2",
        "return #qdrant.api.cluster.list_clusters:all { page_size = 1 }",
    ])
    func aCallWaitsWhereverItStands(_ code: String) throws {
        let folder = try TemporaryFolder()
        let prelude = "function count() return #qdrant.api.cluster.list_clusters {}.items end\n"
        try folder.write("lua/counts.lua", "return count()")
        let script = try folder.write("script.lua", prelude + code)
        let result = try qcsh(["--sandbox", script], folder: folder.path)
        #expect(result.output == "2\n", "\(result.errors)")
    }

    /// Where nothing can wait for other tasks, that is said in words.
    @Test func whereItCannotBeThatIsSaid() throws {
        let result = try qcsh([
            "-e",
            "local c = task.channel() task.spawn(function() task.sleep(0.01) c:send(1) end) "
                + "table.sort({ 2, 1 }, function() return c:receive() end)",
        ])
        #expect(result.status == 1)
        #expect(result.errors.contains("table.sort, string.gsub"), "\(result.errors)")
    }
}
