import Codec
import Contract
import GRPCProtocol

/// Reads faults from YAML and converts them back to YAML.
enum FaultReader {
    private static let length = Shape.duration(31_536_000)

    /// The form of a fault.
    static let shape = Shape.object([
        "name": .name, "method": .name, "account": .name, "probability": .number(0...1),
        "skip": .count, "times": .count, "status": .name, "message": .text(0...65_536),
        "retry_after": length, "latency": length, "stale": length,
        "break": .choice(Fault.Break.allCases.map(\.rawValue)),
        "trickle": .object(
            ["bytes": .integer(1...Int.max), "every": length], required: ["bytes"]),
        "lifecycle": .choice(["stuck", "fail"]), "reason": .text(0...65_536),
    ])

    /// Members that have no effect without another one.
    private static let companions = [
        (member: "message", of: "status"), ("retry_after", "status"), ("reason", "lifecycle"),
    ]

    /// Reads one fault or a list of them.
    static func faults(
        _ tree: YAMLValue, _ registry: Registry, name: () -> String
    ) throws(YAMLValue.Problem) -> [Fault] {
        if tree["faults"] != nil {
            _ = try Shape.object(["faults": .list(.anything)]).read(tree)
        }
        let entries = tree["faults"]?.items ?? tree.items ?? [tree]
        var faults: [Fault] = []
        for (index, entry) in entries.enumerated() {
            do throws(YAMLValue.Problem) {
                faults.append(try fault(entry, registry, name: name))
            } catch {
                throw error.inside("faults[\(index)]")
            }
        }
        return faults
    }

    private static func fault(
        _ written: YAMLValue, _ registry: Registry, name: () -> String
    ) throws(YAMLValue.Problem) -> Fault {
        guard written.members != nil else {
            throw YAMLValue.Problem(
                "a fault must be a map such as {method: GetCluster, status: UNAVAILABLE}")
        }
        let tree = try shape.read(written)
        for (member, other) in companions where tree[member] != nil && tree[other] == nil {
            throw YAMLValue.Problem(at: member, "has no effect without \(other)")
        }
        var fault = Fault(name: tree["name"]?.text ?? name())
        fault.scope = try scope(tree, registry)
        if let text = tree["status"]?.text {
            guard let code = StatusCode.errors.first(where: { $0.name == text.uppercased() })
            else {
                throw Shape.unknown("code", text, StatusCode.errors.map(\.name), "status")
            }
            fault.status = Fault.Status(code: code)
            if let message = tree["message"]?.text { fault.status?.message = message }
            fault.status?.retryAfter = length(tree, "retry_after")
        }
        fault.latency = length(tree, "latency") ?? 0
        fault.staleBy = length(tree, "stale") ?? 0
        fault.breaks = tree["break"]?.text.flatMap(Fault.Break.init(rawValue:))
        if let trickle = tree["trickle"], let bytes = trickle["bytes"]?.integer {
            fault.trickle = Fault.Trickle(
                bytes: bytes, pause: length(trickle, "every") ?? 100_000_000)
        }
        switch tree["lifecycle"]?.text {
        case nil: break
        case "stuck": fault.lifecycle = .stuck
        default: fault.lifecycle = .fails(tree["reason"]?.text ?? "injected fault")
        }
        if fault.lifecycle == .stuck, tree["reason"] != nil {
            throw YAMLValue.Problem(at: "reason", "has no effect with lifecycle: stuck")
        }
        let does =
            fault.status != nil || fault.latency > 0 || fault.staleBy > 0 || fault.breaks != nil
            || fault.trickle != nil || fault.lifecycle != nil
        guard does else {
            throw YAMLValue.Problem(
                "does nothing: give status, latency, break, trickle, lifecycle or stale")
        }
        return fault
    }

    private static func scope(_ tree: YAMLValue, _ registry: Registry) throws(YAMLValue.Problem)
        -> Fault.Scope
    {
        var scope = Fault.Scope()
        if let method = tree["method"]?.text {
            scope.method = method
            let probe = Fault(name: "", scope: scope)
            let all = (try? registry.allMethods()) ?? []
            guard all.contains(where: probe.concerns) else {
                let known = all.flatMap { [$0.name, $0.path.dropFirst().description] }
                throw YAMLValue.Problem(
                    at: "method",
                    "no method named \(method); expected a name such as cluster.get_cluster, "
                        + "GetCluster or *"
                        + Names.suggestion(Names.nearest(to: method, in: known)))
            }
        }
        scope.account = tree["account"]?.text.map { text in
            // A name of the seed, or an id.
            text.count == 36 ? text.lowercased() : Identities.account(text)
        }
        if let probability = tree["probability"]?.double { scope.probability = probability }
        if let skip = tree["skip"]?.integer { scope.skip = skip }
        scope.times = tree["times"]?.integer
        return scope
    }

    /// A member that holds a length, which has been checked.
    private static func length(_ tree: YAMLValue, _ name: String) -> Int64? {
        tree[name]?.text.flatMap(TimeText.parseHumanDuration).map(Nanoseconds.sum)
    }

    /// A fault and what it has done.
    static func tree(of fault: Fault) -> YAMLValue {
        func length(_ nanoseconds: Int64) -> YAMLValue? {
            guard nanoseconds > 0 else { return nil }
            return .string(
                TimeText.duration(
                    seconds: nanoseconds / Nanoseconds.second,
                    nanos: Int32(nanoseconds % Nanoseconds.second)))
        }
        var lifecycle: YAMLValue?
        var reason: YAMLValue?
        switch fault.lifecycle {
        case nil: break
        case .stuck: lifecycle = .string("stuck")
        case .fails(let text):
            lifecycle = .string("fail")
            reason = .string(text)
        }
        return .object([
            ("name", .string(fault.name)), ("method", .string(fault.scope.method)),
            ("account", fault.scope.account.map { .string($0) }),
            ("probability", .number("\(fault.scope.probability)")),
            ("skip", .number("\(fault.scope.skip)")),
            ("times", fault.scope.times.map { .number("\($0)") }),
            ("status", fault.status.map { .string($0.code.name) }),
            ("message", fault.status.map { .string($0.message) }),
            ("retry_after", fault.status?.retryAfter.flatMap(length)),
            ("latency", length(fault.latency)),
            ("break", fault.breaks.map { .string($0.rawValue) }),
            (
                "trickle",
                fault.trickle.map {
                    .object([("bytes", .number("\($0.bytes)")), ("every", length($0.pause))])
                }
            ),
            ("lifecycle", lifecycle), ("reason", reason), ("stale", length(fault.staleBy)),
            ("seen", .number("\(fault.seen)")), ("hits", .number("\(fault.hits)")),
        ])
    }
}
