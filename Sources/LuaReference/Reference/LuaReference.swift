import CResources

/// What the host's own Lua modules say of themselves, from the comments in their sources.
public struct LuaReference: Sendable {
    /// A function, or a module as a whole.
    public struct Entry: Sendable {
        /// `task.map`, or `Handle:await` of a class.
        public let name: String
        /// The parameters as they are written, without parentheses; nil for a module.
        public let parameters: String?
        /// What it does, in sentences.
        public let text: String
        /// `name type what it is`, one for each parameter.
        public let parameterTexts: [String]
        public let results: [String]
        /// Code that shows the use, if there is any.
        public let example: String?

        /// The class of what it returns, and whether that is a list of them; nil when it returns
        /// something else.
        public var resultClass: (name: String, isList: Bool)? {
            guard let first = results.first?.split(separator: " ").first,
                first.hasPrefix("qdrant.")
            else { return nil }
            let isList = first.hasSuffix("[]")
            let name = first.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
            return (String(name), isList)
        }

        /// Whether it is called with a colon.
        public var isMethod: Bool { name.contains(":") }

        /// The call as one would write it.
        public var signature: String { parameters.map { "\(name)(\($0))" } ?? name }
    }

    /// The host modules' names, sorted.
    public let modules: [String]
    /// The names of the modules of the standard library, as `qdrant.clusters`, sorted.
    public let libraries: [String]
    /// The functions that are globals: `script`, `library`.
    public let globals: [Entry]
    /// All entries: of each module itself, then of its functions in the order of the source; the
    /// globals last.
    public let entries: [Entry]
    private let byName: [String: Entry]
    /// Classes by name: the message that a handle reads as, empty for other classes.
    public let classes: [String: String]
    /// The fields that classes declare, by the class's name.
    let records: [String: [LuaOption]]
    /// The variables that hold classes in a module's file.
    private let variables: [String: [String: String]]

    /// What the modules that are built in say.
    public static let embedded = LuaReference()

    /// The names of the modules, without reading them.
    public static var moduleNames: [String] { StandardLibrary.hostModules }

    /// Reads the embedded sources.
    private init() {
        modules = Self.moduleNames
        libraries = StandardLibrary.libraries.map { "qdrant." + $0 }
        var all: [Entry] = []
        var bases: [String: String] = [:]
        var held: [String: [String: String]] = [:]
        var fields: [String: [LuaOption]] = [:]
        for module in modules + ["qdrant"] + libraries {
            guard let source = StandardLibrary.file(requiredAs: module) else { continue }
            let file = Self.read(String(decoding: source.text, as: UTF8.self), module)
            all += file.entries
            bases.merge(file.bases) { first, _ in first }
            fields.merge(file.fields) { first, _ in first }
            held[module] = file.classes
            all += StandardLibrary.parts(of: module).flatMap { Self.members(of: module, in: $0) }
        }
        // Of the parts of libraries only the classes of what they hand out.
        for part in StandardLibrary.qdrantModules where !libraries.contains(part) {
            guard let source = StandardLibrary.file(of: part) else { continue }
            let file = Self.read(String(decoding: source.text, as: UTF8.self), part)
            held[part] = file.classes
            fields.merge(file.fields) { first, _ in first }
            // Others are parts of commands.
            guard libraries.contains(where: { part.hasPrefix($0 + ".") }) else { continue }
            all += file.entries.filter { entry in
                file.classes.values.contains { entry.name.hasPrefix($0 + ":") }
            }
            bases.merge(file.bases) { first, _ in first }
        }
        globals =
            StandardLibrary.file(of: "host.boot.globals").map {
                Self.read(String(decoding: $0.text, as: UTF8.self), "").entries
            } ?? []
        all += globals
        classes = bases
        records = fields
        variables = held
        entries = all
        byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The functions that a part adds to the table of its module.
    private static func members(of module: String, in part: String) -> [Entry] {
        guard let source = StandardLibrary.file(of: part) else { return [] }
        return read(String(decoding: source.text, as: UTF8.self), part).entries.filter { entry in
            entry.parameters != nil && entry.name.hasPrefix(module + ".")
                && !entry.name.dropFirst(module.count + 1).contains { $0 == "." || $0 == ":" }
        }
    }

    /// The entry with a name; a method of a class by `class:method`. The prefix `qdrant.` may be
    /// left out, and a method may be written with a dot.
    public func entry(named name: String) -> Entry? {
        var names = [name, "qdrant." + name]
        if let dot = name.lastIndex(of: ".") {
            let method = name[..<dot] + ":" + name[name.index(after: dot)...]
            names += [String(method), "qdrant." + method]
        }
        for name in names {
            if let entry = byName[name] { return entry }
        }
        return nil
    }

    /// The functions of a module.
    public func functions(of module: String) -> [Entry] {
        entries.filter { $0.name.hasPrefix(module + ".") || $0.name.hasPrefix(module + ":") }
    }

    /// Entries whose name or text has all words.
    public func search(_ words: [String]) -> [Entry] {
        entries.filter { entry in
            let text = (entry.name + " " + entry.text).lowercased()
            return words.allSatisfy { text.contains($0.lowercased()) }
        }
    }

    // MARK: - Reading

    /// What a file says: its functions, its classes with what they read as, and the variables that
    /// hold them.
    private struct File {
        var entries: [Entry] = []
        var bases: [String: String] = [:]
        var classes: [String: String] = [:]
        var fields: [String: [LuaOption]] = [:]
    }

    /// Reads a module's file; one without a name has globals.
    private static func read(_ source: String, _ module: String) -> File {
        var reader = FileReader(module: module)
        for (number, line) in source.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            reader.take(line, number)
        }
        var file = reader.file
        for line in source.split(separator: "\n") where line.hasPrefix(module + ".") {
            file.entries += aliases(line, of: file.entries)
        }
        return file
    }

