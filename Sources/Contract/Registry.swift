import CResources
import SwiftProtobuf
import Synchronization
import Wire

/// A contract that cannot be read.
public enum ContractError: Error, Sendable, CustomStringConvertible {
    /// The descriptor set's bytes are damaged.
    case malformed(file: String, reason: String)
    /// A type is named that no file defines.
    case undefined(name: String, file: String)

    public var description: String {
        switch self {
        case .malformed(let file, let reason):
            "the contract's file \(file) cannot be read: \(reason)"
        case .undefined(let name, let file):
            "the contract's file \(file) names \(name), which is not defined"
        }
    }
}

/// The services, messages and enums of a set of .proto files.
///
/// The set is scanned for names on first use; a file is parsed and linked when something of it is
/// asked for first. What the registry hands out is immutable and may be used from any thread.
public final class Registry: Sendable {
    /// The contract that is embedded in the binary.
    public static let embedded: Registry = {
        let resource = qcsh_contract()
        let bytes = UnsafeRawBufferPointer(start: resource.bytes, count: resource.size)
        do {
            return try Registry(borrowing: bytes)
        } catch {
            preconditionFailure("the embedded contract is damaged: \(error)")
        }
    }()

    /// A package with its services, by the names that scripts use.
    public struct Package: Sendable {
        /// The full protobuf name.
        public let name: String
        /// The Lua name without version, for example `cluster.auth`.
        public let module: String
        /// The number after `v`.
        public let version: Int
        /// Full names of the services.
        public fileprivate(set) var services: [String]
    }

    private struct Scan {
        var files: [String: DescriptorFile] = [:]
        var order: [String] = []
        var fileOfSymbol: [String: String] = [:]
        var packages: [Package] = []
    }

    private struct Linked {
        var files: Set<String> = []
        var messages: [String: MessageType] = [:]
        var messagesByID: [MessageType] = []
        var enums: [String: EnumType] = [:]
        var enumCount = 0
        var services: [String: Service] = [:]
        var comments: [String: [SourcePath: String]] = [:]
        /// How many files need one another, one within the other, while they are linked.
        var depth = 0
    }

    /// How deep files may need one another, so that the stack suffices.
    private static let deepest = 200

    private let scan: Scan
    private let linked = Mutex(Linked())

    /// Reads a serialized FileDescriptorSet that stays where it is for the life of the process.
    init(borrowing bytes: UnsafeRawBufferPointer) throws(ContractError) {
        do {
            var scan = Scan()
            var reader = WireReader(bytes)
            while let tag = try reader.readTag() {
                guard tag.number == 1, tag.type == .lengthDelimited else {
                    try reader.skip(number: tag.number, type: tag.type)
                    continue
                }
                let file = try DescriptorFile(reader.readBytes())
                scan.files[file.name] = file
                scan.order.append(file.name)
                for symbol in file.symbols { scan.fileOfSymbol[symbol] = file.name }
                guard !file.services.isEmpty else { continue }
                if let known = scan.packages.firstIndex(where: { $0.name == file.package }) {
                    scan.packages[known].services += file.services
                } else {
                    let (module, version) = Names.module(ofPackage: file.package)
                    scan.packages.append(
                        Package(
                            name: file.package, module: module, version: version,
                            services: file.services))
                }
            }
            self.scan = scan
        } catch {
            throw .malformed(file: "(descriptor set)", reason: "\(error)")
        }
    }

