import LuaMachine
import LuaReference

/// A function that Swift gives to the Lua side of the host, and everything that it declares of itself.
public struct HostFunction {
    /// The name in Lua's table `host`.
    let name: String
    /// The permissions that it can need: those of its parameters and of its body.
    let permissions: [String]
    /// Whether a dry run refuses it, because one of its permissions allows changes.
    let changes: Bool
    /// How runs that are recorded treat it.
    let recording: Recording
    /// Whether it writes to the terminal, or has another program do so.
    let writesToTerminal: Bool
    /// Whether arguments that are Lua functions come with a reference, which it releases.
    let keepsFunctions: Bool
    /// Reads the arguments and does the work.
    var body: LuaMachine.HostBody

    /// How a run that is recorded or replayed treats a function.
    public enum Recording: Sendable {
        /// It does the same each time, or what it depends on is recorded elsewhere.
        case none
        /// It reads something outside at once: its results are recorded.
        case reading
        /// It reaches outside and waits; the first arguments show what it is about.
        case use(about: Int)
        /// It makes a secret of its first argument, which a recording masks.
        case secret
        /// It cannot be repeated.
        case refused(String)
    }
}

/// The functions that the Lua side of the host is given.
public struct HostFunctions {
    /// The functions, in the order of their declarations.
    private(set) var all: [HostFunction] = []
    private var names: Set<String> = []
    /// Takes what a parameter needs, its value, and the function's name in Lua's table `host`.
    typealias Permit = (NeededPermission, LuaValue, String) throws(HostError) -> Void
    private let permit: Permit

    /// Creates a collection.
    ///
    /// - Parameter permit: raises an error when the run may not do what a value needs.
    init(permit: @escaping Permit) {
        self.permit = permit
    }

    /// Creates a collection of functions whose parameters need no permission.
    public init() {
        self.init { (_, _, _) throws(HostError) in
            throw .message("these functions need no permissions")
        }
    }

    /// Declares a function that is done when it returns.
    ///
    /// - Parameters:
    ///   - name: its name in Lua's table `host`, unique among all.
    ///   - parameters: how its arguments are read, in their order. A wrong one is an error that names
    ///     its position; the body reads what follows them from the call itself.
    ///   - needs: the permissions that the body asks for itself.
    ///   - recording: how runs that are recorded treat it.
    ///   - writesToTerminal: whether it writes to the terminal.
    ///   - keepsFunctions: whether it takes Lua functions, which it then releases.
    ///   - body: does the work, and writes the results to the call.
    public mutating func declare<each Value>(
        _ name: String, _ parameters: repeat Parameter<each Value>, needs: [String] = [],
        recording: HostFunction.Recording = .none, writesToTerminal: Bool = false,
        keepsFunctions: Bool = false,
        _ body: @escaping (LuaMachine.HostCall, repeat each Value) throws -> Void
    ) {
        declareWaiting(
            name, repeat each parameters, needs: needs, recording: recording,
            writesToTerminal: writesToTerminal,
            keepsFunctions: keepsFunctions
        ) { (call: LuaMachine.HostCall, values: repeat each Value) -> LuaMachine.HostResult in
            try body(call, repeat each values)
            return .done
        }
    }

    /// Declares a function that may wait: like ``declare``, with a body that returns how.
    public mutating func declareWaiting<each Value>(
        _ name: String, _ parameters: repeat Parameter<each Value>, needs: [String] = [],
        recording: HostFunction.Recording = .none, writesToTerminal: Bool = false,
        keepsFunctions: Bool = false,
        _ body:
            @escaping (LuaMachine.HostCall, repeat each Value) throws -> LuaMachine.HostResult
    ) {
        var permissions = needs
        var changes = needs.contains(where: NeededPermission.changes)
        for permission in repeat (each parameters).permission {
            guard let permission else { continue }
            permissions.append(permission.word)
            changes = changes || !permission.isQuestion && NeededPermission.changes(permission.word)
        }
        add(
            HostFunction(
                name: name, permissions: permissions, changes: changes, recording: recording,
                writesToTerminal: writesToTerminal,
                keepsFunctions: keepsFunctions
            ) { [permit] call in
                var arguments = ArgumentReader(function: name, call: call, permit: permit)
                return try body(call, repeat try arguments.next(each parameters))
            })
    }

    private mutating func add(_ function: HostFunction) {
        let isNew = names.insert(function.name).inserted
        precondition(isNew, "two host functions are called \(function.name)")
        all.append(function)
    }

    /// Adds the functions of another collection.
    public mutating func add(_ others: HostFunctions) {
        for function in others.all { add(function) }
    }

    /// Has each function go through something.
    mutating func wrap(_ wrapper: (HostFunction) -> LuaMachine.HostBody) {
        for index in all.indices { all[index].body = wrapper(all[index]) }
    }
}

/// Reads the arguments of one call.
private struct ArgumentReader {
    let function: String
    let call: LuaMachine.HostCall
    let permit: HostFunctions.Permit
    private var count = 0

    init(
        function: String, call: LuaMachine.HostCall,
        permit: @escaping HostFunctions.Permit
    ) {
        self.function = function
        self.call = call
        self.permit = permit
    }

    mutating func next<Value>(_ parameter: Parameter<Value>) throws(HostError) -> Value {
        let argument = call.arguments.value()
        count += 1
        guard let value = parameter.read(argument) else {
            throw parameter.refusal?(argument)
                ?? .message(
                    "bad argument #\(count) to '\(StandardLibrary.publicName(ofFunction: function))' "
                        + "(\(parameter.expected) expected, got \(argument.typeName))")
        }
        if let permission = parameter.permission { try permit(permission, argument, function) }
        return value
    }
}
