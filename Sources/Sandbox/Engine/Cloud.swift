import Codec
import Contract

/// What a sandbox is lenient or strict about.
struct CloudOptions: Sendable {
    /// Rules that are not applied.
    var leniencies: Set<Leniency> = []
    /// Whether free clusters that nobody uses are suspended after a week and deleted after four.
    var retiresIdleFreeClusters = false
}

/// Rules of the contract or of the cloud that some clients of today break.
public enum Leniency: String, CaseIterable, Sendable {
    /// Backups and their schedules may come without a display name.
    case displayName = "display_name"
    /// Enum fields with presence may hold zero, which counts as unset.
    case zeroEnums = "zero_enums"
    /// A management key may delete users.
    case deleteUser = "delete_user"
    /// A call without a valid credential ends with PERMISSION_DENIED instead of UNAUTHENTICATED.
    case denied
    /// Paid clusters need no payment method.
    case payment

    /// What it is for, in one line.
    public var explanation: String {
        switch self {
        case .displayName:
            "backups and backup schedules may lack display_name (qcloud 0.25, Terraform)"
        case .zeroEnums: "explicit zeros in optional enum fields count as unset (JSON echoes)"
        case .deleteUser: "management keys may call IAMService/DeleteUser (qcloud)"
        case .denied: "a missing or wrong credential is PERMISSION_DENIED"
        case .payment: "paid clusters need no payment method"
        }
    }
}

/// A sandbox's engine: the chain that each call goes through, whichever way it came.
///
/// decode → authenticate → actor → account → permission → mask merge → validate → handler. Not
/// thread-safe: it lives on the server's one event loop.
final class Cloud {
    let registry: Registry
    let store: Store
    var clock: VirtualClock
    /// What secrets that can be told again derive from.
    let seed: [UInt8]
    /// Which of the server's worlds this is; empty for the first one.
    let world: String
    let options: CloudOptions
    var dice: Dice
    /// The next ids, while a sandbox is seeded.
    var chosenIDs: [String] = []
    private var traceDice: Dice
    /// Where the data plane answers.
    var dataPlane = DataPlaneAddress(url: "http://127.0.0.1", port: 6333)
    let faults = FaultInjector()
    let callJournal = CallJournal()
    /// What went wrong by itself: steps of lifecycles that could not be made.
    private(set) var problems: [String] = []
    private let handlers: [String: Handler]
    private let events: [String: EventHandler]
    private var admitted = AdmissionCache()
    private let validator: Validator
    private let validationTime: ValidationTime

    init(
        registry: Registry, store: Store, clock: VirtualClock, seed: [UInt8], world: String = "",
        options: CloudOptions = CloudOptions(), seedNumber: UInt64? = nil
    ) throws {
        self.registry = registry
        self.store = store
        self.clock = clock
        self.seed = seed
        self.world = world
        self.options = options
        // A series goes on where it was when the sandbox was last used.
        let state = try store.transaction { try $0.fact("dice") }.flatMap { UInt64($0) }
        dice = Dice(state: seedNumber.map { state ?? $0 })
        // They have to differ, and nothing more.
        traceDice = Dice(state: seedNumber.map { $0 ^ 0x7ace } ?? UInt64.random(in: 0 ... .max))
        handlers = Services.handlers
        events = Services.events
        let time = ValidationTime()
        validationTime = time
        validator = Validator(now: {
            (time.now / Nanoseconds.second, Int32(time.now % Nanoseconds.second))
        })
    }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message {
        guard let found = try? registry.message(named: type) else {
            preconditionFailure("the contract has no \(type)")
        }
        return Message(found)
    }

    /// A new id: a random one, unless ids have been chosen.
    func newID() -> String {
        chosenIDs.isEmpty ? Digest.randomUUID(&dice) : chosenIDs.removeFirst()
    }

    /// A random id that is no state of the sandbox, for example of a trace.
    func newTraceID() -> String { Digest.randomUUID(&traceDice) }

    /// A secret that says by itself which world it belongs to.
    func marked(_ secret: String) -> String { world.isEmpty ? secret : secret + "-" + world }

    /// A google.protobuf.Timestamp.
    func timestamp(_ moment: Int64) -> Message {
        var message = new("google.protobuf.Timestamp")
        message["seconds"] = .int(moment / Nanoseconds.second)
        // Microseconds, as the real cloud has them.
        message["nanos"] = .int(moment % Nanoseconds.second / 1000 * 1000)
        return message
    }

