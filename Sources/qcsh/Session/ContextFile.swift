import Glibc
import GuardedYAML
import Yams

/// The user's own file of contexts, for changing it. What it holds besides contexts stays.
struct ContextFile {
    let path: String
    private var top: [String: Any]

    /// Opens the file; one that does not exist is empty.
    init() throws(CommandError) {
        let named = UserFiles.environment("QDRANT_CLOUD_CONFIG")
        guard let path = named ?? UserFiles.configurationFolder.map({ $0 + "/qcsh/config.yaml" })
        else { throw CommandError("no directory for the configuration: set HOME") }
        self.path = path
        guard access(path, F_OK) == 0 else {
            top = [:]
            return
        }
        guard let bytes = UserFiles.readOwn(path) else {
            throw CommandError("\(path): \(UserFiles.reason)")
        }
        do {
            let loaded = try YAMLText.values(String(decoding: bytes, as: UTF8.self))
            guard let fields = (loaded ?? [String: Any]()) as? [String: Any] else {
                throw CommandError("\(path): the top level must be a map")
            }
            top = fields
        } catch let problem as CommandError {
            throw problem
        } catch {
            throw CommandError("\(path): invalid YAML: \(error)")
        }
    }

    private var contexts: [[String: Any]] {
        get { top["contexts"] as? [[String: Any]] ?? [] }
        set { top["contexts"] = newValue }
    }

    /// Whether the file has a context of a name.
    func has(_ name: String) -> Bool { contexts.contains { $0["name"] as? String == name } }

    /// Sets fields of a context, which is made when there is none; nil takes a field away.
    mutating func set(_ name: String, _ fields: [String: Any?]) {
        var all = contexts
        let index = all.firstIndex { $0["name"] as? String == name } ?? all.count
        if index == all.count { all.append(["name": name]) }
        for (key, value) in fields { all[index][key] = value }
        contexts = all
    }

    /// Makes a context the one that is used when none is named.
    mutating func use(_ name: String) { top["current_context"] = name }

    /// Removes a context.
    mutating func remove(_ name: String) {
        contexts = contexts.filter { $0["name"] as? String != name }
        if top["current_context"] as? String == name { top["current_context"] = nil }
    }

    /// Writes the file, for its owner only: all of it or nothing.
    func write() throws(CommandError) {
        let text: String
        do {
            text = try Yams.dump(object: top, sortKeys: true)
        } catch {
            throw CommandError("\(path) cannot be written: \(error)")
        }
        if let slash = path.lastIndex(of: "/") { UserFiles.makeFolders(String(path[..<slash])) }
        let scratch = "\(path).\(getpid()).tmp"
        unlink(scratch)
        guard UserFiles.writePrivately(Array(text.utf8), to: scratch), rename(scratch, path) == 0
        else {
            let reason = UserFiles.reason
            unlink(scratch)
            throw CommandError("\(path) cannot be written: \(reason)")
        }
    }
}
