import CloudClient
import Contract
import EventLoop
import LuaHost
import LuaMachine
import Sandbox

/// The sandboxes of a script: those that it starts in this process, the one of `--sandbox`, and
/// those of the user that run elsewhere, by their admin API.
final class SandboxController: SandboxControl {
    private enum Place {
        case here(SandboxServer)
        case elsewhere(RunningSandboxes.Entry)
    }

    private let connections: Connections
    private let loop: PollLoop
    private let client: HTTPClient
    private var places: [Int64: Place] = [:]
    private var started: Set<Int64> = []
    private var lastNumber: Int64 = 0
    private var running: [ObjectIdentifier: HTTPExchange.Running] = [:]

    init(_ connections: Connections, loop: PollLoop) {
        self.connections = connections
        self.loop = loop
        client = HTTPClient(loop: loop)
    }

    deinit {
        for number in started { if case .here(let server) = places[number] { server.stop() } }
    }

    private func add(_ place: Place) -> Int64 {
        lastNumber += 1
        places[lastNumber] = place
        return lastNumber
    }

    private func place(_ number: Int64) throws(LuaFailure) -> Place {
        guard let place = places[number] else { throw LuaFailure("the sandbox has been closed") }
        return place
    }

    func start(_ options: SandboxStart) throws(LuaFailure) -> Int64 {
        var configuration = SandboxConfiguration(realTime: Clocks.steadyTime())
        guard let speed = SandboxSpeed(argument: options.speed) else {
            throw LuaFailure(
                "sandbox.start: speed must be instant, manual or a factor, got \(options.speed)")
        }
        configuration.speed = speed.value
        configuration.seed = options.seed
        configuration.seedNumber = options.seedNumber
        configuration.dataFolder = options.dataFolder
        for name in options.leniencies {
            guard let leniency = Leniency(rawValue: name) else {
                let known = Leniency.allCases.map(\.rawValue).joined(separator: ", ")
                throw LuaFailure(
                    "sandbox.start: lenient: unknown rule \"\(name)\"; expected one of \(known)"
                        + Names.suggestion(
                            Names.nearest(to: name, in: Leniency.allCases.map(\.rawValue))))
            }
            configuration.leniencies.insert(leniency)
        }
        do throws(SandboxError) {
            let number = add(.here(try SandboxServer(configuration)))
            started.insert(number)
            return number
        } catch {
            throw LuaFailure("sandbox.start: \(error)")
        }
    }

    func attach(port: Int64?) throws(LuaFailure) -> Int64 {
        if port == nil, connections.hasEmbeddedSandbox {
            do throws(CommandError) {
                return add(.here(try connections.embeddedSandbox()))
            } catch {
                throw LuaFailure(error.description)
            }
        }
        let all = RunningSandboxes.all()
        let fitting = port.map { port in all.filter { Int64($0.port) == port } } ?? all
        guard let entry = fitting.first, fitting.count == 1 else {
            throw LuaFailure(
                fitting.isEmpty
                    ? "sandbox.attach: no sandbox is running"
                        + (port.map { " on port \($0)" } ?? "; start one with qcsh sandbox")
                    : "sandbox.attach: several are running; give the port of one: "
                        + fitting.map { "\($0.port)" }.joined(separator: ", "))
        }
        return add(.elsewhere(entry))
    }

    func hasStarted(_ number: Int64) -> Bool { started.contains(number) }

    func endpoint(of number: Int64) throws(LuaFailure) -> String {
        switch try place(number) {
        case .here(let server): server.endpoint
        case .elsewhere(let entry): entry.endpoint
        }
    }

    func administer(
        _ number: Int64, _ request: SandboxRequest,
        completion: @escaping (Result<(status: Int, body: [UInt8]), LuaFailure>) -> Void
    ) {
        do throws(LuaFailure) {
            switch try place(number) {
            case .here(let server):
                let answer = server.administer(
                    request.verb, request.path, body: request.body, world: request.world)
                loop.enqueue { completion(.success(answer)) }
            case .elsewhere(let entry): try send(request, to: entry, completion)
            }
        } catch {
            loop.enqueue { completion(.failure(error)) }
        }
    }

    private func send(
        _ request: SandboxRequest, to entry: RunningSandboxes.Entry,
        _ completion: @escaping (Result<(status: Int, body: [UInt8]), LuaFailure>) -> Void
    ) throws(LuaFailure) {
        let call: AdminCall
        do throws(Endpoint.ParseError) {
            call = try AdminCall(entry, world: request.world)
        } catch {
            throw LuaFailure("\(error)")
        }
        var identifier: ObjectIdentifier?
        let exchange = call.start(request.verb, request.path, request.body, of: client) {
            [weak self] result in
            if let identifier { self?.running[identifier] = nil }
            completion(
                result.map { ($0.status, $0.body) }.mapError { LuaFailure($0.message) })
        }
        identifier = ObjectIdentifier(exchange)
        running[ObjectIdentifier(exchange)] = exchange
    }

    func stop(_ number: Int64) {
        guard let place = places.removeValue(forKey: number) else { return }
        if case .here(let server) = place, started.remove(number) != nil { server.stop() }
    }
}