    /// A google.protobuf.Duration.
    func duration(_ nanoseconds: Int64) -> Message {
        var message = new("google.protobuf.Duration")
        message["seconds"] = .int(nanoseconds / Nanoseconds.second)
        message["nanos"] = .int(nanoseconds % Nanoseconds.second)
        return message
    }

    // MARK: - Calls

    /// An answer: the message, and what is said beside it.
    struct Answer {
        let message: Message
        let metadata: [(name: String, value: String)]
    }

    /// Makes sure of a call's credential, which needs nothing of the request but its headers.
    func identify(_ method: Method, _ metadata: [String: String]) throws(APIError) {
        do {
            _ = try store.transaction {
                try Gate(cloud: self, transaction: $0).identify(method, metadata, &admitted)
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.internal, "the sandbox failed: \(error)")
        }
    }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - staleBy: how old what a read shows may be, in nanoseconds.
    ///   - lifecycle: what becomes of the lifecycle that the call begins.
    /// - Throws: ``APIError``; whatever else goes wrong is INTERNAL.
    func handle(
        _ method: Method, _ request: Message, metadata: [String: String], staleBy: Int64 = 0,
        lifecycle: Fault.Lifecycle? = nil
    ) throws(APIError) -> Answer {
        do {
            clock.step()
            try catchUp()
            // What is due by itself has nothing to do with it.
            faults.lifecycle = lifecycle
            defer { faults.lifecycle = nil }
            let diceBefore = dice
            do {
                return try store.transaction { transaction in
                    if staleBy > 0, method.route?.verb == "GET" {
                        transaction.asOf = clock.now - staleBy
                    }
                    return try chain(method, request, metadata, transaction)
                }
            } catch {
                dice = diceBefore
                throw error
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.internal, "the sandbox failed: \(error)")
        }
    }

    private func chain(
        _ method: Method, _ request: Message, _ metadata: [String: String],
        _ transaction: Transaction
    ) throws -> Answer {
        let now = clock.now
        store.history.now = now
        let gate = Gate(cloud: self, transaction: transaction)
        let access = try gate.admit(method, request, metadata, &admitted)
        // Reads leave no traces.
        let isRead = method.route?.verb == "GET"
        let caller = isRead ? nil : access.actor.map { stamp(of: $0, metadata) }
        let moment = Moment(cloud: self, transaction: transaction, now: now, caller: caller)
        let call = Call(
            method: method, moment: moment, actor: access.actor, account: access.account,
            metadata: metadata, reply: Reply())
        guard let handler = handlers[method.path] else {
            throw APIError(.unimplemented, "the sandbox does not have \(method.name)")
        }
        var whole = try MaskedUpdate.expand(request, call) { get, getRequest in
            guard let handler = handlers[get.path] else {
                throw APIError(.unimplemented, "the sandbox does not have \(get.name)")
            }
            let inner = Call(
                method: get, moment: moment, actor: call.actor, account: call.account,
                metadata: metadata, reply: Reply())
            return try handler(inner, getRequest)
        }
        Lenience.prepare(&whole, options.leniencies)
        validationTime.now = now
        let violations = Lenience.remaining(
            validator.violations(in: whole), of: method, options.leniencies)
        guard violations.isEmpty else { throw APIError(violations: violations) }
        let response = try handler(call, whole)
        if !isRead { try EventRecorder.record(call, whole, response) }
        if !isRead || transaction.hasWritten { try keepPace(transaction, now) }
        return Answer(message: response, metadata: call.reply.metadata)
    }

    private func stamp(of actor: Actor, _ metadata: [String: String]) -> Message {
        var caller = new("qdrant.cloud.common.v1.Caller")
        caller.set("actor_id", actor.id)
        caller.set("actor_type", actor.typeNumber)
        if let agent = metadata["user-agent"] {
            caller.set("user_agent", String(agent.prefix(512)))
        }
        return caller
    }

    /// Stores what must not go back when the sandbox is opened again.
    private func keepPace(_ transaction: Transaction, _ now: Int64) throws {
        try transaction.setFact("moment", "\(now)")
        if let state = dice.state { try transaction.setFact("dice", "\(state)") }
    }

