import CloudClient
import Contract
import Glibc
import LuaHost
import LuaMachine
import LuaMessages
import LuaReference
import LuaSource
import Shell

/// Scripts that `qcsh run` finds by name: the user's, the project's, those of libraries, and qcsh's
/// own, in this order.
enum ReadyScripts {
    /// Where a script comes from.
    enum Place: Equatable {
        /// `~/.local/share/qcsh/scripts`.
        case user
        /// `./scripts`.
        case project
        /// A library's directory `scripts`, by the library's name.
        case library(String)
        case builtIn

        /// What precedes the slash of a whole name.
        var name: String {
            switch self {
            case .user: "user"
            case .project: "project"
            case .library(let name): name
            case .builtIn: "qcsh"
            }
        }
    }

    struct Script {
        let name: String
        let place: Place
        /// As it is shown in errors.
        let file: String
        fileprivate let content: Content

        fileprivate enum Content {
            case file
            /// A library's file, with the digest that it had when the library was added.
            case locked(hash: String)
            case text([UInt8])
        }

        /// The name that means this script and no other.
        var wholeName: String { place.name + "/" + name }

        /// Where the script finds modules.
        var project: Project { place == .builtIn ? .none : .of(script: file) }

        /// The script's text.
        ///
        /// - Throws: ``CommandError`` when the file cannot be read, or is not what was added.
        func read() throws(CommandError) -> [UInt8] {
            if case .text(let text) = content { return text }
            guard let text = UserFiles.read(file) else {
                throw CommandError("cannot read \(file): \(UserFiles.reason)")
            }
            if case .locked(let hash) = content, SHA256.hexadecimal(text) != hash {
                throw CommandError(
                    "\(file) has changed since library \(place.name) was added: "
                        + "qcsh lib add restores it")
            }
            return text
        }

        /// What the script is for, from its header; nil when it has none.
        var about: String? {
            guard let text = try? read() else { return nil }
            return (try? ScriptHeader.read(text))?.about
        }
    }

    /// All scripts, those first that a name means.
    static func all() -> [Script] {
        var scripts: [Script] = []
        if let folder = UserFiles.dataFolder {
            scripts += files(in: folder + "/scripts", .user)
        }
        scripts += files(in: "scripts", .project)
        scripts += libraries().flatMap(locked)
        scripts += BuiltInScripts.all.map {
            Script(
                name: $0.name, place: .builtIn, file: "qcsh/\($0.name).lua",
                content: .text($0.text))
        }
        return scripts
    }

    /// The scripts that a name means: the first one runs. A whole name has its place before a slash.
    static func matches(_ name: String) -> [Script] {
        all().filter { $0.name == name || $0.wholeName == name }
    }

    /// The script of a name, and those of the same name with another text.
    ///
    /// - Throws: ``CommandError`` with the nearest name when there is none.
    static func find(_ name: String) throws(CommandError) -> (script: Script, others: [Script]) {
        let found = matches(name)
        if let first = found.first {
            let text = try? first.read()
            return (first, found.dropFirst().filter { (try? $0.read()) != text })
        }
        if access(name, F_OK) == 0, name.contains("/") || name.hasSuffix(".lua") {
            throw CommandError("run takes the name of a script; to run a file: qcsh \(name)")
        }
        let names = all().flatMap { [$0.name, $0.wholeName] }
        let near = Names.suggestion(Names.nearest(to: name, in: names))
        throw CommandError(
            "there is no script \"\(name)\"" + (near.isEmpty ? "; qcsh run lists them" : near))
    }

    private static func files(in folder: String, _ place: Place) -> [Script] {
        (Paths.names(in: folder) ?? []).sorted().compactMap { file in
            guard file.hasSuffix(".lua"), !file.hasPrefix(".") else { return nil }
            return Script(
                name: String(file.dropLast(".lua".count)), place: place,
                file: folder + "/" + file, content: .file)
        }
    }

    /// A library that a lock file names.
    struct Library {
        let name: String
        /// The directory of the lock file.
        fileprivate let root: String
        fileprivate let entry: LuaTable
    }

    /// The libraries of the project and of the user, from their lock files.
    static func libraries() -> [Library] {
        [".", UserFiles.dataFolder].compactMap { $0 }.flatMap { root -> [Library] in
            let file = root + "/qcsh.lock"
            guard let text = UserFiles.readOwn(file) else { return [] }
            do throws(LockFile.Problem) {
                return try LockFile(text).libraries.filter { isPlain($0.name) }.map {
                    Library(name: $0.name, root: root, entry: $0.entry)
                }
            } catch {
                Output.remark("\(file) is not a valid lock file: \(error)")
                return []
            }
        }
    }

    /// The ready-made scripts of a library.
    private static func locked(_ library: Library) -> [Script] {
        (library.entry["scripts"]?.table?.entries ?? []).compactMap { path, hash in
            guard let path = path.text, path.hasPrefix("scripts/"), path.hasSuffix(".lua"),
                let hash = hash.text
            else { return nil }
            let name = String(path.dropFirst("scripts/".count).dropLast(".lua".count))
            guard isPlain(name) else { return nil }
            return Script(
                name: name, place: .library(library.name),
                file: "\(library.root)/lua_modules/share/qcsh/\(library.name)/\(path)",
                content: .locked(hash: hash))
        }.sorted { $0.name < $1.name }
    }

    /// Whether a name of a lock file stays in its directory.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".")
            && name.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains($0))
            }
    }
}
