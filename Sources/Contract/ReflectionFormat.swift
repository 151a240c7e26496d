import Wire

/// The messages of server reflection, whose versions 1 and 1alpha differ in their package only.
///
/// Source: grpc/reflection/v1/reflection.proto.
public enum ReflectionFormat {
    /// A request of a client.
    public enum Request: Sendable {
        /// The names of all services.
        case services
        /// The file that defines a symbol.
        case symbol(String)
        /// A file by its name.
        case file(String)

        /// ServerReflectionRequest.
        public var serialized: [UInt8] {
            var writer = WireWriter()
            let (number, text) =
                switch self {
                case .file(let name): (3, name)
                case .symbol(let name): (4, name)
                case .services: (7, "*")
                }
            writer.tag(number, .lengthDelimited)
            writer.lengthDelimited(text.utf8)
            return writer.bytes
        }
    }

    /// A response of a server.
    public enum Response: Sendable {
        case services([String])
        /// Serialized FileDescriptorProtos: the one that was asked for, and what it imports.
        case files([[UInt8]])
        case error(code: Int, message: String)

        /// Reads a ServerReflectionResponse; nil when it says nothing.
        public init?(_ bytes: [UInt8]) throws(ContractError) {
            do {
                var read: Response?
                try forEachField(bytes) { (number, value) throws(WireError) in
                    guard case .bytes(let payload) = value else { return }
                    switch number {
                    case 4: read = .files(try Self.all(payload))
                    case 6:
                        read = .services(
                            try Self.all(payload).map { (service) throws(WireError) in
                                String(decoding: try Self.all(service).first ?? [], as: UTF8.self)
                            })
                    case 7: read = try Self.error(payload)
                    default: break
                    }
                }
                guard let read else { return nil }
                self = read
            } catch {
                throw .malformed(file: "(reflection)", reason: "\(error)")
            }
        }

        private static func all(_ payload: [UInt8]) throws(WireError) -> [[UInt8]] {
            var items: [[UInt8]] = []
            try forEachField(payload) { (number, value) throws(WireError) in
                // A server with more services or files than this is none.
                guard items.count < most else { throw WireError.truncated }
                if number == 1, case .bytes(let bytes) = value { items.append(bytes) }
            }
            return items
        }

        private static func error(_ payload: [UInt8]) throws(WireError) -> Response {
            var code = 2
            var message = ""
            try forEachField(payload) { (number, value) throws(WireError) in
                switch (number, value) {
                case (1, .integer(let number)): code = Int(truncatingIfNeeded: number)
                case (2, .bytes(let text)): message = String(decoding: text, as: UTF8.self)
                default: break
                }
            }
            return .error(code: code, message: message)
        }
    }

    /// The most services, files or imports that a server may name.
    static let most = 100_000

    /// The paths of the method, the newer version first.
    public static let paths = [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ]

    /// Name and imports of a serialized FileDescriptorProto.
    public static func header(
        ofFile bytes: [UInt8]
    ) throws(ContractError) -> (name: String, imports: [String]) {
        var name = ""
        var imports: [String] = []
        do {
            try forEachField(bytes) { (number, value) throws(WireError) in
                guard case .bytes(let text) = value else { return }
                if number == 1 { name = String(decoding: text, as: UTF8.self) }
                guard imports.count < most else { throw WireError.truncated }
                if number == 3 { imports.append(String(decoding: text, as: UTF8.self)) }
            }
        } catch {
            throw .malformed(file: "(reflection)", reason: "\(error)")
        }
        return (name, imports)
    }

    /// A FileDescriptorSet of serialized files.
    public static func descriptorSet(_ files: [[UInt8]]) -> [UInt8] {
        var writer = WireWriter()
        for file in files {
            writer.tag(1, .lengthDelimited)
            writer.lengthDelimited(file)
        }
        return writer.bytes
    }
}
