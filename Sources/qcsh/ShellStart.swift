import CloudClient
import LuaHost
import LuaMachine
import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// Starts the interactive shell: gives it what it knows of configuration, files and signals.
struct ShellStart {
    let options: RunOptions
    let connections: Connections

    /// The state that the shell and the functions of its Lua side share.
    func state() throws(LuaFailure) -> ShellState {
        let state = ShellState(
            format: options.output ?? .table, wallClock: { [connections] in connections.present() })
        let contexts: Contexts
        do throws(Contexts.Problem) {
            contexts = try Contexts.load()
        } catch {
            throw LuaFailure(error.description)
        }
        let whereabouts = Whereabouts(options: options, contexts: contexts)
        connections.onOpen = { session, wanted in
            whereabouts.opened(session, wanted)
            state.follow(session)
        }
        state.place = { whereabouts.place }
        state.onArrival = { whereabouts.arrive(as: $0) }
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

/// Where the shell's calls go.
final class Whereabouts {
    private let options: RunOptions
    private let contexts: Contexts
    /// Where the shell is, and what was opened last: the session, and the context it is of.
    private var current: (session: Session, name: String?)?
    private var latest: (session: Session, name: String?)?

    init(options: RunOptions, contexts: Contexts) {
        self.options = options
        self.contexts = contexts
    }

    /// A session was opened: the shell's own, or one that somebody asked for.
    func opened(_ session: Session, _ wanted: LuaTable) {
        var name = session.configuration.contextName
        // Who names an endpoint is there, whatever context lends its credential.
        let endpoint = session.configuration.endpoint
        if (wanted["endpoint"] != nil || isElsewhere(name, endpoint)), wanted["context"] == nil,
            !options.sandbox || wanted["endpoint"] != nil
        {
            name = "\(endpoint.host):\(endpoint.port)"
        } else if options.sandbox, wanted["context"] == nil {
            name = "sandbox"
        }
        latest = (session, name)
        if wanted.entries.isEmpty, current == nil { current = latest }
    }

    /// Whether calls go to another place than the one that a context names.
    private func isElsewhere(_ name: String?, _ endpoint: Endpoint) -> Bool {
        guard let context = contexts.all.first(where: { $0.name == name }) else {
            return name == nil && endpoint != Connections.cloud
        }
        guard let own = context.endpoint.flatMap({ try? Endpoint($0) }) else {
            return endpoint != Connections.cloud
        }
        return own != endpoint
    }

    /// The shell goes to the session that was opened last.
    ///
    /// - Parameter name: what it is called; nil for its context's name.
    func arrive(as name: String?) {
        current = latest.map { ($0.session, name ?? $0.name) }
    }

    var place: ShellState.Place {
        var place = ShellState.Place()
        let name =
            current != nil
            ? current?.name
            : options.sandbox
                ? "sandbox"
                : elsewhere ?? wantedContext
        let context = name.flatMap { name in contexts.all.first { $0.name == name } }
        place.name = name
        place.code = context?.color.flatMap { Self.codes[$0] }
        let account = current?.session.accountID ?? context?.accountID ?? options.account
        place.account = account.map { String($0.prefix(8)) }
        place.isReadOnly = options.isReadOnly || context?.isReadOnly == true
        place.isDryRun = options.isDryRun
        return place
    }

    /// Where an option or a variable leads, whatever context there is; nil when none does.
    private var elsewhere: String? {
        guard
            let text = options.endpoint ?? UserFiles.environment("QDRANT_CLOUD_ENDPOINT"),
            let endpoint = try? Endpoint(text), endpoint != Connections.cloud,
            isElsewhere(wantedContext, endpoint)
        else { return nil }
        return "\(endpoint.host):\(endpoint.port)"
    }

    /// The context that an option, a variable or the configuration chooses.
    private var wantedContext: String? {
        options.context ?? UserFiles.environment("QDRANT_CLOUD_CONTEXT") ?? contexts.current
    }

    /// Colours of contexts as SGR parameters: they are to be seen.
    static let codes = [
        "black": "30", "red": "1;37;41", "green": "32", "yellow": "30;43", "blue": "34",
        "magenta": "35", "cyan": "36", "white": "37",
    ]
}
