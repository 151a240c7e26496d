/// The names that every script finds.
enum KnownNames {
    /// The members of a method of the API.
    static let methodMembers: Set<String> = [
        "name", "permissions", "http", "request", "response", "deprecated", "each", "all",
        "describe",
    ]

    /// The modules that are globals.
    static let hostModules = Set(StandardLibrary.hostModules)

    /// The globals of Lua and of qcsh.
    static let standardGlobals: Set<String> = [
        "_ENV", "_G", "_VERSION", "arg", "assert", "collectgarbage", "coroutine", "debug", "dofile",
        "error", "getmetatable", "io", "ipairs", "load", "loadfile", "math", "next", "os",
        "package", "pairs", "pcall", "print", "qdrant", "rawequal", "rawget", "rawlen", "rawset",
        "library", "require", "script", "select", "self", "setmetatable", "string", "table",
        "tonumber", "tostring", "type", "utf8", "warn", "xpcall",
    ]

    /// What `qcsh test` adds to the globals of a spec.
    static let specGlobals: Set<String> = [
        "describe", "context", "insulate", "expose", "it", "spec", "pending", "setup", "teardown",
        "before_each", "after_each", "before", "after", "lazy_setup", "lazy_teardown",
        "strict_setup", "strict_teardown", "finally",
    ]
}
