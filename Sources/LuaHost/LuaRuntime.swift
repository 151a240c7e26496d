import CloudClient
import Contract
import EventLoop
import LuaMachine
import LuaMessages
import LuaReference

#if canImport(Glibc)
    import Glibc
#endif

/// A Lua machine with everything that scripts find in it: `qdrant`, the host modules, `require`.
public final class LuaRuntime {
    /// What the surroundings provide.
    public struct Environment {
        /// Opens a session for `qdrant.connect`; an empty table asks for the default one.
        public var connect: (LuaTable) throws(LuaFailure) -> Session
        /// The present time: seconds since 1970 and nanoseconds.
        public var wallClock: () -> (seconds: Int64, nanos: Int32)
        /// Ends the process for `os.exit`.
        public var exit: (Int32) -> Never
        /// Where `require` looks, in Lua's notation (`?.lua;…`).
        public var modulePath: String
        /// What the run may do.
        public var bound = PermissionBound([])
        /// Whether changes are shown instead of made.
        public var isDryRun = false
        /// Whether the script's header was read and is part of the bound.
        public var hasHeader = false
        /// How connections of the module `http` are opened.
        public var connection = ConnectionSettings()
        /// Random bytes.
        public var random: (Int) -> [UInt8] = CryptoModule.kernelRandom
        /// Whether the run is recorded, or repeats a recording.
        public var journal = RunJournal.none
        /// Whether encoders write secrets.
        public var revealsSecrets = false
        /// What starts and steers local clouds; without it there is no module `sandbox`.
        public var sandboxes: (any SandboxControl)?
        /// Told what a person should know that is no result, for example the fate of a change that
        /// was on its way when the run was interrupted.
        public var note: (String) -> Void = { _ in }
        /// Called before the host itself writes to the terminal, or has another program do so.
        public var willWrite: () -> Void = {}
        /// The descriptor that standard output or error has when nobody takes what is written.
        public var terminal: (Int32) -> Int32 = { $0 }
        /// Further functions of the host, for the Lua side of what stands above: the shell.
        public var functions: HostFunctions = [:]
        /// The script's name and arguments, for `arg`.
        public var scriptName: String
        public var arguments: [String]

        /// Creates an environment.
        public init(
            connect: @escaping (LuaTable) throws(LuaFailure) -> Session,
            wallClock: @escaping () -> (seconds: Int64, nanos: Int32),
            exit: @escaping (Int32) -> Never, modulePath: String, scriptName: String,
            arguments: [String]
        ) {
            self.connect = connect
            self.wallClock = wallClock
            self.exit = exit
            self.modulePath = modulePath
            self.scriptName = scriptName
            self.arguments = arguments
        }
    }

    /// The machine.
    public let machine: LuaMachine
    /// The contract.
    public let registry: Registry
    private let api: APIBinding
    private let tasks: TaskModule
    private let files: FilesModule
    private let libraries: LibraryGrants
    private let http: HTTPModule
    private let processes: ProcessModule
    private let terminal: TerminalModule
    private let childFailures = ChildFailures()
    /// The status that the script wants the program to be left with.
    public private(set) var exitStatus: Int32 = 0
    /// Functions of the Lua side that the host calls, by name: `main` runs a script's function.
    private var kept: [String: Int32] = [:]

