import LuaMachine

extension Context {
    /// A row of a list: the context without its credential's text.
    func row(isCurrent: Bool) -> LuaValue {
        let credential =
            apiKey != nil
            ? "key in the file"
            : token != nil
                ? "token in the file"
                : apiKeyCommand != nil
                    ? "key from a command"
                    : tokenCommand != nil ? "token from a command" : "none"
        let members: KeyValuePairs<String, LuaValue?> = [
            "name": .text(name), "current": .bool(isCurrent),
            "endpoint": endpoint.map { .text($0) },
            "rest_endpoint": restEndpoint.map { .text($0) },
            "account_id": accountID.map { .text($0) }, "credential": .text(credential),
            "read_only": .bool(isReadOnly), "lock_account": .bool(locksAccount),
            "confirm": .bool(confirms), "retries": retries.map { .integer(Int64($0)) },
            "color": color.map { .text($0) }, "file": .text(file),
        ]
        return .table(
            LuaTable(entries: members.compactMap { name, value in value.map { (.text(name), $0) } })
        )
    }
}
