import Contract
import Testing

@testable import Codec

/// Enum values whose names only a newer server knows: in singular and repeated fields and in maps.
@Suite struct UnknownEnumTests {
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

    /// A FieldDescriptorProto. Kinds: 9 is text, 11 a message, 14 an enum.
    private static func member(
        _ name: String, _ number: UInt8, kind: UInt8, _ type: String? = nil,
        isRepeated: Bool = false
    ) -> [UInt8] {
        field(1, name) + varint(3, number) + varint(4, isRepeated ? 3 : 1) + varint(5, kind)
            + (type.map { field(6, $0) } ?? [])
    }

    /// `message M { E one = 1; repeated E many = 2; map<string, E> named = 3; M inner = 4; }`
    private static func registry() throws -> Registry {
        let entry =
            field(1, "NamedEntry") + field(2, member("key", 1, kind: 9))
            + field(2, member("value", 2, kind: 14, ".p.E")) + field(7, varint(7, 1))
        let message =
            field(1, "M") + field(2, member("one", 1, kind: 14, ".p.E"))
            + field(2, member("many", 2, kind: 14, ".p.E", isRepeated: true))
            + field(2, member("named", 3, kind: 11, ".p.M.NamedEntry", isRepeated: true))
            + field(2, member("inner", 4, kind: 11, ".p.M")) + field(3, entry)
        let values = [("E_UNSPECIFIED", 0), ("E_KNOWN", 1)] as [(String, UInt8)]
        let enumeration =
            field(1, "E") + values.flatMap { field(2, field(1, $0.0) + varint(2, $0.1)) }
        let file =
            field(1, "f.proto") + field(2, "p") + field(4, message) + field(5, enumeration)
            + field(12, "proto3")
        return try Registry(descriptorSet: field(1, file))
    }

    private static let forms = [
        (#"{"one":"E_NEW"}"#, "one", "{}"),
        (#"{"many":["E_KNOWN","E_NEW"]}"#, "many[2]", #"{"many":["E_KNOWN"]}"#),
        (
            #"{"named":{"a":"E_KNOWN","b":"E_NEW"}}"#, #"named["b"]"#,
            #"{"named":{"a":"E_KNOWN"}}"#
        ),
        (#"{"inner":{"one":"E_NEW"}}"#, "inner.one", #"{"inner":{}}"#),
    ]

    @Test(arguments: forms)
    func theNameComesBackOutOfTheMessage(_ form: (String, String, String)) throws {
        let (json, path, known) = form
        // A type does not keep its registry.
        let registry = try Self.registry()
        defer { withExtendedLifetime(registry) {} }
        let type = try #require(try registry.message(named: "p.M"))
        #expect(throws: CodecError.self) { try JSONReader().message(Array(json.utf8), as: type) }
        let lenient = JSONReader(ignoresUnknownEnumNames: true)
        let message = try lenient.message(Array(json.utf8), as: type)
        #expect(JSONWriter().text(message) == json)
        #expect(message.unknownEnumName?.path == path)
        #expect(message.unknownEnumName?.name == "E_NEW")
        // The binary format has no form for the name, and stays well-formed without it.
        let bytes = try ProtobufReader().message(message.serialized(), as: type)
        #expect(bytes.unknownEnumName == nil)
        // A gateway leaves out what it does not know.
        let dropped = try lenient.message(
            Array(json.utf8), as: type, dropsUnknownEnumNames: true)
        #expect(JSONWriter().text(dropped) == known)
    }
}
