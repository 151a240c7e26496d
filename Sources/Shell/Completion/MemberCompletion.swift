import Contract
import LuaReference

/// The members of modules, methods, messages and objects.
extension CompletionQuery {
    private static let colonNote = "its functions are methods: call them with a colon"

    func members(_ chain: CursorContext.Chain, isMethod: Bool) -> Completion {
        switch types.target(chain) {
        case .module(let name):
            guard let module = types.members(of: name), !isMethod else { return Completion() }
            let inner = module.children.sorted().map {
                Completion.Candidate(text: $0, type: "module")
            }
            let methods = module.methods.sorted { $0.key < $1.key }.map { name, method in
                Completion.Candidate(
                    text: name, type: method.options.isDeprecated ? "deprecated" : "method",
                    doc: runtime.registry.documentation(of: method))
            }
            return Completion(candidates: inner + methods)
        case .method(let method):
            let wanted =
                isMethod ? ["each", "all", "describe"] : MetaNames.methodMembers.map(\.name)
            let others = method.itemsField == nil ? ["each", "all"] : []
            return Completion(
                candidates: MetaNames.methodMembers.filter {
                    wanted.contains($0.name) && !others.contains($0.name)
                }.map {
                    .init(text: $0.name, type: $0.type, doc: $0.doc)
                })
        case .message(let type):
            guard !isMethod else { return Completion() }
            return Completion(candidates: type.fields.map { candidate($0, isKey: false) })
        case .value(let kind, let path, let found):
            return valueMembers(kind, path, found, isMethod: isMethod)
        case .object(let type, false):
            guard isMethod else {
                let fields = types.message(of: type)?.fields ?? []
                return Completion(
                    candidates: fields.map { candidate($0, isKey: false) }
                        .sorted { $0.text < $1.text },
                    note: fields.isEmpty ? Self.colonNote : nil)
            }
            let own = lua.entries.filter { $0.name.hasPrefix(type + ":") }.map {
                Completion.Candidate(
                    text: String($0.name.dropFirst(type.count + 1)),
                    type: "(\($0.parameters ?? ""))",
                    doc: $0.text)
            }
            return Completion(candidates: own.sorted { $0.text < $1.text })
        case .list, .object, .function, .unknown: return Completion()
        }
    }

    /// The members of a value that Lua has.
    private func valueMembers(
        _ kind: String, _ path: [String], _ found: [(String, String)], isMethod: Bool
    ) -> Completion {
        let functions = found.filter { name, type in
            (!isMethod || type == "function") && !name.hasPrefix("_")
                && !MetaNames.keywords.contains(name)
        }
        let known = functions.map { ($0, $1, documentation(path, $0, kind)) }
        let hasMethods = known.contains { $0.2?.isMethod == true }
        // The connection that a module keeps is for its methods.
        let own = known.filter { name, _, entry in
            isMethod || entry?.isMethod != true && !(hasMethods && name == "connection")
        }.map { name, type, entry in
            Completion.Candidate(
                text: name, type: entry?.parameters.map { "(\($0))" } ?? type,
                doc: entry?.text ?? "")
        }
        return Completion(
            candidates: own.sorted { $0.text < $1.text },
            note: own.isEmpty && hasMethods ? Self.colonNote : nil)
    }

    /// What the host's modules say of a member.
    private func documentation(_ path: [String], _ name: String, _ kind: String)
        -> LuaReference.Entry?
    {
        if path.count == 1, let entry = lua.entry(named: path[0] + "." + name) { return entry }
        return lua.entries.first {
            $0.name.hasSuffix(".\(kind):\(name)") || $0.name == "\(kind):\(name)"
        }
    }
}
