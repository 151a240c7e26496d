import CloudClient
import Contract
import EventLoop
import Glibc
import LuaHost
import LuaMachine
import Shell

/// Runs a script, code from the command line, or the interactive shell.
struct Runner {
    let options: RunOptions
    /// Pieces of code, one after another; when there are none, the script runs.
    let code: [String]
    /// The script and its arguments; without one the shell runs.
    let script: [String]

    /// Where `require` looks for modules.
    let project: Project
    /// The argument of built-in code.
    let argument: LuaTable?

    /// The script's text, when it is not read from its file.
    let source: [UInt8]?
    /// How people start the script, for its help; nil for the name of its file.
    let programName: String?
    /// What the script reports after its results.
    private let remarks = Remarks()
    /// What a person may have meant by a script that does not exist.
    let hint: (String) -> String

    /// Creates a runner.
    init(
        options: RunOptions, code: [String], script: [String], project: Project? = nil,
        argument: LuaTable? = nil, source: [UInt8]? = nil, programName: String? = nil,
        hint: @escaping (String) -> String = { _ in "" }
    ) {
        let file = code.isEmpty ? script.first : nil
        self.project = project ?? file.map(Project.of(script:)) ?? .current
        self.argument = argument
        self.source = source
        self.programName = programName
        self.hint = hint
        self.options = options
        self.code = code
        self.script = script
    }

    /// Creates a runner of a command that the standard library implements.
    ///
    /// - Parameters:
    ///   - code: gets the argument as its first value.
    ///   - argument: the table that the command is called with.
    init(
        options: RunOptions, code: String, argument: [(name: String, value: LuaValue?)],
        project: Project = .current
    ) {
        let entries = argument.compactMap { name, value in
            value.map { (key: LuaValue.text(name), value: $0) }
        }
        self.init(
            options: options, code: [code], script: [], project: project,
            argument: LuaTable(entries: entries))
    }

    /// Runs and returns the exit status.
    func run() -> Int32 {
        // A peer that has gone is reported by write, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        // Whoever ignores the end of programs is not told how they ended.
        signal(SIGCHLD, SIG_DFL)
        // Before the machine runs, the script may come from a pipe that nobody writes to.
        if let timeout = options.timeout {
            Interrupts.limitRun(to: timeout)
            Interrupts.leave(after: timeout, status: ExitStatus.timedOut)
        }
        let loop = PollLoop(now: Clocks.monotonic)
        let limits = RunLimits(options)
        let journal: RunJournal
        do throws(LuaFailure) { journal = try JournalFile.open(options) } catch {
            return report(error)
        }
        let connections = Connections(options, loop: loop, bound: limits.bound, journal: journal)
        var status: Int32 = 0
        do throws(LuaFailure) {
            connections.registry = try loadContract()
            do throws(CommandError) {
                try limits.check(options, against: connections.registry)
            } catch {
                leave(error, connections)
            }
            let source = try readScript(limits)
            let secrets = try openSecrets()
            try checkContext(connections)
            let start = ShellStart(options: options, connections: connections)
            let shell = code.isEmpty && source == nil ? state(start, connections) : nil
            let runtime = try makeRuntime(loop, connections, limits, shell)
            Interrupts.install(for: runtime.machine, on: loop)
            let run = Run(
                runtime: runtime, connections: connections, control: control(runtime),
                secrets: secrets, source: source)
            if let shell {
                status = start.run(runtime, shell, control: run.control, secrets: secrets)
            } else {
                status = self.run(run)
            }
            secrets.note()
        } catch {
            status = report(error)
        }
        Output.flush()
        connections.close()
        limits.writeAudit()
        return Output.finish(status)
    }

    /// Texts that are reported after the results.
    private final class Remarks {
        private var texts: [String] = []

        func add(_ text: String) { texts.append(text) }

        func take() -> [String] {
            defer { texts = [] }
            return texts
        }
    }

    /// What one run needs.
    private struct Run {
        let runtime: LuaRuntime
        let connections: Connections
        let control: RunControl
        let secrets: SecretOutput
        /// The script's text; nil when none runs.
        let source: [UInt8]?
    }

    /// Limits the run, and has it ended on demand.
    private func control(_ runtime: LuaRuntime) -> RunControl {
        let machine = runtime.machine
        let control = RunControl(
            machine: machine, alarm: Interrupts.alarm,
            lastResort: { Interrupts.leave(after: $0, status: ExitStatus.of($1)) },
            note: Output.remark)
        let obey = {
            switch Interrupts.take() {
            case .interrupt: control.stop(.interrupted)
            case .terminate: control.stop(.terminated)
            case nil: break
            }
        }
        machine.loop.onSignal = obey
        machine.onInterrupt(
            obey, instructionsUsedUp: { control.stop(.instructionsUsedUp) },
            alarm: Interrupts.alarm)
        machine.limitInstructions(options.maximumInstructions)
        if let timeout = options.timeout {
            machine.loop.after(timeout) { control.stop(.timedOut) }
            // Code that does not return from a function of C is not reached otherwise.
            let rest = RunControl.grace + RunControl.patience
            Interrupts.leave(
                after: timeout.addingReportingOverflow(rest).overflow ? .max : timeout + rest,
                status: ExitStatus.timedOut)
            Interrupts.alarm(after: timeout)
        }
        return control
    }

