import Codec
import Contract
import GRPCProtocol

/// Lists that come in pages, in the order of creation.
enum Pages {
    /// The asked-for page of an account's records as an answer.
    ///
    /// A token is the boundary's creation time and id, with a hash of the filters: a token that was
    /// issued for another question is refused.
    static func answer(_ kind: Kind, _ request: Message, _ call: Call) throws -> Message {
        var tags: [(field: FieldName, value: String)] = []
        for field in kind.tagFields where request.type.field(field) != nil {
            guard let value = request.optionalString(field) else { continue }
            // UUIDs are the same in any case of their letters.
            tags.append((field, value.utf8.count == 36 ? value.lowercased() : value))
        }
        let size = request.optionalInteger(.pageSize)
        let filters = filterHash(request)
        var page = Transaction.Page(tags: tags, limit: size.map { $0 + 1 })
        if let token = request.optionalString(.pageToken) {
            page.after = try parse(token, filters)
        }
        var records = try call.transaction.records(kind, account: call.account, page)
        var response = call.response
        if let size, records.count > size {
            records.removeLast(records.count - size)
            if let last = records.last {
                let text = "\(last.created)/\(last.id)/\(filters)"
                response.set(.nextPageToken, Base64.encode(Array(text.utf8)))
            }
        }
        response.set(.items, records.map(\.message))
        if size != nil {
            response.set(
                .totalSize,
                try call.transaction.count(kind, account: call.account, tags: tags))
        }
        return response
    }

    private static func parse(
        _ token: String, _ filters: String
    ) throws -> (created: Int64, id: String) {
        let text = Base64.decode(token).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 3, let created = Int64(parts[0]) else {
            throw APIError(.invalidArgument, "page_token: not a token of this list")
        }
        guard parts[2] == filters else {
            throw APIError(
                .invalidArgument, "page_token: the token was issued for other filters")
        }
        return (created, parts[1])
    }

    private static func filterHash(_ request: Message) -> String {
        var question = request
        question[.pageSize] = nil
        question[.pageToken] = nil
        let hash = Digest.sha256(Array(request.type.fullName.utf8) + question.serialized())
        return Digest.hexadecimal(hash.prefix(6))
    }
}
