import CLuaHost
import CloudClient
import Contract
import Glibc
import LuaMachine
import LuaMessages
import LuaReference
import LuaSource

/// What libraries may do when their functions call: what their lock file grants, and no more than
/// they say of themselves in `library { needs = … }`.
///
/// A library is installed below a directory `lua_modules`; next to that is `qcsh.lock`, which names
/// its files with their hashes. Other modules that have a header are bound by that alone.
///
/// Lua code that a bound library loads from a string is bound as the library is, whichever code
/// calls it later. What counts is whose code makes the call: a function of a script is the script's
/// when a library calls it, and a function of a module that nothing binds is that module's.
final class LibraryGrants {
    /// A lock file, as far as it matters here.
    private struct Lock {
        struct File {
            let library: String
            let hash: String
        }
        /// By paths below the directory of modules.
        var files: [String: File] = [:]
        /// What each library may do; none for those that ask for nothing.
        var layers: [String: PermissionLayer] = [:]
    }

    private static let tree = "/lua_modules/share/lua/5.4/"

    private let machine: LuaMachine
    private let bound: PermissionBound
    private let registry: Registry
    private var locks: [String: Lock] = [:]
    /// What the code of a file may do, by the source that Lua knows it by.
    private var layers: [String: [PermissionLayer]] = [:]
    /// The sources whose header was read before they ran.
    private var headed: Set<String> = []

    init(machine: LuaMachine, bound: PermissionBound, registry: Registry) {
        self.machine = machine
        self.registry = registry
        self.bound = bound
    }

    func register(in functions: inout HostFunctions) {
        registerReading(in: &functions)
        // library_text(name, path) → the text of a module that is bound, and whether it is the first
        // one; nothing for other modules.
        functions.declare("library_text", .string, .string) { [unowned self] call, name, path in
            guard let text = try self.text(name, path) else { return }
            text.withUnsafeBytes { call.results.put($0) }
        }
        // tree_module(name) → the file of a module in the tree of the library that calls; nothing when
        // no library of a tree calls, or its tree has none
        functions.declare("tree_module", .string) { [unowned self] call, name in
            guard let source = self.machine.callerSource, source.hasPrefix("@"),
                let (root, _) = Self.place(Self.normal(String(source.dropFirst())))
            else { return }
            let folder = (root.isEmpty ? "." : root) + Self.tree
            let inner = String(name.map { $0 == "." ? "/" : $0 })
            let files = ["\(folder)\(inner).lua", "\(folder)\(inner)/init.lua"]
            call.results.put(optional: files.first { access($0, R_OK) == 0 })
        }
        // has_library_header() → whether the header of the module that calls was read
        functions.declare("has_library_header") { [unowned self] call in
            call.results.put(self.machine.callerSource.map(self.headed.contains) ?? false)
        }
        // is_library() → whether the code that calls is that of a bound library
        functions.declare("is_library") { [unowned self] call in
            call.results.put(!self.present.isEmpty)
        }
        // library_chunk(text) → what a bound library loads in place of a text, and by which name;
        // nothing when the code that calls is no library's
        functions.declare("library_chunk", .bytes) { [unowned self] call, text in
            guard let source = self.machine.callerSource, let layers = self.layers[source] else {
                return
            }
            let suffix = " (text)"
            let name = source.hasSuffix(suffix) ? source : source + suffix
            self.layers[name] = layers
            KeptFrames.rewrite(text).withUnsafeBytes { call.results.put($0) }
            call.results.put(name)
        }
    }

    private func registerReading(in functions: inout HostFunctions) {
        // lock_problem(text) → why a text is not a lock file; nothing for one
        functions.declare("lock_problem", .bytes) { call, text in
            do throws(LockFile.Problem) { _ = try LockFile(text) } catch {
                call.results.put(error.description)
            }
        }
        // annotations(text, module) → [{ name, signature, text, parameters, results, example }]
        functions.declare("annotations", .string, .string) { call, text, module in
            call.results.list {
                for entry in LuaReference.entries(of: text, module: module) {
                    Self.write(entry, call.results)
                }
            }
        }
        // script_header(text, kind) → { about, needs, deletes }, nothing when there is none
        functions.declare("script_header", .bytes, .optional(.string)) { call, text, kind in
            let kind = kind.flatMap(ScriptHeader.Kind.init(rawValue:))
            do throws(ScriptHeader.Problem) {
                guard let header = try ScriptHeader.read(text, kind: kind ?? .script) else {
                    return
                }
                call.results.table {
                    call.results.put("deletes")
                    call.results.put(header.deletes)
                    if let about = header.about {
                        call.results.put("about")
                        call.results.put(about)
                    }
                    if let needs = header.needs {
                        call.results.put("needs")
                        call.results.list { for need in needs { call.results.put(need.word) } }
                    }
                }
            } catch {
                throw HostError.message(error.description)
            }
        }
    }

    private static func write(_ entry: LuaReference.Entry, _ writer: TapeWriter) {
        writer.table {
            for (name, text) in [
                ("name", entry.name), ("signature", entry.signature), ("text", entry.text),
            ] {
                writer.put(name)
                writer.put(text)
            }
            for (name, texts) in [
                ("parameters", entry.parameterTexts), ("results", entry.results),
            ] {
                writer.put(name)
                writer.list { for text in texts { writer.put(text) } }
            }
            if let example = entry.example {
                writer.put("example")
                writer.put(example)
            }
        }
    }

