import Contract
import SwiftProtobuf

/// The descriptors of contracts that exist only in tests.
public enum MadeContract {
    public typealias File = Google_Protobuf_FileDescriptorProto
    public typealias Message = Google_Protobuf_DescriptorProto
    public typealias Field = Google_Protobuf_FieldDescriptorProto
    public typealias Enum = Google_Protobuf_EnumDescriptorProto

    /// A field; `type` is the full name of its message or enum, with a dot before it.
    public static func field(
        _ name: String, _ number: Int32, _ kind: Field.TypeEnum, _ type: String? = nil,
        isRepeated: Bool = false
    ) -> Field {
        var field = Field()
        field.name = name
        field.number = number
        field.label = isRepeated ? .repeated : .optional
        field.type = kind
        if let type { field.typeName = type }
        return field
    }

    /// A message.
    public static func message(
        _ name: String, _ fields: [Field], nested: [Message] = [], isMapEntry: Bool = false
    ) -> Message {
        var message = Message()
        message.name = name
        message.field = fields
        message.nestedType = nested
        if isMapEntry { message.options.mapEntry = true }
        return message
    }

    /// An enum; its values are numbered from 0.
    public static func enumeration(_ name: String, _ values: [String]) -> Enum {
        var enumeration = Enum()
        enumeration.name = name
        enumeration.value = values.enumerated().map { number, name in
            var value = Google_Protobuf_EnumValueDescriptorProto()
            value.name = name
            value.number = Int32(number)
            return value
        }
        return enumeration
    }

    /// A file of the package `p`.
    public static func file(
        _ name: String, imports: [String] = [], _ messages: [Message], enums: [Enum] = []
    ) -> File {
        var file = File()
        file.name = name
        file.package = "p"
        file.syntax = "proto3"
        file.dependency = imports
        file.messageType = messages
        file.enumType = enums
        return file
    }

    /// The files as a serialized FileDescriptorSet.
    public static func set(_ files: [File]) throws -> [UInt8] {
        var set = Google_Protobuf_FileDescriptorSet()
        set.file = files
        return try set.serializedBytes()
    }
}
