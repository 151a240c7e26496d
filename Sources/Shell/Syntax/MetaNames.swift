import LuaSource

/// Names that Lua and the shell have of themselves.
enum MetaNames {
    /// Words that are no names.
    static let keywords = Keyword.allCases.map(\.rawValue)

    /// What a call's second argument may hold.
    static let options: [(name: String, type: String, doc: String)] = [
        ("timeout", "number", "seconds that the call may take"),
        ("retries", "integer", "how often it is repeated"),
        ("transport", "string", "\"grpc\" or \"rest\""),
        ("account_id", "string", "the account, instead of the session's"),
    ]

    /// What a method has beside being called.
    static let methodMembers: [(name: String, type: String, doc: String)] = [
        ("each", "function", "iterates over the elements of every page"),
        ("all", "function", "the elements of every page, as one list"),
        ("describe", "function", "what the contract says of it"),
        ("name", "string", "its name"),
        ("permissions", "table", "what it needs to be allowed"),
        ("http", "string", "its route"),
        ("request", "string", "the request's type"),
        ("response", "string", "the response's type"),
    ]
}
