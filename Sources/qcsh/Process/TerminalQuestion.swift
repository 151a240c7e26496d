import CSignals
import CloudClient
import EventLoop
import Glibc
import Shell

/// Asks a person to type a name, on the terminal. The loop goes on meanwhile; Ctrl-C and `--timeout` end
/// the question.
final class TerminalQuestion: RunningCall {
    /// How often signals are looked for, in nanoseconds.
    private static let look: Int64 = 50_000_000

    private let loop: PollLoop
    private let name: String
    private let completion: (ConfirmingTransport.Answer) -> Void
    private let signals = qsignals_read()
    private var terminal: Int32
    private var line: [UInt8] = []
    private var timer: PollLoop.Timer?

    private init(
        _ terminal: Int32, _ name: String, _ loop: PollLoop,
        _ completion: @escaping (ConfirmingTransport.Answer) -> Void
    ) {
        self.terminal = terminal
        self.name = name
        self.loop = loop
        self.completion = completion
    }

    /// Asks a question; without a terminal the answer is a refusal.
    ///
    /// - Parameter completion: called once, from the loop.
    static func ask(
        _ question: ConfirmingTransport.Question, from source: String, on loop: PollLoop,
        completion: @escaping (ConfirmingTransport.Answer) -> Void
    ) -> any RunningCall {
        let terminal =
            isatty(STDIN_FILENO) == 0 ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        let asked = TerminalQuestion(terminal, question.name, loop, completion)
        guard terminal >= 0 else {
            loop.enqueue { completion(.refused("there is no terminal to ask on; use --yes")) }
            return asked
        }
        asked.begin("\(source): \(question.action)? Type the name to confirm: ")
        return asked
    }

    private func begin(_ prompt: String) {
        Output.beginQuestion()
        _ = Output.writeAll(Terminal.safe(prompt).utf8, to: terminal)
        loop.watch(terminal, for: .input) { [self] _ in read() }
        watchSignals()
    }

    private func watchSignals() {
        timer = loop.after(Self.look) { [self] in
            let now = qsignals_read()
            if now.interrupts > signals.interrupts || now.terminations > signals.terminations
                || loop.now() >= Interrupts.lastResort
            {
                return end(.refused("it was not confirmed"))
            }
            watchSignals()
        }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(terminal, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        if count > 0 { line += buffer[..<count] }
        guard count <= 0 || line.last == UInt8(ascii: "\n") || line.count > 4096 else { return }
        var text = String(decoding: line, as: UTF8.self)[...]
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        end(text == name ? .confirmed : .refused("another name was typed"))
    }

    func cancel() { close() }

    private func end(_ answer: ConfirmingTransport.Answer) {
        guard terminal >= 0 else { return }
        close()
        completion(answer)
    }

    private func close() {
        timer?.cancel()
        guard terminal >= 0 else { return }
        Output.endQuestion()
        loop.unwatch(terminal)
        Glibc.close(terminal)
        terminal = -1
    }
}
