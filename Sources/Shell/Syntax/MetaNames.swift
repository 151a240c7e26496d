import LuaSource

/// Names that Lua and the shell have of themselves.
enum MetaNames {
    /// Words that cannot be names.
    static let keywords = Keyword.allCases.map(\.rawValue)

    /// The options in a call's second argument.
    static let options: [(name: String, type: String, doc: String)] = [
        ("timeout", "number", "timeout of the call in seconds"),
        ("retries", "integer", "maximum number of retries"),
        ("transport", "string", "\"grpc\" or \"rest\""),
        ("account_id", "string", "account to use instead of the session's"),
    ]

    /// Members of a method.
    static let methodMembers: [(name: String, type: String, doc: String)] = [
        ("each", "function", "iterates over the elements of every page"),
        ("all", "function", "the elements of every page, as one list"),
        ("describe", "function", "its description in the contract"),
        ("name", "string", "its name"),
        ("permissions", "table", "the permissions that it requires"),
        ("http", "string", "its route"),
        ("request", "string", "the request's type"),
        ("response", "string", "the response's type"),
    ]
}
