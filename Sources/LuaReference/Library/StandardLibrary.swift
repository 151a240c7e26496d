import CResources

/// The Lua files of `stdlib/`, which are embedded in the binary, by the names of their modules:
/// `host.task`, `qdrant.clusters`, `qdrant.clusters.handle`.
package enum StandardLibrary {
    /// A module's file.
    package struct File {
        /// Below `stdlib/`: `qdrant/clusters.lua`.
        package let path: String
        /// Its text. It is there as long as the process.
        package let text: UnsafeRawBufferPointer
    }

    /// Where the modules are in the embedded index.
    private static let numbers: [String: Int] = {
        var numbers: [String: Int] = [:]
        numbers.reserveCapacity(qcsh_stdlib_count())
        for number in 0..<qcsh_stdlib_count() {
            var name = String(cString: qcsh_stdlib_file(number).name).dropLast(".lua".count)
            if name.hasSuffix("/init") { name = name.dropLast("/init".count) }
            numbers[String(name.map { $0 == "/" ? "." : $0 })] = number
        }
        return numbers
    }()

    /// The file of a module; nil when the standard library has none of the name.
    package static func file(of module: String) -> File? {
        guard let number = numbers[module] else { return nil }
        let file = qcsh_stdlib_file(number)
        return File(
            path: String(cString: file.name),
            text: UnsafeRawBufferPointer(start: file.bytes, count: file.size))
    }

    /// The file of a library that others wrote, as `require` names its module: `luassert.util`.
    package static func file(ofRock module: String) -> File? {
        let path = String(module.map { $0 == "." ? "/" : $0 })
        for number in 0..<qcsh_rocks_count() {
            let file = qcsh_rocks_file(number)
            let name = String(cString: file.name)
            guard name == path + ".lua" || name == path + "/init.lua" else { continue }
            return File(
                path: name, text: UnsafeRawBufferPointer(start: file.bytes, count: file.size))
        }
        return nil
    }

    /// The file that `require` of a name loads; nil when that is none of the standard library's.
    static func file(requiredAs name: String) -> File? {
        if hostModules.contains(name) { return file(of: "host." + name) }
        return name == "qdrant" || name.hasPrefix("qdrant.") ? file(of: name) : nil
    }

    /// The module whose table a file adds functions to: its own module, or one that it is a part of. In
    /// the file of `qdrant.resource.lookup`, `resource` is the table of `qdrant.resource`.
    ///
    /// - Returns: nil if none of these modules has the table's name.
    static func owner(ofTable table: String, in module: String) -> String? {
        var name = module[...]
        while true {
            let dot = name.lastIndex(of: ".")
            if name[(dot.map(name.index(after:)) ?? name.startIndex)...] == table {
                return String(name)
            }
            // Only the library's own modules have parts.
            guard let dot, numbers[module] != nil else { return nil }
            name = name[..<dot]
        }
    }

    /// The parts that add functions to a module's table, in the order in which its file requires them.
    static func parts(of module: String) -> [String] {
        guard let file = file(of: module) else { return [] }
        let table = module.split(separator: ".").last ?? ""
        return String(decoding: file.text, as: UTF8.self).split(separator: "\n").compactMap {
            guard let name = $0.split(separator: "require \"").last?.prefix(while: { $0 != "\"" }),
                $0.contains("require \""), name.hasPrefix(module + "."),
                let part = self.file(of: String(name)),
                String(decoding: part.text, as: UTF8.self).contains("\nfunction \(table).")
            else { return nil }
            return String(name)
        }
    }

    /// The module to whose table a part adds functions; nil for other modules.
    static func owner(ofPart name: String) -> String? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let owner = String(name[..<dot])
        return parts(of: owner).contains(name) ? owner : nil
    }

    /// The name that people require a module by: `time` for `host.time`.
    package static func publicName(of module: String) -> String {
        module.hasPrefix("host.") ? String(module.dropFirst("host.".count)) : module
    }

    /// The name that people know a function of Swift by: `fs.read` for `fs_read`.
    package static func publicName(ofFunction name: String) -> String {
        guard let end = name.firstIndex(of: "_"), hostModules.contains(String(name[..<end])) else {
            return "host." + name
        }
        return name[..<end] + "." + name[name.index(after: end)...]
    }

    /// The host modules, without `host.`: what `host/` has, but for what sets the others up.
    package static let hostModules = modules(directlyIn: "host").filter { $0 != "boot" }

    /// The public modules below `qdrant.`, without that prefix.
    package static let libraries = modules(directlyIn: "qdrant")

    /// The full names of all modules.
    static let allModules = numbers.keys.sorted()

    /// The full names of all modules below `qdrant.`, parts of others included.
    static var qdrantModules: [String] { numbers.keys.filter { $0.hasPrefix("qdrant.") }.sorted() }

    private static func modules(directlyIn folder: String) -> [String] {
        numbers.keys.compactMap { name in
            guard name.hasPrefix(folder + ".") else { return nil }
            let rest = name.dropFirst(folder.count + 1)
            return rest.contains(".") ? nil : String(rest)
        }.sorted()
    }
}
