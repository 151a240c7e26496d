import Contract
import TestSupport
import Testing

@testable import Codec

/// Enum values whose names only a newer server knows: in singular and repeated fields and in maps.
@Suite struct UnknownEnumTests {
    /// `message M { E one = 1; repeated E many = 2; map<string, E> named = 3; M inner = 4; }`
    private static func registry() throws -> Registry {
        let entry = MadeContract.message(
            "NamedEntry",
            [
                MadeContract.field("key", 1, .string),
                MadeContract.field("value", 2, .enum, ".p.E"),
            ], isMapEntry: true)
        let message = MadeContract.message(
            "M",
            [
                MadeContract.field("one", 1, .enum, ".p.E"),
                MadeContract.field("many", 2, .enum, ".p.E", isRepeated: true),
                MadeContract.field("named", 3, .message, ".p.M.NamedEntry", isRepeated: true),
                MadeContract.field("inner", 4, .message, ".p.M"),
            ], nested: [entry])
        let values = MadeContract.enumeration("E", ["E_UNSPECIFIED", "E_KNOWN"])
        let file = MadeContract.file("f.proto", [message], enums: [values])
        return try Registry(descriptorSet: MadeContract.set([file]))
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
