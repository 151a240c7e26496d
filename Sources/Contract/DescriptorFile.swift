import Wire

/// A position in a .proto file as SourceCodeInfo writes it: field numbers and indexes in turn.
typealias SourcePath = [Int32]

/// Where something is defined.
struct SourceLocation: Sendable {
    let file: String
    let path: SourcePath
}

/// One serialized FileDescriptorProto, with the results of a scan of its top level.
///
/// Numbers are those of google/protobuf/descriptor.proto.
struct DescriptorFile: @unchecked Sendable {
    /// The serialized descriptor; lives as long as the registry.
    let bytes: UnsafeRawBufferPointer
    private(set) var name = ""
    private(set) var package = ""
    private(set) var dependencies: [String] = []
    /// Full names of top-level messages, enums, services and extensions.
    private(set) var symbols: [String] = []
    /// Full names of services.
    private(set) var services: [String] = []

    private enum Number {
        static let name = 1
        static let package = 2
        static let dependency = 3
        static let message = 4
        static let enumType = 5
        static let service = 6
        static let `extension` = 7
        static let sourceCodeInfo = 9
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        self.bytes = bytes
        var reader = WireReader(bytes)
        var named: [(kind: Int, name: String)] = []
        while let tag = try reader.readTag() {
            guard tag.type == .lengthDelimited else {
                try reader.skip(number: tag.number, type: tag.type)
                continue
            }
            let payload = try reader.readBytes()
            switch tag.number {
            case Number.name: name = String(decoding: payload, as: UTF8.self)
            case Number.package: package = String(decoding: payload, as: UTF8.self)
            case Number.dependency:
                dependencies.append(String(decoding: payload, as: UTF8.self))
            case Number.message, Number.enumType, Number.service, Number.extension:
                named.append((tag.number, try Self.name(of: payload)))
            default: break
            }
        }
        let prefix = package.isEmpty ? "" : package + "."
        for item in named {
            symbols.append(prefix + item.name)
            if item.kind == Number.service { services.append(prefix + item.name) }
        }
    }

    /// Field 1 of every kind of descriptor is its name.
    private static func name(of descriptor: UnsafeRawBufferPointer) throws(WireError) -> String {
        var reader = WireReader(descriptor)
        while let tag = try reader.readTag() {
            if tag.number == 1, tag.type == .lengthDelimited {
                return String(decoding: try reader.readBytes(), as: UTF8.self)
            }
            try reader.skip(number: tag.number, type: tag.type)
        }
        return ""
    }

    /// The descriptor less its SourceCodeInfo, which is most of it and seldom needed.
    func bytesWithoutComments() throws(WireError) -> [UInt8] {
        var kept: [UInt8] = []
        var reader = WireReader(bytes)
        var start = reader.cursor
        while let tag = try reader.readTag() {
            try reader.skip(number: tag.number, type: tag.type)
            if tag.number != Number.sourceCodeInfo {
                kept.append(
                    contentsOf: UnsafeBufferPointer(start: start, count: reader.cursor - start))
            }
            start = reader.cursor
        }
        return kept
    }

    /// The leading comments by path.
    func comments() -> [SourcePath: String] {
        var found: [SourcePath: String] = [:]
        try? forEachField(Array(bytes), number: Number.sourceCodeInfo) { (info) throws(WireError) in
            try forEachField(info, number: 1) { (location) throws(WireError) in
                var path: SourcePath = []
                var comment = ""
                try forEachField(location) { (number, value) throws(WireError) in
                    switch (number, value) {
                    case (1, .bytes(let packed)): path = try Self.unpack(packed)
                    case (3, .bytes(let text)): comment = String(decoding: text, as: UTF8.self)
                    default: break
                    }
                }
                let words = comment.split(whereSeparator: \.isWhitespace)
                found[path] = words.joined(separator: " ")
            }
        }
        return found
    }

    private static func unpack(_ packed: [UInt8]) throws(WireError) -> SourcePath {
        try packed.withUnsafeBufferPointer { (bytes) throws(WireError) in
            var reader = WireReader(UnsafeRawBufferPointer(bytes))
            var path: SourcePath = []
            while !reader.isAtEnd {
                path.append(Int32(truncatingIfNeeded: try reader.readVarint()))
            }
            return path
        }
    }
}
