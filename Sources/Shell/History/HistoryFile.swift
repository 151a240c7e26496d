import Glibc
import LuaMessages

/// The history of entries: one file for each context, one JSON object per line.
///
/// Entries are only ever appended, under a lock, so that several shells can share a file. Only its
/// owner may read it.
public struct HistoryFile {
    /// One entry.
    public struct Entry: Equatable, Sendable {
        /// When it was entered: seconds since 1970.
        public var time: Double
        /// How long it ran, in seconds.
        public var duration: Double
        public var text: String
        /// Whether it ended with an error.
        public var hasFailed: Bool

        /// Creates an entry.
        public init(time: Double, duration: Double, text: String, hasFailed: Bool) {
            self.time = time
            self.duration = duration
            self.text = text
            self.hasFailed = hasFailed
        }
    }

    /// What is kept.
    public struct Policy: Sendable {
        /// How many entries; 0 keeps none.
        public var size = 10_000
        /// Whether an entry that begins with a space is kept out.
        public var ignoresLeadingSpace = true
        /// Whether an entry that is the same as the one before is kept out.
        public var ignoresRepeats = true

        /// Creates the usual policy.
        public init() {}

        /// Whether an entry is kept.
        func keeps(_ text: String, after last: String?) -> Bool {
            if size <= 0 || text.allSatisfy(\.isWhitespace) { return false }
            if ignoresLeadingSpace, text.hasPrefix(" ") { return false }
            return !(ignoresRepeats && text == last)
        }
    }

    /// Where the file is.
    public let path: String
    /// What is kept.
    public let policy: Policy

    /// Creates the history in a file, which need not exist.
    public init(path: String, policy: Policy = Policy()) {
        self.path = path
        self.policy = policy
    }

    /// The newest entries, the oldest of them first.
    public func load() -> [Entry] {
        guard let descriptor = openLocked(O_RDWR | O_CREAT) else { return [] }
        defer { close(descriptor) }
        let entries = Self.read(descriptor)
        // Now and then what is too old is left out for good.
        if entries.count / 2 > policy.size {
            rewrite(entries.suffix(policy.size))
        }
        return entries.suffix(policy.size)
    }

    /// Adds an entry; false when that fails, with `errno` set.
    @discardableResult
    public func append(_ entry: Entry) -> Bool {
        guard let descriptor = openLocked(O_RDWR | O_APPEND | O_CREAT) else { return false }
        defer { close(descriptor) }
        // Somebody may have been cut off in the middle of a line.
        var status = stat()
        var last: UInt8 = 0x0a
        if fstat(descriptor, &status) == 0, status.st_size > 0 {
            pread(descriptor, &last, 1, status.st_size - 1)
        }
        let line = (last == 0x0a ? "" : "\n") + Self.line(entry)
        return Output.writeAll(line.utf8, to: descriptor)
    }

    /// Leaves out entries; how many there were.
    public func remove(_ isUnwanted: (Entry) -> Bool) -> Int {
        guard let descriptor = openLocked(O_RDWR | O_CREAT) else { return 0 }
        defer { close(descriptor) }
        let entries = Self.read(descriptor)
        let kept = entries.filter { !isUnwanted($0) }
        guard kept.count < entries.count, rewrite(kept[...]) else { return 0 }
        return entries.count - kept.count
    }

    // MARK: - The file

    /// Opens the file and waits for its lock. Somebody may have replaced it meanwhile.
    private func openLocked(_ flags: Int32) -> Int32? {
        for _ in 0..<100 {
            let descriptor = open(path, flags | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return nil }
            var mine = stat()
            var present = stat()
            if flock(descriptor, LOCK_EX) == 0, fstat(descriptor, &mine) == 0,
                stat(path, &present) == 0, mine.st_ino == present.st_ino
            {
                if mine.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
                return descriptor
            }
            close(descriptor)
        }
        return nil
    }

    /// Puts another file in the place of this one. The caller has the lock.
    @discardableResult
    private func rewrite(_ entries: ArraySlice<Entry>) -> Bool {
        let scratch = "\(path).\(getpid()).tmp"
        let descriptor = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten = Output.writeAll(
            entries.map(Self.line).joined().utf8, to: descriptor)
        close(descriptor)
        guard isWritten, rename(scratch, path) == 0 else {
            unlink(scratch)
            return false
        }
        return true
    }

    private static func read(_ descriptor: Int32) -> [Entry] {
        let content = Output.readAll(from: descriptor) ?? []
        // A line that is damaged is passed over: the others are none the worse for it.
        return content.split(separator: 0x0a).compactMap { entry(Array($0)) }
    }

    private static func line(_ entry: Entry) -> String {
        let time = String(Int64(entry.time * 1000))
        let duration = String(Int64(entry.duration * 1000))
        return #"{"at_ms":\#(time),"ms":\#(duration),"failed":\#(entry.hasFailed),"entry":"#
            + ValueText.quoted(entry.text) + "}\n"
    }

    private static func entry(_ line: [UInt8]) -> Entry? {
        guard let value = try? ValueJSON.value(line), let table = value.table,
            let text = table["entry"]?.text
        else { return nil }
        var hasFailed = false
        if case .bool(true) = table["failed"] { hasFailed = true }
        // A file that was damaged may say anything.
        func milliseconds(_ name: String) -> Double {
            guard let number = table[name]?.number, (0..<1e15).contains(number) else { return 0 }
            return number
        }
        return Entry(
            time: milliseconds("at_ms") / 1000, duration: milliseconds("ms") / 1000,
            text: text, hasFailed: hasFailed)
    }
}