    /// Opens a runtime.
    ///
    /// - Parameter memoryLimit: bytes that Lua may allocate; nil means no limit.
    public init(
        _ environment: Environment, registry: Registry = .embedded, loop: PollLoop,
        memoryLimit: Int? = nil
    ) throws(LuaFailure) {
        let machine = try LuaMachine(loop: loop, memoryLimit: memoryLimit)
        self.machine = machine
        self.registry = registry
        api = APIBinding(
            machine: machine, registry: registry, connect: environment.connect,
            note: environment.note, bound: environment.bound)
        tasks = TaskModule(machine: machine, childFailures: childFailures)
        let bound = environment.bound
        files = FilesModule(machine: machine, bound: bound)
        http = HTTPModule(
            machine: machine, bound: bound, settings: environment.connection,
            isDryRun: environment.isDryRun)
        processes = ProcessModule(machine: machine, bound: bound)
        terminal = TerminalModule(machine: machine, original: environment.terminal)
        var functions = HostFunctions()
        libraries = LibraryGrants(machine: machine, bound: bound)
        libraries.register(in: &functions)
        files.register(in: &functions)
        http.register(in: &functions)
        processes.register(in: &functions)
        terminal.register(in: &functions)
        TimeModule().register(in: &functions)
        CryptoModule(random: environment.random).register(in: &functions)
        YAMLModule(registry: registry, revealsSecrets: environment.revealsSecrets)
            .register(in: &functions)
        api.register(in: &functions)
        tasks.register(in: &functions)
        UpdateMask(registry: registry).register(in: &functions)
        JSONModule(registry: registry, revealsSecrets: environment.revealsSecrets)
            .register(in: &functions)
        SecretModule().register(in: &functions)
        if let control = environment.sandboxes {
            SandboxModule(control: control, bound: bound, machine: machine)
                .register(in: &functions)
        }
        Self.registerBasics(environment, registry, in: &functions)
        Self.registerClocks(in: &functions)
        machine.scheduler.order = environment.journal.order
        environment.journal.wrap(&functions)
        // set_status(code): what the program is left with when the script ends by itself
        functions["set_status"] = { [unowned self] call in
            exitStatus = Int32(truncatingIfNeeded: call.arguments.value().integer ?? 0)
            return .done
        }
        functions["is_dry_run"] = { [isDryRun = environment.isDryRun] call in
            call.results.put(isDryRun)
            return .done
        }
        functions["keep"] = { [unowned self] call in
            let name = call.arguments.value().text ?? ""
            if case .function(let reference) = call.arguments.value() {
                if let before = kept.updateValue(reference, forKey: name) {
                    machine.release(before)
                }
            }
            return .done
        }
        for name in ["term_write", "term_draw", "term_read_line", "process_run"] {
            guard let function = functions[name] else { continue }
            functions[name] = { call in
                environment.willWrite()
                return try function(call)
            }
        }
        functions.merge(environment.functions) { own, _ in own }
        try boot(environment, functions)
    }

    private static func registerBasics(
        _ environment: Environment, _ registry: Registry, in functions: inout HostFunctions
    ) {
        functions["module_source"] = { call in
            let name = call.arguments.value().text ?? ""
            guard let file = StandardLibrary.file(of: name) else {
                call.results.putNil()
                return .done
            }
            call.results.put(file.text)
            call.results.put(file.path)
            return .done
        }
        functions["now"] = { call in
            let present = environment.wallClock()
            call.results.put(.time(seconds: present.seconds, nanos: present.nanos))
            return .done
        }
        functions["monotonic"] = { call in
            call.results.put(Double(call.machine.loop.now()) / 1e9)
            return .done
        }
        functions["exit"] = { call in
            let value = call.arguments.value()
            switch value {
            case .bool(let flag): environment.exit(flag ? 0 : 1)
            default: environment.exit(Int32(truncatingIfNeeded: value.integer ?? 0))
            }
        }
        // nearest(name, names) → the one that is probably meant, if any is
        functions["nearest"] = { call in
            let name = call.arguments.value().text ?? ""
            let names = call.arguments.value().table?.entries.compactMap(\.value.text) ?? []
            call.results.put(optional: Names.nearest(to: name, in: names))
            return .done
        }
        functions["show"] = { call in
            let value = call.arguments.value()
            call.results.put(ValueText(registry: registry).text(value))
            return .done
        }
    }

    /// What Lua's own clocks are replaced by when a run is recorded or repeated.
    private static func registerClocks(in functions: inout HostFunctions) {
        functions["os_time"] = { call in
            call.results.put(Int(time(nil)))
            return .done
        }
        functions["os_clock"] = { call in
            call.results.put(Double(clock()) / Double(CLOCKS_PER_SEC))
            return .done
        }
        functions["random_seed"] = { call in
            var kernel = SystemRandomNumberGenerator()
            call.results.put(Int64.random(in: .min ... .max, using: &kernel))
            call.results.put(Int64.random(in: .min ... .max, using: &kernel))
            return .done
        }
    }

