import Contract
import GRPCProtocol

/// A rule by which a sandbox does not do what it should.
struct Fault {
    /// Which calls it is about.
    struct Scope {
        /// A pattern with `*` for the method: `cluster.get_cluster`, `GetCluster`,
        /// `qdrant.cloud.cluster.v1.ClusterService/GetCluster`, `*`.
        var method = "*"
        /// The account's id; nil for any.
        var account: String?
        /// How likely a call is hit, from 0 to 1.
        var probability = 1.0
        /// How many calls pass before the first is hit.
        var skip = 0
        /// How many calls are hit; nil for all.
        var times: Int?
    }

    /// An error that is answered in place of the call.
    struct Status {
        var code: StatusCode
        var message = "injected fault"
        /// Nanoseconds after which a client may try again.
        var retryAfter: Int64?
    }

    /// What happens to the connection or the stream in place of an answer.
    enum Break: String, CaseIterable {
        /// The stream is reset, or the HTTP/1.1 connection closed, before anything is done.
        case reset
        /// The connection ends without an answer; nothing is done.
        case disconnect
        /// The server closes the connection with GOAWAY; this call is the first that is not
        /// processed.
        case goAway = "goaway"
        /// The call is done, but its answer never arrives: the stream is reset.
        case dropResponse = "drop_response"
    }

    /// How an answer trickles.
    struct Trickle {
        var bytes: Int
        /// Nanoseconds between two pieces.
        var pause: Int64
    }

    /// What becomes of a lifecycle that a call begins.
    enum Lifecycle: Equatable {
        /// It never ends.
        case stuck
        /// It fails, with a reason.
        case fails(String)
    }

    /// What it is called; the journal names it.
    var name: String
    var scope = Scope()
    var status: Status?
    /// How long the answer is held back, in nanoseconds.
    var latency: Int64 = 0
    var breaks: Break?
    var trickle: Trickle?
    var lifecycle: Lifecycle?
    /// How old what a read shows may be, in nanoseconds of the sandbox's time.
    var staleBy: Int64 = 0

    /// How many calls it was asked about, and how many it hit.
    var seen = 0
    var hits = 0

    /// Whether a method is meant.
    func concerns(_ method: Method) -> Bool {
        [method.displayName, method.name, String(method.path.dropFirst())].contains {
            Self.matches(scope.method[...], $0[...])
        }
    }

    /// Whether a text fits a pattern in which `*` stands for anything.
    static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else {
            return pattern == text
        }
        guard text.count >= first.count + last.count, text.hasPrefix(first), text.hasSuffix(last)
        else { return false }
        // Each part in between at its first place: a later one leaves less for those that follow.
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }
}

/// What the faults make of one call.
struct FaultPlan {
    var names: [String] = []
    var status: Fault.Status?
    var latency: Int64 = 0
    var breaks: Fault.Break?
    var trickle: Fault.Trickle?
    var lifecycle: Fault.Lifecycle?
    var staleBy: Int64 = 0
}

/// The faults of a sandbox.
final class FaultInjector {
    /// How many there can be: each call is compared with each of them.
    static let most = 1000

    private(set) var faults: [Fault] = []
    /// Chance has a series of its own, so that ids do not depend on faults.
    private var dice = RandomSource(state: 0xfa17)
    /// What the call that is being made does to the lifecycle that it begins.
    var lifecycle: Fault.Lifecycle?
    private var count = 0

    /// Adds a fault; one of the same name is replaced.
    func add(_ fault: Fault) {
        remove(fault.name)
        faults.append(fault)
    }

    /// A name for a fault that has none.
    func newName() -> String {
        count += 1
        return "fault-\(count)"
    }

    /// Removes the fault with a name.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    func remove(_ name: String) -> Bool {
        let before = faults.count
        faults.removeAll { $0.name == name }
        return faults.count < before
    }

    /// Removes all faults.
    func clear() { faults = [] }

    /// Whether any fault wants stale reads.
    var wantsHistory: Bool { faults.contains { $0.staleBy > 0 } }

    /// What the faults make of a call.
    func plan(_ method: Method, account: String) -> FaultPlan {
        var plan = FaultPlan()
        guard !faults.isEmpty else { return plan }
        for index in faults.indices {
            guard faults[index].concerns(method) else { continue }
            let scope = faults[index].scope
            if let wanted = scope.account, wanted != account { continue }
            faults[index].seen += 1
            guard faults[index].seen > scope.skip else { continue }
            if let times = scope.times, faults[index].hits >= times { continue }
            if scope.probability < 1,
                Double.random(in: 0..<1, using: &dice) >= scope.probability
            {
                continue
            }
            faults[index].hits += 1
            let fault = faults[index]
            plan.names.append(fault.name)
            plan.status = plan.status ?? fault.status
            plan.latency = min(plan.latency + fault.latency, 366 * Nanoseconds.day)
            plan.breaks = plan.breaks ?? fault.breaks
            plan.trickle = plan.trickle ?? fault.trickle
            plan.lifecycle = plan.lifecycle ?? fault.lifecycle
            plan.staleBy = max(plan.staleBy, fault.staleBy)
        }
        return plan
    }
}
