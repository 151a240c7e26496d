import Contract
import Wire

/// Server reflection, versions 1 and 1alpha, which differ in their package only.
///
/// Source: grpc/reflection/v1/reflection.proto. Each request of the stream gets one answer.
struct Reflection {
    let registry: Registry

    static let paths = Set(ReflectionFormat.paths)

    /// Numbers of ServerReflectionRequest.
    private enum Request {
        static let fileByName = 3
        static let fileContainingSymbol = 4
        static let fileContainingExtension = 5
        static let allExtensionNumbers = 6
        static let listServices = 7
    }

    /// Answers one ServerReflectionRequest.
    func answer(_ request: [UInt8]) -> [UInt8] {
        var response = WireWriter()
        response.tag(2, .lengthDelimited)
        response.lengthDelimited(request)
        var isAnswered = false
        try? forEachField(request) { (number, value) throws(WireError) in
            guard !isAnswered, case .bytes(let bytes) = value else { return }
            let text = String(decoding: bytes, as: UTF8.self)
            switch number {
            case Request.fileByName:
                write(file: file(text) == nil ? nil : text, text, &response)
                isAnswered = true
            case Request.fileContainingSymbol:
                write(
                    file: OwnServices.file(defining: text) ?? registry.fileName(defining: text),
                    text, &response)
                isAnswered = true
            case Request.listServices:
                writeServices(&response)
                isAnswered = true
            case Request.fileContainingExtension, Request.allExtensionNumbers:
                writeError(5, "extensions are not indexed", &response)
                isAnswered = true
            default: break
            }
        }
        if !isAnswered { writeError(3, "the request is empty", &response) }
        return response.bytes
    }

    private func file(_ name: String) -> [UInt8]? {
        OwnServices.files[name] ?? registry.serializedFile(named: name)
    }

    /// Writes a file and all that it imports.
    private func write(file name: String?, _ asked: String, _ response: inout WireWriter) {
        guard let name else { return writeError(5, "\(asked) not found", &response) }
        var files: [String] = []
        var pending = [name]
        while let next = pending.popLast() {
            guard !files.contains(next) else { continue }
            files.append(next)
            pending += registry.imports(ofFile: next)
        }
        response.tag(4, .lengthDelimited)
        response.nested { body in
            for file in files {
                guard let bytes = self.file(file) else { continue }
                body.tag(1, .lengthDelimited)
                body.lengthDelimited(bytes)
            }
        }
    }

    private func writeServices(_ response: inout WireWriter) {
        response.tag(6, .lengthDelimited)
        response.nested { body in
            for name in (registry.packages.flatMap(\.services) + OwnServices.names).sorted() {
                body.tag(1, .lengthDelimited)
                body.nested { service in
                    service.tag(1, .lengthDelimited)
                    service.lengthDelimited(name.utf8)
                }
            }
        }
    }

    private func writeError(_ code: UInt64, _ message: String, _ response: inout WireWriter) {
        response.tag(7, .lengthDelimited)
        response.nested { body in
            body.tag(1, .varint)
            body.varint(code)
            body.tag(2, .lengthDelimited)
            body.lengthDelimited(message.utf8)
        }
    }
}

/// The health service (grpc/health/v1/health.proto): all that the sandbox has is serving.
struct Health {
    let registry: Registry

    static let checkPath = "/grpc.health.v1.Health/Check"
    static let watchPath = "/grpc.health.v1.Health/Watch"

    private enum Status {
        static let serving: UInt64 = 1
        static let serviceUnknown: UInt64 = 3
    }

    /// The answer to Check; nil when the service is not known.
    func check(_ request: [UInt8]) -> [UInt8]? {
        isKnown(request) ? Self.response(Status.serving) : nil
    }

    /// The first answer to Watch.
    func watch(_ request: [UInt8]) -> [UInt8] {
        Self.response(isKnown(request) ? Status.serving : Status.serviceUnknown)
    }

    private func isKnown(_ request: [UInt8]) -> Bool {
        var name = ""
        try? forEachField(request, number: 1) { (text) throws(WireError) in
            name = String(decoding: text, as: UTF8.self)
        }
        return name.isEmpty || registry.packages.contains { $0.services.contains(name) }
    }

    private static func response(_ status: UInt64) -> [UInt8] {
        var writer = WireWriter()
        writer.tag(1, .varint)
        writer.varint(status)
        return writer.bytes
    }
}
