import Contract
import Testing
import Wire

@testable import Codec

@Suite struct ProtobufTests {
    private let reader = ProtobufReader()

    @Test func unknownFieldsSurviveARoundTrip() throws {
        let type = try type("qdrant.cloud.quota.v1.GetAccountQuotasResponse")
        let bytes: [UInt8] =
            [0x0a, 0x01, 0x61] + [0xa2, 0x06, 0x02, 0x68, 0x69] + [0xa8, 0x06, 0x05]
        let message = try reader.message(bytes, as: type)
        #expect(message.string(.accountID) == "a")
        #expect(message.serialized() == bytes)
    }

    @Test func packedAndUnpackedListsAreBothRead() throws {
        let type = try type("qdrant.cloud.booking.v1.ListPackagesRequest")
        let field = try #require(type.field(named: "statuses"))
        #expect(field.isPacked)
        var unpacked = WireWriter()
        unpacked.tag(field.number, .varint)
        unpacked.varint(1)
        unpacked.tag(field.number, .varint)
        unpacked.varint(2)
        var packed = WireWriter()
        packed.tag(field.number, .lengthDelimited)
        packed.lengthDelimited([1, 2])
        let expected = Value.list([.enumeration(1), .enumeration(2)])
        #expect(try reader.message(unpacked.bytes, as: type)[.statuses] == expected)
        #expect(try reader.message(packed.bytes, as: type)[.statuses] == expected)
        // One half packed, the other not.
        #expect(
            try reader.message(packed.bytes + unpacked.bytes, as: type).list(.statuses).count == 4)
        #expect(try reader.message(unpacked.bytes, as: type).serialized() == packed.bytes)
    }

    @Test func aMessageThatComesTwiceIsMerged() throws {
        let type = try type("qdrant.cloud.cluster.v1.GetClusterResponse")
        var first = Message(type)
        first.edit(.cluster) { $0.set(.name, "a") }
        var second = Message(type)
        second.edit(.cluster) { $0.set(.id, "i") }
        let merged = try reader.message(first.serialized() + second.serialized(), as: type)
        #expect(merged.message(.cluster)?.string(.name) == "a")
        #expect(merged.message(.cluster)?.string(.id) == "i")
    }

    @Test func listsGoOnAcrossOtherFields() throws {
        let type = try type("qdrant.cloud.cluster.v1.ListClustersResponse")
        var item = Message(type)
        item.set(.items, [item.new(.items)])
        var total = Message(type)
        total.set(.totalSize, 2)
        let bytes = item.serialized() + total.serialized() + item.serialized()
        #expect(try reader.message(bytes, as: type).list(.items).count == 2)
    }

    @Test func invalidTextNamesItsPath() throws {
        let type = try type("qdrant.cloud.cluster.v1.GetClusterResponse")
        // cluster { name: 0xff }
        let name = try #require(type.fields[0].messageType?.field(named: "name"))
        var inner = WireWriter()
        inner.tag(name.number, .lengthDelimited)
        inner.lengthDelimited([0xff])
        var outer = WireWriter()
        outer.tag(type.fields[0].number, .lengthDelimited)
        outer.lengthDelimited(inner.bytes)
        let error = #expect(throws: CodecError.self) {
            try reader.message(outer.bytes, as: type)
        }
        #expect(error?.reason == .invalidUTF8)
        #expect(error?.path == "cluster.name")
    }

    @Test func wrongWireTypesAndCutOffDataAreRefused() throws {
        let type = try type("qdrant.cloud.cluster.v1.GetClusterRequest")
        let error = #expect(throws: CodecError.self) {
            try reader.message([0x08, 0x01], as: type)
        }
        #expect(error?.reason == .wrongWireType)
        #expect(error?.path == "account_id")
        #expect(throws: CodecError.self) { try reader.message([0x0a, 0x05, 0x61], as: type) }
    }

    @Test func depthIsLimited() throws {
        let type = try type("google.protobuf.Value")
        var bytes: [UInt8] = []
        for _ in 0..<200 {
            // list_value { values { … } }
            var list = WireWriter()
            list.tag(1, .lengthDelimited)
            list.lengthDelimited(bytes)
            var value = WireWriter()
            value.tag(6, .lengthDelimited)
            value.lengthDelimited(list.bytes)
            bytes = value.bytes
        }
        let error = #expect(throws: CodecError.self) { try reader.message(bytes, as: type) }
        #expect(error?.reason == .tooDeep(limit: 100))
    }

    @Test func masksReplaceLeavesAndCreateParents() throws {
        let type = try type("qdrant.cloud.cluster.v1.Cluster")
        var held = Message(type)
        held.set(.name, "old")
        held.edit(.configuration) { $0.set(.numberOfNodes, 1) }
        var update = Message(type)
        update.edit(.configuration) {
            $0.set(.numberOfNodes, 3)
            $0.set(.version, "v9.9.9")
        }
        try held.merge(from: update, paths: ["configuration.number_of_nodes", "labels"])
        #expect(held.string(.name) == "old")
        #expect(held.message(.configuration)?.integer(.numberOfNodes) == 3)
        #expect(held.message(.configuration)?[.version] == nil)
        #expect(throws: MaskError.self) { try held.merge(from: update, paths: ["num_nodes"]) }
        #expect(throws: MaskError.self) { try held.merge(from: update, paths: ["labels.key"]) }
    }

    /// Random messages of every type go through both formats and come back the same.
    @Test func everyTypeOfTheContractGoesThroughBothFormats() throws {
        var random = SeededGenerator(state: 7)
        let types = try Registry.embedded.allMethods().flatMap { [$0.input, $0.output] }
        for type in types {
            for _ in 0..<4 {
                let message = RandomMessages.message(type, depth: 4, &random)
                let binary = try reader.message(message.serialized(), as: type)
                #expect(binary == message, "\(type.fullName)")
                let json = JSONWriter().text(message)
                let back = try JSONReader().message(Array(json.utf8), as: type)
                #expect(back == message, "\(type.fullName): \(json)")
            }
        }
    }
}

