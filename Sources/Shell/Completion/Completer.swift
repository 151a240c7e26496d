import Contract
import LuaHost
import LuaMachine
import LuaReference

/// Offers what may stand at the cursor, and gives help on it.
final class Completer {
    let runtime: LuaRuntime
    private let state: ShellState
    let types: ValueTypes
    let names: LiveNames
    /// Read when it is first needed: a prompt needs none of it.
    var lua: LuaReference { .embedded }
    let pages: HelpPages

    init(runtime: LuaRuntime, state: ShellState) {
        self.runtime = runtime
        self.state = state
        types = ValueTypes(runtime: runtime)
        names = LiveNames(runtime: runtime, wallClock: state.surroundings.present)
        pages = HelpPages(registry: runtime.registry)
    }

    /// What may stand at the end of a text.
    func complete(_ text: [UInt8]) -> Completion {
        let start = CursorContext.Words(text, at: text.count).start(text, before: text.count)
        return complete(text, start: start, point: text.count)
    }

    /// Whether what waits is to end.
    var isInterrupted: Bool { state.front?.isInterrupted ?? false }

    /// Names that are shown as given.
    var builtins: Set<String> {
        Set(
            HelpPages.basicFunctions + HelpPages.libraries + [
                "qdrant", "api", "help",
            ])
    }

    /// Called when names are there that a completion could not wait for.
    func onArrival(_ action: @escaping () -> Void) { names.onArrival = action }

    // MARK: - Completing

    /// What may stand in the place of the bytes from `start` to the cursor.
    func complete(_ text: [UInt8], start: Int, point: Int, canWait: Bool = true) -> Completion {
        let context = CursorContext(text, before: start)
        let prefix = String(decoding: text[start..<point], as: UTF8.self)
        let query = CompletionQuery(
            runtime: runtime, types: types, names: names, context: context, prefix: prefix,
            canWait: canWait, isInterrupted: { [state] in state.front?.isInterrupted ?? false })
        var completion: Completion
        switch context.place {
        case .none: return Completion()
        case .command: completion = commands()
        case .commandArgument(let command): completion = arguments(of: command, prefix)
        case .member(let chain, let isMethod):
            completion = query.members(context.bindings.resolved(chain), isMethod: isMethod)
        case .name where context.isInString:
            completion = strings(query)
        case .name: completion = query.words()
        }
        if !completion.ignoresCase {
            let all = completion.candidates
            // A field that is a word of Lua is written otherwise than it is called.
            completion.candidates = all.filter {
                $0.text.hasPrefix(prefix) || $0.shown.hasPrefix(prefix)
            }
        }
        if completion.suffix == UInt8(ascii: "[") { completion.suffix = nil }
        return completion
    }

    private func commands() -> Completion {
        Completion(
            candidates: state.commands.map {
                .init(text: $0.name, type: $0.usage, doc: $0.text)
            }, suffix: UInt8(ascii: " "))
    }

    private func arguments(of command: String, _ prefix: String) -> Completion {
        var words: [String] = []
        switch command {
        case "format": words = OutputFormat.allCases.map(\.rawValue)
        case "timing", "trace", "pager", "ages": words = ["on", "off"]
        case "jobs": words = ["cancel"]
        case "history": words = ["delete", "save"]
        case "context":
            words =
                state.surroundings.contexts.table?.entries.compactMap {
                    $0.value.table?["name"]?.text
                } ?? []
        case "load", "save": return FileNames.matching(prefix)
        case "help", "edit": return subjects(prefix)
        case "account":
            let source = NameSource(method: "account.list_accounts", item: "id", needs: [])
            let (found, note) = names.names(source, [:], canWait: true) { [state] in
                state.front?.isInterrupted ?? false
            }
            return Completion(
                candidates: found.map { .init(text: $0.label, type: $0.value) }, note: note)
        default: break
        }
        return Completion(candidates: words.map { .init(text: $0) })
    }

    /// What there is help on: methods, modules, functions.
    private func subjects(_ prefix: String) -> Completion {
        let methods = (try? runtime.registry.allMethods()) ?? []
        let isFull = prefix.hasPrefix("api.") || prefix.hasPrefix("qdrant.")
        let before = isFull ? prefix.hasPrefix("api.") ? "api." : "qdrant.api." : ""
        var all = methods.map { method in
            Completion.Candidate(
                text: before + method.displayName, type: "method",
                doc: runtime.registry.documentation(of: method))
        }
        all += lua.entries.filter { !$0.name.contains(":") }.map {
            .init(text: $0.name, type: $0.parameters == nil ? "module" : "function", doc: $0.text)
        }
        all += state.commands.map { .init(text: $0.name, type: "command", doc: $0.text) }
        return Completion(candidates: all.filter { $0.text.hasPrefix(prefix) })
    }

    private func strings(_ query: CompletionQuery) -> Completion {
        if let known = query.strings() { return known }
        let (context, prefix) = (query.context, query.prefix)
        let path = (query.stringCallee ?? []).compactMap { step -> String? in
            if case .name(let name) = step { return name }
            return nil
        }
        switch path.first {
        case "require":
            let builtIn = lua.modules + ["qdrant"] + lua.libraries
            let files = ModuleNames.matching(prefix, in: state.surroundings.moduleFolders)
                .filter { !builtIn.contains($0.text) }
            let all =
                files
                + builtIn.map { name in
                    .init(text: name, type: "module", doc: lua.entry(named: name)?.text ?? "")
                }
            return Completion(
                candidates: all.sorted { $0.text < $1.text }, suffix: context.quote)
        case "shell" where !["load", "save", "edit"].contains(path.last):
            return arguments(of: path.last ?? "", prefix)
        case "help": return subjects(prefix)
        case "fs", "io", "dofile", "loadfile", "shell":
            var found = FileNames.matching(prefix)
            if found.candidates.last?.text.hasSuffix("/") != true { found.suffix = context.quote }
            return found
        default: return Completion()
        }
    }
}
