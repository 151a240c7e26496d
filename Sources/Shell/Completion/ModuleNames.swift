import CloudClient
import Glibc

/// Names of modules in files, as `require` takes them.
enum ModuleNames {
    /// The modules in directories whose names begin with a text; those in a package once its name
    /// is complete.
    static func matching(_ prefix: String, in folders: [String]) -> [Completion.Candidate] {
        let package = prefix.lastIndex(of: ".").map { prefix[...$0] } ?? ""
        var found: [String: String] = [:]
        for folder in folders {
            let place = folder + "/" + package.map { $0 == "." ? "/" : String($0) }.joined()
            for file in Paths.names(in: place) ?? [] {
                guard let name = module(file, in: place), found[package + name] == nil else {
                    continue
                }
                found[package + name] = folder
            }
        }
        return found.filter { $0.key.hasPrefix(prefix) }.map { name, folder in
            Completion.Candidate(text: name, type: "module", doc: folder)
        }
    }

    /// The name of the module that a file or directory is; nil when it is none.
    private static func module(_ file: String, in folder: String) -> String? {
        if file.hasSuffix(".lua") {
            let name = file.dropLast(".lua".count)
            return name.contains(".") || name == "init" || name.isEmpty ? nil : String(name)
        }
        let isPackage = access("\(folder)/\(file)/init.lua", R_OK) == 0
        return isPackage && !file.contains(".") ? file : nil
    }
}
