import TestSupport
import Testing

/// What the machine's own allocator keeps, seen from outside: each script is a process of its own.
@Suite struct MemoryTests {
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
