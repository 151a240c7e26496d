import Foundation

/// A lock on a data directory, held as long as the object exists: two sandboxes on one state would
/// overwrite each other's changes.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``SandboxError`` when another process has it.
    init(_ folder: String) throws(SandboxError) {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .file("write", path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .folderInUse(folder)
        }
    }

    deinit { close(descriptor) }
}
