import CloudClient
import LuaMachine

/// Local clouds that scripts start and control; implemented by the program.
public protocol SandboxControl: AnyObject {
    /// Starts a sandbox in this process.
    ///
    /// - Returns: its number.
    func start(_ options: SandboxStart) throws(LuaFailure) -> Int64

    /// Attaches to the sandbox of this run (`--sandbox`), or to one of the user's in another
    /// process.
    ///
    /// - Parameter port: which, when several run.
    func attach(port: Int64?) throws(LuaFailure) -> Int64

    /// Whether a sandbox was started by ``start(_:)`` and so belongs to this process alone.
    func hasStarted(_ number: Int64) -> Bool

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
    /// The directory in which the sandbox keeps its data.
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
    let actions: LocalActions

    private static let unrepeatable = HostFunction.Recording.refused(
        "a recorded or replayed run cannot start a sandbox of its own; start qcsh with --sandbox, "
            + "or against a running sandbox")

    func register(in functions: inout HostFunctions) {
        registerLives(in: &functions)
        functions.declare("sandbox_endpoint", .integer) { call, number in
            call.results.put(
                try Self.told { () throws(LuaFailure) in try control.endpoint(of: number) })
        }
        // sandbox_request(sandbox, verb, path, body, world) → status, body
        functions.declareWaiting(
            "sandbox_request", .integer, .string, .string, .optional(.bytes), .optional(.string)
        ) { [control, actions] _, number, verb, path, body, world in
            // A sandbox that the script started ends with the script.
            if !control.hasStarted(number) {
                try actions.send(verb, "/sandbox/v1" + path, by: "sandbox")
            }
            let request = SandboxRequest(
                verb: verb, path: path, body: body ?? [], world: world ?? "")
            return .wait { resumption in
                control.administer(number, request) { result in
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

    private func registerLives(in functions: inout HostFunctions) {
        // sandbox_start(speed, seed, seed_number, leniencies, folder) → number
        functions.declare(
            "sandbox_start", .optional(.string), .optional(.string), .optional(.string),
            .optional(.string),
            .optional(.path.needing("write:files")), recording: Self.unrepeatable
        ) { [control] call, speed, seed, seedNumber, leniencies, folder in
            let number = seedNumber.flatMap { UInt64($0) }
            if let seedNumber, number == nil {
                throw HostError.message(
                    "sandbox.start: seed_number must be an integer, got \(seedNumber)")
            }
            let options = SandboxStart(
                speed: speed ?? "1", seed: seed ?? "demo", seedNumber: number,
                leniencies: (leniencies ?? "").split(separator: ",").map(String.init),
                dataFolder: folder)
            call.results.put(try Self.told { () throws(LuaFailure) in try control.start(options) })
        }
        functions.declare(
            "sandbox_attach", .optional(.integer), needs: ["connect:hosts"],
            recording: Self.unrepeatable
        ) {
            [control, actions] call, port in
            try actions.ask("connect:hosts", "127.0.0.1", by: "sandbox.attach")
            call.results.put(
                try Self.told { () throws(LuaFailure) in try control.attach(port: port) })
        }
        functions.declare("sandbox_stop", .integer) { [control] _, number in control.stop(number) }
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