    /// The script that runs: the one that is named, or what is piped in; nil for the shell and for
    /// code of the command line.
    private var scriptFile: String? {
        guard code.isEmpty else { return nil }
        return script.first ?? (Terminal.isTerminal(STDIN_FILENO) ? nil : "-")
    }

    /// Reads the script and what its header allows.
    private func readScript(_ limits: RunLimits) throws(LuaFailure) -> [UInt8]? {
        for piece in code { try limits.add(headerOf: Array(piece.utf8), file: "(command line)") }
        guard let file = scriptFile else { return nil }
        guard let source = source ?? UserFiles.read(file) else {
            let reason = UserFiles.reason
            Output.note("qcsh: cannot read \(file): \(reason)\(hint(file))")
            exit(ExitStatus.usage)
        }
        try limits.add(headerOf: source, file: file)
        return source
    }

    /// Ends the program with a configuration's error, before anything has run.
    private func leave(_ error: CommandError, _ connections: Connections) -> Never {
        Output.note("qcsh: \(error)")
        connections.close()
        exit(error.status)
    }

    /// The state of the shell; a configuration that is not understood ends the program.
    private func state(_ start: ShellStart, _ connections: Connections) -> ShellState {
        do throws(CommandError) { return try start.state() } catch {
            leave(error, connections)
        }
    }

    /// A context that was named must exist, whether or not a call is made.
    private func checkContext(_ connections: Connections) throws(LuaFailure) {
        let isNamed =
            options.context != nil || UserFiles.environment("QDRANT_CLOUD_CONTEXT") != nil
        guard isNamed, options.replayFile == nil else { return }
        do throws(CommandError) { try connections.check() } catch {
            leave(error, connections)
        }
    }

    private func loadContract() throws(LuaFailure) -> Registry {
        do throws(CommandError) {
            return try ContractLoader.load(options.contract, options: options)
        } catch {
            throw LuaFailure(error.description)
        }
    }

    private func openSecrets() throws(LuaFailure) -> SecretOutput {
        do throws(SecretOutput.Problem) {
            return try SecretOutput(options.secrets)
        } catch {
            throw LuaFailure(error.description)
        }
    }

    private func makeRuntime(
        _ loop: PollLoop, _ connections: Connections, _ limits: RunLimits, _ shell: ShellState?
    ) throws(LuaFailure) -> LuaRuntime {
        let name = code.isEmpty ? script.first ?? "qcsh" : "qcsh"
        let arguments = Array(code.isEmpty ? script.dropFirst() : script[...])
        var environment = LuaRuntime.Environment(
            connect: { (table) throws(LuaFailure) in try connections.open(table) },
            wallClock: Clocks.wall,
            exit: { [weak shell] status in
                shell?.restoreTerminal()
                Output.flush()
                connections.close()
                limits.writeAudit()
                Glibc.exit(Output.finish(status))
            },
            modulePath: project.modulePath,
            scriptName: name, arguments: arguments)
        environment.revealsSecrets = options.secrets == .reveal
        environment.note = Output.remark
        environment.bound = limits.bound
        environment.hasHeader = limits.hasHeader
        environment.isDryRun = options.isDryRun
        environment.output = options.output?.rawValue
        environment.programName = programName
        environment.journal = connections.journal
        environment.connection.userAgent = "qcsh/\(Version.number)"
        if let folder = UserFiles.stateFolder, options.replayFile == nil {
            environment.functions =
                WaitTimes(path: folder + "/waits") { UserFiles.makeFolders(folder) }.functions
        }
        // program_option(name) → whether a name with dashes is an option of qcsh, for scripts that
        // get it by mistake
        environment.functions.declare("program_option", .string) { call, name in
            call.results.put(CommandTree(ScriptOptions.self)?.option(name) != nil)
        }
        // remark_at_end(text): what is reported after the results
        environment.functions.declare("remark_at_end", .string) { _, text in
            remarks.add(text)
        }
        if let shell {
            environment.functions.add(ShellFunctions.make(shell))
            environment.willWrite = { [weak shell] in shell?.willWrite() }
            environment.terminal = { [weak shell] in shell?.original(of: $0) ?? $0 }
        }
        environment.sandboxes = SandboxController(connections, loop: loop)
        let runtime = try LuaRuntime(environment, registry: connections.registry, loop: loop)
        limitMemory(of: runtime.machine)
        return runtime
    }

