import Contract
import LuaHost
import LuaReference

/// The help on an entry while it is written: a line below it, and a page on demand.
extension Completer {
    /// Whether Tab indents in a line that is still empty: outside of requests.
    func indents(_ text: [UInt8], point: Int) -> Bool {
        let context = CursorContext(text, before: point)
        switch RequestShape.innermost(context, types) {
        case .message, .options, .list, .record, .elements: return false
        default: return true
        }
    }

    // MARK: - Help

    /// A line about what is being written: the field, what a request still needs, the function.
    func hint(_ text: [UInt8], point: Int) -> [StyledSpan]? {
        guard !text.isEmpty, text.count < 4096 else { return nil }
        let context = CursorContext(text, before: point)
        guard let frame = context.frames.last else { return nil }
        switch RequestShape.innermost(context, types) {
        case .message(let type):
            if let key = frame.key {
                guard let field = type.field(named: key) else {
                    return unknown(
                        "\(type.name) has no field", key, among: type.fields.map(\.name))
                }
                return line(field)
            }
            let method = types.method(around: context)
            let asked = method.map(RequestExample.fieldsAskedFor) ?? []
            let missing = type.fields.filter {
                ($0.hasToBeSet || asked.contains($0.name)) && frame.written[$0.name] == nil
                    && $0.name != "account_id"
            }.map(\.name)
            return missing.isEmpty ? nil : needs(missing)
        case .list(let field), .map(let field): return line(field)
        case .mask(let type):
            return [StyledSpan("the fields of \(type.name) to change", .faint)]
        case .elements(let option, _): return line(option)
        case .record(let all, let function):
            if let key = frame.key {
                guard let option = all.first(where: { $0.name == key }) else {
                    return unknown(
                        "\(function.name) has no option", key, among: all.map(\.name))
                }
                return line(option)
            }
            let missing = all.filter { $0.isRequired && frame.written[$0.name] == nil }.map(\.name)
            return missing.isEmpty ? [StyledSpan(function.text, .faint)] : needs(missing)
        case .options:
            return [StyledSpan("options: timeout, retries, transport, account_id", .faint)]
        case .call(let chain):
            let path = chain.compactMap { step -> String? in
                switch step {
                case .name(let name), .method(let name): name
                default: nil
                }
            }
            guard
                let entry = types.function(context.bindings.resolved(chain))
                    ?? lua.entry(named: path.joined(separator: "."))
            else { return nil }
            return [StyledSpan(entry.signature, .accent), StyledSpan("  " + entry.text, .faint)]
        case .unknown: return nil
        }
    }

    private func needs(_ names: [String]) -> [StyledSpan] {
        [StyledSpan("needs ", .faint), StyledSpan(names.joined(separator: ", "), .warning)]
    }

    private func unknown(_ what: String, _ name: String, among known: [String]) -> [StyledSpan] {
        let near = Names.nearest(to: name, in: known)
        return [StyledSpan("\(what) \(name)" + Names.suggestion(near), .problem)]
    }

    private func line(_ option: LuaOption) -> [StyledSpan] {
        [
            StyledSpan(option.name, .accent), StyledSpan("  "), StyledSpan(option.type, .warning),
            StyledSpan(option.isRequired ? "  required" : "", .bold),
            StyledSpan("  " + option.text, .faint),
        ]
    }

    private func line(_ field: Field) -> [StyledSpan] {
        [
            StyledSpan(field.name, .accent), StyledSpan("  "),
            StyledSpan(APIReference.typeName(field), .warning),
            StyledSpan(field.hasToBeSet && field.name != "account_id" ? "  required" : "", .bold),
            StyledSpan("  " + runtime.registry.documentation(of: field), .faint),
        ]
    }

    /// All about what the cursor is on.
    func page(_ text: [UInt8], point: Int, width: Int) -> ReferenceText? {
        var end = point
        while end < text.count, Self.isWord(text[end]) { end += 1 }
        var start = end
        while start > 0,
            Self.isWord(text[start - 1])
                || [UInt8(ascii: "."), UInt8(ascii: ":")]
                    .contains(text[start - 1])
        {
            start -= 1
        }
        let name = String(decoding: text[start..<end], as: UTF8.self)
        var word = end
        while word > 0, Self.isWord(text[word - 1]) { word -= 1 }
        let inner = CursorContext(text, before: word)
        if case .member(let chain, let isMethod) = inner.place {
            let last = String(decoding: text[word..<end], as: UTF8.self)
            let steps = chain + [isMethod ? .method(last) : .name(last)]
            if let entry = types.function(inner.bindings.resolved(steps)) {
                return pages.page(entry.name, width: width)
            }
        }
        let context = CursorContext(text, before: start)
        if case .message(let type) = RequestShape.innermost(context, types) {
            let key =
                type.field(named: name)
                ?? context.frames.last?.key.flatMap { type.field(named: $0) }
            if let key { return pages.page(type, key, width: width) }
        }
        return name.isEmpty ? nil : pages.page(name, width: width)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
            || (0x61...0x7a).contains(byte)
    }
}
