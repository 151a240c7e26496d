/// A whole HTTP request, whichever version of HTTP it came by.
struct InboundRequest {
    let verb: String
    /// Path and query as sent.
    let target: String
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8] = []

    /// The first header of a name.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The path without its query.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The query without its mark; nil when there is none.
    var query: Substring? {
        guard let mark = target.firstIndex(of: "?") else { return nil }
        return target[target.index(after: mark)...]
    }
}

/// A whole HTTP answer.
struct OutboundResponse {
    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8] = []
    /// Sent behind the body, over HTTP/2 only.
    var trailers: [(name: String, value: String)] = []
}
