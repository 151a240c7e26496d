import CloudClient
import EventLoop
import Glibc
import LuaHost

/// Runs the command that prints a secret, on the loop: other work goes on meanwhile.
///
/// It ends with Ctrl-C and `--timeout`, and when no call waits for the secret any longer.
final class SecretProgram: RunningCall {
    /// Why a command gave no secret, in words that follow "the command".
    enum Problem: Error, CustomStringConvertible {
        /// The shell could not be started.
        case notStarted(ProgramPlan.Problem)
        /// Somebody ended the run.
        case givenUp
        /// It took longer than it may, in seconds.
        case timedOut(Double)
        /// It ended with another status than 0, as waitpid(2) has it.
        case failed(status: Int32, command: String)
        /// It printed more than a credential may contain.
        case tooLong(command: String)
        /// The output is not a credential.
        case output(CredentialText.Problem, command: String)

        var description: String {
            switch self {
            case .notStarted(let problem): "cannot be run: \(problem)"
            case .givenUp: "was cancelled"
            case .timedOut(let seconds): "did not finish within \(seconds) s"
            case .failed(let status, let command) where status & 0x7f == 0:
                "ended with status \(status >> 8 & 0xff): \(command)"
            case .failed(_, let command): "was killed by a signal: \(command)"
            case .tooLong(let command): "printed more than \(largest) bytes: \(command)"
            case .output(.empty, let command): "printed nothing: \(command)"
            case .output(let problem, let command): "printed a text that \(problem): \(command)"
            }
        }

        /// Whether the run was ended, instead of a failure of the command.
        var isGivenUp: Bool {
            if case .givenUp = self { true } else { false }
        }
    }

    /// How long a command may take, in nanoseconds: it may ask its user.
    static let timeout: Int64 = 60_000_000_000
    /// The most that a command may print, in bytes.
    static let largest = 1 << 16

    private var program: RunningProgram?
    private var watch: EndWatch?

    private init() {}

    /// Starts a command in a shell. Its input is the terminal when the program's is one, and empty
    /// otherwise: piped input is meant for the program.
    ///
    /// - Parameter completion: called once, from the loop, with what the command printed, without
    ///   the white space around it.
    static func start(
        _ command: String, on loop: PollLoop,
        completion: @escaping (Result<String, Problem>) -> Void
    ) -> any RunningCall {
        let secret = SecretProgram()
        let started = loop.now()
        // On a terminal it may ask questions there, which a group in the background may not.
        let usesTerminal = isatty(STDIN_FILENO) == 1
        var plan = ProgramPlan(["/bin/sh", "-c", command])
        plan.input = usesTerminal ? .inherited : .empty
        plan.ownsGroup = !usesTerminal
        plan.takesOutput = true
        plan.limit = largest
        plan.timeout = timeout
        do throws(ProgramPlan.Problem) {
            secret.program = try RunningProgram(plan, on: loop) { end in
                secret.release()
                completion(result(of: end, command))
            }
        } catch {
            loop.enqueue { completion(.failure(.notStarted(error))) }
            return secret
        }
        secret.watch = EndWatch(on: loop) { cause in
            secret.cancel()
            switch cause {
            case .signal: completion(.failure(.givenUp))
            case .limit: completion(.failure(.timedOut(seconds(loop.now() - started))))
            }
        }
        return secret
    }

    func cancel() {
        program?.cancel()
        release()
    }

    private func release() {
        watch?.cancel()
        (program, watch) = (nil, nil)
    }

    private static func result(
        of end: RunningProgram.End, _ command: String
    ) -> Result<String, Problem> {
        switch end.cause {
        case .timedOut: return .failure(.timedOut(seconds(timeout)))
        case .wroteTooMuch: return .failure(.tooLong(command: command))
        case .itself: break
        }
        let status = end.status ?? 0
        guard status == 0 else { return .failure(.failed(status: status, command: command)) }
        do throws(CredentialText.Problem) {
            return .success(try CredentialText.clean(String(decoding: end.output, as: UTF8.self)))
        } catch {
            return .failure(.output(error, command: command))
        }
    }

    private static func seconds(_ nanoseconds: Int64) -> Double {
        Double(nanoseconds / 10_000_000) / 100
    }
}
