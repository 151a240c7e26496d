import LuaReference

/// Variables, globals and words of Lua.
extension CompletionQuery {
    /// The modules about what there is in an account, which the shell has as globals.
    private var globalLibraries: [String] {
        lua.libraries.map { String($0.dropFirst("qdrant.".count)) }.filter { $0 != "resource" }
    }

    /// The variables that begin with what was typed.
    func variables(after prefix: String) -> Completion {
        var all = variables()
        all.candidates.removeAll { $0.type == "keyword" || !$0.text.hasPrefix(prefix) }
        return all
    }

    func variables() -> Completion {
        var seen = Set<String>()
        var all: [Completion.Candidate] = []
        let globals = types.globals()
        // What only this entry knows: its locals and parameters.
        for name in context.variables.subtracting(globals.map(\.name)) {
            seen.insert(name)
            all.append(.init(text: name, type: "local"))
        }
        for (name, type) in globals
        where seen.insert(name).inserted && !name.hasPrefix("__") {
            all.append(
                .init(
                    text: name, type: type,
                    doc: type == "table" || type == "function"
                        ? lua.entry(named: name)?.text ?? "" : ""))
        }
        for name in lua.modules + ["qdrant", "api"] + globalLibraries
        where seen.insert(name).inserted {
            all.append(.init(text: name, type: "module", doc: lua.entry(named: name)?.text ?? ""))
        }
        // Inside of brackets there are expressions only.
        let keywords =
            context.frames.isEmpty
            ? MetaNames.keywords : ["and", "false", "function", "nil", "not", "or", "true"]
        all += keywords.map { .init(text: $0, type: "keyword") }
        return Completion(candidates: all.sorted { $0.text < $1.text })
    }
}
