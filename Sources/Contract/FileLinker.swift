import SwiftProtobuf
import Wire

/// Turns one parsed file into the model's types. References between types are left to the registry.
struct FileLinker {
    /// What a file defines.
    struct Types {
        var messages: [MessageType] = []
        var enums: [EnumType] = []
        /// Fields whose type is still a name.
        var references: [(field: Field, typeName: String)] = []
    }

    let file: String
    let descriptor: Google_Protobuf_FileDescriptorProto

    private var types = Types()
    private var firstMessageID = 0
    private var firstEnumID = 0

    init(file: String, descriptor: Google_Protobuf_FileDescriptorProto) {
        self.file = file
        self.descriptor = descriptor
    }

    mutating func buildTypes(
        firstMessageID: Int, firstEnumID: Int
    ) throws(ContractError) -> Types {
        self.firstMessageID = firstMessageID
        self.firstEnumID = firstEnumID
        let scope = descriptor.package.isEmpty ? "" : descriptor.package + "."
        do {
            for (index, message) in descriptor.messageType.enumerated() {
                try add(message, scope: scope, path: [4, Int32(index)])
            }
        } catch {
            throw .malformed(file: file, reason: "\(error)")
        }
        for (index, type) in descriptor.enumType.enumerated() {
            add(type, scope: scope, path: [5, Int32(index)])
        }
        return types
    }

    private mutating func add(
        _ message: Google_Protobuf_DescriptorProto, scope: String, path: SourcePath
    ) throws(WireError) {
        let fullName = scope + message.name
        var realOneofs = 0
        let synthetic = Set(message.field.filter(\.proto3Optional).map(\.oneofIndex))
        var oneofPosition: [Int32: Int] = [:]
        for index in message.oneofDecl.indices where !synthetic.contains(Int32(index)) {
            oneofPosition[Int32(index)] = realOneofs
            realOneofs += 1
        }
        var fields: [Field] = []
        var arms = [[Int]](repeating: [], count: realOneofs)
        for (index, field) in message.field.enumerated() {
            guard (1...536_870_911).contains(field.number), index <= Int(Int16.max) else {
                throw WireError.invalidTag
            }
            let oneof = field.hasOneofIndex ? oneofPosition[field.oneofIndex] : nil
            if let oneof { arms[oneof].append(index) }
            let built = try Self.field(
                field, of: fullName, index: index, oneof: oneof,
                source: SourceLocation(file: file, path: path + [2, Int32(index)]))
            fields.append(built)
            if !field.typeName.isEmpty {
                types.references.append((built, String(field.typeName.dropFirst())))
            }
        }
        var oneofs: [Oneof] = []
        for (index, oneof) in message.oneofDecl.enumerated() {
            guard let position = oneofPosition[Int32(index)] else { continue }
            oneofs.append(
                Oneof(
                    name: oneof.name, fieldIndexes: arms[position],
                    isRequired: try Self.isRequired(oneof)))
        }
        types.messages.append(
            MessageType(
                fullName: fullName, id: firstMessageID + types.messages.count, fields: fields,
                typeNames: message.field.map(\.typeName), oneofs: oneofs,
                isMapEntry: message.options.mapEntry && fields.map(\.number) == [1, 2],
                rules: try MessageRules(options: Array(message.options.unknownFields.data)),
                source: SourceLocation(file: file, path: path)))
        for (index, nested) in message.nestedType.enumerated() {
            try add(nested, scope: fullName + ".", path: path + [3, Int32(index)])
        }
        for (index, nested) in message.enumType.enumerated() {
            add(nested, scope: fullName + ".", path: path + [4, Int32(index)])
        }
    }

    private mutating func add(
        _ type: Google_Protobuf_EnumDescriptorProto, scope: String, path: SourcePath
    ) {
        types.enums.append(
            EnumType(
                fullName: scope + type.name, id: firstEnumID + types.enums.count,
                values: type.value.map { EnumType.Value(name: $0.name, number: $0.number) },
                source: SourceLocation(file: file, path: path)))
    }

    private static func field(
        _ field: Google_Protobuf_FieldDescriptorProto, of message: String, index: Int, oneof: Int?,
        source: SourceLocation
    ) throws(WireError) -> Field {
        let kind = Field.Kind(rawValue: field.type.rawValue) ?? .bytes
        let isRepeated = field.label == .repeated
        let isPackable =
            switch kind {
            case .string, .bytes, .message, .group: false
            default: isRepeated
            }
        return Field(
            name: field.name,
            jsonName: field.hasJsonName ? field.jsonName : Names.lowerCamelCase(field.name),
            number: Int(field.number), index: index,
            kind: kind, isRepeated: isRepeated,
            isPacked: isPackable && (!field.options.hasPacked || field.options.packed),
            hasPresence: !isRepeated
                && (kind == .message || field.proto3Optional || field.hasOneofIndex),
            isOptional: field.proto3Optional, oneofIndex: oneof,
            isDeprecated: field.options.deprecated,
            isSecret: SecretFields.names.contains(message + "." + field.name),
            rules: try FieldRules(options: Array(field.options.unknownFields.data)),
            source: source)
    }

    private static func isRequired(
        _ oneof: Google_Protobuf_OneofDescriptorProto
    ) throws(WireError) -> Bool {
        var required = false
        try forEachField(
            Array(oneof.options.unknownFields.data), number: ValidateNumbers.options
        ) { (payload) throws(WireError) in
            try forEachField(payload) { (number, value) throws(WireError) in
                if number == 1, case .integer(let flag) = value { required = flag != 0 }
            }
        }
        return required
    }

    // MARK: - Services

    func buildServices(
        resolving resolve: (String) throws(ContractError) -> MessageType
    ) throws(ContractError) -> [Service] {
        let scope = descriptor.package.isEmpty ? "" : descriptor.package + "."
        var services: [Service] = []
        for (index, described) in descriptor.service.enumerated() {
            let path: SourcePath = [6, Int32(index)]
            let service = Service(
                fullName: scope + described.name, source: SourceLocation(file: file, path: path))
            for (position, method) in described.method.enumerated() {
                let unknown = Array(method.options.unknownFields.data)
                var options: MethodOptions
                let route: HTTPRoute?
                do {
                    options = try MethodOptions(options: unknown)
                    route = try HTTPRoute.read(options: unknown)
                } catch {
                    throw .malformed(file: file, reason: "options of \(method.name): \(error)")
                }
                options.isDeprecated = method.options.deprecated || described.options.deprecated
                service.methods.append(
                    Method(
                        name: method.name, service: service,
                        input: try resolve(String(method.inputType.dropFirst())),
                        output: try resolve(String(method.outputType.dropFirst())),
                        options: options, route: route,
                        source: SourceLocation(file: file, path: path + [2, Int32(position)])))
            }
            services.append(service)
        }
        return services
    }
}