/// A generator that gives the same numbers each time (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Messages with fields set at random, within what the types allow.
enum RandomMessages {
    static func message(
        _ type: MessageType, depth: Int, _ random: inout SeededGenerator
    ) -> Message {
        var message = Message(type)
        switch type.wellKnown {
        case .timestamp, .duration:
            message[type.fields[0]] = .int(Int64.random(in: 0...4_000_000_000, using: &random))
            message[type.fields[1]] = .int(Int64.random(in: 0...999, using: &random) * 1_000_000)
            return message
        case .fieldMask:
            message[type.fields[0]] = .list([.string("name"), .string("a_b.c_d")])
            return message
        case .some: return message
        case nil: break
        }
        for field in type.fields where Bool.random(using: &random) {
            if field.isMap {
                message[field] = .map([.string("k"): .string("v")])
            } else if field.isRepeated {
                let count = Int.random(in: 1...3, using: &random)
                let items = (0..<count).compactMap { _ in value(field, depth: depth, &random) }
                if !items.isEmpty { message[field] = .list(items) }
            } else if let value = value(field, depth: depth, &random) {
                message[field] = value
            }
        }
        return message
    }

    private static func value(
        _ field: Field, depth: Int, _ random: inout SeededGenerator
    ) -> Value? {
        switch field.kind {
        case .bool: return .bool(Bool.random(using: &random))
        case .int32, .sint32, .sfixed32:
            return .int(Int64(Int32.random(in: .min ... .max, using: &random)))
        case .int64, .sint64, .sfixed64:
            return .int(Int64.random(in: .min ... .max, using: &random))
        case .uint32, .fixed32: return .uint(UInt64(UInt32.random(in: 0 ... .max, using: &random)))
        case .uint64, .fixed64: return .uint(UInt64.random(in: 0 ... .max, using: &random))
        case .float: return .float(Float.random(in: -1e9...1e9, using: &random))
        case .double: return .double(Double.random(in: -1e300...1e300, using: &random))
        case .string:
            let texts = ["", "plain", "ümläut", "quote \" and \\", "emoji 🦀", "tab\tnul\u{0}end"]
            return .string(texts[Int.random(in: 0..<texts.count, using: &random)])
        case .bytes: return .bytes([0, 255, 128])
        case .enum:
            let values = field.enumType?.values ?? []
            return .enumeration(values[Int.random(in: 0..<values.count, using: &random)].number)
        case .message:
            guard depth > 0, let type = field.messageType else { return nil }
            return .message(message(type, depth: depth - 1, &random))
        case .group: return nil
        }
    }
}