    // MARK: - Time

    /// Lets happen what is due by now, one thing after another, each at its own time.
    func catchUp() throws { try catchUp(to: clock.now) }

    /// Lets happen what is due by a moment.
    func catchUp(to moment: Int64) throws {
        let isDue = try store.transaction { try $0.hasEvent(until: moment) }
        guard isDue else { return }
        var isMore = true
        while isMore {
            do {
                isMore = try store.transaction { transaction in
                    guard let event = try transaction.takeEvent(until: moment) else { return false }
                    store.history.now = event.due
                    try events[event.kind]?(
                        Moment(cloud: self, transaction: transaction, now: event.due), event)
                    try keepPace(transaction, event.due)
                    return true
                }
            } catch {
                // A step that cannot be made must not stand in the way of all others.
                let lost = try store.transaction { try $0.takeEvent(until: moment) }
                problems.append("\(lost?.kind ?? "?") \(lost?.subject ?? ""): \(error)")
            }
        }
    }

    /// Moves time on and lets happen what has become due.
    func advance(by nanoseconds: Int64) throws {
        guard nanoseconds < Nanoseconds.usable.upperBound - clock.now else {
            throw APIError(.outOfRange, "the sandbox's time ends in the year 2200")
        }
        clock.advance(by: nanoseconds)
        try perform { _ in }
    }

    // MARK: - Whole states

    /// Puts another store's state in place of everything.
    func replaceState(from other: Store) throws {
        try store.replace(by: other)
        clock.rewind()
        try resume()
    }

    /// Goes on with a state that came from elsewhere: time does not go back, and the secrets that
    /// can be told again are this world's own.
    func resume() throws {
        let last = try store.transaction { try $0.fact("moment") }.flatMap { Int64($0) } ?? 0
        if last > clock.now { clock.set(last) }
        // A series goes on where that state's had come to, so that no id comes twice.
        if dice.state != nil {
            let state = try store.transaction { try $0.fact("dice") }.flatMap { UInt64($0) }
            dice = Dice(state: state ?? dice.state)
        }
        let now = clock.now
        try store.transaction { transaction in
            let moment = Moment(cloud: self, transaction: transaction, now: now)
            for user in try transaction.records(.user) {
                guard let token = try transaction.record(.userToken, user.id) else { continue }
                try putToken(of: user, generation: token.number("generation"), moment)
            }
            for account in try transaction.records(.account) {
                let id = Identities.managementKey(of: account.id)
                guard try transaction.record(.managementKey, id) != nil else { continue }
                try putManagementKey(of: account.id, moment)
            }
            try refreshAddresses(moment)
            try keepPace(transaction, now)
        }
        callJournal.clear()
    }

    /// Has all databases have the address of the present data plane.
    private func refreshAddresses(_ moment: Moment) throws {
        let transaction = moment.transaction
        let address = dataPlane.url + ":\(dataPlane.port)"
        guard try transaction.fact("data_plane") != address else { return }
        for var cluster in try transaction.records(.cluster) {
            ClusterLifecycle.refreshAddresses(of: &cluster, self)
            try transaction.put(cluster)
        }
        for var space in try transaction.records(.space) {
            SpaceLife.refreshAddress(of: &space, self)
            try transaction.put(space)
        }
        try transaction.setFact("data_plane", address)
    }

    /// Does something that is no call of the API, at the present moment.
    func perform<Result>(_ body: (Moment) throws -> Result) throws -> Result {
        try catchUp()
        let now = clock.now
        return try store.transaction { transaction in
            let result = try body(Moment(cloud: self, transaction: transaction, now: now))
            try keepPace(transaction, now)
            return result
        }
    }
}

/// The time that a validator sees.
private final class ValidationTime: @unchecked Sendable {
    var now: Int64 = 0
}

extension Message {
    /// A google.protobuf.Timestamp or Duration in nanoseconds, since 1970 or by itself.
    var nanoseconds: Int64 {
        // Far away moments are as good as the end of time, from which one can still count.
        let seconds = Int64(integer("seconds"))
        let range = Nanoseconds.usable
        let clamped = min(
            max(seconds, range.lowerBound / Nanoseconds.second),
            range.upperBound / Nanoseconds.second)
        return clamped * Nanoseconds.second + Int64(integer("nanos"))
    }
}
