import Glibc

/// Paths as the kernel resolves them, so that no `..` and no link leads out of a directory.
package enum Paths {
    /// The names in a directory, without `.` and `..`, sorted; nil when it cannot be read, with `errno`
    /// set.
    package static func names(in path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// How many links are followed, as the kernel does.
    private static let mostLinks = 40

    /// The path as the kernel resolves it: absolute, without dots, all links followed, dangling
    /// ones included. Parts that do not exist are kept as written.
    package static func resolved(_ path: String) -> String {
        var rest = steps(path)
        var reached: [Substring] = path.hasPrefix("/") ? [] : workingFolder
        var links = 0
        while !rest.isEmpty {
            let step = rest.removeFirst()
            if step == ".." {
                _ = reached.popLast()
                continue
            }
            let candidate = "/" + (reached + [step]).joined(separator: "/")
            if links < mostLinks, let target = link(candidate) {
                links += 1
                if target.hasPrefix("/") { reached = [] }
                rest.insert(contentsOf: steps(target), at: 0)
            } else {
                reached.append(step)
            }
        }
        return "/" + reached.joined(separator: "/")
    }

    /// The same for what removes or renames: the last step is not followed.
    static func resolvedName(_ path: String) -> String {
        var parts = steps(path)
        guard let name = parts.popLast(), name != ".." else { return resolved(path) }
        let folder = (path.hasPrefix("/") ? "/" : "./") + parts.joined(separator: "/")
        let base = resolved(folder)
        return base == "/" ? "/\(name)" : "\(base)/\(name)"
    }

    private static func steps(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    private static var workingFolder: [Substring] {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { return [] }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "/")
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a path is the one that is allowed, or inside it; `*` stands for any text. The path is
    /// resolved already.
    static func covers(_ allowed: String, _ path: String) -> Bool {
        if let star = allowed.firstIndex(of: "*") {
            // The part before the first star is resolved as a folder.
            let fixed = allowed[..<star]
            let slash = fixed.lastIndex(of: "/")
            let folder = slash.map { String(fixed[..<$0]) } ?? "."
            let rest = slash.map { String(allowed[allowed.index(after: $0)...]) } ?? allowed
            let base = resolved(folder.isEmpty ? "/" : folder)
            return Glob.matches((base == "/" ? "" : base) + "/" + rest, path)
        }
        let whole = resolved(allowed)
        return path == whole || path.hasPrefix(whole == "/" ? "/" : whole + "/")
    }
}
