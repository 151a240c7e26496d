import Contract
import LuaHost
import LuaReference

/// Help on anything that has a name: in the contract, in the host's modules, in Lua.
struct HelpPages {
    private let reference: APIReference
    private let registry: Registry
    private var lua: LuaReference { .embedded }

    /// The libraries that Lua has, and the host's modules.
    static var libraries: [String] {
        luaLibraries + LuaReference.moduleNames + ["qdrant"]
    }

    private static let luaLibraries = [
        "string", "table", "math", "io", "os", "coroutine", "utf8", "debug", "package",
    ]

    /// What Lua has at its top (manual, section 6.1).
    static let basicFunctions = [
        "assert", "collectgarbage", "dofile", "error", "getmetatable", "ipairs", "load", "loadfile",
        "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require",
        "select", "setmetatable", "tonumber", "tostring", "type", "warn", "xpcall",
    ]

    init(registry: Registry) {
        self.registry = registry
        reference = APIReference(registry: registry)
    }

    /// The method that a name means, however it is written.
    func method(_ name: String) -> Method? {
        (try? reference.method(named: Self.bare(name))).flatMap { $0 }
    }

    /// A name without what stands before it in Lua.
    private static func bare(_ name: String) -> String {
        var name = name.trimmed
        for prefix in ["qdrant.api.", "api."] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        if name == "qdrant.api" || name == "api" { return "" }
        for suffix in [":each", ":all", "()", "{}"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        return name
    }

    /// Nil when nothing has the name and no text has its words.
    func page(_ name: String, width: Int) -> ReferenceText? {
        let own = name.trimmed
        if own.hasPrefix("."), let page = luaPage("shell" + own, width) { return page }
        if let page = luaPage(own, width) ?? classPage(own, width) { return page }
        if let page = manualPage(own, width) { return page }
        let subjects = (try? reference.lookUp(Self.bare(read(own)))) ?? []
        if let first = subjects.first {
            var text = reference.page(first, width: width)
            if case .method(let method) = first { addExample(method, &text) }
            if subjects.count > 1 {
                text.blank()
                text.line(
                    ("also: ", .faint),
                    (subjects.dropFirst().map(\.name).joined(separator: ", "), .name))
            }
            return text
        }
        guard var text = found(own, width) else { return nil }
        if !own.contains(" ") {
            text.prepend("no entry named \"\(own)\"; related topics:")
        }
        return text
    }

    /// A field of a handle is one of the message that it reads as.
    private func read(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), let base = lua.classes[String(name[..<dot])],
            !base.isEmpty
        else { return name }
        return base + name[dot...]
    }

    /// A class of the standard library: what it reads as, its options or fields, its methods.
    private func classPage(_ name: String, _ width: Int) -> ReferenceText? {
        let names = [name, "qdrant." + name]
        guard let name = names.first(where: { lua.classes[$0] != nil }) else { return nil }
        var text = ReferenceText(width: width)
        text.line((name, .title))
        if let base = lua.classes[name], !base.isEmpty {
            text.paragraph("reads as \(base)", indent: 2, style: .faint)
        }
        if let fields = lua.fields(ofClass: name) {
            text.blank()
            for field in fields { addOption(field, indent: 2, &text) }
        }
        let methods = lua.functions(of: name)
        if !methods.isEmpty { text.blank() }
        let column = min(36, methods.map(\.signature.count).max() ?? 0)
        for method in methods {
            text.entry(method.signature, Self.firstSentence(method.text), column: column)
        }
        return text
    }

    private func addOption(_ option: LuaOption, indent: Int, _ text: inout ReferenceText) {
        let margin = String(repeating: " ", count: indent)
        let mark = option.isRequired ? "  required" : ""
        let used = indent + option.name.count + 2 + option.type.count + mark.count
        let isShort = used + 2 + TextWidth.columns(of: option.text) <= text.width
        text.line(
            (margin, .plain), (option.name, .name), ("  ", .plain), (option.type, .type),
            (mark, .faint), (isShort ? "  " + option.text : "", .plain))
        if !isShort { text.paragraph(option.text, indent: indent + 4) }
    }

    /// What there is: the commands, and how to go on.
    static func overview(_ state: ShellState) -> String {
        let width = min(Terminal.size(of: state.screen).columns, 100)
        var text = ReferenceText(width: width)
        text.paragraph(
            "To begin with: clusters:list(), qdrant? and api.cluster.list_clusters?", indent: 0)
        text.paragraph("Commands; from Lua, call shell.NAME(…)", indent: 0, style: .faint)
        for command in state.commands {
            let usage = command.usage.isEmpty ? "" : " " + command.usage
            text.entry("." + command.name + usage, command.text, column: width < 60 ? 10 : 24)
        }
        text.blank()
        for line in [
            "Everything else is Lua: what an entry returns is shown, and kept as _, _1, _2 …",
            "Tab completes; F1 explains the word at the cursor, x? and help(x) explain x. "
                + "help \"backup retention\" searches.",
        ] { text.paragraph(line, indent: 0) }
        return StyledText.text(text, isColoured: state.isColoured)
    }

