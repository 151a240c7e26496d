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

    /// How much output a script takes, in bytes, unless it says otherwise.
    private static let limit = 64 << 20

    private func plan(_ arguments: TapeReader) throws(HostError) -> ProgramPlan {
        var plan = ProgramPlan([])
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
        plan.directory = options?["cwd"]?.text
        var asked = program
        if program.contains("/"), !program.hasPrefix("/"), actions.bound.isActive {
            // Relative to where it begins: what is asked about is what runs.
            asked = Paths.resolved((plan.directory ?? ".") + "/" + program)
            if plan.directory == nil || plan.directory == "." { asked = program }
            plan.words[0] = Paths.resolved((plan.directory ?? ".") + "/" + program)
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
        case .string(let bytes)?, .secret(let bytes)?: plan.input = .bytes(bytes)
        default: plan.input = .bytes([])
        }
        plan.takesOutput = options?["stdout"]?.text != "inherit"
        plan.takesErrors = options?["stderr"]?.text != "inherit"
        plan.limit = Self.limit
        if let limit = options?["limit"]?.integer { plan.limit = Int(limit) }
        plan.timeout = TimeLength.nanoseconds(options?["timeout"] ?? .nil)
        plan.ownsGroup = true
        plan.waitsForOutput = true
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

    private func start(
        _ plan: ProgramPlan, _ resumption: LuaMachine.Resumption
    ) -> (() -> Void)? {
        // The output of Lua must precede that of the program.
        fflush(nil)
        do throws(ProgramPlan.Problem) {
            let program = try RunningProgram(plan, on: machine.loop) { end in
                Self.finish(plan, end, resumption)
            }
            return { program.cancel() }
        } catch {
            resumption.fail { $0.put("cannot run \(plan.words[0]): \(error)") }
            return nil
        }
    }

    private static func finish(
        _ plan: ProgramPlan, _ end: RunningProgram.End, _ resumption: LuaMachine.Resumption
    ) {
        if case .wroteTooMuch = end.cause {
            resumption.fail {
                $0.put(
                    "\(plan.words[0]) wrote more than \(plan.limit) bytes and was ended; "
                        + "the option limit allows more")
            }
            return
        }
        let status = end.status ?? Self.unknownStatus
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
                end.output.withUnsafeBytes { writer.put($0) }
                writer.put("stderr")
                end.errors.withUnsafeBytes { writer.put($0) }
                writer.put("timed_out")
                writer.put(end.cause == .timedOut)
            }
        }
    }

    /// The status of a program that other code has waited for, as waitpid(2) gives it.
    private static let unknownStatus: Int32 = 0xff << 8
}
