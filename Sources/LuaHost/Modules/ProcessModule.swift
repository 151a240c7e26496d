import CSpawn
import CloudClient
import EventLoop
import Glibc
import LuaMachine

/// The host functions that `host/process.lua` is built from: they run programs for the script.
final class ProcessModule {
    private let machine: LuaMachine
    private let actions: LocalActions

    init(machine: LuaMachine, actions: LocalActions) {
        self.machine = machine
        self.actions = actions
    }

    func register(in functions: inout HostFunctions) {
        // process_run(argv, { cwd, env, clear_env, input, stdout, stderr, limit, timeout })
        //   → { status | signal, stdout, stderr, timed_out }
        functions.declareWaiting(
            "process_run", needs: ["run:processes"], recording: .use(about: 1),
            writesToTerminal: true
        ) { [unowned self] call in
            let plan = try plan(call.arguments)
            return .wait(as: .outer) { [unowned self] resumption in start(plan, resumption) }
        }
        functions.declare("process_id", recording: .reading) { call in
            call.results.put(Int(getpid()))
        }
    }

    private struct Plan {
        var words: [String] = []
        var folder: String?
        var environment: [String] = []
        var input: [UInt8] = []
        var passesOutput = false
        var passesErrors = false
        /// How much output is taken, in bytes.
        var limit = 64 << 20
        var timeout: Int64?
    }

    private func plan(_ arguments: TapeReader) throws(HostError) -> Plan {
        var plan = Plan()
        let words = arguments.value().table?.array ?? []
        for word in words {
            guard let text = word.text ?? word.integer.map(String.init) else {
                throw .message("arguments of a program must be strings, got a \(word.typeName)")
            }
            guard !text.utf8.contains(0) else {
                throw .message("an argument must not contain NUL bytes")
            }
            plan.words.append(text)
        }
        guard let program = plan.words.first, !program.isEmpty else {
            throw .message("process.run needs a list: the program, then its arguments")
        }
        let options = arguments.value().table
        plan.folder = options?["cwd"]?.text
        var asked = program
        if program.contains("/"), !program.hasPrefix("/"), actions.bound.isActive {
            // Relative to where it begins: what is asked about is what runs.
            asked = Paths.resolved((plan.folder ?? ".") + "/" + program)
            if plan.folder == nil || plan.folder == "." { asked = program }
            plan.words[0] = Paths.resolved((plan.folder ?? ".") + "/" + program)
        }
        try actions.ask("run:processes", asked, by: "process.run")
        var variables: [String: String] = [:]
        if options?["clear_env"]?.isTrue != true {
            variables = Self.environment().filter { !Self.credentials.contains($0.key) }
        }
        for (key, value) in options?["env"]?.table?.entries ?? [] {
            guard let name = key.text else { continue }
            switch value {
            case .bool(false): variables[name] = nil
            case .string(let bytes), .secret(let bytes):
                variables[name] = String(decoding: bytes, as: UTF8.self)
            default: throw .message("env.\(name) must be a string, a secret or false")
            }
        }
        plan.environment = variables.map { "\($0.key)=\($0.value)" }
        switch options?["input"] {
        case .string(let bytes)?, .secret(let bytes)?: plan.input = bytes
        default: break
        }
        plan.passesOutput = options?["stdout"]?.text == "inherit"
        plan.passesErrors = options?["stderr"]?.text == "inherit"
        if let limit = options?["limit"]?.integer { plan.limit = Int(limit) }
        plan.timeout = TimeLength.nanoseconds(options?["timeout"] ?? .nil)
        return plan
    }

    /// qcsh's own credentials: a program that a script runs is given them by name or not at all.
    private static let credentials = ["QDRANT_CLOUD_API_KEY", "QDRANT_CLOUD_TOKEN"]

