import Glibc

/// An exclusive lock between the programs that change a file, held until it is released. The lock is
/// on the file's directory: the file itself is replaced, and no other file is needed.
final class FileLock {
    private let descriptor: Int32

    /// Waits for the lock; nil when there can be none, with `errno` set.
    init?(besides path: String) {
        let target = UserFiles.target(of: path)
        let slash = target.lastIndex(of: "/")
        let folder = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        while flock(opened, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let problem = errno
                close(opened)
                errno = problem
                return nil
            }
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
