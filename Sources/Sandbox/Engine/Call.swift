import Codec
import Contract

/// One instant of a sandbox: the open transaction, the time and who acts.
struct Moment {
    /// The sandbox.
    let cloud: Cloud
    /// The open transaction.
    let transaction: Transaction
    /// The sandbox's time, in nanoseconds since 1970.
    let now: Int64
    /// Who acts; nil for the sandbox itself.
    var caller: Message?

    /// The present time as a google.protobuf.Timestamp.
    var timestamp: Message { cloud.timestamp(now) }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message { cloud.new(type) }

    /// Who acts, as the audit fields want it: the platform itself when nobody called.
    var stamp: Message {
        if let caller { return caller }
        var platform = new("qdrant.cloud.common.v1.Caller")
        platform.set("actor_id", "sandbox-platform")
        platform.setEnum("actor_type", "SERVICE_ACCOUNT")
        return platform
    }
}

/// One call as the sandbox's services see it.
struct Call {
    /// The method.
    let method: Method
    /// Sandbox, transaction and time.
    let moment: Moment
    /// Who calls; nil for the public methods.
    let actor: Actor?
    /// The account that the call is about; empty for none.
    let account: String
    /// The request's metadata, names in lower case.
    let metadata: [String: String]
    /// What the answer says beside its message.
    let reply: Reply

    var cloud: Cloud { moment.cloud }
    var transaction: Transaction { moment.transaction }
    var now: Int64 { moment.now }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message { cloud.new(type) }

    /// An empty answer of the method's type.
    var response: Message { Message(method.output) }

    /// The user who calls.
    ///
    /// - Throws: PERMISSION_DENIED when it is no person.
    func user() throws -> Record {
        guard case .user(let id) = actor, let user = try transaction.record(.user, id) else {
            throw APIError(.permissionDenied, "\(method.name) is for people only")
        }
        return user
    }

    /// What the caller may do in the call's account.
    func permissions() throws -> Set<String> {
        guard let actor else { return [] }
        return try Gate(cloud: cloud, transaction: transaction).permissions(of: actor, in: account)
            ?? []
    }

    /// The record with an id in the call's account.
    func find(_ kind: Kind, _ id: String, _ what: String) throws -> Record {
        guard let record = try transaction.record(kind, id.lowercased()),
            record.account == account
        else { throw APIError.notFound(what, id) }
        return record
    }

    /// An answer whose field `items` (or another one) holds messages.
    func list(_ messages: [Message], in field: String = "items") -> Message {
        var response = response
        response.set(field, messages)
        return response
    }

    /// An answer that holds one message.
    func answer(_ field: String, _ message: Message) -> Message {
        var response = response
        response.set(field, message)
        return response
    }
}

/// What an answer says beside its message.
final class Reply {
    /// Metadata of the response, names in lower case.
    var metadata: [(name: String, value: String)] = []
}

/// What a service's method does: it reads and writes in the call's transaction, and answers.
typealias Handler = @Sendable (Call, Message) throws -> Message

/// What happens when a scheduled moment has come.
typealias EventHandler = @Sendable (Moment, PendingEvent) throws -> Void

/// A service of the API.
protocol CloudService: Sendable {
    /// The full name of the service.
    static var name: String { get }
    /// Its methods by their names in the contract.
    static var handlers: [String: Handler] { get }
}
