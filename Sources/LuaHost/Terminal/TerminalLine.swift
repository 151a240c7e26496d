import EventLoop
import Glibc

/// Reads a line that is typed on the controlling terminal, while the loop goes on.
public final class TerminalLine {
    private let loop: PollLoop
    private var terminal: Int32
    /// The terminal's modes, while echo is off.
    private var modes: termios?
    private var line: [UInt8] = []

    /// Opens the terminal; nil when the process has none.
    public init?(on loop: PollLoop) {
        terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        self.loop = loop
    }

    deinit { if terminal >= 0 { Glibc.close(terminal) } }

    /// Shows a prompt and reads a line, once.
    ///
    /// - Parameters:
    ///   - prompt: written as it is.
    ///   - isHidden: whether typed characters are not shown.
    ///   - completion: receives the line without its end; nil at the end of input. Called from the loop,
    ///     unless ``close()`` was.
    public func ask(
        _ prompt: String, isHidden: Bool = false, completion: @escaping ([UInt8]?) -> Void
    ) {
        // Before the prompt: the answer may be typed at once.
        if isHidden { hide() }
        fflush(nil)
        _ = prompt.withCString { write(terminal, $0, strlen($0)) }
        loop.watch(terminal, for: .input) { [self] _ in read(completion) }
    }

    /// Ends the question and restores the terminal.
    public func close() {
        guard terminal >= 0 else { return }
        loop.unwatch(terminal)
        if var modes {
            tcsetattr(terminal, TCSANOW, &modes)
            _ = write(terminal, "\n", 1)
        }
        Glibc.close(terminal)
        terminal = -1
    }

    private func hide() {
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return }
        modes = before
        before.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(terminal, TCSAFLUSH, &before)
    }

    private func read(_ completion: ([UInt8]?) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(terminal, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        if count > 0 { line += buffer[..<count] }
        guard count <= 0 || line.last == UInt8(ascii: "\n") else { return }
        close()
        if count <= 0, line.isEmpty { return completion(nil) }
        while line.last == UInt8(ascii: "\n") || line.last == UInt8(ascii: "\r") {
            line.removeLast()
        }
        completion(line)
    }
}
