import CloudClient
import LuaMachine

/// Local clouds that scripts start and steer. What runs them is the program's business.
public protocol SandboxControl: AnyObject {
    /// Starts a sandbox in this process.
    ///
    /// - Returns: its number.
    func start(_ options: SandboxStart) throws(LuaFailure) -> Int64

    /// The sandbox that this run was started with (`--sandbox`), or one of the user's that runs in
    /// another process.
    ///
    /// - Parameter port: which, when several run.
    func attach(port: Int64?) throws(LuaFailure) -> Int64

    /// Where a sandbox is reached: `http://127.0.0.1:port`.
    func endpoint(of number: Int64) throws(LuaFailure) -> String

    /// Makes a request of the admin API, below `/sandbox/v1`.
    ///
    /// - Parameter completion: called once, from the loop: status and body, or what went wrong.
    func administer(
        _ number: Int64, _ request: SandboxRequest,
        completion: @escaping (Result<(status: Int, body: [UInt8]), LuaFailure>) -> Void)

    /// Ends a sandbox that was started here; leaves one of another process alone.
    func stop(_ number: Int64)
}

/// What a script starts a sandbox with.
public struct SandboxStart {
    /// `instant`, `manual` or a factor.
    public var speed: String
    /// YAML, or the name of a seed that is built in.
    public var seed: String
    public var seedNumber: UInt64?
    /// Names of rules that are not applied.
    public var leniencies: [String]
    /// A folder that keeps the data.
    public var dataFolder: String?
}

/// A request of the admin API.
public struct SandboxRequest {
    public let verb: String
    /// Below `/sandbox/v1`, with its query.
    public let path: String
    public let body: [UInt8]
    /// The world's name; empty for the first one.
    public let world: String
}

/// `sandbox`: the functions that `host/sandbox.lua` is built from.
struct SandboxModule {
    let control: any SandboxControl
    let bound: PermissionBound
    let machine: LuaMachine

    func register(in functions: inout HostFunctions) {
        let control = control
        functions["sandbox_start"] = { call in
            var words: [String?] = []
            for _ in 0..<5 { words.append(call.arguments.value().text) }
            if let folder = words[4] {
                try machine.refuse(bound.refusal(of: "write:files", folder))
            }
            let number = words[2].flatMap { UInt64($0) }
            if let text = words[2], number == nil {
                throw HostError.message("sandbox.start: seed_number \(text) is no whole number")
            }
            let options = SandboxStart(
                speed: words[0] ?? "1", seed: words[1] ?? "demo", seedNumber: number,
                leniencies: (words[3] ?? "").split(separator: ",").map(String.init),
                dataFolder: words[4])
            call.results.put(try Self.told { () throws(LuaFailure) in try control.start(options) })
            return .done
        }
        functions["sandbox_attach"] = { call in
            try machine.refuse(bound.refusal(of: "connect:hosts", "127.0.0.1"))
            let port = call.arguments.value().integer
            call.results.put(
                try Self.told { () throws(LuaFailure) in try control.attach(port: port) })
            return .done
        }
        functions["sandbox_endpoint"] = { call in
            let number = call.arguments.value().integer ?? 0
            call.results.put(
                try Self.told { () throws(LuaFailure) in try control.endpoint(of: number) })
            return .done
        }
        functions["sandbox_stop"] = { call in
            control.stop(call.arguments.value().integer ?? 0)
            return .done
        }
        functions["sandbox_request"] = { call in
            let number = call.arguments.value().integer ?? 0
            let verb = call.arguments.value().text ?? "GET"
            let path = call.arguments.value().text ?? ""
            var body: [UInt8] = []
            if case .string(let bytes) = call.arguments.value() { body = bytes }
            let world = call.arguments.value().text ?? ""
            return .wait { resumption in
                control.administer(
                    number, SandboxRequest(verb: verb, path: path, body: body, world: world)
                ) { result in
                    switch result {
                    case .success(let answer):
                        resumption.succeed { writer in
                            writer.put(answer.status)
                            answer.body.withUnsafeBytes { writer.put($0) }
                        }
                    case .failure(let failure): resumption.fail { $0.put(failure.description) }
                    }
                }
                return nil
            }
        }
    }

    private static func told<Value>(
        _ body: () throws(LuaFailure) -> Value
    ) throws(HostError) -> Value {
        do throws(LuaFailure) {
            return try body()
        } catch {
            throw .message(error.description)
        }
    }
}
