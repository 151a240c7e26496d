import Glibc
import GuardedYAML

/// The user's own file of contexts, for changing it. A change preserves everything else: comments,
/// order, other keys, the form (YAML or JSON), links and modes. Programs that change it at the same
/// time wait for each other.
final class ContextFile {
    let path: String
    private var editor: YAMLEditor
    private var contexts: Contexts
    private let lock: FileLock

    /// Opens the file; one that does not exist is empty. A file that is not understood is not changed.
    init() throws(CommandError) {
        let named = UserFiles.environment("QDRANT_CLOUD_CONFIG")
        guard let path = named ?? UserFiles.configurationFolder.map({ $0 + "/qcsh/config.yaml" })
        else { throw CommandError("no directory for the configuration: set HOME") }
        self.path = path
        let target = UserFiles.target(of: path)
        if let problem = UserFiles.makeFolder(of: target) {
            throw CommandError("\(path) cannot be written: \(problem)")
        }
        guard let lock = FileLock(besides: path) else {
            throw CommandError("\(path) cannot be locked: \(UserFiles.reason)")
        }
        self.lock = lock
        var bytes: [UInt8] = []
        if access(path, F_OK) == 0 {
            guard let content = UserFiles.readOwn(path) else {
                throw CommandError("\(path): \(UserFiles.reason)")
            }
            bytes = content
        }
        contexts = Contexts()
        try contexts.read(bytes, path, .own)
        if bytes.isEmpty, path.hasSuffix(".json") { bytes = Array("{}\n".utf8) }
        do throws(YAMLText.Problem) { editor = try YAMLEditor(YAMLText.decoded(bytes)) } catch {
            throw CommandError("\(path): invalid YAML: \(error)")
        }
    }

    private func index(of name: String) -> Int? {
        contexts.all.firstIndex { $0.name == name }
    }

    /// Whether the file has a context of a name.
    func has(_ name: String) -> Bool { index(of: name) != nil }

    /// Sets fields of a context and creates it if it is missing; nil removes a field.
    func set(
        _ name: String, _ fields: [(key: String, value: YAMLEditor.Scalar?)]
    ) throws(CommandError) {
        try edit { (editor) throws(YAMLText.Problem) in
            guard let index = index(of: name) else {
                let given = fields.compactMap { field in field.value.map { (field.key, $0) } }
                return try editor.append([("name", .text(name))] + given, to: "contexts")
            }
            for field in fields {
                try editor.set(
                    field.key, to: field.value, in: [.key("contexts"), .index(index)])
            }
        }
    }

    /// Makes a context the current one.
    func use(_ name: String) throws(CommandError) {
        try edit { (editor) throws(YAMLText.Problem) in
            try editor.set("current_context", to: .text(name))
        }
    }

    /// Removes a context.
    func remove(_ name: String) throws(CommandError) {
        guard let index = index(of: name) else { return }
        let isCurrent = contexts.current == name
        try edit { (editor) throws(YAMLText.Problem) in
            try editor.remove(item: index, of: "contexts")
            if isCurrent { try editor.set("current_context", to: nil) }
        }
    }

    /// Changes the text, and reads it again as every run does.
    private func edit(
        _ change: (inout YAMLEditor) throws(YAMLText.Problem) -> Void
    ) throws(CommandError) {
        do throws(YAMLText.Problem) { try change(&editor) } catch {
            throw CommandError("\(path) was not changed: \(error)")
        }
        var changed = Contexts()
        try changed.read(Array(editor.text.utf8), path, .own)
        contexts = changed
    }

    /// Writes the file: all of it or nothing. A file with a credential is for its owner only.
    func write() throws(CommandError) {
        // A new file takes the place of the old one, under one of its names only.
        let names = UserFiles.linkCount(of: path)
        guard names <= 1 else {
            throw CommandError(
                "\(path) was not changed: the file has \(names) names (hard links), and would be "
                    + "changed under this one only; use symbolic links, or edit it by hand")
        }
        let isSecret = contexts.all.contains { $0.apiKey != nil || $0.token != nil }
        guard UserFiles.rewrite(path, with: Array(editor.text.utf8), isSecret: isSecret) else {
            throw CommandError("\(path) cannot be written: \(UserFiles.reason)")
        }
    }
}
