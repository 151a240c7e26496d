import Contract
import LuaHost
import LuaMachine
import LuaReference

/// Offers what may stand at the cursor, and tells about it.
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
        names = LiveNames(runtime: runtime, wallClock: state.wallClock)
        pages = HelpPages(registry: runtime.registry)
        state.onMove = { [names] in names.forget() }
        state.onChange = { [names] in names.forget() }
        state.complete = { [weak self] text in
            guard let self else { return Completion() }
            let start = CursorContext.Words(text, at: text.count).start(text, before: text.count)
            return complete(text, start: start, point: text.count)
        }
        state.help = { [pages, weak state] name throws(HostError) in
            let width = state.map { Terminal.size(of: $0.screen).columns } ?? 80
            guard let page = pages.page(name, width: min(width, 100)) else {
                throw .message(pages.unknown(name))
            }
            return page
        }
        state.template = { [weak self] name in
            guard let self, let method = pages.method(name) else { return nil }
            return RequestExample(registry: runtime.registry).template(method)
        }
    }

    /// Whether what waits is to end.
    var isInterrupted: Bool { state.isInterrupted() }

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
        var completion: Completion
        switch context.place {
        case .none: return Completion()
        case .command: completion = commands()
        case .commandArgument(let command): completion = arguments(of: command, prefix)
        case .member(let chain, let isMethod):
            completion = members(context.bindings.resolved(chain), isMethod: isMethod)
        case .name where context.isInString:
            completion = strings(context, prefix, canWait: canWait)
        case .name: completion = words(context, prefix, canWait: canWait)
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
                state.contexts().table?.entries.compactMap { $0.value.table?["name"]?.text } ?? []
        case "load", "save": return files(prefix)
        case "help", "edit": return subjects(prefix)
        case "account":
            let source = LiveNames.Source(method: "account.list_accounts", item: "id", needs: [])
            let (found, note) = names.names(source, [:], canWait: true) { [state] in
                state.isInterrupted()
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

    private static let colonNote = "its functions are methods: they stand behind a colon"

    private func members(_ chain: CursorContext.Chain, isMethod: Bool) -> Completion {
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

    /// What the host's modules say of a member.
    private func documentation(_ path: [String], _ name: String, _ kind: String)
        -> LuaReference.Entry?
    {
        if path.count == 1, let entry = lua.entry(named: path[0] + "." + name) { return entry }
        return lua.entries.first {
            $0.name.hasSuffix(".\(kind):\(name)") || $0.name == "\(kind):\(name)"
        }
    }

    private func candidate(_ field: Field, isKey: Bool) -> Completion.Candidate {
        .init(
            text: isKey ? Self.key(field.name) + " = " : field.name, label: field.name,
            type: APIReference.typeName(field), doc: runtime.registry.documentation(of: field),
            isMarked: isKey && field.hasToBeSet)
    }

    /// A field's name as a key of a table: some are words of Lua.
    static func key(_ name: String) -> String {
        MetaNames.keywords.contains(name) ? "[\"\(name)\"]" : name
    }

    /// Fields where a field's name may stand, the values that fit where a value may, else names.
    private func words(
        _ context: CursorContext, _ prefix: String, canWait: Bool
    ) -> Completion {
        let frame = context.frames.last
        let shape = RequestShape.innermost(context, types)
        if context.followsValue, frame?.kind == .brace {
            switch shape {
            case .message, .record, .options, .list, .elements:
                return Completion(note: "a comma is missing")
            default: break
            }
        }
        switch shape {
        case .message(let type):
            if frame?.isAtKey == true { return fields(type, context) }
            if let key = frame?.key, let field = type.field(named: key) {
                return values(field, in: type, context, prefix, isQuoted: false, canWait: canWait)
            }
        case .list(let field) where field.messageType != nil && prefix.isEmpty:
            return Completion(candidates: [.init(text: "{ ", label: "{", type: typeName(field))])
        case .list(let field) where field.messageType == nil:
            if let type = outerType(context) {
                return values(field, in: type, context, prefix, isQuoted: false, canWait: canWait)
            }
        case .mask(let type): return paths(type, context, prefix, isQuoted: false)
        case .record(let all, let function):
            if frame?.isAtKey == true { return options(all, context) }
            if let option = all.first(where: { $0.name == frame?.key }) {
                return values(
                    option, of: function, context, prefix, isQuoted: false, canWait: canWait)
            }
        case .elements(let option, let function):
            let found = values(
                option.element, of: function, context, prefix, isQuoted: false, canWait: canWait)
            if !found.candidates.isEmpty { return found }
        case .call(let chain):
            if let (option, function) = argument(chain, frame?.argument ?? 0, context) {
                let found = values(
                    option, of: function, context, prefix, isQuoted: false, canWait: canWait)
                if !found.candidates.isEmpty { return found }
            }
        case .options where frame?.isAtKey == true:
            return Completion(
                candidates: MetaNames.options.map {
                    .init(text: $0.name + " = ", label: $0.name, type: $0.type, doc: $0.doc)
                })
        default: break
        }
        return variables(context)
    }

    private func outerType(_ context: CursorContext) -> MessageType? {
        if case .message(let type) = RequestShape.outer(context, types) { return type }
        return nil
    }

    /// The method whose request is being written.
    func method(around context: CursorContext) -> Method? {
        context.frames.first { $0.isArgument }?.callee
            .flatMap { types.method(context.bindings.resolved($0)) }
    }

    /// The paths that may stand in a mask, one level further than what was typed.
    private func paths(
        _ type: MessageType, _ context: CursorContext, _ prefix: String, isQuoted: Bool
    ) -> Completion {
        var type = type
        var before = prefix.split(separator: ".", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
        let path = before.map { $0 + "." }.joined()
        while !before.isEmpty {
            guard let field = type.field(named: before.removeFirst()), !field.isRepeated,
                let inner = field.messageType, inner.wellKnown == nil
            else { return Completion() }
            type = inner
        }
        return Completion(
            candidates: type.fields.map { field in
                var one = candidate(field, isKey: false)
                one.text = isQuoted ? path + field.name : "\"\(path + field.name)\""
                one.label = path + field.name
                return one
            }, suffix: isQuoted ? context.quote : nil)
    }

    private func fields(_ type: MessageType, _ context: CursorContext) -> Completion {
        let written = context.frames.last?.written ?? [:]
        let method = method(around: context)
        // What the session fills in need not be written.
        let filled = context.frames.count == 1 ? method?.accountIDPath : nil
        let readOnly = method.map(RequestExample.readOnlyFields) ?? []
        let open = type.fields.filter { field in
            written[field.name] == nil && !field.isDeprecated
                && !(context.frames.count > 1 && readOnly.contains(field.name))
        }
        let isFilled = { (field: Field) in
            filled == [field.name]
                || method?.accountIDPath?.last == field.name && field.name == "account_id"
        }
        let asked = method.map(RequestExample.fieldsAskedFor) ?? []
        let isNeeded = { (field: Field) in field.hasToBeSet || asked.contains(field.name) }
        let rank = { (field: Field) in
            (isFilled(field) ? 2 : isNeeded(field) ? 0 : 1, field.index)
        }
        return Completion(
            candidates: open.sorted { rank($0) < rank($1) }.map { field in
                var one = candidate(field, isKey: true)
                one.isMarked = isNeeded(field) && !isFilled(field)
                return one
            })
    }

    /// The values that a field may have, as far as they are known.
    private func values(
        _ field: Field, in type: MessageType, _ context: CursorContext, _ prefix: String,
        isQuoted: Bool, canWait: Bool
    ) -> Completion {
        func quoted(_ text: String) -> String { isQuoted ? text : "\"\(text)\"" }
        if let type = field.enumType {
            return choices(of: type, context, prefix, isQuoted: isQuoted)
        }
        if field.kind == .bool, !isQuoted {
            return Completion(candidates: ["true", "false"].map { .init(text: $0) })
        }
        if !isQuoted, !prefix.isEmpty {
            // A bare word is a variable, when there is one: an id in its place would be another's.
            let own = variables(context, after: prefix)
            if !own.candidates.isEmpty { return own }
        }
        if !isQuoted, prefix.isEmpty, field.messageType != nil || field.isRepeated,
            field.messageType?.wellKnown == nil || field.isRepeated
        {
            let frame = context.frames.last
            let isInside = frame?.key == nil
            if !isInside || field.messageType != nil {
                return Completion(candidates: [.init(text: "{ ", label: "{", type: typeName(field))]
                )
            }
        }
        let method = method(around: context)
        guard var source = names.source(of: field, in: type, method: method) else {
            return isQuoted
                ? Completion()
                : Completion(note: "\(field.name): \(typeName(field)), or a variable")
        }
        source.root = context.frames.first { $0.isArgument }?.callee.map(types.apiRoot) ?? []
        // What stands further out counts, too: the provider of the cluster whose package is chosen.
        let written = context.frames.reduce(into: [String: String?]()) { all, frame in
            all.merge(frame.written) { _, inner in inner }
        }
        let (found, note) = names.names(source, written, canWait: canWait) { [state] in
            state.isInterrupted()
        }
        let lower = prefix.lowercased()
        let fitting = found.filter {
            $0.value.lowercased().hasPrefix(lower) || $0.label.lowercased().hasPrefix(lower)
        }
        return Completion(
            candidates: fitting.map { name in
                .init(
                    text: quoted(name.value), label: name.label.isEmpty ? name.value : name.label,
                    type: name.label.isEmpty ? "" : name.value, doc: name.doc)
            }, ignoresCase: true, suffix: isQuoted ? context.quote : nil, note: note)
    }

    /// The values of an enumeration.
    func choices(
        of type: EnumType, _ context: CursorContext, _ prefix: String, isQuoted: Bool
    ) -> Completion {
        let found = type.values.enumerated().filter { !$0.element.name.hasSuffix("_UNSPECIFIED") }
            .map { index, value in
                let short = type.shortName(value.name)
                return Completion.Candidate(
                    text: isQuoted ? short : "\"\(short)\"", label: short,
                    doc: runtime.registry.documentation(of: type, valueAt: index))
            }
        return Completion(
            candidates: found.filter { $0.shown.lowercased().hasPrefix(prefix.lowercased()) },
            ignoresCase: true, suffix: isQuoted ? context.quote : nil)
    }

    private func strings(_ context: CursorContext, _ prefix: String, canWait: Bool) -> Completion {
        let shape = RequestShape.innermost(context, types)
        if case .message(let type) = shape, let key = context.frames.last?.key,
            let field = type.field(named: key)
        {
            return values(field, in: type, context, prefix, isQuoted: true, canWait: canWait)
        }
        if case .list(let field) = shape, let type = outerType(context) {
            return values(field, in: type, context, prefix, isQuoted: true, canWait: canWait)
        }
        if case .mask(let type) = shape { return paths(type, context, prefix, isQuoted: true) }
        if case .record(let all, let function) = shape,
            let option = all.first(where: { $0.name == context.frames.last?.key })
        {
            return values(option, of: function, context, prefix, isQuoted: true, canWait: canWait)
        }
        if case .elements(let option, let function) = shape {
            return values(
                option.element, of: function, context, prefix, isQuoted: true, canWait: canWait)
        }
        var callee = context.stringCallee
        if callee == nil, case .call(let chain) = shape { callee = chain }
        guard let callee else { return Completion() }
        let number = context.stringCallee == nil ? context.frames.last?.argument ?? 0 : 0
        if let (option, function) = argument(callee, number, context) {
            let found = values(
                option, of: function, context, prefix, isQuoted: true, canWait: canWait)
            if !found.candidates.isEmpty || found.note != nil { return found }
        }
        let path = callee.compactMap { step -> String? in
            if case .name(let name) = step { return name }
            return nil
        }
        switch path.first {
        case "require":
            let all = lua.modules + ["qdrant"] + lua.libraries
            return Completion(
                candidates: all.sorted().map { name in
                    .init(text: name, type: "module", doc: lua.entry(named: name)?.text ?? "")
                }, suffix: context.quote)
        case "shell" where !["load", "save", "edit"].contains(path.last):
            return arguments(of: path.last ?? "", prefix)
        case "help": return subjects(prefix)
        case "fs", "io", "dofile", "loadfile", "shell":
            var found = files(prefix)
            if found.candidates.last?.text.hasSuffix("/") != true { found.suffix = context.quote }
            return found
        default: return Completion()
        }
    }

    private func typeName(_ field: Field) -> String { APIReference.typeName(field) }

    /// The modules about what there is in an account, which the shell has as globals.
    private var globalLibraries: [String] {
        lua.libraries.map { String($0.dropFirst("qdrant.".count)) }.filter { $0 != "resource" }
    }

    /// The variables that begin with what was typed.
    func variables(_ context: CursorContext, after prefix: String) -> Completion {
        var all = variables(context)
        all.candidates.removeAll { $0.type == "keyword" || !$0.text.hasPrefix(prefix) }
        return all
    }

    private func variables(_ context: CursorContext) -> Completion {
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

    private func files(_ prefix: String) -> Completion {
        FileNames.matching(prefix)
    }
}
