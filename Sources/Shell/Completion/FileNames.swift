import CloudClient
import Glibc

/// Names of files, for where one is meant.
enum FileNames {
    /// Files whose path begins with a text.
    static func matching(_ prefix: String) -> Completion {
        let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        var path = folder.isEmpty ? "." : folder
        if path.hasPrefix("~/"), let home = getenv("HOME") {
            path = String(cString: home) + path.dropFirst()
        }
        let start = String(prefix.dropFirst(folder.count))
        var found: [Completion.Candidate] = []
        for name in Paths.names(in: path) ?? []
        where name.hasPrefix(start) && (!name.hasPrefix(".") || start.hasPrefix(".")) {
            var status = stat()
            let isFolder =
                stat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            found.append(.init(text: folder + name + (isFolder ? "/" : ""), label: name))
        }
        found.sort { $0.text < $1.text }
        return Completion(candidates: found)
    }
}
