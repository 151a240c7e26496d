import CloudClient
import Glibc

/// Where `require` finds modules: a project has modules in `lua`, libraries in `lua_modules` and a
/// lock file.
///
/// A script's project is that of the script's directory, wherever it is started from. Everything that
/// looks for modules asks here, so that `check` reads the files that a run loads.
struct Project: Equatable {
    /// The project's directory, relative to the working directory when it is in it; nil for code that
    /// belongs to no project.
    let root: String?
    /// Directories that are searched before the project's.
    let first: [String]

    /// The project of code that is in no file: the working directory.
    static let current = Project(root: ".", first: [])

    /// What qcsh's own scripts belong to.
    static let none = Project(root: nil, first: [])

    /// The project of a script: the nearest directory at or above the script that is one, else the
    /// script's own. The script's directory is searched first.
    ///
    /// The place of a linked script is that of the file that the link leads to, because people link
    /// scripts into directories of programs. A pipe belongs to the working directory.
    static func of(script: String) -> Project {
        let file = Paths.resolved(script)
        guard script != "-", !isStream(file) else { return current }
        let folder = parent(of: file)
        return Project(root: shown(nearest(to: folder) ?? folder), first: [shown(folder)])
    }

    /// The project of a file or directory of specs, else the working directory: specs are not next to
    /// the modules that they load. As for busted, its directory and `src` are searched first.
    static func of(specs: String) -> Project {
        let file = Paths.resolved(specs)
        let folder = isDirectory(file) ? file : parent(of: file)
        let root = nearest(to: folder).map(shown) ?? "."
        return Project(root: root, first: [root, below(root, "src")])
    }

    /// Directories in which `require` looks, in order: those that come first, the project's modules
    /// and libraries, the user's, the system's.
    var folders: [String] {
        let own = root.map { [below($0, "lua"), below($0, "lua_modules/share/lua/5.4")] } ?? []
        let system = ["/usr/local/share/lua/5.4", "/usr/share/lua/5.4"]
        return first + own + UserFiles.moduleFolders + system
    }

    /// The same in Lua's notation.
    var modulePath: String {
        folders.map { "\($0)/?.lua;\($0)/?/init.lua" }.joined(separator: ";")
    }

    /// The file of a module, as `require` finds it; nil when there is none.
    func file(of module: String) -> String? {
        let path = String(module.map { $0 == "." ? "/" : $0 })
        let files = folders.flatMap { folder -> [String] in
            ["\(folder)/\(path).lua", "\(folder)/\(path)/init.lua"]
        }
        return files.first { access($0, R_OK) == 0 }
    }
}

// MARK: - Finding

/// The nearest directory at or above one that is a project: it has a lock file, a tree of libraries,
/// or is a library itself.
private func nearest(to folder: String) -> String? {
    var candidate = folder
    while !isProject(candidate, for: folder) {
        guard candidate != "/" else { return nil }
        candidate = parent(of: candidate)
    }
    return candidate
}

private func isProject(_ candidate: String, for folder: String) -> Bool {
    var marks = ["qcsh.lock", "lua_modules"]
    // Avoids listing large directories such as /tmp: a library without `lua` offers no modules.
    if access(below(candidate, "lua"), F_OK) == 0 {
        marks += (Paths.names(in: candidate) ?? []).filter { $0.hasSuffix(".rockspec") }
    }
    return marks.contains { name in
        guard let mark = status(below(candidate, name)) else { return false }
        return candidate == folder || isTrusted(mark, for: folder)
    }
}

/// Whether the file or directory that makes a directory above a script's a project belongs to
/// somebody whose code may run: the user, the administrator, or the owner of the script's
/// directory. Anybody can write to directories such as /tmp.
private func isTrusted(_ mark: stat, for folder: String) -> Bool {
    [geteuid(), 0].contains(mark.st_uid) || mark.st_uid == status(folder)?.st_uid
}

private func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
}

private func isDirectory(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
}

/// Whether a path is that of a pipe or a device, whose directory is not that of a project.
private func isStream(_ path: String) -> Bool {
    path.hasPrefix("/proc/") || path.hasPrefix("/dev/")
        || (status(path).map { ![S_IFREG, S_IFDIR].contains($0.st_mode & S_IFMT) } ?? false)
}

private func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

private func below(_ folder: String, _ name: String) -> String {
    folder == "/" ? "/" + name : folder + "/" + name
}

/// A path as it is shown: relative to the working directory when it is in it.
private func shown(_ path: String) -> String {
    let here = Paths.resolved(".")
    if path == here { return "." }
    return here != "/" && path.hasPrefix(here + "/")
        ? String(path.dropFirst(here.count + 1)) : path
}
