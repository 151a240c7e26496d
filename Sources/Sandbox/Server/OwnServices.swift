import Wire

/// The descriptors of the services that every gRPC server has in addition to its API, so that
/// clients that use reflection can call them: health, and reflection itself.
///
/// Sources: grpc/health/v1/health.proto, grpc/reflection/v1/reflection.proto and its predecessor
/// v1alpha, which differs in its package only.
enum OwnServices {
    /// Files by name.
    static let files: [String: [UInt8]] = Dictionary(
        uniqueKeysWithValues: [health].map { ($0.name, $0.serialized) }
            + ["v1", "v1alpha"].map(reflection).map { ($0.name, $0.serialized) })

    /// The file that defines a symbol: a service, a method or a message.
    static func file(defining symbol: String) -> String? {
        for (package, file) in [
            ("grpc.health.v1.", health.name), ("grpc.reflection.v1.", reflection("v1").name),
            ("grpc.reflection.v1alpha.", reflection("v1alpha").name),
        ] where symbol.hasPrefix(package) { return file }
        return nil
    }

    /// The names of the services.
    static let names = [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ]

    private static let health = FileSketch(
        name: "grpc/health/v1/health.proto", package: "grpc.health.v1",
        messages: [
            MessageSketch("HealthCheckRequest", [FieldSketch("service", 1, .string)]),
            MessageSketch(
                "HealthCheckResponse",
                [
                    FieldSketch(
                        "status", 1,
                        .enumeration(".grpc.health.v1.HealthCheckResponse.ServingStatus"))
                ],
                enumeration: (
                    "ServingStatus", ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
                )),
        ],
        service: "Health",
        methods: [
            MethodSketch(
                "Check", "HealthCheckRequest", "HealthCheckResponse", streams: (false, false)),
            MethodSketch(
                "Watch", "HealthCheckRequest", "HealthCheckResponse", streams: (false, true)),
        ])

    private static func reflection(_ version: String) -> FileSketch {
        let package = "grpc.reflection.\(version)"
        return FileSketch(
            name: "grpc/reflection/\(version)/reflection.proto", package: package,
            messages: reflectionMessages(package), service: "ServerReflection",
            methods: [
                MethodSketch(
                    "ServerReflectionInfo", "ServerReflectionRequest", "ServerReflectionResponse",
                    streams: (true, true))
            ])
    }

    private static func reflectionMessages(_ package: String) -> [MessageSketch] {
        func message(_ name: String) -> FieldSketch.Kind { .message(".\(package).\(name)") }
        func choice(_ name: String, _ number: Int, _ kind: FieldSketch.Kind) -> FieldSketch {
            FieldSketch(name, number, kind, inOneof: true)
        }
        return [
            MessageSketch(
                "ServerReflectionRequest",
                [
                    FieldSketch("host", 1, .string),
                    choice("file_by_filename", 3, .string),
                    choice("file_containing_symbol", 4, .string),
                    choice("file_containing_extension", 5, message("ExtensionRequest")),
                    choice("all_extension_numbers_of_type", 6, .string),
                    choice("list_services", 7, .string),
                ], oneof: "message_request"),
            MessageSketch(
                "ExtensionRequest",
                [
                    FieldSketch("containing_type", 1, .string),
                    FieldSketch("extension_number", 2, .int32),
                ]),
            MessageSketch(
                "ServerReflectionResponse",
                [
                    FieldSketch("valid_host", 1, .string),
                    FieldSketch("original_request", 2, message("ServerReflectionRequest")),
                    choice("file_descriptor_response", 4, message("FileDescriptorResponse")),
                    choice(
                        "all_extension_numbers_response", 5, message("ExtensionNumberResponse")),
                    choice("list_services_response", 6, message("ListServiceResponse")),
                    choice("error_response", 7, message("ErrorResponse")),
                ], oneof: "message_response"),
            MessageSketch(
                "FileDescriptorResponse",
                [FieldSketch("file_descriptor_proto", 1, .bytes, isRepeated: true)]),
            MessageSketch(
                "ExtensionNumberResponse",
                [
                    FieldSketch("base_type_name", 1, .string),
                    FieldSketch("extension_number", 2, .int32, isRepeated: true),
                ]),
            MessageSketch(
                "ListServiceResponse",
                [FieldSketch("service", 1, message("ServiceResponse"), isRepeated: true)]),
            MessageSketch("ServiceResponse", [FieldSketch("name", 1, .string)]),
            MessageSketch(
                "ErrorResponse",
                [
                    FieldSketch("error_code", 1, .int32),
                    FieldSketch("error_message", 2, .string),
                ]),
        ]
    }
}

