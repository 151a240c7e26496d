import CSpawn
import Glibc

/// A program to start as a child of this process.
public struct ProgramPlan {
    /// Where a program reads from.
    public enum Input {
        /// The standard input of this process.
        case inherited
        /// `/dev/null`.
        case empty
        /// A pipe with these bytes.
        case bytes([UInt8])
    }

    /// The program, found in PATH, and its arguments.
    public var words: [String]
    /// Where it starts; nil for the directory of this process.
    public var directory: String?
    /// Its variables as `NAME=value`; nil for those of this process.
    public var environment: [String]?
    /// Its input.
    public var input = Input.inherited
    /// Whether its standard output is read, rather than inherited.
    public var takesOutput = false
    /// Whether its standard error is read, rather than inherited.
    public var takesErrors = false
    /// Whether it leads a process group, so that what it starts can be killed with it. A program that
    /// uses the terminal must be in this process's group.
    public var ownsGroup = false
    /// How many bytes it may write to what is read.
    public var limit = Int.max
    /// How long it may run, in nanoseconds; nil for as long as it wants.
    public var timeout: Int64?
    /// Whether it counts as running while programs that it has started hold its output open.
    public var waitsForOutput = false

    /// Creates a plan.
    public init(_ words: [String]) { self.words = words }

    /// The ends of the pipes that this process holds.
    struct Pipes {
        var input: Int32?
        var output: Int32?
        var errors: Int32?

        var all: [Int32] { [input, output, errors].compactMap { $0 } }
    }

    /// A failure to start a program, with its `errno`.
    public struct Problem: Error, CustomStringConvertible {
        /// The `errno`.
        public let code: Int32

        public var description: String { String(cString: strerror(code)) }
    }

    /// Starts the program with default signal handlers, and without following it.
    public func spawn() throws(Problem) -> pid_t { try spawnWithPipes().process }

    func spawnWithPipes() throws(Problem) -> (process: pid_t, pipes: Pipes) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pipes = Pipes()
        var others: [Int32] = []
        defer { for end in others { close(end) } }
        do throws(Problem) {
            switch input {
            case .inherited: break
            case .empty:
                posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            case .bytes:
                let (read, write) = try Self.pipe()
                (pipes.input, others) = (write, [read])
                posix_spawn_file_actions_adddup2(&actions, read, STDIN_FILENO)
            }
            if takesOutput {
                let (read, write) = try Self.pipe()
                (pipes.output, others) = (read, others + [write])
                posix_spawn_file_actions_adddup2(&actions, write, STDOUT_FILENO)
            }
            if takesErrors {
                let (read, write) = try Self.pipe()
                (pipes.errors, others) = (read, others + [write])
                posix_spawn_file_actions_adddup2(&actions, write, STDERR_FILENO)
            }
            if let directory { _ = qspawn_begin_in(&actions, directory) }
            return (try spawn(&actions), pipes)
        } catch {
            for end in pipes.all { close(end) }
            throw error
        }
    }

    private func spawn(_ actions: inout posix_spawn_file_actions_t) throws(Problem) -> pid_t {
        guard let program = words.first else { throw Problem(code: EINVAL) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = ownsGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | group))
        var words: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            (environment ?? []).map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let problem =
            environment == nil
            ? posix_spawnp(&process, program, &actions, &attributes, &words, environ)
            : posix_spawnp(&process, program, &actions, &attributes, &words, &variables)
        guard problem == 0 else { throw Problem(code: problem) }
        return process
    }

    private static func pipe() throws(Problem) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard qspawn_pipe(&ends) == 0, let read = ends.first, let write = ends.last else {
            throw Problem(code: errno)
        }
        return (read, write)
    }
}
