import Glibc
import LuaMachine
import LuaMessages

/// How secrets in printed results are handled.
public enum SecretPolicy: Sendable, Equatable {
    /// They are masked, and a note says how to get at them.
    case mask
    /// They are written like other texts.
    case reveal
    /// They go to a file that only its owner reads, and are masked in the result.
    case file(String)
}

/// Applies a policy to results.
public final class SecretOutput {
    /// Why a file of secrets could not be written.
    public enum Problem: Error, CustomStringConvertible {
        /// The path is not that of a regular file.
        case notAFile(String)
        /// The file cannot be opened: an `errno`.
        case notOpened(String, Int32)
        /// The file cannot be written: an `errno`.
        case notWritten(String, Int32)
        /// The secrets are in another file, which cannot get the name: an `errno`.
        case notRenamed(scratch: String, Int32)

        public var description: String {
            switch self {
            case .notAFile(let path):
                "secrets cannot be written to \"\(path)\": it is not a regular file"
            case .notOpened(let path, let problem):
                "secrets cannot be written to \(path): \(String(cString: strerror(problem)))"
            case .notWritten(let path, let problem):
                "writing \(path) failed: \(String(cString: strerror(problem)))"
            case .notRenamed(let path, let problem):
                "the secrets are in \(path), which cannot be renamed: "
                    + String(cString: strerror(problem))
            }
        }
    }

    private let policy: SecretPolicy
    private var found: [(path: String, secret: [UInt8])] = []
    private var isNoted = 0
    /// How one gets at what was masked.
    var advice = "--reveal shows secrets, --secret-file FILE saves them"

    /// A file without a name in the target's directory, with room for secrets; -1 when there is none.
    private var reserved: Int32 = -1
    /// `O_TMPFILE` of open(2), a macro that Swift does not import.
    private static let unnamed = 0o20000000 | O_DIRECTORY
    /// How much room is reserved, in bytes.
    private static let room = 1 << 16

    /// Creates an output without results. The room for the file is reserved now: a secret that is
    /// shown only once must not be lost for want of a place.
    public init(_ policy: SecretPolicy) throws(Problem) {
        self.policy = policy
        guard case .file(let path) = policy else { return }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        // The named file shows whether the place is right; the other one leaves nothing when the
        // program is killed.
        let named = try Self.open(path)
        reserved = Glibc.open(folder, Self.unnamed | O_WRONLY | O_CLOEXEC, 0o600)
        let file = reserved < 0 ? named : reserved
        let isReserved =
            Output.writeAll([UInt8](repeating: 0, count: Self.room), to: file) && fsync(file) == 0
        let problem = errno
        close(named)
        unlink(Self.scratchPath(path))
        guard isReserved else { throw .notWritten(path, problem) }
    }

    deinit { if reserved >= 0 { close(reserved) } }

    /// The temporary file next to the target, which is renamed to the target once it is complete.
    private static func scratchPath(_ path: String) -> String { "\(path).\(getpid()).tmp" }

    private static func open(_ path: String) throws(Problem) -> Int32 {
        var status = stat()
        if path.isEmpty || (stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG) {
            throw .notAFile(path)
        }
        let scratch = scratchPath(path)
        unlink(scratch)
        let file = Glibc.open(
            scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw .notOpened(path, errno)
        }
        return file
    }

    /// The result as it may be written. Its secrets are in the file when this returns.
    public func present(_ value: LuaValue) throws(Problem) -> LuaValue {
        if policy == .reveal { return Self.revealed(value) }
        let known = found.count
        collect(value, "")
        if case .file(let path) = policy, found.count > known { try write(to: path) }
        return value
    }

    /// Reports the secrets that were masked or written since the last report.
    public func note() {
        let new = found[isNoted...].map(\.path)
        isNoted = found.count
        guard !new.isEmpty else { return }
        switch policy {
        case .reveal: break
        case .mask:
            let what = new.count == 1 ? "a secret is" : "\(new.count) secrets are"
            Output.note(
                "qcsh: \(what) masked: \(advice)")
        case .file(let path): Output.note("qcsh: \(path) has \(new.joined(separator: ", "))")
        }
    }

    private func write(to path: String) throws(Problem) {
        let scratchPath = Self.scratchPath(path)
        let named = openReserved(path)
        let file = if let named { named } else { try Self.open(path) }
        defer { close(file) }
        let contents = contents
        guard Output.writeAll(contents, to: file), ftruncate(file, off_t(contents.count)) == 0,
            fsync(file) == 0
        else {
            let problem = errno
            unlink(scratchPath)
            throw .notWritten(path, problem)
        }
        guard fchmod(file, 0o600) == 0, rename(scratchPath, path) == 0 else {
            throw .notRenamed(scratch: scratchPath, errno)
        }
    }

    /// Gives the reserved file the temporary name; nil when there is none, or not any more.
    private func openReserved(_ path: String) -> Int32? {
        guard reserved >= 0 else { return nil }
        let file = reserved
        reserved = -1
        let scratchPath = Self.scratchPath(path)
        unlink(scratchPath)
        guard lseek(file, 0, SEEK_SET) == 0,
            linkat(
                AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, scratchPath, AT_SYMLINK_FOLLOW) == 0
        else {
            close(file)
            return nil
        }
        return file
    }

    /// One secret as it is; several as a JSON object by their paths.
    private var contents: [UInt8] {
        if found.count == 1 { return found[0].secret + [0x0a] }
        let members = found.map { path, secret in
            ValueText.quoted(path) + ": "
                + ValueText.quoted(String(decoding: secret, as: UTF8.self))
        }
        return Array(("{\n  " + members.joined(separator: ",\n  ") + "\n}\n").utf8)
    }

    private func collect(_ value: LuaValue, _ path: String) {
        switch value {
        case .secret(let bytes):
            let name = path.isEmpty ? "secret" : path
            let twins = found.count { $0.path == name || $0.path.hasPrefix(name + "#") }
            found.append((twins == 0 ? name : "\(name)#\(twins + 1)", bytes))
        case .table(let table):
            for (key, inner) in table.entries {
                let step = key.text ?? "[\(key.integer ?? 0)]"
                let joined =
                    path.isEmpty || step.hasPrefix("[") ? path + step : path + "." + step
                collect(inner, joined)
            }
        default: break
        }
    }

    private static func revealed(_ value: LuaValue) -> LuaValue {
        switch value {
        case .secret(let bytes): return .string(bytes)
        case .table(var table):
            table.entries = table.entries.map { ($0.key, revealed($0.value)) }
            return .table(table)
        default: return value
        }
    }
}