/// A file of descriptors in few words; the numbers are those of google/protobuf/descriptor.proto.
private struct FileSketch {
    let name: String
    let package: String
    let messages: [MessageSketch]
    let service: String
    let methods: [MethodSketch]

    var serialized: [UInt8] {
        var file = WireWriter()
        file.text(1, name)
        file.text(2, package)
        for message in messages { file.part(4) { message.write(to: &$0) } }
        file.part(6) { body in
            body.text(1, service)
            for method in methods { body.part(2) { method.write(to: &$0, package) } }
        }
        file.text(12, "proto3")
        return file.bytes
    }
}

private struct MessageSketch {
    let name: String
    let fields: [FieldSketch]
    var oneof: String?
    var enumeration: (name: String, values: [String])?

    init(
        _ name: String, _ fields: [FieldSketch], oneof: String? = nil,
        enumeration: (name: String, values: [String])? = nil
    ) {
        self.name = name
        self.fields = fields
        self.oneof = oneof
        self.enumeration = enumeration
    }

    func write(to writer: inout WireWriter) {
        writer.text(1, name)
        for field in fields { writer.part(2) { field.write(to: &$0) } }
        if let enumeration {
            writer.part(4) { body in
                body.text(1, enumeration.name)
                for (number, value) in enumeration.values.enumerated() {
                    body.part(2) {
                        $0.text(1, value)
                        $0.number(2, number)
                    }
                }
            }
        }
        if let oneof { writer.part(8) { $0.text(1, oneof) } }
    }
}

private struct FieldSketch {
    enum Kind {
        case string
        case bytes
        case int32
        case message(String)
        case enumeration(String)

        /// The number of FieldDescriptorProto.Type, and the type's name.
        var type: (number: Int, name: String?) {
            switch self {
            case .string: (9, nil)
            case .bytes: (12, nil)
            case .int32: (5, nil)
            case .message(let name): (11, name)
            case .enumeration(let name): (14, name)
            }
        }
    }

    let name: String
    let number: Int
    let kind: Kind
    let isRepeated: Bool
    let isInOneof: Bool

    init(
        _ name: String, _ number: Int, _ kind: Kind, isRepeated: Bool = false,
        inOneof: Bool = false
    ) {
        self.name = name
        self.number = number
        self.kind = kind
        self.isRepeated = isRepeated
        isInOneof = inOneof
    }

    func write(to writer: inout WireWriter) {
        writer.text(1, name)
        writer.number(3, number)
        writer.number(4, isRepeated ? 3 : 1)
        writer.number(5, kind.type.number)
        if let name = kind.type.name { writer.text(6, name) }
        if isInOneof { writer.number(9, 0) }
    }
}

private struct MethodSketch {
    let name: String
    let input: String
    let output: String
    let streams: (client: Bool, server: Bool)

    init(_ name: String, _ input: String, _ output: String, streams: (client: Bool, server: Bool)) {
        self.name = name
        self.input = input
        self.output = output
        self.streams = streams
    }

    func write(to writer: inout WireWriter, _ package: String) {
        writer.text(1, name)
        writer.text(2, ".\(package).\(input)")
        writer.text(3, ".\(package).\(output)")
        if streams.client { writer.number(5, 1) }
        if streams.server { writer.number(6, 1) }
    }
}

extension WireWriter {
    fileprivate mutating func text(_ number: Int, _ text: String) {
        tag(number, .lengthDelimited)
        lengthDelimited(text.utf8)
    }

    fileprivate mutating func number(_ number: Int, _ value: Int) {
        tag(number, .varint)
        varint(UInt64(value))
    }

    fileprivate mutating func part(_ number: Int, _ body: (inout WireWriter) -> Void) {
        tag(number, .lengthDelimited)
        nested(body)
    }
}
