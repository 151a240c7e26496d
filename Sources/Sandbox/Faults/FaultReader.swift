import Codec
import Contract
import GRPCProtocol

/// Reads faults from YAML and converts them back to YAML.
enum FaultReader {
    private static let names = [
        "name", "method", "account", "probability", "skip", "times", "status", "message",
        "retry_after", "latency", "break", "trickle", "lifecycle", "reason", "stale",
    ]

    /// Reads one fault or a list of them.
    static func faults(
        _ tree: YAMLValue, _ registry: Registry, name: () -> String
    ) throws(YAMLValue.Problem) -> [Fault] {
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
        _ tree: YAMLValue, _ registry: Registry, name: () -> String
    ) throws(YAMLValue.Problem) -> Fault {
        guard let members = tree.members else {
            throw YAMLValue.Problem(
                "a fault must be a map such as {method: GetCluster, status: UNAVAILABLE}")
        }
        for member in members where !names.contains(member.name) {
            throw YAMLValue.Problem(
                at: member.name,
                "unknown field; expected one of \(names.joined(separator: ", "))")
        }
        var fault = Fault(name: tree["name"]?.text ?? name())
        fault.scope = try scope(tree, registry)
        if let text = tree["status"]?.text {
            guard let code = StatusCode.errors.first(where: { $0.name == text.uppercased() })
            else {
                let known = StatusCode.errors.map(\.name).joined(separator: ", ")
                throw YAMLValue.Problem(
                    at: "status", "unknown code \(text); expected one of \(known)")
            }
            fault.status = Fault.Status(code: code)
            if let message = tree["message"]?.text { fault.status?.message = message }
            fault.status?.retryAfter = try length(tree, "retry_after")
        }
        fault.latency = try length(tree, "latency") ?? 0
        fault.staleBy = try length(tree, "stale") ?? 0
        if let text = tree["break"]?.text {
            guard let found = Fault.Break(rawValue: text) else {
                let known = Fault.Break.allCases.map(\.rawValue).joined(separator: ", ")
                throw YAMLValue.Problem(
                    at: "break", "unknown value \(text); expected one of \(known)")
            }
            fault.breaks = found
        }
        if let trickle = tree["trickle"] {
            guard let bytes = trickle["bytes"]?.integer, bytes > 0 else {
                throw YAMLValue.Problem(at: "trickle.bytes", "must be a number above zero")
            }
            fault.trickle = Fault.Trickle(
                bytes: bytes, pause: try length(trickle, "every") ?? 100_000_000)
        }
        switch tree["lifecycle"]?.text {
        case nil: break
        case "stuck": fault.lifecycle = .stuck
        case "fail": fault.lifecycle = .fails(tree["reason"]?.text ?? "injected fault")
        case let other?:
            throw YAMLValue.Problem(
                at: "lifecycle", "unknown value \(other); expected stuck or fail")
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
                throw YAMLValue.Problem(
                    at: "method",
                    "no method named \(method); expected a name such as cluster.get_cluster, "
                        + "GetCluster or *")
            }
        }
        scope.account = tree["account"]?.text.map { text in
            // A name of the seed, or an id.
            text.count == 36 ? text.lowercased() : Identities.account(text)
        }
        if let probability = tree["probability"] {
            guard let number = probability.double, (0...1).contains(number) else {
                throw YAMLValue.Problem(at: "probability", "must be a number from 0 to 1")
            }
            scope.probability = number
        }
        for name in ["skip", "times"] {
            guard let value = tree[name] else { continue }
            guard let number = value.integer, number >= 0 else {
                throw YAMLValue.Problem(at: name, "must be a number of calls")
            }
            if name == "skip" { scope.skip = number } else { scope.times = number }
        }
        return scope
    }

    private static func length(_ tree: YAMLValue, _ name: String) throws(YAMLValue.Problem)
        -> Int64?
    {
        guard let value = tree[name] else { return nil }
        guard let text = value.text, let parsed = TimeText.parseHumanDuration(text),
            (0...31_536_000).contains(parsed.seconds)
        else { throw YAMLValue.Problem(at: name, "must be a duration such as 250ms or 2s") }
        return Nanoseconds.sum(parsed)
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
