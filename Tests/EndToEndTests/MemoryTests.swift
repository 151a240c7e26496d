import TestSupport
import Testing

/// What the machine's own allocator keeps, seen from outside: each script is a process of its own.
@Suite struct MemoryTests {
    /// What was waited for and is not waited for any more costs no memory, whatever the wait.
    @Test(arguments: [
        "task.timeout('1h', function() end)",
        "task.timeout('1h', task.sleep, 0)",
        "task.race { function() end, function() task.sleep('1h') end }",
        "task.scope(function(s) local h = s:spawn(task.sleep, '1h') task.sleep(0) h:cancel() end)",
        "pcall(task.timeout, 0, function() task.channel():receive() end)",
        "pcall(http.get, 'http://127.0.0.1:1/', { timeout = '1h', retries = 0 })",
        "process.run({ 'true' }, { timeout = '1h' })",
    ])
    func waitsThatAreOverCostNothing(_ wait: String) throws {
        let count = wait.hasPrefix("process") ? 1500 : wait.contains("http") ? 2000 : 20_000
        let result = try qcsh(
            ["-"],
            input: """
                local function resident()
                  collectgarbage()
                  return math.tointeger(fs.read("/proc/self/statm"):match("%S+ (%S+)")) * 4096
                end
                local function wait() \(wait) end
                -- The first round fills what later ones use again.
                for _ = 1, \(count) do wait() end
                local before = resident()
                for _ = 1, \(count) do wait() end
                print((resident() - before) // \(count))
                """)
        let bytes = try #require(Int(result.output.dropLast()), "\(result.errors)")
        #expect(bytes < 24, "\(wait): \(bytes) bytes each")
    }

    /// Bytes in memory after 60,000 strings of one length after the other, 17 MB a length: what one
    /// leaves, the next has to be able to use. Without that it would be 440 MB.
    @Test func memoryOfOneSizeServesAnother() throws {
        let result = try qcsh(
            ["-"],
            input: """
                for length = 41, 450, 16 do
                  local kept = {}
                  for i = 1, 60000 do kept[i] = ("x"):rep(length) .. i end
                  kept = nil
                  collectgarbage()
                end
                print(math.tointeger(fs.read("/proc/self/statm"):match("%S+ (%S+)")) * 4096)
                print(collectgarbage("count") * 1024 // 1)
                """)
        let numbers = result.output.split(separator: "\n").compactMap { Double($0) }
        try #require(numbers.count == 2, "\(result.errors)")
        #expect(numbers[0] < 150e6)
        #expect(numbers[1] < 1e6)
    }
}
