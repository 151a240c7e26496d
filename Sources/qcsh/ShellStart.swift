import CloudClient
import LuaHost
import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// Starts the interactive shell: gives it what it knows of configuration, files and signals.
struct ShellStart {
    let options: RunOptions
    let connections: Connections
    let loop: PollLoop

    /// The state that the shell and the functions of its Lua side share.
    func state() throws(LuaFailure) -> ShellState {
        let state = ShellState(format: options.output ?? .table, loop: loop, wallClock: Clocks.wall)
        let contexts: Contexts
        do throws(Contexts.Problem) {
            contexts = try Contexts.load()
        } catch {
            throw LuaFailure(error.description)
        }
        let whereabouts = Whereabouts(options: options, contexts: contexts)
        connections.onOpen = { session, isDefault in
            whereabouts.opened(session, isDefault: isDefault)
            state.follow(session)
        }
        state.place = { whereabouts.place }
        state.onArrival = { whereabouts.arrive() }
        state.contexts = {
            .list(
                contexts.all.map {
                    ContextCommand.row($0, isCurrent: $0.name == whereabouts.place.name)
                })
        }
        state.historyPolicy = contexts.history
        state.historyPath = { UserFiles.historyFile(of: $0) }
        state.setTrace = { [connections] in connections.traces = $0 }
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

/// Where the shell's calls go.
final class Whereabouts {
    private let options: RunOptions
    private let contexts: Contexts
    private var current: Session?
    private var latest: Session?

    init(options: RunOptions, contexts: Contexts) {
        self.options = options
        self.contexts = contexts
    }

    /// A session was opened: the shell's own, or one that somebody asked for.
    func opened(_ session: Session, isDefault: Bool) {
        latest = session
        if isDefault, current == nil { current = session }
    }

    /// The shell goes to the session that was opened last.
    func arrive() { current = latest }

    var place: ShellState.Place {
        var place = ShellState.Place()
        let name =
            current.map(\.configuration.contextName)
            ?? (options.sandbox
                ? nil
                : options.context ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT")
                    ?? contexts.current)
        let context = name.flatMap { name in contexts.all.first { $0.name == name } }
        place.name = name
        if name == nil {
            let endpoint = current?.configuration.endpoint
            if options.sandbox, endpoint == nil || endpoint?.host == "127.0.0.1" {
                place.name = "sandbox"
            } else if let endpoint, endpoint.host == "127.0.0.1" {
                place.name = "local"
            }
        }
        place.code = context?.color.flatMap { Self.codes[$0] }
        let account = current?.accountID ?? context?.accountID ?? options.account
        place.account = account.map { String($0.prefix(8)) }
        place.isReadOnly = options.isReadOnly || context?.isReadOnly == true
        place.isDryRun = options.isDryRun
        return place
    }

    /// Colours of contexts as SGR parameters: they are to be seen.
    private static let codes = [
        "black": "30", "red": "1;37;41", "green": "32", "yellow": "30;43", "blue": "34",
        "magenta": "35", "cyan": "36", "white": "37",
    ]
}
