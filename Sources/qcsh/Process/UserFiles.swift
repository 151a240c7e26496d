import Foundation
import Glibc
import Shell

/// Where the user's files are (XDG Base Directory Specification).
enum UserFiles {
    /// The value of an environment variable; nil when it is unset or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// The names of the environment's variables that begin with a text.
    static func environmentNames(withPrefix prefix: String) -> [String] {
        ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix(prefix) }.sorted()
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

    /// Creates a directory and those above it, for their owner only. An existing one is kept.
    ///
    /// - Returns: why that failed, with the directory; nil when it is there.
    @discardableResult
    static func makeFolders(_ path: String) -> String? {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made == "/" ? String(part) : "/" + part
            // One that exists answers EEXIST, also where nothing can be created.
            if mkdir(made, 0o700) != 0, errno != EEXIST {
                let problem = errno
                var status = stat()
                if stat(made, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { continue }
                return
                    "the directory \(made) cannot be created: \(String(cString: strerror(problem)))"
            }
        }
        return nil
    }

    /// Creates the directory of a file.
    ///
    /// - Returns: why that failed; nil when it is there.
    static func makeFolder(of file: String) -> String? {
        guard let slash = file.lastIndex(of: "/"), slash != file.startIndex else { return nil }
        return makeFolders(String(file[..<slash]))
    }

    /// The file that a path leads to by symbolic links; the path itself when it is none.
    static func target(of path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        // A link may lead to a file that does not exist yet.
        var place = path
        for _ in 0..<mostLinks {
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(place, &bytes, bytes.count)
            guard count > 0 else { return place }
            let link = String(
                decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            let folder = place.lastIndex(of: "/").map { place[...$0] } ?? ""
            place = link.hasPrefix("/") ? link : folder + link
        }
        return path
    }

    /// How many symbolic links lead to a file at the most, as on Linux.
    private static let mostLinks = 40

    /// How many names a file has; 0 for none.
    static func linkCount(of path: String) -> nlink_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_nlink : 0
    }

    // MARK: - Writing

    /// Writes a whole file, or standard output for `-`; false when it cannot, with ``reason``.
    static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard path == "-" else { return replace(path, with: bytes, mode: nil) }
        return Output.writeAll(bytes, to: STDOUT_FILENO)
    }

    /// Writes a whole file that only its owner can read; false when it cannot, with ``reason``.
    static func writePrivately(_ bytes: [UInt8], to path: String) -> Bool {
        replace(path, with: bytes, mode: 0o600)
    }

    /// Writes a changed file of the user's, through links and with its present mode. If it is new
    /// or contains a secret, only its owner can read it. Returns false on failure, with ``reason``.
    static func rewrite(_ path: String, with bytes: [UInt8], isSecret: Bool) -> Bool {
        var present = stat()
        let exists = stat(path, &present) == 0
        return replace(
            target(of: path), with: bytes, mode: isSecret || !exists ? 0o600 : nil,
            keepsOwner: true)
    }

    /// Puts a new file in a place: writes it next to the target and to the disk, then renames it,
    /// so that the target is never incomplete. The target of a symbolic link is not touched, and a
    /// device or a pipe keeps its mode.
    ///
    /// - Parameters:
    ///   - mode: the file's mode; nil is that of the present one, or the usual one.
    ///   - keepsOwner: whether the file belongs to whom it belonged to, where that is possible: root may
    ///     change a user's file.
    private static func replace(
        _ path: String, with bytes: [UInt8], mode: mode_t?, keepsOwner: Bool = false
    ) -> Bool {
        var present = stat()
        let exists = lstat(path, &present) == 0
        if exists, present.st_mode & S_IFMT != S_IFREG {
            return writeToDevice(bytes, path, present)
        }
        let scratch = "\(path).\(UInt64.random(in: 0 ... .max)).tmp"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = open(scratch, flags, mode ?? 0o666)
        guard descriptor >= 0 else { return false }
        if exists, keepsOwner { _ = fchown(descriptor, present.st_uid, present.st_gid) }
        let wanted = mode ?? (exists ? present.st_mode & 0o7777 : nil)
        let isWritten =
            (wanted.map { fchmod(descriptor, $0) == 0 } ?? true)
            && Output.writeAll(bytes, to: descriptor) && fsync(descriptor) == 0
            && rename(scratch, path) == 0
        if isWritten { syncFolder(of: path) }
        let problem = errno
        close(descriptor)
        if !isWritten { unlink(scratch) }
        errno = problem
        return isWritten
    }

    /// Writes the name of a new file to the disk, too, where the system offers that.
    private static func syncFolder(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Writes to a device or a pipe that a person named: a terminal, `/dev/null`, a pipe that somebody
    /// reads.
    private static func writeToDevice(_ bytes: [UInt8], _ path: String, _ present: stat) -> Bool {
        // The system's own names of open files are links.
        let isOwnName =
            ["/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/null", "/dev/full"].contains(path)
            || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/self/fd/")
        let follow = isOwnName ? 0 : O_NOFOLLOW
        // A pipe without a reader is an error instead of a wait.
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | follow)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var opened = stat()
        guard fstat(descriptor, &opened) == 0 else { return false }
        if opened.st_mode & S_IFMT == S_IFREG, !isOwnName {
            errno = ELOOP
            return false
        }
        _ = fcntl(descriptor, F_SETFL, 0)
        return Output.writeAll(bytes, to: descriptor)
    }

    /// Opens a file that grows line by line, empty and for its owner only. A file that holds something
    /// else than lines of JSON is refused rather than emptied.
    ///
    /// - Returns: the descriptor; -1 when it cannot be opened, with ``reason``.
    static func openLines(_ path: String) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { return -1 }
        var status = stat()
        var first: UInt8 = 0
        var problem: Int32 = 0
        if fstat(descriptor, &status) != 0 {
            problem = errno
        } else if status.st_mode & S_IFMT != S_IFREG || status.st_nlink > 1 {
            problem = EINVAL
        } else if Glibc.read(descriptor, &first, 1) == 1, first != UInt8(ascii: "{") {
            problem = EEXIST
        } else if ftruncate(descriptor, 0) != 0 || fchmod(descriptor, 0o600) != 0
            || lseek(descriptor, 0, SEEK_SET) != 0
        {
            problem = errno
        }
        guard problem != 0 else { return descriptor }
        close(descriptor)
        errno = problem
        return -1
    }

    // MARK: - Reading

    /// The largest file that is read, in bytes.
    private static let largest = 1 << 30
    /// The largest file that is looked for unasked, as the configuration is.
    private static let largestOwn = 16 << 20

    /// Reads a whole file that a person has named, or standard input for `-`, without a byte order mark;
    /// nil when it cannot be read, with ``reason``.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return Output.readAll(from: descriptor, limit: largest).map(withoutMark)
    }

    /// Text without the byte order mark that editors put in front of it.
    private static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes[3...]) : bytes
    }

    /// Reads a whole regular file that the program looks for on its own, without ever waiting and without
    /// a byte order mark.
    static func readOwn(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            errno = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
            return nil
        }
        return Output.readAll(from: descriptor, limit: largestOwn).map(withoutMark)
    }

    /// Why the last of these functions has failed.
    static var reason: String {
        switch errno {
        case ELOOP: "it is a symbolic link, which is not followed"
        case EINVAL: "it is not a regular file, or has several hard links"
        case EEXIST: "it has other contents; delete it, or choose another file"
        case EFBIG: "it is too large"
        default: String(cString: strerror(errno))
        }
    }
}
