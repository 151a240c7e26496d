import CloudClient
import Glibc
import GuardedYAML
import Shell

/// A named way to an account, from a configuration file.
struct Context {
    let name: String
    var endpoint: String?
    var restEndpoint: String?
    var accountID: String?
    /// The credential, or the command that prints it.
    var apiKey: String?
    var apiKeyCommand: String?
    var token: String?
    var tokenCommand: String?
    /// Whether nothing of the cloud may be changed through it.
    var isReadOnly = false
    /// Whether no account but its own may be used through it.
    var locksAccount = false
    /// The colour that it is shown in.
    var color: String?
    /// The file that it comes from.
    let file: String

    /// What the context forbids; nil when nothing.
    var permissionLayer: PermissionLayer? {
        guard isReadOnly || locksAccount else { return nil }
        var layer = PermissionLayer(source: "context \"\(name)\"")
        layer.isReadOnly = isReadOnly
        layer.locksAccount = locksAccount
        return layer
    }
}

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

    /// Reads the files that exist. Of two contexts with one name the first file's counts.
    static func load() throws(CommandError) -> Contexts {
        var contexts = Contexts()
        var files: [String] = []
        if let named = UserFiles.environment("QDRANT_CLOUD_CONFIG") {
            guard access(named, R_OK) == 0 else {
                throw CommandError("QDRANT_CLOUD_CONFIG: \(named): \(UserFiles.reason)")
            }
            files = [named]
        } else if let folder = UserFiles.configurationFolder {
            files = [folder + "/qcsh/config.yaml", folder + "/qcloud/config.yaml"]
        }
        for file in files where access(file, F_OK) == 0 {
            try contexts.read(file)
            contexts.files.append(file)
        }
        return contexts
    }

    /// The context with a name; an unknown one is an error.
    func context(named name: String) throws(CommandError) -> Context {
        if let found = all.first(where: { $0.name == name }) { return found }
        let names = all.map(\.name).joined(separator: ", ")
        throw CommandError(
            "no context named \"\(name)\"; "
                + (names.isEmpty ? "no context is configured" : "available: \(names)"))
    }

    /// `history: { size: 10000, leading_space: true, repeats: false }`
    private mutating func readHistory(_ value: Any, _ file: String) throws(CommandError) {
        guard let fields = value as? [String: Any] else {
            throw CommandError("\(file): history must be a map")
        }
        for (name, value) in fields {
            switch (name, value) {
            case ("size", let size as Int) where size >= 0: history.size = size
            case ("leading_space", let flag as Bool): history.ignoresLeadingSpace = flag
            case ("repeats", let flag as Bool): history.ignoresRepeats = !flag
            default:
                throw CommandError(
                    "\(file): history.\(name): expected size (a number), leading_space "
                        + "or repeats (true or false)")
            }
        }
    }

    /// A colour that the terminal shows; throws for any other, which would warn no one.
    private func color(
        _ text: String?, _ name: String, _ file: String
    ) throws(CommandError) -> String? {
        guard let text, ContextColours.codes[text] == nil else { return text }
        let known = ContextColours.codes.keys.sorted().joined(separator: ", ")
        throw CommandError(
            "\(file): context \"\(name)\": color must be one of \(known), got \"\(text)\"")
    }

    private mutating func read(_ file: String) throws(CommandError) {
        guard let bytes = UserFiles.readOwn(file) else {
            throw CommandError("\(file): \(UserFiles.reason)")
        }
        let loaded: Any?
        do {
            loaded = try YAMLText.values(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandError("\(file): invalid YAML: \(error)")
        }
        guard let loaded else { return }
        guard let top = loaded as? [String: Any] else {
            throw CommandError("\(file): the top level must be a map")
        }
        if let wanted = top["history"] { try readHistory(wanted, file) }
        if current == nil { current = top["current_context"] as? String }
        for entry in top["contexts"] as? [Any] ?? [] {
            guard let fields = entry as? [String: Any], let name = fields["name"] as? String else {
                throw CommandError("\(file): a context has no name")
            }
            guard !all.contains(where: { $0.name == name }) else { continue }
            func text(_ key: String) -> String? {
                let value = fields[key] as? String
                return value?.isEmpty == true ? nil : value
            }
            func flag(_ key: String) throws(CommandError) -> Bool {
                guard let value = fields[key] else { return false }
                guard let flag = value as? Bool else {
                    // Taken for false, a mistake would unlock what is to be protected.
                    throw CommandError(
                        "\(file): context \"\(name)\": \(key) must be true or false")
                }
                return flag
            }
            all.append(
                Context(
                    name: name, endpoint: text("endpoint"), restEndpoint: text("rest_endpoint"),
                    accountID: text("account_id"), apiKey: text("api_key"),
                    apiKeyCommand: text("api_key_command"), token: text("token"),
                    tokenCommand: text("token_command"),
                    isReadOnly: try flag("read_only"), locksAccount: try flag("lock_account"),
                    color: try color(text("color"), name, file), file: file))
        }
    }
}
