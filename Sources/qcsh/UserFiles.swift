import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// Where the user's files are (XDG Base Directory Specification).
enum UserFiles {
    /// The value of an environment variable; nil when it is unset or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func folder(_ variable: String, _ fallback: String) -> String? {
        if let set = environment(variable), set.hasPrefix("/") { return set + "/qcsh" }
        return environment("HOME").map { $0 + fallback + "/qcsh" }
    }

    /// The shell's history in a context; nil when there is no place for it.
    static func historyFile(of context: String?) -> String? {
        guard let folder = stateFolder else { return nil }
        makeFolders(folder + "/history")
        // Other names are other files: what a file's name cannot have is written by its number.
        let name = context.map { name in
            name.unicodeScalars.map { scalar in
                scalar.properties.isAlphabetic || "0123456789-_".unicodeScalars.contains(scalar)
                    ? String(scalar) : "%" + String(scalar.value, radix: 16, uppercase: true)
            }.joined()
        }
        return "\(folder)/history/\(name ?? "default").jsonl"
    }

    /// Where what the program remembers is.
    static var stateFolder: String? { folder("XDG_STATE_HOME", "/.local/state") }

    /// Where configuration files are.
    static var configurationFolder: String? {
        if let set = environment("XDG_CONFIG_HOME"), set.hasPrefix("/") { return set }
        return environment("HOME").map { $0 + "/.config" }
    }

    /// Where the user's modules and libraries are.
    static var dataFolder: String? { folder("XDG_DATA_HOME", "/.local/share") }

    /// Where `require` looks for the user's own modules, and for the user's libraries.
    static var moduleFolders: [String] {
        guard let folder = dataFolder else { return [] }
        return [folder + "/lua", folder + "/lua_modules/share/lua/5.4"]
    }

    /// Makes a folder and those above it, for their owner only.
    static func makeFolders(_ path: String) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            mkdir(made, 0o700)
        }
    }

    /// Writes a whole file, or standard output for `-`; false when it cannot, with `errno` set.
    static func write(_ bytes: [UInt8], to path: String) -> Bool {
        let descriptor =
            path == "-"
            ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Output.writeAll(bytes, to: descriptor)
    }

    /// Writes a whole file that only its owner can read; false when it cannot, with `errno` set.
    static func writePrivately(_ bytes: [UInt8], to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // It may have been there before.
        guard fchmod(descriptor, 0o600) == 0 else { return false }
        return Output.writeAll(bytes, to: descriptor)
    }

    /// Reads a whole file; nil when it cannot be read, with `errno` set.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return Output.readAll(from: descriptor)
    }
}
