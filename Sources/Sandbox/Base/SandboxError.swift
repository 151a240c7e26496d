/// Why a sandbox does not start, or does not go on.
public enum SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A library or a command that it needs does not work.
    case unavailable(String)
    /// A host that other machines reach, without TLS.
    case needsTLS(host: String)
    case portInUse(Int)
    case cannotListen(host: String, port: Int, reason: String)
    case tooManyConnections
    /// A file that cannot be used: what was to be done, and why it could not.
    case file(String, path: String, reason: String)
    /// Another process has the data folder.
    case folderInUse(String)
    /// A database of another program.
    case notASandbox(path: String)
    /// A database with tables that a newer version has.
    case newer(path: String)
    /// A database that no sandbox has left like this.
    case damaged(String)
    /// The file that keys are derived from is missing, or has so many bytes.
    case seedFile(path: String, folder: String, problem: String)
    /// A seed that cannot be read or planted, in words that follow "the seed".
    case seed(String)
    case fault(String)

    public var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .needsTLS(let host): "listening on \(host) lets other machines in: that needs --tls"
        case .portInUse(let port):
            "port \(port) is in use by another program; choose another with --port, or 0 for any "
                + "free one"
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host) port \(port): \(reason)"
        case .tooManyConnections: "there are too many connections"
        case .file(let action, let path, let reason): "cannot \(action) \(path): \(reason)"
        case .folderInUse(let folder): "another sandbox uses the data folder \(folder)"
        case .notASandbox(let path): "\(path) is not a sandbox's state"
        case .newer(let path): "\(path) was written by a newer qcsh; use that one"
        case .damaged(let what): "the state is damaged: \(what)"
        case .seedFile(let path, let folder, let problem):
            "\(path) \(problem), and the keys in \(folder) derive from it: put the file back from "
                + "a backup, or remove the folder to begin with new keys"
        case .seed(let problem): "the seed \(problem)"
        case .fault(let problem): "the fault cannot be used: \(problem)"
        }
    }
}
