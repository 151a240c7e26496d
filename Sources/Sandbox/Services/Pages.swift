import Codec

/// Lists that come in pages, in the order of creation.
enum Pages {
    /// The asked-for page of records as an answer.
    ///
    /// A token is the boundary's creation time and id, with a hash of the filters: a token that was
    /// issued for another question is refused.
    static func answer(_ records: [Record], _ request: Message, _ call: Call) throws -> Message {
        var response = call.response
        let size = request.optionalInteger("page_size")
        let filters = filterHash(request)
        var rest = records[...]
        if let token = request.optionalString("page_token") {
            let boundary = try parse(token, filters)
            rest = rest.drop { ($0.created, $0.id) <= boundary }
        }
        let page = size.map { rest.prefix($0) } ?? rest
        response.set("items", page.map(\.message))
        if size != nil { response.set("total_size", records.count) }
        if page.count < rest.count, let last = page.last {
            let text = "\(last.created)/\(last.id)/\(filters)"
            response.set("next_page_token", Base64.encode(Array(text.utf8)))
        }
        return response
    }

    private static func parse(_ token: String, _ filters: String) throws -> (Int64, String) {
        let text = Base64.decode(token).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 3, let created = Int64(parts[0]) else {
            throw APIError(.invalidArgument, "page_token: this is no token of this list")
        }
        guard parts[2] == filters else {
            throw APIError(
                .invalidArgument, "page_token: the token was issued for other filters")
        }
        return (created, parts[1])
    }

    private static func filterHash(_ request: Message) -> String {
        var question = request
        question["page_size"] = nil
        question["page_token"] = nil
        let hash = Digest.sha256(Array(request.type.fullName.utf8) + question.serialized())
        return Digest.hexadecimal(hash.prefix(6))
    }
}