    /// The variables of this process.
    static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }

    // MARK: - Running

    /// A program that runs.
    private final class Child {
        let process: pid_t
        let loop: PollLoop
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var input: ArraySlice<UInt8>
        var open: Set<Int32> = []
        var isTimedOut = false
        var isTooLong = false
        var timer: PollLoop.Timer?
        let plan: Plan
        let onEnd: (Child, Int32) -> Void

        init(
            _ process: pid_t, _ plan: Plan, _ loop: PollLoop,
            onEnd: @escaping (Child, Int32) -> Void
        ) {
            self.process = process
            self.plan = plan
            self.loop = loop
            self.onEnd = onEnd
            input = plan.input[...]
        }

        func close(_ descriptor: Int32) {
            guard open.remove(descriptor) != nil else { return }
            loop.unwatch(descriptor)
            Glibc.close(descriptor)
            if open.isEmpty { reap(after: 1_000_000) }
        }

        func read(_ descriptor: Int32, isErrors: Bool) {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return close(descriptor) }
            if output.count + errors.count + count > plan.limit {
                isTooLong = true
                return kill()
            }
            if isErrors { errors += buffer[..<count] } else { output += buffer[..<count] }
        }

        func write(_ descriptor: Int32) {
            let count = input.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return close(descriptor) }
            input = input.dropFirst(count)
            if input.isEmpty { close(descriptor) }
        }

        /// Ends the program and what it has started.
        func kill() {
            _ = Glibc.kill(-process, SIGKILL)
            for descriptor in open { close(descriptor) }
        }

        private func reap(after pause: Int64) {
            var status: Int32 = 0
            let found = waitpid(process, &status, WNOHANG)
            if found == 0 {
                // It has closed its outputs but goes on.
                loop.after(pause) { [self] in reap(after: min(pause * 2, 50_000_000)) }
                return
            }
            timer?.cancel()
            // Somebody else has waited for it: how it ended is not known.
            onEnd(self, found == process ? status : 0xff << 8)
        }
    }

    private func start(
        _ plan: Plan, _ resumption: LuaMachine.Resumption
    ) -> (() -> Void)? {
        var pipes = [[Int32]](repeating: [-1, -1], count: 3)
        for index in pipes.indices where qspawn_pipe(&pipes[index]) != 0 {
            return fail(resumption, plan, errno)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipes[0][0], STDIN_FILENO)
        if !plan.passesOutput {
            posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDOUT_FILENO)
        }
        if !plan.passesErrors {
            posix_spawn_file_actions_adddup2(&actions, pipes[2][1], STDERR_FILENO)
        }
        if let folder = plan.folder {
            _ = qspawn_begin_in(&actions, folder)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own, so that all of it can be ended.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var words: [UnsafeMutablePointer<CChar>?] = plan.words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = plan.environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        fflush(nil)
        let problem = posix_spawnp(
            &process, plan.words[0], &actions, &attributes, &words, &variables)
        for end in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(end) }
        guard problem == 0 else {
            for end in [pipes[0][1], pipes[1][0], pipes[2][0]] { close(end) }
            return fail(resumption, plan, problem)
        }
        let child = Child(process, plan, machine.loop) { child, status in
            Self.finish(child, status, resumption)
        }
        follow(child, pipes)
        return {
            child.timer?.cancel()
            child.kill()
        }
    }

    private func follow(_ child: Child, _ pipes: [[Int32]]) {
        let loop = machine.loop
        let ends = [pipes[0][1], pipes[1][0], pipes[2][0]]
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        child.open = Set(ends)
        loop.watch(ends[1], for: .input) { _ in child.read(ends[1], isErrors: false) }
        loop.watch(ends[2], for: .input) { _ in child.read(ends[2], isErrors: true) }
        if child.input.isEmpty {
            child.close(ends[0])
        } else {
            loop.watch(ends[0], for: .output) { _ in child.write(ends[0]) }
        }
        child.timer = child.plan.timeout.map { timeout in
            loop.after(timeout) {
                child.isTimedOut = true
                child.kill()
            }
        }
    }

    private func fail(
        _ resumption: LuaMachine.Resumption, _ plan: Plan, _ problem: Int32
    ) -> (() -> Void)? {
        resumption.fail {
            $0.put("cannot run \(plan.words[0]): \(String(cString: strerror(problem)))")
        }
        return nil
    }

    private static func finish(
        _ child: Child, _ status: Int32, _ resumption: LuaMachine.Resumption
    ) {
        if child.isTooLong {
            resumption.fail {
                $0.put(
                    "\(child.plan.words[0]) wrote more than \(child.plan.limit) bytes and was ended; "
                        + "the option limit allows more")
            }
            return
        }
        resumption.succeed { writer in
            writer.table {
                let signal = status & 0x7f
                writer.put("status")
                writer.put(signal == 0 ? Int(status >> 8 & 0xff) : 128 + Int(signal))
                if signal != 0 {
                    writer.put("signal")
                    writer.put(Int(signal))
                }
                writer.put("stdout")
                child.output.withUnsafeBytes { writer.put($0) }
                writer.put("stderr")
                child.errors.withUnsafeBytes { writer.put($0) }
                writer.put("timed_out")
                writer.put(child.isTimedOut)
            }
        }
    }
}
