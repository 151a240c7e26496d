import Glibc

/// Runs the command that prints a secret.
enum SecretProgram {
    /// Why a command gave no secret, in words that follow "the command".
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// How long a command may take, in nanoseconds: it may ask its user.
    static let timeout: Int64 = 60_000_000_000

    /// What the command printed, up to the first line break. It runs in a shell, with this process's
    /// terminal for questions.
    static func run(_ command: String, timeout: Int64 = timeout) -> Result<String, Problem> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(because(errno)) }
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
        guard problem == 0 else { return .failure(because(problem)) }
        let started = Clocks.monotonic()
        let end = min(started + timeout, Interrupts.runEnd)
        guard let output = read(ends[0], until: end) else {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
            guard Clocks.monotonic() >= end else {
                return .failure(Problem(description: "was given up"))
            }
            let seconds = Double((end - started) / 10_000_000) / 100
            return .failure(Problem(description: "did not end within \(seconds) s"))
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let code = status & 0x7f == 0 ? "status \(status >> 8 & 0xff)" : "a signal"
            return .failure(Problem(description: "ended with \(code): \(command)"))
        }
        let secret = String(decoding: output, as: UTF8.self).prefix { !$0.isNewline }
        guard !secret.isEmpty else {
            return .failure(Problem(description: "printed nothing: \(command)"))
        }
        return .success(String(secret))
    }

    private static func because(_ problem: Int32) -> Problem {
        Problem(description: "cannot be run: \(String(cString: strerror(problem)))")
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
