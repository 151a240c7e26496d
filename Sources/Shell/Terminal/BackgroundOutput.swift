import CReadline
import Glibc

/// Takes the output that is written while a line of the shell's own is shown, from any writer:
/// tasks, libraries, child processes. It is shown above the line.
///
/// Meanwhile standard output and error lead to a file in memory: a pipe would fill up, and only the
/// writer's own thread could empty it.
final class BackgroundOutput {
    private let file: Int32
    /// Where standard output and error lead otherwise; -1 for one that is left alone.
    private let originals: [(descriptor: Int32, copy: Int32)]
    private var position: off_t = 0
    private(set) var isTaking = false

    private nonisolated(unsafe) static weak var current: BackgroundOutput?

    /// Nil when there is no memory for it.
    init?() {
        file = qrl_open_memory("qcsh-output")
        guard file >= 0 else { return nil }
        // What is no terminal is written to as ever.
        originals = [STDOUT_FILENO, STDERR_FILENO].filter(Terminal.isTerminal).map { descriptor in
            (descriptor, fcntl(descriptor, F_DUPFD_CLOEXEC, 10))
        }
        Self.current = self
        atexit { BackgroundOutput.current?.end() }
    }

    deinit {
        end()
        close(file)
        for original in originals { close(original.copy) }
    }

    /// The descriptor that standard output or error has otherwise.
    func original(of descriptor: Int32) -> Int32 {
        guard isTaking else { return descriptor }
        return originals.first { $0.descriptor == descriptor }?.copy ?? descriptor
    }

    /// Begins to take.
    func begin() {
        guard !isTaking else { return }
        isTaking = true
        fflush(nil)
        for original in originals where original.copy >= 0 { dup2(file, original.descriptor) }
    }

    /// Whether there is output that ``take()`` has not returned yet.
    var hasTaken: Bool {
        guard isTaking else { return false }
        fflush(nil)
        var status = stat()
        return fstat(file, &status) == 0 && status.st_size > position
    }

    /// What was written since this was last asked.
    func take() -> [UInt8] {
        guard isTaking else { return [] }
        fflush(nil)
        return new()
    }

    private func new() -> [UInt8] {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > position else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size - position))
        let count = pread(file, &bytes, bytes.count, position)
        guard count > 0 else { return [] }
        position += off_t(count)
        if position > 1 << 20, position == status.st_size {
            // A child may write in between: what it writes then comes twice or with a gap of zeros.
            ftruncate(file, 0)
            lseek(file, 0, SEEK_SET)
            position = 0
        }
        return Array(bytes[..<count])
    }

    /// Restores standard output and error. Writes output that was not taken to the terminal.
    func end() {
        guard isTaking else { return }
        isTaking = false
        fflush(nil)
        for original in originals where original.copy >= 0 {
            dup2(original.copy, original.descriptor)
        }
        let rest = new()
        let terminal = originals.first?.copy ?? STDERR_FILENO
        if !rest.isEmpty { _ = Output.writeAll(rest, to: terminal) }
    }
}
