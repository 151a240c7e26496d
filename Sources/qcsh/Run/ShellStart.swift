import Glibc
import LuaHost
import LuaMachine
import Shell

/// Starts the interactive shell: gives it what it knows of configuration, files and signals.
struct ShellStart {
    let options: RunOptions
    let connections: Connections

    /// The state that the shell and the functions of its Lua side share.
    func state() throws(CommandError) -> ShellState {
        let contexts = try Contexts.load()
        let whereabouts = Whereabouts(
            options: options, contexts: contexts, connections: connections)
        let state = ShellState(whereabouts, format: options.output ?? .table)
        connections.onOpen = { session, wanted in
            whereabouts.opened(session, wanted)
            state.follow(session)
        }
        return state
    }

    /// Runs the shell; its exit status.
    func run(
        _ runtime: LuaRuntime, _ state: ShellState, control: RunControl, secrets: SecretOutput
    ) -> Int32 {
        Interrupts.watchTerminal()
        do throws(LuaFailure) {
            guard
                case .function(let function) = try runtime.compile(
                    Array("require 'shell'".utf8), name: "=shell")
            else { return 1 }
            _ = try runtime.machine.call(function) { _ in }
            runtime.machine.release(function)
        } catch {
            Output.note("qcsh: " + ErrorReport.text(error, isVerbose: options.isVerbose))
            return 1
        }
        let signals = REPL.Signals(
            takeInterrupt: Interrupts.takeInterrupt, takeResize: Interrupts.takeResize,
            takeSuspension: Interrupts.takeSuspension, isTerminated: Interrupts.isTerminated,
            handleSuspension: Interrupts.handleSuspension,
            forgetInterrupts: {
                Interrupts.forget()
                Interrupts.stay(unless: nil)
            }, suspend: Interrupts.suspend)
        let shell = REPL(
            runtime: runtime, state: state,
            setting: .init(
                control: control, secrets: secrets, signals: signals, startFile: startFile,
                isColoured: hasColour))
        let status = shell.run()
        return Interrupts.isTerminated() ? ExitStatus.terminated : status
    }

    /// `init.lua` of the configuration, if there is one and it is wanted.
    private var startFile: String? {
        guard !options.skipsStartFile, let folder = UserFiles.configurationFolder else {
            return nil
        }
        let file = folder + "/qcsh/init.lua"
        return access(file, R_OK) == 0 ? file : nil
    }

    private var hasColour: Bool {
        UserFiles.environment("NO_COLOR") == nil && UserFiles.environment("TERM") != "dumb"
    }
}
