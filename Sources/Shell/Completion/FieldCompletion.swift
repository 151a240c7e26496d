import Contract
import LuaReference

/// The fields of messages, and the values that they may have.
extension CompletionQuery {
    /// The paths that may stand in a mask, one level further than what was typed.
    func paths(_ type: MessageType) -> Completion {
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

    func fields(_ type: MessageType) -> Completion {
        let written = context.frames.last?.written ?? [:]
        let method = method
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
    func values(_ field: Field, in type: MessageType) -> Completion {
        func quoted(_ text: String) -> String { isQuoted ? text : "\"\(text)\"" }
        if let type = field.enumType {
            return choices(of: type)
        }
        if field.kind == .bool, !isQuoted {
            return Completion(candidates: ["true", "false"].map { .init(text: $0) })
        }
        if !isQuoted, !prefix.isEmpty {
            // A bare word is a variable, when there is one: an id in its place would be another's.
            let own = variables(after: prefix)
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
        let method = method
        guard var source = names.sources.source(of: field, in: type, method: method) else {
            return isQuoted
                ? Completion()
                : Completion(note: "\(field.name): \(typeName(field)), or a variable")
        }
        source.root = context.frames.first { $0.isArgument }?.callee.map(types.apiRoot) ?? []
        // What stands further out counts, too: the provider of the cluster whose package is chosen.
        let written = context.frames.reduce(into: [String: String?]()) { all, frame in
            all.merge(frame.written) { _, inner in inner }
        }
        let (found, note) = names.names(source, written, canWait: canWait, unless: isInterrupted)
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
    func choices(of type: EnumType) -> Completion {
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
}
