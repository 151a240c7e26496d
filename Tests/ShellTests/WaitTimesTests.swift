import Foundation
import TestSupport
import Testing

@testable import Shell

struct WaitTimesTests {
    @Test func theMedianOfTheLastNineIsUsual() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/deep/waits"
        let times = WaitTimes(path: path) {
            try? FileManager.default.createDirectory(
                atPath: folder.path + "/deep", withIntermediateDirectories: true)
        }
        #expect(times.usual("create") == nil)
        times.add(10, to: "create")
        #expect(times.usual("create") == 10)
        for seconds in [1, 2, 3, 4, 5, 6, 7, 8, 9] as [Double] { times.add(seconds, to: "create") }
        times.add(100, to: "delete a\tb")
        #expect(times.usual("create") == 5)
        #expect(times.usual("delete a\tb") == 100)
        #expect(WaitTimes(path: path).usual("create") == 5)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func whatCannotBeReadOrWrittenIsForgotten() throws {
        let folder = try TemporaryFolder()
        let damaged = try folder.write("waits", "nonsense\n\t\n1 x 3\tkind\n")
        #expect(WaitTimes(path: damaged).usual("kind") == 3)
        let nowhere = WaitTimes(path: folder.path + "/none/waits")
        nowhere.add(1, to: "kind")
        #expect(nowhere.usual("kind") == nil)
    }
}