    /// Limits what Lua may hold, to no less than what is there before a script begins.
    private func limitMemory(of machine: LuaMachine) {
        guard let limit = options.maximumMemory else { return }
        // Even an empty script needs memory for its text, a task and its results.
        let needed = machine.memoryUsed + (64 << 10)
        guard limit.bytes >= needed else {
            Output.note(
                "qcsh: --max-memory \(limit.bytes) is less than Lua needs (about \(needed >> 10) KiB)"
            )
            exit(ExitStatus.usage)
        }
        guard limit.hasUnit else {
            Output.note("qcsh: --max-memory \(limit.bytes) has no unit; write \(limit.bytes)B")
            exit(ExitStatus.usage)
        }
        machine.limitMemory(limit.bytes)
    }

    private func run(_ run: Run) -> Int32 {
        if !code.isEmpty {
            for piece in code {
                // qcsh's own code is not the user's.
                let name = argument == nil ? "=(command line)" : "=[command]"
                let status = evaluate(run, ("(command line)", Array(piece.utf8))) {
                    () throws(LuaFailure) in
                    try run.runtime.compileExpression(Array(piece.utf8), name: name)
                }
                if status != 0 { return status }
            }
            return 0
        }
        return runScript(scriptFile ?? "-", run.source ?? [], run)
    }

    private func runScript(_ file: String, _ source: [UInt8], _ run: Run) -> Int32 {
        let name = file == "-" ? "=stdin" : "@" + file
        let known = (file == "-" ? "stdin" : file, source)
        return evaluate(run, known, arguments: Array(script.dropFirst())) {
            () throws(LuaFailure) in try run.runtime.compile(source, name: name)
        }
    }

    /// - Parameter text: the code, and the name that errors have for it.
    private func evaluate(
        _ run: Run, _ text: (name: String, source: [UInt8]), arguments: [String] = [],
        _ compile: () throws(LuaFailure) -> LuaMachine.Compiled
    ) -> Int32 {
        let runtime = run.runtime
        do throws(LuaFailure) {
            let function: Int32
            switch try compile() {
            case .function(let compiled): function = compiled
            case .incomplete(let failure): throw failure
            }
            defer { runtime.machine.release(function) }
            var outcome: LuaMachine.Outcome?
            run.control.begin()
            let values = argument.map { [LuaValue.table($0)] } ?? arguments.map(LuaValue.text)
            _ = try runtime.start(function, arguments: values) { outcome = $0 }
            runtime.machine.loop.run { outcome != nil }
            run.control.end()
            Interrupts.stay(unless: options.timeout)
            // The run was already being stopped: it counts as stopped, even if it finished meanwhile.
            if let reason = endReason(run), case .success? = outcome {
                Output.note("qcsh: " + options.words(about: reason))
                return ExitStatus.of(reason)
            }
            let renderer = Renderer(
                registry: runtime.registry, format: options.output ?? .table, width: Terminal.width)
            for value in try outcome?.get() ?? [] {
                do throws(SecretOutput.Problem) {
                    Output.data(renderer.text(try run.secrets.present(value)))
                } catch {
                    throw LuaFailure(error.description)
                }
            }
            for text in remarks.take() { Output.remark(text) }
            return runtime.exitStatus
        } catch {
            // A pending signal may have caused the failure.
            let reason = endReason(run)
            let status = report(error, reason, text)
            let isOurs = status == ExitStatus.failed && run.connections.isConfiguration(error)
            return isOurs ? ExitStatus.usage : status
        }
    }

    /// Why the run was ended, or is to be: a function of C that a signal has interrupted returns to the
    /// script before anybody has acted on the signal.
    private func endReason(_ run: Run) -> RunControl.Reason? {
        run.control.reason ?? Interrupts.takeReason()
            ?? (Interrupts.runEnd <= Clocks.monotonic() ? .timedOut : nil)
    }

    private func report(
        _ failure: LuaFailure, _ reason: RunControl.Reason? = nil,
        _ known: (name: String, source: [UInt8])? = nil
    ) -> Int32 {
        if !failure.isCancellation || reason == nil {
            Output.note(
                "qcsh: "
                    + ErrorReport.text(failure, isVerbose: options.isVerbose) { name in
                        text(of: name, known)
                    })
        }
        guard let reason else { return ErrorReport.exitStatus(failure) }
        Output.note("qcsh: " + options.words(about: reason))
        return ExitStatus.of(reason)
    }

    /// The text of a file of Lua, by the name that errors have: a long one begins with dots.
    private func text(
        of name: String, _ known: (name: String, source: [UInt8])?
    ) -> [UInt8]? {
        if let known {
            let isShort = name.hasPrefix("...") && known.name.hasSuffix(name.dropFirst(3))
            if name == known.name || isShort { return known.source }
        }
        return name.hasSuffix(".lua") ? UserFiles.readOwn(name) : nil
    }

}
