import CloudClient
import Glibc
import Sandbox

/// The sandboxes that run on this machine, each with a file that only its user can read: it holds
/// the token of the admin API.
enum RunningSandboxes {
    /// One that runs.
    struct Entry {
        let port: Int
        let endpoint: String
        let adminToken: String
        let caFile: String?
    }

    /// A sandbox's file.
    struct Registration {
        fileprivate let path: String

        /// Removes it.
        func remove() { unlink(path) }
    }

    private static var folder: String? { UserFiles.stateFolder.map { $0 + "/sandboxes" } }

    /// Writes the file of a sandbox; nil when there is no place for it.
    static func register(_ server: SandboxServer) -> Registration? {
        guard let folder else { return nil }
        UserFiles.makeFolders(folder)
        let path = folder + "/\(server.port)"
        let lines = [
            "\(getpid())", server.endpoint, server.adminToken, server.authorityFile ?? "",
        ]
        guard UserFiles.writePrivately(Array(lines.joined(separator: "\n").utf8), to: path) else {
            return nil
        }
        return Registration(path: path)
    }

    /// Those that run. Files of others, whose process has gone, are removed.
    static func all() -> [Entry] {
        guard let folder else { return [] }
        var found: [Entry] = []
        for name in Paths.names(in: folder) ?? [] {
            guard let port = Int(name), let bytes = UserFiles.readOwn(folder + "/" + name) else {
                continue
            }
            let lines = String(decoding: bytes, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count == 4, let process = Int32(lines[0]) else { continue }
            guard kill(process, 0) == 0 || errno == EPERM else {
                unlink(folder + "/" + name)
                continue
            }
            found.append(
                Entry(
                    port: port, endpoint: lines[1], adminToken: lines[2],
                    caFile: lines[3].isEmpty ? nil : lines[3]))
        }
        return found.sorted { $0.port < $1.port }
    }
}
