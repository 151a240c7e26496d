import CSignals
import CSpawn
import CloudClient
import EventLoop
import Glibc

/// Runs the command that prints a secret, on the loop: other work goes on meanwhile.
///
/// It ends with Ctrl-C and `--timeout`, and when no call waits for the secret any longer.
final class SecretProgram: RunningCall {
    /// Why a command gave no secret, in words that follow "the command".
    enum Problem: Error, CustomStringConvertible {
        /// The shell could not be started: an `errno`.
        case notStarted(Int32)
        /// Somebody ended the run.
        case givenUp
        /// It took longer than it may, in seconds.
        case timedOut(Double)
        /// It ended with another status than 0, as waitpid(2) has it.
        case failed(status: Int32, command: String)
        /// It printed more than a credential can be.
        case tooLong(command: String)
        /// The output is not a credential.
        case output(CredentialText.Problem, command: String)

        var description: String {
            switch self {
            case .notStarted(let problem): "cannot be run: \(String(cString: strerror(problem)))"
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

        /// Whether the run was ended, rather than that the command failed.
        var isGivenUp: Bool {
            if case .givenUp = self { true } else { false }
        }
    }

    /// How long a command may take, in nanoseconds: it may ask its user.
    static let timeout: Int64 = 60_000_000_000
    /// The most that a command may print, in bytes.
    static let largest = 1 << 16
    /// How often its end is looked for, at the least and at the most, in nanoseconds.
    private static let looks: (first: Int64, most: Int64) = (1_000_000, 20_000_000)

    private let command: String
    private let loop: PollLoop
    private let completion: (Result<String, Problem>) -> Void
    private let end: Int64
    private let started: Int64
    private let signals = qsignals_read()
    /// Whether it has a process group of its own, so that all of it can be ended.
    private let hasOwnGroup: Bool
    private var process: pid_t = 0
    private var descriptor: Int32 = -1
    private var output: [UInt8] = []
    private var timer: PollLoop.Timer?
    private var isOver = false

    private init(
        _ command: String, _ loop: PollLoop,
        _ completion: @escaping (Result<String, Problem>) -> Void
    ) {
        self.command = command
        self.loop = loop
        self.completion = completion
        started = loop.now()
        // The run ends itself at its limit, and cancels this: that is no failure of the command.
        end = min(started + Self.timeout, Interrupts.lastResort)
        // On a terminal it may ask questions there, which a group in the background may not.
        hasOwnGroup = isatty(STDIN_FILENO) == 0
    }

    /// Starts a command in a shell. Its input is the terminal when the program's is one, and empty
    /// otherwise: piped input is meant for the program.
    ///
    /// - Parameter completion: called once, from the loop, with what the command printed, without
    ///   the white space around it.
    static func start(
        _ command: String, on loop: PollLoop,
        completion: @escaping (Result<String, Problem>) -> Void
    ) -> any RunningCall {
        let program = SecretProgram(command, loop, completion)
        program.begin()
        return program
    }

    func cancel() {
        guard !isOver else { return }
        stop()
    }

    private func begin() {
        var ends: [Int32] = [-1, -1]
        guard qspawn_pipe(&ends) == 0 else { return fail(.notStarted(errno)) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if hasOwnGroup {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | (hasOwnGroup ? POSIX_SPAWN_SETPGROUP : 0)))
        let shell: [String] = ["/bin/sh", "-c", command]
        var words: [UnsafeMutablePointer<CChar>?] = shell.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let problem = posix_spawn(&process, "/bin/sh", &actions, &attributes, &words, environ)
        close(ends[1])
        guard problem == 0 else {
            close(ends[0])
            return fail(.notStarted(problem))
        }
        descriptor = ends[0]
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        loop.watch(descriptor, for: .input) { [self] _ in if !read() { closeOutput() } }
        look(after: Self.looks.first)
    }

    /// Looks after a pause whether the command has ended, or has to: something that it has started
    /// may hold its output open.
    private func look(after pause: Int64) {
        timer = loop.after(pause) { [self] in
            var status: Int32 = 0
            let found = waitpid(process, &status, WNOHANG)
            guard found == 0 || (found < 0 && errno == EINTR) else {
                return finish(found == process ? status : 0)
            }
            let now = qsignals_read()
            if now.interrupts > signals.interrupts || now.terminations > signals.terminations {
                stop()
                return fail(.givenUp)
            }
            if loop.now() >= end {
                stop()
                return fail(.timedOut(Double((end - started) / 10_000_000) / 100))
            }
            look(after: min(pause * 2, Self.looks.most))
        }
    }

    /// Takes what has been printed; false at the end of the output.
    private func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return true }
            guard count > 0, output.count <= Self.largest else { return false }
            output += buffer[..<count]
        }
    }

    private func closeOutput() {
        guard descriptor >= 0 else { return }
        loop.unwatch(descriptor)
        close(descriptor)
        descriptor = -1
    }

    private func finish(_ status: Int32) {
        if descriptor >= 0 { _ = read() }
        closeOutput()
        guard status == 0 else { return end(.failure(.failed(status: status, command: command))) }
        guard output.count <= Self.largest else {
            return end(.failure(.tooLong(command: command)))
        }
        do throws(CredentialText.Problem) {
            end(.success(try CredentialText.clean(String(decoding: output, as: UTF8.self))))
        } catch {
            end(.failure(.output(error, command: command)))
        }
    }

    /// Ends the command; in a group of its own, also the programs that it has started.
    private func stop() {
        isOver = true
        timer?.cancel()
        closeOutput()
        kill(hasOwnGroup ? -process : process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// Fails from the loop, after the caller has received this call.
    private func fail(_ problem: Problem) {
        loop.enqueue { [completion] in completion(.failure(problem)) }
    }

    private func end(_ result: Result<String, Problem>) {
        guard !isOver else { return }
        isOver = true
        completion(result)
    }
}
