import TestSupport
import Testing

@testable import Contract

/// Contracts that a server or a file of somebody else could hand over.
@Suite struct HostileContractTests {
    /// A file for each of the messages M0, M1 and so on, each of which needs the next.
    private static func chain(_ count: Int) throws -> [UInt8] {
        try MadeContract.set(
            (0..<count).map { index in
                let next = index + 1 < count ? [index + 1] : []
                let fields = next.map { MadeContract.field("f1", 1, .message, ".p.M\($0)") }
                return MadeContract.file(
                    "f\(index).proto", imports: next.map { "f\($0).proto" },
                    [MadeContract.message("M\(index)", fields)])
            })
    }

    @Test func longChainsOfFilesAreRefused() throws {
        let short = try Registry(descriptorSet: try Self.chain(150))
        #expect(try short.message(named: "p.M0")?.fields.count == 1)
        let long = try Registry(descriptorSet: try Self.chain(5000))
        let error = #expect(throws: ContractError.self) { try long.message(named: "p.M0") }
        #expect(error.map { "\($0)" }?.contains("200 deep") == true)
        // From the end on, each needs one more.
        #expect(try long.message(named: "p.M4990") != nil)
        // Each file comes after those that it needs.
        let set = long.descriptorSet()
        #expect(try set.count == Self.chain(5000).count)
        let again = try Registry(descriptorSet: set)
        #expect(try again.message(named: "p.M4990") != nil)
        #expect(again.serializedFile(named: "f0.proto") != nil)
    }

    @Test func aMapThatHoldsItselfIsNoMap() throws {
        let fields = [1, 2].map { number in
            MadeContract.field(
                "f\(number)", Int32(number), .message, ".p.E", isRepeated: true)
        }
        let entry = MadeContract.message("E", fields, isMapEntry: true)
        let set = try MadeContract.set([MadeContract.file("f.proto", [entry])])
        let type = try #require(try Registry(descriptorSet: set).message(named: "p.E"))
        #expect(type.fields.allSatisfy { !$0.isMap })
        #expect(type.fields[0].typeName == "p.E")
    }

    @Test func namesWithoutEndTakeNoTime() {
        let registry = Registry.embedded
        let start = ContinuousClock.now
        #expect(registry.fileName(defining: String(repeating: ".", count: 4 << 20)) == nil)
        let name = String(repeating: "x", count: 1 << 20)
        #expect(Names.nearest(to: name, in: ["cluster", "account"]) == nil)
        #expect(ContinuousClock.now - start < .seconds(2))
    }
}
