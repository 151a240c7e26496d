import CloudClient
import Contract
import EventLoop
import Glibc
import LuaMachine
import LuaMessages
import LuaReference

/// A Lua machine with everything that scripts find in it: `qdrant`, the host modules, `require`.
public final class LuaRuntime {
    /// What the embedding program provides.
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
        /// The format of results that the user asked for; nil when none was.
        public var output: String?
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
        /// Starts and controls local clouds; without it the module `sandbox` does not exist.
        public var sandboxes: (any SandboxControl)?
        /// Reports notes to the user that are not results, for example the outcome of a change that
        /// was in flight when the run was interrupted.
        public var note: (String) -> Void = { _ in }
        /// Called before the host itself writes to the terminal, or has another program do so.
        public var willWrite: () -> Void = {}
        /// The file descriptor of standard output or error when the output is not captured.
        public var terminal: (Int32) -> Int32 = { $0 }
        /// Additional host functions, for the Lua code of higher layers such as the shell.
        public var functions = HostFunctions()
        /// The script's name and arguments, for `arg`.
        public var scriptName: String
        /// How people start the script, for its help; nil for the name of its file.
        public var programName: String?
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
    /// What the functions of the host belong to; they do not keep it alive themselves.
    private let owners: [AnyObject]
    private let childFailures = ChildFailures()
    /// The status that the script wants the program to be left with.
    public private(set) var exitStatus: Int32 = 0
    /// Functions of the Lua side that the host calls, by name: `main` runs a script's function.
    private var kept: [String: Int32] = [:]

    /// Opens a runtime.
    public init(
        _ environment: Environment, registry: Registry = .embedded, loop: PollLoop
    ) throws(LuaFailure) {
        let machine = try LuaMachine(loop: loop)
        self.machine = machine
        machine.mask = { URLMask.masked($0) }
        self.registry = registry
        var functions = HostFunctions(asking: Self.actions(environment, machine))
        owners = Self.register(environment, registry, machine, childFailures, in: &functions)
        registerScripts(in: &functions)
        functions.add(environment.functions)
        functions.wrap(environment.journal.wrapped)
        functions.wrap { function in
            guard function.writesToTerminal else { return function.body }
            return { call in
                environment.willWrite()
                return try function.body(call)
            }
        }
        machine.scheduler.order = environment.journal.order
        try boot(environment, functions)
    }

    private static func actions(
        _ environment: Environment, _ machine: LuaMachine
    ) -> LocalActions {
        LocalActions(machine: machine, bound: environment.bound, isDryRun: environment.isDryRun)
    }

    /// Declares the functions of all modules.
    ///
    /// - Returns: the objects that the functions belong to.
    static func register(
        _ environment: Environment, _ registry: Registry, _ machine: LuaMachine,
        _ childFailures: ChildFailures, in functions: inout HostFunctions
    ) -> [AnyObject] {
        let bound = environment.bound
        let actions = actions(environment, machine)
        let revealsSecrets = environment.revealsSecrets
        BasicsModule(
            registry: registry, wallClock: environment.wallClock, exit: environment.exit,
            isDryRun: environment.isDryRun
        ).register(in: &functions)
        TimeModule().register(in: &functions)
        CryptoModule(random: environment.random).register(in: &functions)
        YAMLModule(registry: registry, revealsSecrets: revealsSecrets).register(in: &functions)
        JSONModule(registry: registry, revealsSecrets: revealsSecrets).register(in: &functions)
        UpdateMask(registry: registry).register(in: &functions)
        SecretModule().register(in: &functions)
        if let control = environment.sandboxes {
            SandboxModule(control: control, actions: actions).register(in: &functions)
        }
        let api = APIBinding(
            machine: machine, registry: registry, connect: environment.connect,
            note: environment.note, bound: bound)
        api.register(in: &functions)
        let tasks = TaskModule(machine: machine, childFailures: childFailures)
        tasks.register(in: &functions)
        let files = FilesModule(machine: machine, actions: actions)
        files.register(in: &functions)
        let http = HTTPModule(
            machine: machine, actions: actions, settings: environment.connection)
        http.register(in: &functions)
        let processes = ProcessModule(machine: machine, actions: actions)
        processes.register(in: &functions)
        let terminal = TerminalModule(machine: machine, original: environment.terminal)
        terminal.register(in: &functions)
        let libraries = LibraryGrants(machine: machine, bound: bound, registry: registry)
        libraries.register(in: &functions)
        return [api, tasks, files, http, processes, terminal, libraries]
    }

    private func registerScripts(in functions: inout HostFunctions) {
        // set_status(code): what the program is left with when the script ends by itself
        functions.declare("set_status", .integer) { [unowned self] _, status in
            exitStatus = Int32(truncatingIfNeeded: status)
        }
        // keep(name, function): a function that the host calls
        functions.declare("keep", .string, .function, keepsFunctions: true) {
            [unowned self] _, name, function in
            if let before = kept.updateValue(function, forKey: name) { machine.release(before) }
        }
    }

    private func boot(
        _ environment: Environment, _ functions: HostFunctions
    ) throws(LuaFailure) {
        guard let file = StandardLibrary.file(of: "host.boot"),
            case .function(let function) = try machine.compile(
                OwnMethods.renamed(Array(file.text)), name: "=[\(file.path)]")
        else { throw LuaFailure("the Lua side of the host is missing") }
        var numbers: [String: UInt32] = [:]
        // Those that keep functions have to be among the first.
        let keeping = functions.all.filter(\.keepsFunctions)
        for one in keeping + functions.all.filter({ !$0.keepsFunctions }) {
            numbers[one.name] = machine.makeFunction(one.body, keepsFunctions: one.keepsFunctions)
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
                if let program = environment.programName {
                    writer.put("program")
                    writer.put(program)
                }
                if let output = environment.output {
                    writer.put("output")
                    writer.put(output)
                }
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
