import CloudClient
import Contract
import LuaHost
import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a script, code from the command line, or the interactive shell.
struct Runner {
    let options: RunOptions
    /// Pieces of code, one after another; when there are none, the script runs.
    let code: [String]
    /// The script and its arguments; without one the shell runs.
    let script: [String]

    init(options: RunOptions, code: [String], script: [String]) {
        self.options = options
        self.code = code
        self.script = script
    }

    /// Understands the commonest command lines by itself: swift-argument-parser's reflection takes
    /// two thirds of the start-up of a program of this size. Nil for all that it does not know.
    init?(plain arguments: ArraySlice<String>) {
        var options = RunOptions()
        var rest = arguments
        while rest.first == "--sandbox" {
            options.sandbox = true
            rest = rest.dropFirst()
        }
        switch rest.first {
        case "-e" where rest.count == 2:
            self.init(options: options, code: [rest[rest.startIndex + 1]], script: [])
        case nil, "-":
            self.init(options: options, code: [], script: Array(rest))
        case let word? where !word.hasPrefix("-") && Main.subcommands[word] == nil:
            self.init(options: options, code: [], script: Array(rest))
        default: return nil
        }
    }

    /// Runs and returns the exit status.
    func run() -> Int32 {
        // A peer that has gone is reported by write, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        let loop = PollLoop(now: Clocks.monotonic)
        let connections = Connections(options, loop: loop)
        var status: Int32 = 0
        do throws(LuaFailure) {
            let secrets = try openSecrets()
            let registry = try loadContract()
            connections.registry = registry
            let runtime = try makeRuntime(loop, connections)
            Interrupts.install(for: runtime.machine, on: loop)
            status = run(runtime, loop, secrets)
            secrets.note()
        } catch {
            status = report(error)
        }
        fflush(nil)
        connections.close()
        return Self.checkOutput(status)
    }

    /// What was not written was not done.
    static func checkOutput(_ status: Int32) -> Int32 {
        guard let problem = Output.problem else { return status }
        Output.note("qcsh: standard output: \(problem)")
        return status == 0 ? 1 : status
    }

    private func loadContract() throws(LuaFailure) -> Registry {
        do throws(ContractLoader.Problem) {
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
        _ loop: PollLoop, _ connections: Connections
    ) throws(LuaFailure) -> LuaRuntime {
        let name = code.isEmpty ? script.first ?? "qcsh" : "qcsh"
        let arguments = Array(code.isEmpty ? script.dropFirst() : script[...])
        var environment = LuaRuntime.Environment(
            connect: { (table) throws(LuaFailure) in try connections.open(table) },
            wallClock: Clocks.wall,
            exit: { status in
                fflush(nil)
                connections.close()
                Glibc.exit(status)
            },
            modulePath: Self.modulePath(script: code.isEmpty ? script.first : nil),
            scriptName: name, arguments: arguments)
        environment.revealsSecrets = options.secrets == .reveal
        environment.sandboxes = SandboxController(connections, loop: loop)
        return try LuaRuntime(
            environment, registry: connections.registry, loop: loop,
            memoryLimit: options.maximumMemory)
    }

    /// The script's folder, the project, its LuaRocks tree, the user's modules, the system's.
    private static func modulePath(script: String?) -> String {
        var folders: [String] = []
        if let script, script != "-" {
            let folder = script.lastIndex(of: "/").map { String(script[..<$0]) } ?? "."
            folders.append(folder.isEmpty ? "/" : folder)
        }
        folders += ["./lua", "./lua_modules/share/lua/5.4"]
        if let own = UserFiles.moduleFolder { folders.append(own) }
        folders += ["/usr/local/share/lua/5.4", "/usr/share/lua/5.4"]
        return folders.map { "\($0)/?.lua;\($0)/?/init.lua" }.joined(separator: ";")
    }

    private func run(
        _ runtime: LuaRuntime, _ loop: PollLoop, _ secrets: SecretOutput
    ) -> Int32 {
        if !code.isEmpty {
            for piece in code {
                let status = evaluate(runtime, loop, secrets) { () throws(LuaFailure) in
                    try runtime.compileExpression(Array(piece.utf8), name: "=(command line)")
                }
                if status != 0 { return status }
            }
            return 0
        }
        if let file = script.first { return runScript(file, runtime, loop, secrets) }
        guard Terminal.isTerminal(STDIN_FILENO) else {
            return runScript("-", runtime, loop, secrets)
        }
        Interrupts.watchWindow()
        REPL(
            runtime: runtime, format: options.output ?? .table, secrets: secrets,
            historyFile: UserFiles.historyFile(), takeInterrupt: Interrupts.take,
            takeResize: Interrupts.takeResize
        ).run()
        return 0
    }

    private func runScript(
        _ file: String, _ runtime: LuaRuntime, _ loop: PollLoop, _ secrets: SecretOutput
    ) -> Int32 {
        guard let source = UserFiles.read(file) else {
            Output.note("qcsh: cannot read \(file): \(String(cString: strerror(errno)))")
            return 2
        }
        let name = file == "-" ? "=stdin" : "@" + file
        return evaluate(runtime, loop, secrets, arguments: Array(script.dropFirst())) {
            () throws(LuaFailure) in try runtime.compile(source, name: name)
        }
    }

    private func evaluate(
        _ runtime: LuaRuntime, _ loop: PollLoop, _ secrets: SecretOutput,
        arguments: [String] = [],
        _ compile: () throws(LuaFailure) -> LuaMachine.Compiled
    ) -> Int32 {
        do throws(LuaFailure) {
            let function: Int32
            switch try compile() {
            case .function(let compiled): function = compiled
            case .incomplete(let failure): throw failure
            }
            defer { runtime.machine.release(function) }
            var outcome: LuaMachine.Outcome?
            let task = try runtime.machine.spawn(
                function, { writer in for argument in arguments { writer.put(argument) } }
            ) { outcome = $0 }
            loop.onSignal = { [machine = runtime.machine] in
                guard Interrupts.isPending, outcome == nil else { return }
                machine.cancel(task)
                outcome = .failure(LuaFailure("interrupted"))
            }
            loop.run { outcome != nil }
            let renderer = Renderer(
                registry: runtime.registry, format: options.output ?? .table, width: Terminal.width)
            for value in try outcome?.get() ?? [] {
                do throws(SecretOutput.Problem) {
                    Output.data(renderer.text(try secrets.present(value)))
                } catch {
                    throw LuaFailure(error.description)
                }
            }
            return 0
        } catch {
            return report(error)
        }
    }

    private func report(_ failure: LuaFailure) -> Int32 {
        if Interrupts.isPending {
            Output.note("qcsh: interrupted")
            return 130
        }
        Output.note("qcsh: " + ErrorReport.text(failure, isVerbose: options.isVerbose))
        return ErrorReport.exitStatus(failure)
    }
}
