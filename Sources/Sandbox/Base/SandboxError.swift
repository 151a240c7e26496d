/// Why a sandbox cannot start or cannot continue.
public enum SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A library or a command that it needs does not work.
    case unavailable(String)
    /// A host that other machines reach, without TLS.
    case needsTLS(host: String)
    case portInUse(Int)
    case cannotListen(host: String, port: Int, reason: String)
    case tooManyConnections
    /// A file operation that failed: the operation, the path and the reason.
    case file(String, path: String, reason: String)
    /// Another process is using the data directory.
    case folderInUse(String)
    /// A database of another program.
    case notASandbox(path: String)
    /// A database with tables that a newer version has.
    case newer(path: String)
    /// A database that is damaged.
    case damaged(String)
    /// The file that keys are derived from is missing or has the wrong size.
    case seedFile(path: String, folder: String, problem: String)
    /// A seed that cannot be read or planted, in words that follow its file's name, or "seed".
    case seed(String, origin: String)
    case fault(String)

    public var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .needsTLS(let host): "other machines can connect to \(host): add --tls to listen on it"
        case .portInUse(let port):
            "port \(port) is in use by another program; choose another with --port, or 0 for any "
                + "free one"
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host) port \(port): \(reason)"
        case .tooManyConnections: "too many connections"
        case .file(let action, let path, let reason): "cannot \(action) \(path): \(reason)"
        case .folderInUse(let folder): "another sandbox is using the data directory \(folder)"
        case .notASandbox(let path): "\(path) is not a sandbox's state"
        case .newer(let path): "\(path) was written by a newer version of qcsh; use that version"
        case .damaged(let what): "the state is damaged: \(what)"
        case .seedFile(let path, let folder, let problem):
            "\(path) \(problem), and the keys in \(folder) derive from it: restore the file from a "
                + "backup, or delete the directory to start with new keys"
        case .seed(let problem, let origin): "\(origin): \(problem)"
        case .fault(let problem): "invalid fault: \(problem)"
        }
    }
}
