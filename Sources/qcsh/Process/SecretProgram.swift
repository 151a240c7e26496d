import Glibc

/// Runs the command that prints a secret.
enum SecretProgram {
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
        case empty(command: String)

        var description: String {
            switch self {
            case .notStarted(let problem): "cannot be run: \(String(cString: strerror(problem)))"
            case .givenUp: "was cancelled"
            case .timedOut(let seconds): "did not finish within \(seconds) s"
            case .failed(let status, let command) where status & 0x7f == 0:
                "ended with status \(status >> 8 & 0xff): \(command)"
            case .failed(_, let command): "was killed by a signal: \(command)"
            case .empty(let command): "printed nothing: \(command)"
            }
        }
    }

    /// How long a command may take, in nanoseconds: it may ask its user.
    static let timeout: Int64 = 60_000_000_000

    /// What the command printed, up to the first line break. It runs in a shell, with this process's
    /// terminal for questions.
    static func run(_ command: String, timeout: Int64 = timeout) -> Result<String, Problem> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(.notStarted(errno)) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        let shell: [String] = ["/bin/sh", "-c", command]
        var words: [UnsafeMutablePointer<CChar>?] = shell.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let problem = posix_spawn(&process, "/bin/sh", &actions, nil, &words, environ)
        close(ends[1])
        guard problem == 0 else { return .failure(.notStarted(problem)) }
        let started = Clocks.monotonic()
        let end = min(started + timeout, Interrupts.runEnd)
        guard let output = read(ends[0], until: end) else {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
            guard Clocks.monotonic() >= end else {
                return .failure(.givenUp)
            }
            return .failure(.timedOut(Double((end - started) / 10_000_000) / 100))
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            return .failure(.failed(status: status, command: command))
        }
        let secret = String(decoding: output, as: UTF8.self).prefix { !$0.isNewline }
        guard !secret.isEmpty else {
            return .failure(.empty(command: command))
        }
        return .success(String(secret))
    }

    /// The most that a command may print, in bytes.
    private static let largest = 1 << 16

    /// All that comes until the end; nil when that is not there in time, or somebody ends the run.
    private static func read(_ descriptor: Int32, until deadline: Int64) -> [UInt8]? {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = deadline - Clocks.monotonic()
            guard left > 0, !Interrupts.hasDemand else { return nil }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1)) > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, output.count < largest else { return output }
            output += buffer[..<count]
        }
    }
}
