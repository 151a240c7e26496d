import CloudClient
import Contract
import EventLoop
import Glibc
import LuaMachine
import LuaMessages

extension LuaRuntime {
    /// The permissions that the host's functions can need, by the functions' names: what they declare of
    /// themselves.
    static let declaredPermissions: [String: [String]] = {
        let environment = Environment(
            connect: { (_) throws(LuaFailure) in throw LuaFailure("there is no session") },
            wallClock: { (0, 0) }, exit: { Glibc.exit($0) }, modulePath: "",
            scriptName: "", arguments: [])
        var functions = HostFunctions()
        guard let machine = try? LuaMachine(loop: PollLoop(now: { 0 })) else { return [:] }
        _ = register(environment, .embedded, machine, ChildFailures(), in: &functions)
        let actions = LocalActions(machine: machine, bound: environment.bound, isDryRun: false)
        SandboxModule(control: NoSandboxes(), actions: actions).register(in: &functions)
        return Dictionary(functions.all.map { ($0.name, $0.permissions) }) { first, _ in first }
    }()
}

/// Declares the functions about sandboxes where there are none.
final class NoSandboxes: SandboxControl {
    private static let none = LuaFailure("there are no sandboxes here")

    func start(_ options: SandboxStart) throws(LuaFailure) -> Int64 { throw Self.none }

    func attach(port: Int64?) throws(LuaFailure) -> Int64 { throw Self.none }

    func hasStarted(_ number: Int64) -> Bool { false }

    func endpoint(of number: Int64) throws(LuaFailure) -> String { throw Self.none }

    func administer(
        _ number: Int64, _ request: SandboxRequest,
        completion: @escaping (Result<(status: Int, body: [UInt8]), LuaFailure>) -> Void
    ) { completion(.failure(Self.none)) }

    func stop(_ number: Int64) {}
}