    // MARK: - Loading

    private func text(_ name: String, _ path: String) throws(HostError) -> [UInt8]? {
        guard let text = TextFile.read(path) else { return nil }
        var found: [PermissionLayer] = []
        if let (root, inner) = Self.place(Self.normal(path)), let file = try lock(root).files[inner]
        {
            guard SHA256.hexadecimal(text) == file.hash else {
                throw .message(
                    "\(path) has changed since library \(file.library) was added; "
                        + "restore it with qcsh lib add")
            }
            if let granted = try lock(root).layers[file.library] { found.append(granted) }
        }
        if let own = try said(name, path, text) { found.append(own) }
        guard !found.isEmpty else { return nil }
        layers["@" + path] = found
        qh_watch_callers(machine.vm)
        bound.caller.layers = { [unowned self] in present }
        return KeptFrames.rewrite(text)
    }

    /// The permissions that bind the calling code; empty when it is not a library's.
    private var present: [PermissionLayer] {
        guard let source = machine.callerSource else { return [] }
        // Which library has set a metatable is not known any more: what all of them may do holds.
        if source == QH_BY_LUA { return layers.values.flatMap { $0 } }
        return layers[source] ?? []
    }

    /// What a module says of itself; of `a.b`, what `a` says.
    private func said(
        _ name: String, _ path: String, _ text: [UInt8]
    ) throws(HostError) -> PermissionLayer? {
        if let header = try Self.header(path, text) {
            headed.insert("@" + path)
            if let layer = try layer(name, path, header) { return layer }
        }
        let inner = name.split(separator: ".").joined(separator: "/")
        guard let first = inner.firstIndex(of: "/"),
            let place = path.range(of: inner, from: .end)
        else { return nil }
        let base = path[..<place] + inner[..<first]
        for candidate in ["\(base).lua", "\(base)/init.lua"] {
            guard let outer = TextFile.read(candidate) else { continue }
            guard let header = try Self.header(candidate, outer) else { return nil }
            return try layer(String(inner[..<first]), candidate, header)
        }
        return nil
    }

    private static func header(
        _ path: String, _ text: [UInt8]
    ) throws(HostError) -> ScriptHeader? {
        do throws(ScriptHeader.Problem) {
            return try ScriptHeader.read(text, kind: .library)
        } catch {
            throw .message("\(path):\(error)")
        }
    }

    private func layer(
        _ name: String, _ path: String, _ header: ScriptHeader
    ) throws(HostError) -> PermissionLayer? {
        guard let needs = header.needs else { return nil }
        do throws(PermissionWord.Problem) {
            return try layer(name, needs.map(\.word), deletes: header.deletes)
        } catch {
            throw .message("\(path): \(error)")
        }
    }

    private func layer(
        _ name: String, _ needs: [String], deletes: Bool
    ) throws(PermissionWord.Problem) -> PermissionLayer {
        var layer = PermissionLayer(source: "library \(name)")
        var words: [PermissionWord] = []
        for need in needs { words.append(try PermissionWord(existing: need, in: registry)) }
        layer.allowed = words
        layer.mayDelete = deletes
        return layer
    }

    // MARK: - Lock files

    /// A path without `.`, `..` and empty parts: a file has one name in a lock.
    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// The directory that a tree is in, and the path within the tree.
    private static func place(_ path: String) -> (root: String, inner: String)? {
        let whole = path.hasPrefix("/") ? path : "/" + path
        guard let end = whole.range(of: tree, from: .end) else { return nil }
        let root = whole[..<end]
        let inner = whole[whole.index(end, offsetBy: tree.count)...]
        return (path.hasPrefix("/") ? String(root) : String(root.dropFirst()), String(inner))
    }

    private func lock(_ root: String) throws(HostError) -> Lock {
        if let known = locks[root] { return known }
        let path = root.isEmpty ? "qcsh.lock" : root + "/qcsh.lock"
        var lock = Lock()
        if let text = TextFile.read(path) {
            do {
                for (name, entry) in try LockFile(text).libraries {
                    for (file, hash) in entry["files"]?.table?.entries ?? [] {
                        guard let file = file.text, let hash = hash.text else { continue }
                        lock.files[file] = Lock.File(library: name, hash: hash)
                    }
                    guard let needs = entry["needs"]?.table?.array else { continue }
                    lock.layers[name] = try layer(
                        name, needs.compactMap(\.text), deletes: entry["deletes"]?.isTrue == true)
                }
            } catch {
                throw .message("\(path) is not a valid lock file of qcsh: \(error)")
            }
        }
        locks[root] = lock
        return lock
    }
}

extension String {
    fileprivate enum Side { case end }

    /// Where a text stands for the last time; nil when it does not.
    fileprivate func range(of text: String, from _: Side) -> String.Index? {
        let (all, wanted) = (Array(utf8), Array(text.utf8))
        guard !wanted.isEmpty, all.count >= wanted.count else { return nil }
        for start in stride(from: all.count - wanted.count, through: 0, by: -1)
        where all[start..<start + wanted.count].elementsEqual(wanted) {
            return utf8.index(startIndex, offsetBy: start)
        }
        return nil
    }
}
