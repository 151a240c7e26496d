import Codec
import Contract

/// One call as the sandbox's services see it.
struct Call {
    /// The method.
    let method: Method
    /// The open transaction.
    let transaction: Transaction
    /// The sandbox's time, in nanoseconds since 1970.
    let now: Int64
    /// Who calls; nil for the public methods.
    let actor: Actor?
    /// The account that the call is about; empty for none.
    let account: String
    /// The request's metadata, names in lower case.
    let metadata: [String: String]
    /// The sandbox.
    let cloud: Cloud

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message { cloud.new(type) }

    /// An empty answer of the method's type.
    var response: Message { Message(method.output) }
}

/// What a service's method does: it reads and writes in the call's transaction, and answers.
typealias Handler = @Sendable (Call, Message) throws -> Message

/// A service of the API.
protocol CloudService: Sendable {
    /// The full name of the service.
    static var name: String { get }
    /// Its methods by their names in the contract.
    static var handlers: [String: Handler] { get }
}

/// The sandbox's engine: the chain that each call goes through, whichever way it came.
///
/// decode → authenticate → actor → account → permission → mask merge → validate → handler. Not
/// thread-safe: it lives on the server's one event loop.
final class Cloud {
    let registry: Registry
    let store: Store
    let clock: VirtualClock
    /// Where the data plane answers; nil gives addresses like those of the real cloud.
    let seed: [UInt8]
    var random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    private let handlers: [String: Handler]
    private let events: [String: EventHandler]

    /// What happens when a scheduled moment has come.
    typealias EventHandler = @Sendable (Cloud, Transaction, PendingEvent) throws -> Void

    init(
        registry: Registry, store: Store, clock: VirtualClock, seed: [UInt8],
        services: [any CloudService.Type] = Services.all
    ) {
        self.registry = registry
        self.store = store
        self.clock = clock
        self.seed = seed
        var handlers: [String: Handler] = [:]
        for service in services {
            for (name, handler) in service.handlers {
                handlers["/\(service.name)/\(name)"] = handler
            }
        }
        self.handlers = handlers
        events = ClusterLifecycle.events
    }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message {
        guard let found = try? registry.message(named: type) else {
            preconditionFailure("the contract has no \(type)")
        }
        return Message(found)
    }

    /// A new random id.
    func newID() -> String { Digest.randomUUID(&random) }

    /// Makes a call.
    ///
    /// - Throws: ``APIError``; whatever else goes wrong is INTERNAL.
    func handle(
        _ method: Method, _ request: Message, metadata: [String: String]
    ) throws(APIError) -> Message {
        do {
            try catchUp()
            return try store.transaction { transaction in
                try chain(method, request, metadata, transaction)
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.internal, "the sandbox failed: \(error)")
        }
    }

    /// Lets happen what is due by now.
    private func catchUp() throws {
        let moment = clock.now
        let isDue = try store.transaction { try $0.hasEvent(until: moment) }
        guard isDue else { return }
        while try store.transaction({ transaction in
            guard let event = try transaction.takeEvent(until: moment) else { return false }
            try events[event.kind]?(self, transaction, event)
            return true
        }) {}
    }

    private func chain(
        _ method: Method, _ request: Message, _ metadata: [String: String],
        _ transaction: Transaction
    ) throws -> Message {
        let gate = Gate(cloud: self, transaction: transaction)
        let access = try gate.admit(method, request, metadata)
        let call = Call(
            method: method, transaction: transaction, now: clock.now, actor: access.actor,
            account: access.account, metadata: metadata, cloud: self)
        guard let handler = handlers[method.path] else {
            throw APIError(.unimplemented, "the sandbox does not have \(method.name) yet")
        }
        let whole = try MaskedUpdate.expand(request, call) { get, getRequest in
            guard let handler = handlers[get.path] else {
                throw APIError(.unimplemented, "the sandbox does not have \(get.name) yet")
            }
            let inner = Call(
                method: get, transaction: transaction, now: call.now, actor: call.actor,
                account: call.account, metadata: metadata, cloud: self)
            return try handler(inner, getRequest)
        }
        let present = call.now
        let validator = Validator(now: {
            (present / 1_000_000_000, Int32(present % 1_000_000_000))
        })
        let violations = validator.violations(in: whole)
        guard violations.isEmpty else { throw APIError(violations: violations) }
        let response = try handler(call, whole)
        // Time must not go back when the sandbox is opened again.
        if method.route?.verb != "GET" { try transaction.setFact("moment", "\(present)") }
        return response
    }

    /// A google.protobuf.Timestamp.
    func timestamp(_ moment: Int64) -> Message {
        var message = new("google.protobuf.Timestamp")
        message["seconds"] = .int(moment / 1_000_000_000)
        // Microseconds, as the real cloud has them.
        message["nanos"] = .int(moment % 1_000_000_000 / 1000 * 1000)
        return message
    }
}

extension Message {
    /// A google.protobuf.Timestamp in nanoseconds since 1970.
    var nanoseconds: Int64 {
        // Far away moments are as good as the end of time.
        let (product, overflow) = Int64(integer("seconds")).multipliedReportingOverflow(
            by: 1_000_000_000)
        guard !overflow else { return integer("seconds") < 0 ? .min : .max }
        let (sum, carries) = product.addingReportingOverflow(Int64(integer("nanos")))
        return carries ? product : sum
    }
}