    /// Reads a file line by line.
    private struct FileReader {
        let module: String
        var file = File()
        private var comment: [Substring] = []
        private var pendingClass: String?
        /// The class whose fields are being read.
        private var record: String?

        init(module: String) { self.module = module }

        mutating func take(_ line: Substring, _ number: Int) {
            if line.hasPrefix("---") {
                comment.append(line.dropFirst(3))
                takeAnnotation(line)
                return
            }
            record = nil
            if number < 20, line.hasPrefix("local "), pendingClass == nil, !comment.isEmpty,
                !module.isEmpty, !file.entries.contains(where: { $0.name == module })
            {
                file.entries.append(LuaReference.entry(module, nil, comment))
            } else if line.hasPrefix("library "), !comment.isEmpty, file.entries.isEmpty {
                file.entries.append(LuaReference.entry(module, nil, comment))
            } else if line.hasPrefix("local "), let name = pendingClass {
                let variable = line.dropFirst(6).prefix { $0.isLetter || $0 == "_" }
                file.classes[String(variable)] = name
                pendingClass = nil
            } else if line.hasPrefix("function "), let function = LuaReference.function(line) {
                takeFunction(function)
            }
            comment = []
        }

        private mutating func takeAnnotation(_ line: Substring) {
            if line.hasPrefix("---@class ") {
                let parts = line.dropFirst(10).split(separator: ":", maxSplits: 1)
                let name = String((parts.first ?? "").prefix { $0 != " " })
                pendingClass = name
                record = name
                file.bases[name] =
                    parts.count > 1
                    ? parts[1].split(separator: " ").first.map(String.init) ?? "" : ""
            } else if line.hasPrefix("---@field "), let record,
                let field = LuaOptions.field(line.dropFirst(10))
            {
                file.fields[record, default: []].append(field)
            }
        }

        private mutating func takeFunction(_ function: (name: String, parameters: String)) {
            let parts = function.name.split(
                maxSplits: 1, omittingEmptySubsequences: true,
                whereSeparator: { ".:".contains($0) })
            if parts.count == 2, parts[1].hasPrefix("__") == false {
                // The file of `qdrant.stack` has a table `stack`.
                if let owner = StandardLibrary.owner(ofTable: String(parts[0]), in: module) {
                    file.entries.append(
                        LuaReference.entry("\(owner).\(parts[1])", function.parameters, comment))
                } else if let name = file.classes[String(parts[0])] {
                    file.entries.append(
                        LuaReference.entry("\(name):\(parts[1])", function.parameters, comment))
                }
            } else if module.isEmpty, comment.contains(where: { $0.hasPrefix("@usage ") }) {
                file.entries.append(LuaReference.entry(function.name, function.parameters, comment))
            }
        }
    }

    /// What the annotations of a module say: of itself, then of its functions.
    package static func entries(of source: String, module: String) -> [Entry] {
        read(source, module).entries
    }

    /// The classes of a module's file by the variables that hold them.
    func classVariables(of module: String) -> [String: String] { variables[module] ?? [:] }

    /// `test.spec, test.test = test.it, test.it`: other names of what is already known.
    private static func aliases(_ line: Substring, of entries: [Entry]) -> [Entry] {
        let sides = line.split(separator: "=").map { side in
            side.split(separator: ",").map { String($0.drop { $0 == " " }.prefix { $0 != " " }) }
        }
        guard sides.count == 2, sides[0].count == sides[1].count else { return [] }
        return zip(sides[0], sides[1]).compactMap { name, meant in
            guard let entry = entries.first(where: { $0.name == meant }) else { return nil }
            return Entry(
                name: name, parameters: entry.parameters,
                text: "The same as \(meant). " + entry.text,
                parameterTexts: entry.parameterTexts, results: entry.results,
                example: entry.example)
        }
    }

    private static func function(_ line: Substring) -> (name: String, parameters: String)? {
        let rest = line.dropFirst("function ".count)
        guard let open = rest.firstIndex(of: "("),
            let close = rest[open...].firstIndex(of: ")")
        else { return nil }
        return (String(rest[..<open]), String(rest[rest.index(after: open)..<close]))
    }

    private static func entry(
        _ name: String, _ parameters: String?, _ comment: [Substring]
    ) -> Entry {
        var text: [String] = []
        var parameterTexts: [String] = []
        var results: [String] = []
        var example: String?
        for line in comment {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("@param ") {
                parameterTexts.append(String(line.dropFirst(7)))
            } else if line.hasPrefix("@return ") {
                results.append(String(line.dropFirst(8)))
            } else if line.hasPrefix("@usage ") {
                example = String(line.dropFirst(7))
            } else if !line.hasPrefix("@") {
                text.append(String(line))
            }
        }
        return Entry(
            name: name, parameters: parameters, text: text.joined(separator: " "),
            parameterTexts: parameterTexts, results: results, example: example)
    }
}
