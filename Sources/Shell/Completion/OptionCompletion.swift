import Contract
import LuaHost
import LuaReference

/// What may stand in the options and arguments of functions of the host's modules and of the standard
/// library: their annotations say so.
extension CompletionQuery {
    /// The names of options, those that are needed first.
    func options(_ all: [LuaOption]) -> Completion {
        let written = context.frames.last?.written ?? [:]
        let open = all.filter { written[$0.name] == nil }
        return Completion(
            candidates: (open.filter(\.isRequired) + open.filter { !$0.isRequired }).map { option in
                .init(
                    text: Self.key(option.name) + " = ", label: option.name, type: option.type,
                    doc: option.text, isMarked: option.isRequired)
            })
    }

    /// The values that an option may have, as far as they are known.
    func values(_ option: LuaOption, of function: LuaReference.Entry) -> Completion {
        if let type = (try? runtime.registry.enumType(named: option.type)) ?? nil {
            return choices(of: type)
        }
        let choices = option.choices.map { text in
            Completion.Candidate(text: isQuoted ? text : "\"\(text)\"", label: text)
        }
        if !choices.isEmpty {
            let lower = prefix.lowercased()
            let fitting = choices.filter { $0.shown.hasPrefix(lower) || $0.text.hasPrefix(lower) }
            return Completion(
                candidates: fitting, ignoresCase: true, suffix: isQuoted ? context.quote : nil)
        }
        if let source = source(of: option, function) {
            return existing(source)
        }
        if isQuoted {
            guard ["file", "path", "folder"].contains(option.name) else { return Completion() }
            var found = FileNames.matching(prefix)
            if found.candidates.last?.text.hasSuffix("/") != true { found.suffix = context.quote }
            return found
        }
        if option.isSwitch, prefix.isEmpty || "true".hasPrefix(prefix) || "false".hasPrefix(prefix)
        {
            return Completion(candidates: ["true", "false"].map { .init(text: $0) })
        }
        if option.type.hasPrefix("table<") || option.type.contains("[]"), prefix.isEmpty {
            return Completion(candidates: [.init(text: "{ ", label: "{", type: option.type)])
        }
        let own = variables(after: prefix)
        return own.candidates.isEmpty || prefix.isEmpty
            ? Completion(note: "\(option.name): \(option.type), or a variable") : own
    }

    /// The parameter for the argument at the cursor, in parentheses or as a string after the name.
    func argument(_ chain: CursorContext.Chain, _ number: Int)
        -> (option: LuaOption, function: LuaReference.Entry)?
    {
        guard let function = types.function(context.bindings.resolved(chain)),
            let option = lua.parameter(of: function, number)
        else { return nil }
        return (option, function)
    }

    /// What lists the things that an option names; nil when nothing does.
    private func source(
        of option: LuaOption, _ function: LuaReference.Entry
    ) -> NameSource? {
        if let place = names.sources.place(option.name, of: function.name) { return place }
        let own = function.resultClass?.name
        let isFinder = [":find", ":get"].contains { function.name.hasSuffix($0) }
        let classes =
            option.type.split { !$0.isLetter && $0 != "." && $0 != "_" }
            .filter { $0.hasPrefix("qdrant.") }.map(String.init) + (isFinder ? [own ?? ""] : [])
        for name in classes {
            guard let type = types.message(of: name) else { continue }
            return names.sources.source(listing: type)
        }
        return nil
    }

    /// What there is by the names that people use.
    private func existing(_ source: NameSource) -> Completion {
        if !isQuoted, !prefix.isEmpty {
            let own = variables(after: prefix)
            if !own.candidates.isEmpty { return own }
        }
        var source = source
        source.root = context.frames.last?.callee.map(types.connectionRoot) ?? []
        let written = context.frames.last?.written ?? [:]
        let (found, note) = names.names(source, written, canWait: canWait, unless: isInterrupted)
        // A name that several have tells nobody which is meant.
        let counts = Dictionary(found.map { ($0.label, 1) }, uniquingKeysWith: +)
        let lower = prefix.lowercased()
        let candidates = found.compactMap { name -> Completion.Candidate? in
            let isClear = counts[name.label] == 1 && Self.isPlain(name.label)
            let usesName = source.item == "id" && source.namesPeopleUse && isClear
            let text = usesName ? name.label : name.value
            guard Self.isPlain(text) else { return nil }
            guard text.lowercased().hasPrefix(lower) || name.label.lowercased().hasPrefix(lower)
            else { return nil }
            return .init(
                text: isQuoted ? text : "\"\(text)\"",
                label: name.label.isEmpty ? name.value : name.label,
                type: name.label.isEmpty || usesName ? "" : name.value, doc: name.doc)
        }
        return Completion(
            candidates: candidates, ignoresCase: true, suffix: isQuoted ? context.quote : nil,
            note: note)
    }

    /// Whether a text can stand in quotes as it is.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0 != "\"" && $0 != "\\" && $0.value != 0x7f && $0 != "'"
            }
    }
}