    /// Reads a serialized FileDescriptorSet; its bytes are copied and kept.
    public convenience init(descriptorSet: [UInt8]) throws(ContractError) {
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: descriptorSet.count, alignment: 8)
        copy.copyBytes(from: descriptorSet)
        try self.init(borrowing: UnsafeRawBufferPointer(copy))
    }

    /// The packages that define services, in the order of the set.
    public var packages: [Package] { scan.packages }

    /// The names of all files.
    public var fileNames: [String] { scan.order }

    /// The full names of the services, messages and enums whose name begins so, in the order of the
    /// alphabet.
    public func symbols(below prefix: String) -> [String] {
        scan.fileOfSymbol.keys.filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// All files as one FileDescriptorSet, each after its imports.
    public func descriptorSet() -> [UInt8] {
        var files: [[UInt8]] = []
        var written: Set<String> = []
        // Without recursion: files of elsewhere can need one another in chains of any length.
        var open: [(name: String, isReady: Bool)] = scan.order.reversed().map { ($0, false) }
        while let (name, isReady) = open.popLast() {
            guard let file = scan.files[name] else { continue }
            if isReady {
                files.append(Array(file.bytes))
            } else if written.insert(name).inserted {
                open.append((name, true))
                open += file.dependencies.reversed().map { ($0, false) }
            }
        }
        return ReflectionFormat.descriptorSet(files)
    }

    /// A file's serialized FileDescriptorProto, for reflection and export.
    public func serializedFile(named name: String) -> [UInt8]? {
        scan.files[name].map { Array($0.bytes) }
    }

    /// The files that a file imports.
    public func imports(ofFile name: String) -> [String] { scan.files[name]?.dependencies ?? [] }

    /// The file that defines a service, message or enum; methods and fields count as their parents.
    ///
    /// A name that is longer than any of the contract's is not looked up.
    public func fileName(defining symbol: String) -> String? {
        guard symbol.utf8.count <= 512 else { return nil }
        var name = symbol
        while !name.isEmpty {
            if let file = scan.fileOfSymbol[name] { return file }
            name = Names.parent(of: name)
        }
        return nil
    }

    /// The message type with a full name.
    public func message(named name: String) throws(ContractError) -> MessageType? {
        try lookUp(name) { $0.messages[name] }
    }

    /// The message type with a dense number that ``MessageType/id`` gave.
    public func message(id: Int) -> MessageType { linked.withLock { $0.messagesByID[id] } }

    /// The enum with a full name.
    public func enumType(named name: String) throws(ContractError) -> EnumType? {
        try lookUp(name) { $0.enums[name] }
    }

    /// The service with a full name.
    public func service(named name: String) throws(ContractError) -> Service? {
        try lookUp(name) { $0.services[name] }
    }

    /// The method with an HTTP/2 path (`/package.Service/Method`).
    public func method(path: String) throws(ContractError) -> Method? {
        let parts = path.split(separator: "/")
        guard parts.count == 2, let service = try service(named: String(parts[0])) else {
            return nil
        }
        return service.methods.first { $0.name == parts[1] }
    }

    /// Every method of every service, in the order of the set. Links all files.
    public func allMethods() throws(ContractError) -> [Method] {
        var methods: [Method] = []
        for package in packages {
            for name in package.services {
                methods += try service(named: name)?.methods ?? []
            }
        }
        return methods
    }

    /// The comment that the .proto file has above something; empty when there is none.
    func comment(at source: SourceLocation) -> String {
        linked.withLock { linked in
            if linked.comments[source.file] == nil {
                linked.comments[source.file] = scan.files[source.file]?.comments() ?? [:]
            }
            return linked.comments[source.file]?[source.path] ?? ""
        }
    }

    private func lookUp<Found>(
        _ name: String, _ find: (borrowing Linked) -> Found?
    ) throws(ContractError) -> Found? {
        guard let file = scan.fileOfSymbol[name] else {
            return linked.withLock { find($0) }
        }
        return try linked.withLock { (linked) throws(ContractError) in
            try link(file: file, into: &linked)
            return find(linked)
        }
    }

    // MARK: - Linking

    private func link(file name: String, into linked: inout Linked) throws(ContractError) {
        guard linked.files.insert(name).inserted, let file = scan.files[name] else { return }
        guard linked.depth < Self.deepest else {
            throw .malformed(
                file: name, reason: "files need one another more than \(Self.deepest) deep")
        }
        linked.depth += 1
        defer { linked.depth -= 1 }
        let descriptor: Google_Protobuf_FileDescriptorProto
        do {
            descriptor = try Google_Protobuf_FileDescriptorProto(
                serializedBytes: file.bytesWithoutComments())
        } catch {
            throw .malformed(file: name, reason: "\(error)")
        }
        var linker = FileLinker(file: name, descriptor: descriptor)
        let built = try linker.buildTypes(
            firstMessageID: linked.messagesByID.count, firstEnumID: linked.enumCount)
        linked.messagesByID += built.messages
        linked.enumCount += built.enums.count
        for message in built.messages { linked.messages[message.fullName] = message }
        for type in built.enums { linked.enums[type.fullName] = type }
        for (field, typeName) in built.references {
            try resolve(typeName, of: field, file: name, in: &linked)
        }
        for service in try linker.buildServices(
            resolving: { (typeName) throws(ContractError) in
                try self.message(typeName, neededBy: name, in: &linked)
            })
        {
            service.isSuperseded = isSuperseded(service)
            linked.services[service.fullName] = service
        }
    }

    private func isSuperseded(_ service: Service) -> Bool {
        let (module, version) = Names.module(ofPackage: service.package)
        let name = service.fullName.dropFirst(service.package.count)
        return scan.packages.contains { package in
            package.module == module && package.version > version
                && package.services.contains(package.name + name)
        }
    }

    private func resolve(
        _ typeName: String, of field: Field, file: String, in linked: inout Linked
    ) throws(ContractError) {
        if field.kind == .enum {
            if linked.enums[typeName] == nil, let other = fileName(defining: typeName) {
                try link(file: other, into: &linked)
            }
            guard let type = linked.enums[typeName] else {
                throw .undefined(name: typeName, file: file)
            }
            field.enumType = type
        } else {
            field.messageType = try message(typeName, neededBy: file, in: &linked)
        }
    }

    private func message(
        _ typeName: String, neededBy file: String, in linked: inout Linked
    ) throws(ContractError) -> MessageType {
        if linked.messages[typeName] == nil, let other = fileName(defining: typeName) {
            try link(file: other, into: &linked)
        }
        guard let type = linked.messages[typeName] else {
            throw .undefined(name: typeName, file: file)
        }
        return type
    }
}
