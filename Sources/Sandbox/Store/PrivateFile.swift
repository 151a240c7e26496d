import Foundation

/// Files that only their owner may read, and that are there whole or not at all.
enum PrivateFile {
    /// Creates a file atomically: writes a temporary file next to it, flushes that to disk, then
    /// renames it.
    ///
    /// - Throws: ``SandboxError`` when that cannot be done.
    static func create(_ path: String, _ bytes: [UInt8]) throws(SandboxError) {
        let scratch = path + ".new"
        unlink(scratch)
        let file = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw problem("write", scratch) }
        defer { close(file) }
        guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0,
            rename(scratch, path) == 0
        else {
            let failed = problem("write", path)
            unlink(scratch)
            throw failed
        }
    }

    /// Reads a file that ``create(_:_:)`` wrote; nil when there is none. A link is not followed.
    ///
    /// - Parameter limit: how many bytes are read at most.
    static func read(_ path: String, limit: Int) throws(SandboxError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw problem("read", path)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(file, &bytes, limit)
        guard count >= 0 else { throw problem("read", path) }
        return Array(bytes.prefix(count))
    }

    private static func problem(_ what: String, _ path: String) -> SandboxError {
        let reason =
            errno == ELOOP ? "it is a symbolic link" : String(cString: strerror(errno))
        return .file(what, path: path, reason: reason)
    }
}
