import Codec
import Contract
import GRPCProtocol

/// A sandbox's engine: the chain that each call goes through, whichever way it came.
///
/// decode → authenticate → actor → account → permission → mask merge → validate → handler. Not
/// thread-safe: it lives on the server's one event loop.
final class Cloud {
    let world: World
    /// Steps of lifecycles that failed.
    private(set) var problems: [String] = []
    private let services: ServiceTable
    private var admitted = AdmissionCache()
    private let validator: Validator
    private let validationTime: ValidationTime

    /// Creates an engine.
    ///
    /// - Parameters:
    ///   - world: the state, with the values that it takes from elsewhere.
    ///   - services: the handlers of methods and of scheduled events.
    init(_ world: World, services: ServiceTable) {
        self.world = world
        self.services = services
        let time = ValidationTime()
        validationTime = time
        validator = Validator(now: {
            (time.now / Nanoseconds.second, Int32(time.now % Nanoseconds.second))
        })
    }

    private var store: Store { world.store }

    // MARK: - Calls

    /// An answer: the message, and the metadata that comes with it.
    struct Answer {
        let message: Message
        let metadata: [(name: String, value: String)]
    }

    /// How a call differs from the ordinary.
    struct Conditions {
        /// The caller, when somebody else has admitted them; nil checks the call's credential.
        var caller: Caller?
        /// How old the state that a read shows may be, in nanoseconds.
        var staleBy: Int64 = 0
        /// The outcome of the lifecycle that the call begins.
        var lifecycle: Fault.Lifecycle?
        /// Answers what a transaction looks for and does not find.
        var onMiss: MissHandler?
    }

    /// Checks a call's credential, which needs nothing of the request but its headers.
    func identify(_ method: Method, _ metadata: [String: String]) throws(APIError) {
        try Self.explained {
            _ = try store.transaction {
                try Authorizer(world: world, transaction: $0)
                    .identify(method, metadata, &admitted)
            }
        }
    }

    /// Makes a call.
    ///
    /// - Throws: ``APIError``; any other failure is INTERNAL.
    func handle(
        _ method: Method, _ request: Message, metadata: [String: String],
        _ conditions: Conditions = Conditions()
    ) throws(APIError) -> Answer {
        try Self.explained { try attempt(method, request, metadata: metadata, conditions) }
    }

    /// Makes a call, of which nothing stays when it fails.
    ///
    /// - Throws: ``APIError``, ``Miss`` when the conditions have a handler that throws it, or an
    ///   error of the store.
    func attempt(
        _ method: Method, _ request: Message, metadata: [String: String],
        _ conditions: Conditions = Conditions()
    ) throws -> Answer {
        world.clock.step()
        try catchUp(onMiss: conditions.onMiss)
        // What is due by itself has nothing to do with it.
        world.faults.lifecycle = conditions.lifecycle
        defer { world.faults.lifecycle = nil }
        let randomBefore = world.random
        do {
            return try store.transaction(onMiss: conditions.onMiss) { transaction in
                if conditions.staleBy > 0, method.route?.verb == "GET" {
                    transaction.asOf = world.clock.now - conditions.staleBy
                }
                let access = try admit(
                    method, request, metadata, conditions.caller, transaction)
                return try chain(method, request, metadata, access, transaction)
            }
        } catch {
            world.random = randomBefore
            throw error
        }
    }

