import Codec
import Contract
import Foundation
import GRPCProtocol

/// The API for control of a running sandbox: time, faults, worlds, journal, state. JSON over HTTP,
/// below `/sandbox/v1`, with the token that the start line prints.
struct AdminAPI {
    static let prefix = "/sandbox/v1"

    /// A request that cannot be done, with its HTTP status.
    struct Refusal: Error {
        let status: Int
        let message: String

        init(_ status: Int, _ message: String) {
            self.status = status
            self.message = message
        }
    }

    /// An answer: JSON, or something else with its type.
    enum Answer {
        case json(YAMLValue)
        case text(String, type: String)
        case bytes([UInt8])
    }

    private let worlds: Worlds
    private let token: String

    /// The present time of the first world; nil when it is gone.
    var present: VirtualClock.Instant? { worlds.world("")?.world.clock.now }

    init(worlds: Worlds, token: String) {
        self.worlds = worlds
        self.token = token
    }

    func answer(_ request: InboundRequest) -> OutboundResponse {
        do {
            try authenticate(request)
            let path = request.path.dropFirst(Self.prefix.count).split(separator: "/")
                .map { PercentCoding.decode($0) ?? "" }
            let answer = try perform(
                request.verb, path, Self.parameters(request.query), request.body,
                world: request.header(Worlds.header) ?? "")
            return Self.response(200, answer)
        } catch let refusal as Refusal {
            return Self.failure(refusal.status, refusal.message)
        } catch let error as APIError {
            return Self.failure(error.code.httpStatus, error.message)
        } catch {
            return Self.failure(400, "\(error)")
        }
    }

    /// Whether a request carries the token.
    func isAllowed(_ request: InboundRequest) -> Bool {
        let header = request.header("authorization") ?? ""
        return Digest.areEqual(
            Digest.sha256(Array(header.utf8)), Digest.sha256(Array("Bearer \(token)".utf8)))
    }

    private func authenticate(_ request: InboundRequest) throws {
        guard isAllowed(request) else {
            throw Refusal(
                401,
                "the admin API requires the token that the sandbox printed at its start: "
                    + "Authorization: Bearer TOKEN")
        }
    }

