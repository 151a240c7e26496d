import Testing

@testable import Contract

/// Contracts that a server or a file of somebody else could hand over.
@Suite struct HostileContractTests {
    /// A field of a serialized message (of less than 2^14 bytes).
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        let length = bytes.count
        let size = length < 128 ? [UInt8(length)] : [UInt8(length & 127 | 128), UInt8(length >> 7)]
        return [number << 3 | 2] + size + bytes
    }

    private static func field(_ number: UInt8, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }

    private static func varint(_ number: UInt8, _ value: UInt8) -> [UInt8] {
        [number << 3, value]
    }

    /// A FieldDescriptorProto of a message type.
    private static func reference(_ number: UInt8, to type: String, isRepeated: Bool) -> [UInt8] {
        field(1, "f\(number)") + varint(3, number) + varint(4, isRepeated ? 3 : 1) + varint(5, 11)
            + field(6, type)
    }

    /// A file for each of the messages M0, M1 and so on, each of which needs the next.
    private static func chain(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { index -> [UInt8] in
            let isLast = index == count - 1
            let next = reference(1, to: ".p.M\(index + 1)", isRepeated: false)
            let message = field(1, "M\(index)") + (isLast ? [] : field(2, next))
            let file =
                field(1, "f\(index).proto") + field(2, "p")
                + (isLast ? [] : field(3, "f\(index + 1).proto")) + field(4, message)
                + field(12, "proto3")
            return field(1, file)
        }
    }

    @Test func longChainsOfFilesAreRefused() throws {
        let short = try Registry(descriptorSet: Self.chain(150))
        #expect(try short.message(named: "p.M0")?.fields.count == 1)
        let long = try Registry(descriptorSet: Self.chain(5000))
        let error = #expect(throws: ContractError.self) { try long.message(named: "p.M0") }
        #expect(error.map { "\($0)" }?.contains("200 deep") == true)
        // From the end on, each needs one more.
        #expect(try long.message(named: "p.M4990") != nil)
        // Each file comes after those that it needs.
        let set = long.descriptorSet()
        #expect(set.count == Self.chain(5000).count)
        let again = try Registry(descriptorSet: set)
        #expect(try again.message(named: "p.M4990") != nil)
        #expect(again.serializedFile(named: "f0.proto") != nil)
    }

    @Test func aMapThatHoldsItselfIsNoMap() throws {
        let entry =
            Self.field(1, "E") + Self.field(2, Self.reference(1, to: ".p.E", isRepeated: true))
            + Self.field(2, Self.reference(2, to: ".p.E", isRepeated: true))
            + Self.field(7, Self.varint(7, 1))
        let file =
            Self.field(1, "f.proto") + Self.field(2, "p") + Self.field(4, entry)
            + Self.field(12, "proto3")
        let type = try #require(
            try Registry(descriptorSet: Self.field(1, file)).message(named: "p.E"))
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