    /// A field, with the message that has it.
    func page(_ type: MessageType, _ field: Field, width: Int) -> ReferenceText {
        reference.page(.field(type, field), width: width)
    }

    private func addExample(_ method: Method, _ text: inout ReferenceText) {
        text.blank()
        text.line(("example", .faint))
        for line in RequestExample(registry: registry).call(method).split(separator: "\n") {
            // As it can be pasted: a leading space would keep it out of the history.
            text.line((String(line), .plain))
        }
    }

    // MARK: - Lua

    private func luaPage(_ name: String, _ width: Int) -> ReferenceText? {
        guard let entry = lua.entry(named: name) else { return nil }
        var text = ReferenceText(width: width)
        text.line((entry.signature, .title))
        text.paragraph(entry.text, indent: 2)
        if !entry.parameterTexts.isEmpty || !entry.results.isEmpty { text.blank() }
        for parameter in entry.parameterTexts {
            let parts = parameter.split(separator: " ", maxSplits: 1)
            text.line(
                ("  ", .plain), (String(parts.first ?? ""), .name), ("  ", .plain),
                (parts.count > 1 ? String(parts[1]) : "", .type))
            let number = entry.parameters?.split(separator: ",").map(\.trimmed)
                .firstIndex(of: String(parts.first ?? "").replacing("?", with: ""))
            for option in number.flatMap({ lua.options(of: entry, argument: $0) }) ?? [] {
                addOption(option, indent: 6, &text)
            }
        }
        for result in entry.results {
            text.line(("  returns  ", .faint), (result, .type))
        }
        if entry.parameters == nil {
            text.blank()
            let functions = lua.functions(of: name)
            let column = min(36, functions.map(\.signature.count).max() ?? 0)
            for function in functions {
                text.entry(function.signature, Self.firstSentence(function.text), column: column)
            }
        }
        if let example = entry.example {
            text.blank()
            text.line(("example", .faint))
            text.paragraph(example, indent: 0)
        }
        return text
    }

    private static func firstSentence(_ text: String) -> String {
        text.split(separator: ". ", maxSplits: 1).first.map {
            $0.hasSuffix(".") ? String($0) : $0 + "."
        }
            ?? ""
    }

    /// A link to Lua's manual, for Lua's own functions and libraries.
    private func manualPage(_ name: String, _ width: Int) -> ReferenceText? {
        let library = name.split(separator: ".").first.map(String.init) ?? ""
        let isBasic = Self.basicFunctions.contains(name)
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || "_.:".contains($0) }) else {
            return nil
        }
        guard isBasic || Self.luaLibraries.contains(library) else { return nil }
        var text = ReferenceText(width: width)
        text.line((name, .title))
        let kind = name == library && !isBasic ? "A library" : "A function"
        text.paragraph(
            "\(kind) of Lua 5.4: https://www.lua.org/manual/5.4/manual.html#"
                + (name == library && !isBasic ? "6" : "pdf-\(name)"), indent: 2)
        return text
    }

    // MARK: - Search

    private func found(_ words: String, _ width: Int) -> ReferenceText? {
        let all = words.lowercased().split(separator: " ").map(String.init)
        guard let first = all.first else { return nil }
        var hits = (try? reference.search(first)) ?? []
        hits = hits.filter { hit in
            let text = (hit.name + " " + hit.text).lowercased()
            return all.allSatisfy { text.contains($0) }
        }
        let functions = lua.search(all)
        guard !hits.isEmpty || !functions.isEmpty else { return nil }
        // Methods are what one can do: they come first.
        let order = ["method": 0, "service": 1, "message": 2, "field": 3, "enum": 4, "value": 5]
        hits = hits.enumerated().sorted { a, b in
            (order[a.element.kind] ?? 9, a.offset) < (order[b.element.kind] ?? 9, b.offset)
        }.map(\.element)
        var text = reference.page(Array(hits.prefix(25)), width: width)
        for entry in functions.prefix(10) {
            text.line(("lua ", .faint), (entry.signature, .name))
            text.paragraph(Self.firstSentence(entry.text), indent: 4)
        }
        if hits.count > 25 { text.line(("… and \(hits.count - 25) more", .faint)) }
        return text
    }

    /// What is said when nothing was found.
    func unknown(_ name: String) -> String {
        let near = (try? reference.nearest(to: Self.bare(name))).flatMap { $0 }
        return "no entry named \"\(name)\", and no related topics" + Names.suggestion(near)
    }
}
