import Codec
import Contract
import GRPCProtocol

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
    /// What the caller may do in that account.
    let permissions: Set<String>
    /// The request's metadata, names in lower case.
    let metadata: [String: String]
    /// Response data in addition to the message.
    let reply: Reply

    var world: World { moment.world }
    var transaction: Transaction { moment.transaction }
    var now: Int64 { moment.now }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message { world.new(type) }

    /// The packages, regions and releases on offer.
    var catalogue: Catalogue { world.catalogue }

    /// The quotas of the call's account.
    func quotas() throws -> Quotas {
        try world.quotas[account] ?? Quotas(try transaction.record(.account, account))
    }

    /// An empty answer of the method's type.
    var response: Message { Message(method.output) }

    /// The user who calls.
    ///
    /// - Throws: PERMISSION_DENIED when the caller is not a user.
    func user() throws -> Record {
        guard case .user(let id) = actor, let user = try transaction.record(.user, id) else {
            throw APIError(.permissionDenied, "\(method.name) requires a user's token")
        }
        return user
    }

    /// The record with an id in the call's account.
    func find(_ kind: Kind, _ id: String, _ what: String) throws -> Record {
        guard let record = try transaction.record(kind, id.lowercased()),
            record.account == account
        else { throw APIError.notFound(what, id) }
        return record
    }

    /// An answer whose field `items` (or another one) holds messages.
    func list(_ messages: [Message], in field: FieldName = .items) -> Message {
        var response = response
        response.set(field, messages)
        return response
    }

    /// An answer that holds one message.
    func answer(_ field: FieldName, _ message: Message) -> Message {
        var response = response
        response.set(field, message)
        return response
    }
}

/// Response data in addition to the message.
final class Reply {
    /// Metadata of the response, names in lower case.
    var metadata: [(name: String, value: String)] = []
}
