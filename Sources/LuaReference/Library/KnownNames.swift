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

    /// What `qcsh test` adds to the globals of a spec, by the function of `test` that it stands for;
    /// nothing for what comes from luassert.
    static let specWords: [String: String?] = [
        "describe": "describe", "context": "describe", "insulate": "describe",
        "expose": "describe", "it": "it", "spec": "it", "pending": "pending",
        "before_each": "before_each", "after_each": "after_each", "finally": "finally",
        "setup": "setup", "lazy_setup": "setup", "strict_setup": "setup",
        "teardown": "teardown", "lazy_teardown": "teardown", "strict_teardown": "teardown",
        "randomize": nil, "spy": nil, "stub": nil, "mock": nil, "match": nil,
    ]

    /// The names of these.
    static let specGlobals = Set(specWords.keys)

    /// Whether a module is one that specs are written with. Others may be named `say`, so files decide.
    static func isSpecModule(_ name: String) -> Bool {
        ["luassert", "busted", "busted.runner", "busted.fixtures"].contains(name)
            || name.hasPrefix("luassert.")
    }
}
