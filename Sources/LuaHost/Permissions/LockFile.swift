import Contract
import LuaMachine
import LuaMessages

/// A lock file, `qcsh.lock`: the libraries of a project, with their sources, files and permissions.
///
/// It limits what libraries may do, so each unknown key and each value of a wrong type is an error.
public struct LockFile {
    /// Why a text is not a lock file.
    public struct Problem: Error, CustomStringConvertible {
        /// The line, as far as it is known.
        let line: Int?
        let message: String

        public var description: String { (line.map { "line \($0): " } ?? "") + message }
    }

    /// The form of values.
    private enum Form: String {
        case text = "a string"
        case number = "a number"
        case flag = "true or false"
        case texts = "a list of strings"
        case map = "a map of strings"
        case table = "a map"

        func fits(_ value: LuaValue) -> Bool {
            switch (self, value) {
            case (.text, _): value.text != nil
            case (.number, .integer), (.number, .number), (.flag, .bool): true
            case (.texts, .table(let table)):
                table.entries.isEmpty
                    || table.array.map { $0.allSatisfy { $0.text != nil } } ?? false
            case (.map, .table(let table)):
                table.entries.allSatisfy { $0.key.text != nil && $0.value.text != nil }
            case (.table, .table(let table)):
                table.entries.allSatisfy { $0.key.text != nil }
            default: false
            }
        }
    }

    private static let format: Int64 = 1
    private static let document: [String: Form] = ["format": .number, "libraries": .table]
    private static let entry: [String: Form] = [
        "version": .text, "source": .table, "files": .map, "scripts": .map, "needs": .texts,
        "deletes": .flag, "script_needs": .texts, "dependencies": .texts, "for": .text,
    ]
    private static let source: [String: Form] = [
        "kind": .text, "url": .text, "path": .text, "name": .text, "server": .text, "ref": .text,
        "version": .text, "commit": .text, "sha256": .text,
    ]

    /// The entries of libraries, by their names.
    public let libraries: [(name: String, entry: LuaTable)]

    /// Reads a lock file.
    public init(_ text: [UInt8]) throws(Problem) {
        let reader = Reader(text: text)
        let value: LuaValue
        do { value = try ValueJSON.value(text) } catch {
            throw Problem(line: nil, message: "\(error)")
        }
        guard case .table(let table) = value else {
            throw Problem(line: nil, message: "it must be a JSON object")
        }
        if case .integer(let format)? = table["format"], format != Self.format {
            throw reader.problem(
                ["format"], "it has format \(format), but this qcsh supports format \(Self.format)")
        }
        try reader.check(table, Self.document, needed: ["format", "libraries"], "it", within: [])
        var found: [(name: String, entry: LuaTable)] = []
        for (key, value) in table["libraries"]?.table?.entries ?? [] {
            let name = key.text ?? ""
            guard let entry = value.table else {
                throw reader.problem([name], "library \(name) must be a map")
            }
            try reader.check(
                entry, Self.entry, needed: ["version", "source", "files"], "library \(name)",
                within: [name])
            try reader.check(
                entry["source"]?.table ?? LuaTable(entries: []), Self.source, needed: [],
                "source of library \(name)", within: [name, "source"])
            found.append((name, entry))
        }
        libraries = found.sorted { $0.name < $1.name }
    }

    /// Checks tables, and knows the lines of keys.
    private struct Reader {
        let text: [UInt8]

        func check(
            _ table: LuaTable, _ known: [String: Form], needed: [String], _ owner: String,
            within path: [String]
        ) throws(Problem) {
            for (key, value) in table.entries {
                let name = key.text ?? ""
                guard let form = known[name] else {
                    let near = Names.suggestion(Names.nearest(to: name, in: Array(known.keys)))
                    throw problem(path + [name], "\(owner) has an unknown key \"\(name)\"\(near)")
                }
                guard form.fits(value) else {
                    throw problem(path + [name], "\(owner): \(name) is not \(form.rawValue)")
                }
            }
            for name in needed where table[name] == nil {
                let list = known[name] == .map ? "list of " : ""
                throw problem(path, "\(owner) has no \(list)\(name)")
            }
        }

        func problem(_ path: [String], _ message: String) -> Problem {
            Problem(line: line(of: path), message: message)
        }

        /// The line of a key that is in others; nil when there is none.
        private func line(of path: [String]) -> Int? {
            let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            var rest = path[...]
            for (index, line) in lines.enumerated() {
                while let key = rest.first, !line.isEmpty,
                    String(decoding: line, as: UTF8.self).contains("\"\(key)\":")
                {
                    rest = rest.dropFirst()
                    if rest.isEmpty { return index + 1 }
                }
            }
            return nil
        }
    }
}
