import CloudClient
import Contract
import Glibc
import GuardedYAML
import Shell
import Yams

/// The contexts of qcsh's configuration and of qcloud's.
///
/// The file is `~/.config/qcsh/config.yaml`, or what `QDRANT_CLOUD_CONFIG` names; the contexts in
/// `~/.config/qcloud/config.yaml` are read, too. Both have `current_context` and `contexts`.
struct Contexts {
    private(set) var current: String?
    /// The files that were read.
    private(set) var files: [String] = []
    private(set) var all: [Context] = []
    /// Which entries of the shell are kept: `history` of the file.
    private(set) var history = HistoryFile.Policy()

    /// The keys at the top of a file.
    static let keys = ["current_context", "contexts", "history"]

    /// Reads the files that exist. If two contexts have the same name, the first file's is used.
    static func load() throws(CommandError) -> Contexts {
        var contexts = Contexts()
        var files: [(path: String, ownership: ConfigurationFields.Ownership)] = []
        if let named = UserFiles.environment("QDRANT_CLOUD_CONFIG") {
            guard access(named, R_OK) == 0 else {
                throw CommandError("QDRANT_CLOUD_CONFIG: \(named): \(UserFiles.reason)")
            }
            files = [(named, .own)]
        } else if let folder = UserFiles.configurationFolder {
            files = [
                (folder + "/qcsh/config.yaml", .own), (folder + "/qcloud/config.yaml", .foreign),
            ]
        }
        for file in files where access(file.path, F_OK) == 0 {
            guard let bytes = UserFiles.readOwn(file.path) else {
                throw CommandError("\(file.path): \(UserFiles.reason)")
            }
            try contexts.read(bytes, file.path, file.ownership)
            contexts.files.append(file.path)
        }
        return contexts
    }

    /// The context with a name; an unknown one is an error.
    func context(named name: String) throws(CommandError) -> Context {
        if let found = all.first(where: { $0.name == name }) { return found }
        let names = all.map(\.name)
        let near = Names.nearest(to: name, in: names)
        throw CommandError(
            "no context named \"\(name)\""
                + (near != nil
                    ? Names.suggestion(near)
                    : names.isEmpty
                        ? "; no context is configured"
                        : "; available: " + names.joined(separator: ", ")))
    }

    /// Adds what a file says.
    ///
    /// - Throws: a ``CommandError`` with the line, when a part of the file is not understood.
    mutating func read(
        _ bytes: [UInt8], _ file: String, _ ownership: ConfigurationFields.Ownership
    ) throws(CommandError) {
        let document: Node?
        do throws(YAMLText.Problem) {
            document = try YAMLText.document(YAMLText.decoded(bytes))
        } catch {
            throw CommandError("\(file): invalid YAML: \(error)")
        }
        // A file of comments only has no document, or an empty one.
        guard let document, !(document.null != nil && document.scalar?.style == .plain) else {
            return
        }
        let top = try ConfigurationFields(document, file: file, ownership: ownership)
        try top.refuse(otherThan: Self.keys)
        if let fields = try top.map("history") { try readHistory(fields) }
        let chosen = try top.text("current_context")
        if current == nil { current = chosen }
        var names: Set<String> = []
        for fields in try top.maps("contexts", of: "context") {
            let context = try Context(fields)
            guard names.insert(context.name).inserted else {
                throw fields.problem("a second context has the name \"\(context.name)\"")
            }
            if !all.contains(where: { $0.name == context.name }) { all.append(context) }
        }
    }

    /// `history: { size: 10000, leading_space: true, repeats: false }`
    private mutating func readHistory(_ fields: ConfigurationFields) throws(CommandError) {
        try fields.refuse(otherThan: ["size", "leading_space", "repeats"])
        if let size = try fields.count("size", in: 0...100_000_000) { history.size = size }
        if fields.node("leading_space") != nil {
            history.ignoresLeadingSpace = try fields.flag("leading_space")
        }
        if fields.node("repeats") != nil { history.ignoresRepeats = try !fields.flag("repeats") }
    }
}