    private static func explained<Result>(
        _ body: () throws -> Result
    ) throws(APIError) -> Result {
        do {
            return try body()
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.internal, "the sandbox failed: \(error)")
        }
    }

    private func admit(
        _ method: Method, _ request: Message, _ metadata: [String: String], _ caller: Caller?,
        _ transaction: Transaction
    ) throws -> Access {
        let authorizer = Authorizer(world: world, transaction: transaction)
        if let caller { return try authorizer.admit(method, request, caller) }
        return try authorizer.admit(method, request, metadata, &admitted)
    }

    private func chain(
        _ method: Method, _ request: Message, _ metadata: [String: String], _ access: Access,
        _ transaction: Transaction
    ) throws -> Answer {
        let now = world.clock.now
        store.history.now = now
        // Reads leave no traces.
        let isRead = method.route?.verb == "GET"
        let caller = isRead ? nil : access.actor.map { stamp(of: $0, metadata) }
        let moment = Moment(world: world, transaction: transaction, now: now, caller: caller)
        let call = Call(
            method: method, moment: moment, actor: access.actor, account: access.account,
            permissions: access.permissions, metadata: metadata, reply: Reply())
        let response = try run(call, request)
        if !isRead || transaction.hasWritten { try keepPace(transaction, now) }
        return Answer(message: response, metadata: call.reply.metadata)
    }

    /// Runs an admitted call: completes a masked update, checks the contract's rules, calls the
    /// handler and records the event.
    func run(_ call: Call, _ request: Message) throws -> Message {
        let handler = try handler(of: call.method)
        var whole = try MaskedUpdate.expand(request, call) { get, getRequest in
            let inner = Call(
                method: get, moment: call.moment, actor: call.actor, account: call.account,
                permissions: call.permissions, metadata: call.metadata, reply: Reply())
            return try self.handler(of: get)(inner, getRequest)
        }
        Lenience.prepare(&whole, world.options.leniencies)
        validationTime.now = call.now
        let violations = Lenience.remaining(
            validator.violations(in: whole), of: call.method, world.options.leniencies)
        guard violations.isEmpty else { throw APIError(violations: violations) }
        let response = try handler(call, whole)
        if call.method.route?.verb != "GET" { try EventRecorder.record(call, whole, response) }
        return response
    }

    private func handler(of method: Method) throws -> Handler {
        guard let handler = services.handlers[method.path] else {
            throw APIError(.unimplemented, "the sandbox does not implement \(method.name)")
        }
        return handler
    }

    private func stamp(of actor: Actor, _ metadata: [String: String]) -> Message {
        var caller = world.new("qdrant.cloud.common.v1.Caller")
        caller.set(.actorID, actor.id)
        caller.set(.actorType, actor.typeNumber)
        if let agent = metadata["user-agent"] {
            caller.set(.userAgent, String(agent.prefix(512)))
        }
        return caller
    }

    /// Stores what must not go back when the sandbox is opened again.
    private func keepPace(_ transaction: Transaction, _ now: Int64) throws {
        try transaction.setFact("moment", "\(now)")
        if let state = world.random.state { try transaction.setFact("dice", "\(state)") }
    }

    // MARK: - Time

    /// Whether a kind of scheduled event has an effect.
    func knowsEvent(_ kind: String) -> Bool { services.events[kind] != nil }

    /// Runs what is due by now, one event after another, each at its own time.
    func catchUp(onMiss: MissHandler? = nil) throws {
        try catchUp(to: world.clock.now, onMiss: onMiss)
    }

    /// Runs what is due by a moment.
    func catchUp(to moment: Int64, onMiss: MissHandler? = nil) throws {
        let isDue = try store.transaction { try $0.hasEvent(until: moment) }
        guard isDue else { return }
        var isMore = true
        while isMore {
            do {
                isMore = try store.transaction(onMiss: onMiss) { transaction in
                    guard let event = try transaction.takeEvent(until: moment) else { return false }
                    store.history.now = event.due
                    try services.events[event.kind]?(
                        Moment(world: world, transaction: transaction, now: event.due), event)
                    try keepPace(transaction, event.due)
                    return true
                }
            } catch let miss as Miss {
                throw miss
            } catch {
                // A step that fails must not stop all others.
                let lost = try store.transaction { try $0.takeEvent(until: moment) }
                problems.append("\(lost?.kind ?? "?") \(lost?.subject ?? ""): \(error)")
            }
        }
    }

    /// Moves time on and runs what has become due.
    func advance(by nanoseconds: Int64) throws {
        guard nanoseconds < Nanoseconds.usable.upperBound - world.clock.now else {
            throw APIError(.outOfRange, "the sandbox's clock cannot go beyond the year 2200")
        }
        world.clock.advance(by: nanoseconds)
        try perform { _ in }
    }

    /// Does something that is not a call of the API, at the present moment.
    func perform<Result>(_ body: (Moment) throws -> Result) throws -> Result {
        try catchUp()
        let now = world.clock.now
        return try store.transaction { transaction in
            let result = try body(Moment(world: world, transaction: transaction, now: now))
            try keepPace(transaction, now)
            return result
        }
    }

    // MARK: - Whole states

    /// Replaces the whole state by another store's.
    func replaceState(from other: Store) throws {
        try store.replace(by: other)
        world.clock.rewind()
        try resume()
    }

    /// Continues with a state that came from elsewhere: time does not go back, and the secrets that
    /// can be shown again are this world's own.
    func resume() throws {
        let last = try store.transaction { try $0.fact("moment") }.flatMap { Int64($0) } ?? 0
        if last > world.clock.now { world.clock.set(last) }
        // A series continues from where that state's had come to, so that no id comes twice.
        if world.random.state != nil {
            let state = try store.transaction { try $0.fact("dice") }.flatMap { UInt64($0) }
            world.random = RandomSource(state: state ?? world.random.state)
        }
        let now = world.clock.now
        try store.transaction { transaction in
            let moment = Moment(world: world, transaction: transaction, now: now)
            try world.renewSecrets(moment)
            try services.adopt(moment)
            try keepPace(transaction, now)
        }
        world.callJournal.clear()
    }
}

/// The time that a validator sees.
private final class ValidationTime: @unchecked Sendable {
    var now: Int64 = 0
}