    private static func parameters(_ query: Substring?) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false
            ).map {
                PercentCoding.decode($0, plusIsSpace: true) ?? ""
            }
            parameters[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        return parameters
    }

    private static func response(_ status: Int, _ answer: Answer) -> OutboundResponse {
        switch answer {
        case .json(let tree):
            OutboundResponse(
                status: status, headers: [("content-type", "application/json")],
                body: Array((tree.json + "\n").utf8))
        case .text(let text, let type):
            OutboundResponse(
                status: status, headers: [("content-type", type)], body: Array(text.utf8))
        case .bytes(let bytes):
            OutboundResponse(
                status: status, headers: [("content-type", "application/octet-stream")],
                body: bytes)
        }
    }

    private static func failure(_ status: Int, _ message: String) -> OutboundResponse {
        response(status, .json(.object([("error", .string(message))])))
    }

    // MARK: - What can be done

    /// Performs a request and returns its answer.
    func perform(
        _ verb: String, _ path: [String], _ parameters: [String: String], _ body: [UInt8],
        world name: String
    ) throws -> Answer {
        guard let cloud = worlds.world(name) else {
            throw Refusal(404, "world \(name) not found")
        }
        guard path.count <= 2 else { throw Self.unknown(verb, path) }
        try AdminShapes.check(parameters, path.first ?? "")
        switch (verb, path.first, path.dropFirst().first) {
        case ("GET", nil, nil): return .json(status(cloud))
        case ("GET", "accounts", nil): return .json(Self.description(of: cloud))
        case ("GET", "time", nil): return .json(time(cloud))
        case ("POST", "time", nil):
            return .json(try moveTime(try tree(body, AdminShapes.time), cloud))
        case ("GET", "faults", nil):
            return .json(
                .object([("faults", .list(cloud.world.faults.faults.map(FaultReader.tree(of:))))]))
        case ("POST", "faults", nil): return .json(try addFaults(try tree(body, .anything), cloud))
        case ("DELETE", "faults", nil):
            cloud.world.faults.clear()
            return .json(.map([]))
        case ("DELETE", "faults", let fault?):
            guard cloud.world.faults.remove(fault) else {
                throw Refusal(404, "fault \(fault) not found")
            }
            return .json(.map([]))
        case ("GET", "calls", nil): return .json(calls(parameters, cloud))
        case ("GET", "events", nil): return .json(try events(parameters, cloud))
        case ("POST", "tokens", nil):
            let email = try tree(body, AdminShapes.token)["user"]?.text ?? ""
            return .json(
                .object([
                    (
                        "token",
                        .string(try cloud.perform { try cloud.world.token(forUser: email, $0) })
                    )
                ]))
        case ("GET", "worlds", nil):
            return .json(.object([("worlds", .list(worlds.names.map { .string($0) }))]))
        case ("POST", "worlds", nil):
            _ = try tree(body, .object([:]))
            let opened = try worlds.open()
            return .json(Self.description(of: opened))
        case ("DELETE", "worlds", let world?):
            guard worlds.close(world) else { throw Refusal(404, "world \(world) not found") }
            return .json(.map([]))
        case ("POST", "worlds", _?), ("GET", "worlds", _?):
            throw Refusal(404, "to open a world, POST \(Self.prefix)/worlds")
        case ("GET", "seed", nil):
            return .text(try SeedRecords.export(cloud), type: "application/yaml")
        case ("POST", "reset", nil):
            return .json(try reset(body, file: parameters["file"], cloud))
        case ("GET", "snapshot", nil): return .bytes(try snapshot(cloud))
        case ("POST", "restore", nil): return .json(try restore(body, cloud))
        case ("POST", "incidents", nil):
            return .json(try incident(try tree(body, AdminShapes.incident), cloud))
        default: throw Self.unknown(verb, path)
        }
    }

    private static func unknown(_ verb: String, _ path: [String]) -> Refusal {
        Refusal(
            404,
            "the admin API does not support \(verb) \(prefix)/\(path.joined(separator: "/"))")
    }

    /// A body, which must have a form. A missing one is an empty map.
    private func tree(_ body: [UInt8], _ shape: Shape) throws -> YAMLValue {
        do throws(YAMLValue.Problem) {
            let tree = try YAMLValue(parsing: String(decoding: body, as: UTF8.self))
            return try shape.read(tree == .null ? .map([]) : tree)
        } catch {
            throw Refusal(400, "body: \(error)")
        }
    }

    private func status(_ cloud: Cloud) -> YAMLValue {
        .object([
            ("world", .string(cloud.world.name)), ("now", .time(cloud.world.clock.now)),
            ("worlds", .number("\(worlds.names.count)")),
            ("faults", .number("\(cloud.world.faults.faults.count)")),
            ("problems", .list(cloud.problems.suffix(100).map { .string($0) })),
        ])
    }

    /// What a client needs to know of a world.
    static func description(of cloud: Cloud) -> YAMLValue {
        let accounts = (try? cloud.world.store.transaction { try $0.records(.account) }) ?? []
        let first = accounts.first
        return .object([
            ("world", .string(cloud.world.name)),
            ("account_id", first.map { .string($0.id) }),
            ("management_key", first.map { .string(cloud.world.managementKey(of: $0.id)) }),
            (
                "accounts",
                .list(
                    accounts.map {
                        .object([
                            ("name", .string($0.message.string(.name))), ("id", .string($0.id)),
                            ("management_key", .string(cloud.world.managementKey(of: $0.id))),
                        ])
                    })
            ),
        ])
    }

    // MARK: - Time

    private func time(_ cloud: Cloud) -> YAMLValue {
        .object([("now", .time(cloud.world.clock.now))])
    }

    private func moveTime(_ tree: YAMLValue, _ cloud: Cloud) throws -> YAMLValue {
        if let text = tree["advance"]?.text {
            guard let parsed = TimeText.parseHumanDuration(text),
                (0...315_360_000).contains(parsed.seconds)
            else {
                throw Refusal(
                    400,
                    "advance: expected a duration such as 36h, at most 3650d, got \"\(text)\"")
            }
            try cloud.advance(
                by: Nanoseconds.sum(parsed))
        } else if let text = tree["to"]?.text {
            guard let parsed = TimeText.parseRFC3339(text) else {
                throw Refusal(
                    400, "to: expected a time such as 2026-12-31T23:59:00Z, got \"\(text)\"")
            }
            let moment = Nanoseconds.sum(parsed)
            guard moment >= cloud.world.clock.now else {
                throw Refusal(400, "to: \(text) is in the past")
            }
            let step = moment - cloud.world.clock.now
            guard step <= 3650 * Nanoseconds.day else {
                throw Refusal(400, "to: \(text) is more than 3650d away; advance in steps")
            }
            try cloud.advance(by: step)
        } else {
            throw Refusal(400, "expected advance, for example {\"advance\":\"36h\"}, or to")
        }
        return time(cloud)
    }

    // MARK: - Faults, journal

    private func addFaults(_ tree: YAMLValue, _ cloud: Cloud) throws -> YAMLValue {
        let faults: [Fault]
        do throws(YAMLValue.Problem) {
            faults = try FaultReader.faults(tree, cloud.world.registry) {
                cloud.world.faults.newName()
            }
        } catch {
            throw Refusal(400, "\(error)")
        }
        guard cloud.world.faults.faults.count + faults.count <= FaultInjector.most else {
            throw Refusal(400, "a sandbox accepts at most \(FaultInjector.most) faults")
        }
        for fault in faults { cloud.world.faults.add(fault) }
        cloud.world.store.history.isKept = cloud.world.faults.wantsHistory
        return .object([("names", .list(faults.map { .string($0.name) }))])
    }

    private func limits(_ parameters: [String: String]) -> (after: Int, limit: Int) {
        (
            parameters["after"].flatMap { Int($0) } ?? 0,
            min(10_000, max(1, parameters["limit"].flatMap { Int($0) } ?? 1000))
        )
    }

    private func calls(_ parameters: [String: String], _ cloud: Cloud) -> YAMLValue {
        let (after, limit) = limits(parameters)
        let entries = cloud.world.callJournal.entries(after: after, limit: limit)
        return .object([
            (
                "calls",
                .list(
                    entries.map { entry in
                        .object([
                            ("number", .number("\(entry.number)")), ("time", .time(entry.moment)),
                            ("method", .string(String(entry.method.path.dropFirst()))),
                            ("transport", .string(entry.transport)),
                            ("account_id", .string(entry.account)),
                            ("code", .string(entry.error?.code.name ?? "OK")),
                            (
                                "message",
                                entry.error.map { .string(String($0.message.prefix(1000))) }
                            ),
                            (
                                "faults",
                                entry.faults.isEmpty
                                    ? nil : .list(entry.faults.map { .string($0) })
                            ),
                            ("trace_id", .string(entry.traceID)),
                        ])
                    })
            )
        ])
    }

    private func events(_ parameters: [String: String], _ cloud: Cloud) throws -> YAMLValue {
        let (after, limit) = limits(parameters)
        let writer = JSONWriter(registry: cloud.world.registry)
        let entries = try cloud.perform { moment in
            try moment.transaction.journal(after: Int64(after), limit: limit)
        }
        return .object([
            (
                "events",
                .list(
                    entries.map { number, event in
                        .object([
                            ("number", .number("\(number)")),
                            ("event", YAMLValue(json: Array(writer.text(event).utf8)) ?? .null),
                        ])
                    })
            )
        ])
    }

    // MARK: - State

    private func reset(_ body: [UInt8], file: String?, _ cloud: Cloud) throws -> YAMLValue {
        // Read before anything is lost.
        let text = String(decoding: body, as: UTF8.self)
        let seed = try text.isEmpty ? worlds.seed : Seed(text, file: file)
        let scratch = try worlds.planted(seed)
        try cloud.replaceState(from: scratch)
        cloud.world.faults.clear()
        cloud.world.store.history.isKept = false
        return Self.description(of: cloud)
    }

    private func snapshot(_ cloud: Cloud) throws -> [UInt8] {
        try Self.withTemporaryFile { path in
            try cloud.perform { _ in }
            try cloud.world.store.write(to: path)
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }

    private func restore(_ body: [UInt8], _ cloud: Cloud) throws -> YAMLValue {
        try Self.withTemporaryFile { path in
            try Data(body).write(to: URL(fileURLWithPath: path))
            let other: Store
            do {
                other = try Store(path: path, registry: cloud.world.registry)
                // A copy is tried first: it has to open and to go on.
                _ = try worlds.trial(of: other)
            } catch {
                throw Refusal(400, "the snapshot cannot be used, and nothing was changed: \(error)")
            }
            // SQLite copies all pages in one transaction: everything is replaced, or nothing.
            try cloud.world.store.replace(by: other)
        }
        try cloud.resume()
        return Self.description(of: cloud)
    }

    private static func withTemporaryFile<Result>(
        _ body: (String) throws -> Result
    ) throws -> Result {
        let path = NSTemporaryDirectory() + "/qcsh-snapshot-\(UUID().uuidString)"
        // Nobody else shall read the state.
        guard
            FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw Refusal(500, "cannot write \(path)") }
        defer {
            // SQLite may have put its own beside it.
            for file in [path, path + "-shm", path + "-wal"] {
                try? FileManager.default.removeItem(atPath: file)
            }
        }
        return try body(path)
    }

    private func incident(_ tree: YAMLValue, _ cloud: Cloud) throws -> YAMLValue {
        guard let kind = tree["kind"]?.text.flatMap(Incident.init(rawValue:)),
            let id = tree["id"]?.text
        else { return .map([]) }
        try cloud.perform { moment in try kind.happen(to: id.lowercased(), moment) }
        return .map([])
    }
}
