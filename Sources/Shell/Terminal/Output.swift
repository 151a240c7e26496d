import CSpawn
import Contract
import Glibc
import LuaHost

/// Writes data to standard output, and messages to standard error.
public enum Output {
    /// Called before something is written, to clear a status line on the terminal.
    nonisolated(unsafe) static var willWrite: () -> Void = {}

    /// Whether a question is on the terminal, which must not be overwritten.
    private(set) nonisolated(unsafe) static var isAsking = false

    /// Makes room for a question on the terminal.
    public static func beginQuestion() {
        willWrite()
        flush()
        isAsking = true
    }

    /// Notes that the question was answered or withdrawn.
    public static func endQuestion() { isAsking = false }

    /// Writes data: to a terminal without control sequences, elsewhere unchanged.
    ///
    /// - Parameter isStyled: whether the program itself has coloured it.
    public static func data(_ text: String, isStyled: Bool = false) {
        willWrite()
        // Lua's print has its own buffer: keep the order.
        flush()
        let isShown = Terminal.isTerminal(STDOUT_FILENO)
        write(
            isShown ? TerminalText.harmless(text, keepsStyles: isStyled) : text, to: STDOUT_FILENO)
    }

    /// Writes bytes that are text to standard output.
    public static func data(_ bytes: [UInt8]) { data(String(decoding: bytes, as: UTF8.self)) }

    /// Writes a message without control sequences and credentials of URLs, since it may quote any
    /// text.
    public static func note(_ text: String) {
        willWrite()
        flush()
        let shown = TerminalText.harmless(URLMask.masked(text), keepsStyles: true)
        write(shown + "\n", to: STDERR_FILENO)
    }

    /// Writes a notice of the program, although nothing failed.
    public static func remark(_ text: String) { note("qcsh: " + Terminal.safe(text)) }

    /// Why writing to standard output failed; nil if it did not, or if the reader is gone.
    public private(set) nonisolated(unsafe) static var problem: String?

    /// Writes the buffers of Lua's print and io, and notes the reason of a failure, which is lost
    /// afterwards.
    public static func flush() {
        let failure = qspawn_finish_output()
        if failure != 0, failure != EPIPE, problem == nil {
            problem = String(cString: strerror(failure))
        }
    }

    /// Writes the buffers, and reports once that output is missing.
    ///
    /// - Returns: the status that the program ends with: 1 instead of 0 when output is missing.
    public static func finish(_ status: Int32) -> Int32 {
        flush()
        if let problem, !isReported { note("qcsh: standard output: \(problem)") }
        isReported = problem != nil
        return status == 0 && (problem != nil || hasFailed) ? 1 : status
    }

    /// Whether ``problem`` was reported.
    private nonisolated(unsafe) static var isReported = false

    private static func write(_ text: String, to descriptor: Int32) {
        guard !writeAll(text.utf8, to: descriptor), descriptor == STDOUT_FILENO, errno != EPIPE
        else { return }
        problem = String(cString: strerror(errno))
    }

    /// Whether a file other than the results could not be written, so that the status is not 0.
    public private(set) nonisolated(unsafe) static var hasFailed = false

    /// Reports, once, that a requested file could not be written.
    public static func fail(_ text: String) {
        if !hasFailed { remark(text) }
        hasFailed = true
    }

    /// Reads a descriptor to its end; nil when it fails, with `errno` set: EFBIG when it holds more
    /// than `limit` bytes.
    public static func readAll(from descriptor: Int32, limit: Int = .max) -> [UInt8]? {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return content }
            content += buffer[..<count]
            guard content.count <= limit else {
                errno = EFBIG
                return nil
            }
        }
    }

    /// Writes all bytes to a descriptor, however long that takes; false when it fails, with `errno`
    /// set.
    public static func writeAll(_ bytes: some Sequence<UInt8>, to descriptor: Int32) -> Bool {
        let content = ContiguousArray(bytes)
        return content.withUnsafeBytes { whole in
            var rest = whole
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&entry, 1, -1)
                    continue
                }
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return true
        }
    }
}
