import CloudClient
import EventLoop
import Glibc
import LuaHost
import Shell

/// Asks a person to type a name, on the terminal. The loop goes on meanwhile; Ctrl-C and `--timeout` end
/// the question.
final class TerminalQuestion: RunningCall {
    private var line: TerminalLine?
    private var watch: EndWatch?

    private init(_ line: TerminalLine?) { self.line = line }

    /// Asks a question; without a terminal the answer is a refusal.
    ///
    /// - Parameter completion: called once, from the loop.
    static func ask(
        _ question: ConfirmingTransport.Question, from source: String, on loop: PollLoop,
        completion: @escaping (ConfirmingTransport.Answer) -> Void
    ) -> any RunningCall {
        let line = isatty(STDIN_FILENO) == 0 ? nil : TerminalLine(on: loop)
        let asked = TerminalQuestion(line)
        guard let line else {
            loop.enqueue { completion(.refused("there is no terminal to ask on; use --yes")) }
            return asked
        }
        Output.beginQuestion()
        let prompt = "\(source): \(question.action)? Type the name to confirm: "
        line.ask(Terminal.safe(prompt)) { bytes in
            asked.cancel()
            let typed = String(decoding: bytes ?? [], as: UTF8.self).trimmed
            completion(
                typed == question.name ? .confirmed : .refused("another name was typed"))
        }
        asked.watch = EndWatch(on: loop) { _ in
            asked.cancel()
            completion(.refused("it was not confirmed"))
        }
        return asked
    }

    func cancel() {
        guard let line else { return }
        watch?.cancel()
        line.close()
        Output.endQuestion()
        (self.line, watch) = (nil, nil)
    }
}
