import EventLoop
import Glibc

/// A program that was started and is followed on the loop: fed, read, and killed when it takes too long
/// or writes too much.
public final class RunningProgram {
    /// Why a program ended.
    public enum Cause {
        case itself
        /// It was killed: it ran longer than its plan allows.
        case timedOut
        /// It was killed: it wrote more than its plan allows.
        case wroteTooMuch
    }

    /// The end of a program.
    public struct End {
        /// Why it ended.
        public let cause: Cause
        /// The status that waitpid(2) gives; nil when other code has waited for the program.
        public let status: Int32?
        /// What it wrote to standard output.
        public let output: [UInt8]
        /// What it wrote to standard error.
        public let errors: [UInt8]
    }

    /// The pauses between checks whether it has ended, in nanoseconds.
    private static let pauses: (first: Int64, longest: Int64) = (1_000_000, 20_000_000)

    private let plan: ProgramPlan
    private let loop: PollLoop
    private let process: pid_t
    private let pipes: ProgramPlan.Pipes
    private var completion: ((End) -> Void)?
    private var open: Set<Int32>
    private var input: ArraySlice<UInt8> = []
    private var output: [UInt8] = []
    private var errors: [UInt8] = []
    private var cause = Cause.itself
    private var isChecked = false
    private var isOver = false
    private var timer: PollLoop.Timer?

    /// Starts a program.
    ///
    /// - Parameter completion: called once, from the loop.
    public init(
        _ plan: ProgramPlan, on loop: PollLoop, completion: @escaping (End) -> Void
    ) throws(ProgramPlan.Problem) {
        self.plan = plan
        self.loop = loop
        self.completion = completion
        (process, pipes) = try plan.spawnWithPipes()
        open = Set(pipes.all)
        follow()
    }

    /// Kills the program, and in a group of its own what it has started. The completion is not called.
    public func cancel() {
        completion = nil
        kill()
    }

    // MARK: - Pipes

    private func follow() {
        for end in open { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        for end in [pipes.output, pipes.errors].compactMap({ $0 }) {
            loop.watch(end, for: .input) { [self] _ in _ = read(end) }
        }
        if let end = pipes.input {
            if case .bytes(let bytes) = plan.input { input = bytes[...] }
            if input.isEmpty {
                close(end)
            } else {
                loop.watch(end, for: .output) { [self] _ in write(end) }
            }
        }
        timer = plan.timeout.map { timeout in
            loop.after(timeout) { [self] in
                cause = .timedOut
                kill()
            }
        }
        if open.isEmpty || !plan.waitsForOutput { check(after: Self.pauses.first) }
    }

    /// Reads what has been written; false when there is nothing more now.
    private func read(_ descriptor: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { return true }
        if count < 0, errno == EAGAIN { return false }
        guard count > 0 else {
            close(descriptor)
            return false
        }
        if output.count + errors.count + count > plan.limit {
            cause = .wroteTooMuch
            kill()
            return false
        }
        if descriptor == pipes.errors {
            errors += buffer[..<count]
        } else {
            output += buffer[..<count]
        }
        return true
    }

    private func write(_ descriptor: Int32) {
        let count = input.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return close(descriptor) }
        input = input.dropFirst(count)
        if input.isEmpty { close(descriptor) }
    }

    private func close(_ descriptor: Int32) {
        guard open.remove(descriptor) != nil else { return }
        loop.unwatch(descriptor)
        Glibc.close(descriptor)
        if open.isEmpty, !isChecked { check(pause: Self.pauses.first) }
    }

    // MARK: - The end

    private func kill() {
        guard !isOver else { return }
        timer?.cancel()
        _ = Glibc.kill(plan.ownsGroup ? -process : process, SIGKILL)
        for descriptor in open { close(descriptor) }
    }

    private func check(after pause: Int64) {
        isChecked = true
        loop.after(pause) { [self] in check(pause: min(pause * 2, Self.pauses.longest)) }
    }

    /// Checks whether the program has ended, now and again after pauses.
    private func check(pause: Int64) {
        guard !isOver else { return }
        var status: Int32 = 0
        let found = waitpid(process, &status, WNOHANG)
        if found == 0 || (found < 0 && errno == EINTR) { return check(after: pause) }
        isOver = true
        for end in [pipes.output, pipes.errors].compactMap({ $0 }) {
            while open.contains(end), read(end) {}
        }
        for descriptor in open { close(descriptor) }
        timer?.cancel()
        let end = End(
            cause: cause, status: found == process ? status : nil, output: output, errors: errors)
        completion?(end)
        completion = nil
    }
}
