import Glibc
import LuaHost

/// Past durations of each kind of wait on this machine, to estimate the next one.
///
/// The file has a line for each kind: its last durations in seconds, the newest last, a tab, the
/// kind. The file is only a cache: errors in reading or writing it are ignored.
public struct WaitTimes {
    /// How many lengths of a kind are kept.
    private static let kept = 9
    /// How many kinds are kept: those that were met last.
    private static let maximumKinds = 200

    private let path: String
    private let makeFolder: () -> Void

    /// Creates a cache that is stored in a file.
    ///
    /// - Parameter makeFolder: creates the file's directory; called before the file is written.
    public init(path: String, makeFolder: @escaping () -> Void = {}) {
        self.path = path
        self.makeFolder = makeFolder
    }

    /// The median duration of a kind of wait, in seconds; nil if none is known.
    public func usual(_ kind: String) -> Double? {
        guard let known = load().first(where: { $0.kind == kind })?.seconds, !known.isEmpty else {
            return nil
        }
        return known.sorted()[known.count / 2]
    }

    /// Records the duration of a wait, in seconds.
    public func add(_ seconds: Double, to kind: String) {
        var all = load()
        let before = all.firstIndex { $0.kind == kind }.map { all.remove(at: $0).seconds } ?? []
        all.append((kind, (before + [seconds]).suffix(Self.kept)))
        save(all.suffix(Self.maximumKinds))
    }

    private func load() -> [(kind: String, seconds: [Double])] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let text = String(decoding: Output.readAll(from: descriptor) ?? [], as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (
                String(parts[1]),
                parts[0].split(separator: " ").compactMap { Self.seconds(Double($0)) }
            )
        }
    }

    /// Seconds that a wait can have taken; nil for anything else.
    static func seconds(_ number: Double?) -> Double? {
        guard let number, (0..<1e9).contains(number) else { return nil }
        return number
    }

    /// Others see the file before or after the change, never half of it.
    private func save(_ all: some Sequence<(kind: String, seconds: [Double])>) {
        let lines = all.map { entry in
            entry.seconds.map { "\(($0 * 10).rounded() / 10)" }.joined(separator: " ") + "\t"
                + entry.kind + "\n"
        }
        makeFolder()
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let isWritten = Output.writeAll(lines.joined().utf8, to: descriptor)
        close(descriptor)
        if !isWritten || rename(draft, path) != 0 { unlink(draft) }
    }

    /// The host functions with which waits read the usual duration and report their own.
    public var functions: HostFunctions {
        var functions = HostFunctions()
        // wait_usual(kind) → seconds; nil when none is known
        functions.declare("wait_usual", .string) { call, kind in
            if let usual = usual(kind) { call.results.put(usual) }
        }
        // wait_took(kind, seconds)
        functions.declare("wait_took", .string, .number) { _, kind, seconds in
            if let seconds = Self.seconds(seconds), !kind.contains("\n") { add(seconds, to: kind) }
        }
        return functions
    }
}
