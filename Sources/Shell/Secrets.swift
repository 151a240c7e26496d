import LuaHost

#if canImport(Glibc)
    import Glibc
#endif

/// What happens to secrets in results that are written out.
public enum SecretPolicy: Sendable, Equatable {
    /// They are masked, and a note says how to get at them.
    case mask
    /// They are written like other texts.
    case reveal
    /// They go to a file that only its owner reads, and are masked in the result.
    case file(String)
}

/// Applies a policy to results.
public struct SecretOutput {
    /// Why a file of secrets could not be written.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    private let policy: SecretPolicy
    private var found: [(path: String, secret: [UInt8])] = []

    /// The file that gets its name once it is whole; -1 without one.
    private var scratch: Int32 = -1

    /// Creates an output without results. The file is opened now: a secret that is shown only once
    /// must not be lost for want of a place.
    public init(_ policy: SecretPolicy) throws(Problem) {
        self.policy = policy
        guard case .file(let path) = policy else { return }
        unlink(Self.scratchPath(path))
        scratch = open(
            Self.scratchPath(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        var status = stat()
        if scratch < 0 || (stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG) {
            let reason = scratch < 0 ? String(cString: strerror(errno)) : "it is no plain file"
            if scratch >= 0 { unlink(Self.scratchPath(path)) }
            throw Problem(description: "secrets cannot be written to \(path): \(reason)")
        }
    }

    private static func scratchPath(_ path: String) -> String { "\(path).\(getpid()).tmp" }

    /// The result as it may be written; its secrets are kept for ``finish()``.
    public mutating func present(_ value: LuaValue) -> LuaValue {
        if policy == .reveal { return Self.revealed(value) }
        collect(value, "")
        return value
    }

    /// Writes the file, or says what was masked.
    public func finish() throws(Problem) {
        switch policy {
        case .reveal: break
        case .mask where !found.isEmpty:
            let what = found.count == 1 ? "a secret is" : "\(found.count) secrets are"
            Output.note(
                "qcsh: \(what) masked: --reveal shows, --secret-file FILE keeps what is secret")
        case .mask: break
        case .file(let path): try write(to: path)
        }
    }

    private func write(to path: String) throws(Problem) {
        let scratchPath = Self.scratchPath(path)
        defer { close(scratch) }
        if found.isEmpty {
            unlink(scratchPath)
            return
        }
        var rest = contents[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(scratch, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Problem(
                    description:
                        "writing \(scratchPath) failed: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
        guard fchmod(scratch, 0o600) == 0, rename(scratchPath, path) == 0 else {
            throw Problem(
                description: "the secrets are in \(scratchPath), which cannot be renamed: "
                    + String(cString: strerror(errno)))
        }
        Output.note("qcsh: \(path) has \(found.map(\.path).joined(separator: ", "))")
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

    private mutating func collect(_ value: LuaValue, _ path: String) {
        switch value {
        case .secret(let bytes): found.append((path.isEmpty ? "secret" : path, bytes))
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