    private func boot(
        _ environment: Environment, _ functions: HostFunctions
    ) throws(LuaFailure) {
        guard let file = StandardLibrary.file(of: "host.boot"),
            case .function(let function) = try machine.compile(
                Array(file.text), name: "=[\(file.path)]")
        else { throw LuaFailure("the Lua side of the host is missing") }
        var numbers: [String: UInt32] = [:]
        // Those that keep functions have to be among the first.
        let keepers = TaskModule.keepers.union(["keep"])
        let keeping = keepers.compactMap { name in functions[name].map { (name, $0) } }
        let others = functions.filter { !keepers.contains($0.key) }
        for (name, function) in keeping + others.map({ ($0.key, $0.value) }) {
            numbers[name] = machine.makeFunction(function, keepsFunctions: keepers.contains(name))
        }
        _ = try machine.call(function) { writer in
            writer.table {
                for (name, number) in numbers {
                    writer.put(name)
                    writer.function(number)
                }
            }
            writer.table {
                if case .none = environment.journal {
                } else {
                    writer.put("is_recorded")
                    writer.put(true)
                }
                writer.put("modules")
                writer.list { for name in StandardLibrary.hostModules { writer.put(name) } }
                writer.put("libraries")
                writer.list { for name in StandardLibrary.libraries { writer.put(name) } }
                writer.put("has_header")
                writer.put(environment.hasHeader)
                writer.put("path")
                writer.put(environment.modulePath)
                writer.put("arguments")
                writer.table {
                    writer.put(0)
                    writer.put(environment.scriptName)
                    for (index, argument) in environment.arguments.enumerated() {
                        writer.put(index + 1)
                        writer.put(argument)
                    }
                }
            }
        }
        machine.release(function)
    }

    /// Compiles a script or an entry of the shell.
    ///
    /// - Parameter name: `@file` for a file, `=name` for anything else.
    public func compile(
        _ source: [UInt8], name: String
    ) throws(LuaFailure) -> LuaMachine.Compiled {
        try machine.compile(Self.withoutShebang(source), name: name)
    }

    /// Compiles an expression as its value, or statements as they are.
    public func compileExpression(
        _ source: [UInt8], name: String
    ) throws(LuaFailure) -> LuaMachine.Compiled {
        if let compiled = try? machine.compile(Array("return ".utf8) + source, name: name),
            case .function = compiled
        {
            return compiled
        }
        return try machine.compile(source, name: name)
    }

    /// A first line that begins with `#` becomes empty, so that line numbers stay.
    private static func withoutShebang(_ source: [UInt8]) -> [UInt8] {
        guard source.first == UInt8(ascii: "#") else { return source }
        guard let end = source.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
        return Array(source[end...])
    }

    /// Starts a script: the function is called as a task, and the tasks that it has started end
    /// before it does.
    public func start(
        _ function: Int32, arguments: [LuaValue] = [],
        onEnd: @escaping (LuaMachine.Outcome) -> Void
    ) throws(LuaFailure) -> LuaMachine.Task {
        try machine.spawn(
            kept["main"] ?? 0,
            { writer in
                writer.put(.function(function))
                for argument in arguments { writer.put(argument) }
            }, isRoot: true
        ) { [childFailures] outcome in
            onEnd(outcome.mapError { childFailures.completed($0) })
        }
    }

    /// A function that the Lua side has given to the host under a name; nil when it has none.
    public func kept(_ name: String) -> Int32? { kept[name] }

    /// Runs a compiled function as a script to its end.
    public func run(
        _ function: Int32, arguments: [String] = []
    ) throws(LuaFailure) -> [LuaValue] {
        defer { machine.release(function) }
        var outcome: LuaMachine.Outcome?
        _ = try start(function, arguments: arguments.map(LuaValue.text)) { outcome = $0 }
        machine.loop.run { outcome != nil }
        return try outcome?.get() ?? []
    }
}
