import CloudClient
import Glibc
import LuaMachine

/// What `host/fs.lua` and `host/env.lua` are built from.
final class FilesModule {
    private let machine: LuaMachine
    private let actions: LocalActions
    private var bound: PermissionBound { actions.bound }

    init(machine: LuaMachine, actions: LocalActions) {
        self.machine = machine
        self.actions = actions
    }

    /// How much of a file is taken, in bytes.
    private static let largest = 1 << 30

    func register(in functions: inout HostFunctions) {
        registerQuestions(in: &functions)
        registerReading(in: &functions)
        registerWriting(in: &functions)
        registerNames(in: &functions)
    }

    private func registerQuestions(in functions: inout HostFunctions) {
        // permit(word, value, is_about_name, function): raises an error when the run may not do that.
        functions.declare("permit", .string, .any, .flag, .string) {
            [actions] _, word, value, isAboutName, function in
            let text = value.text ?? value.integer.map(String.init) ?? ""
            guard !text.utf8.contains(0) else {
                throw HostError.message("a path must not contain NUL bytes")
            }
            try actions.ask(word, text, isAboutName: isAboutName, by: function)
        }
        functions.declare("is_bounded") { [bound = actions.bound] call in
            call.results.put(bound.hasRules)
        }
        // setting(name): a variable that is about qcsh or the terminal, and no secret of anybody's.
        functions.declare("setting", .string) { call, name in
            let isOurs =
                name.hasPrefix("QCSH_")
                || ["NO_COLOR", "TERM", "COLORTERM", "COLUMNS"].contains(name)
            guard isOurs, let value = getenv(name), value.pointee != 0 else { return }
            call.results.put(String(cString: value))
        }
        functions.declare("environment", .optional(.string.needing("read:environment"))) {
            [bound = actions.bound] call, name in
            if let name {
                call.results.put(optional: getenv(name).map { String(cString: $0) })
                return
            }
            call.results.table {
                for (name, value) in ProcessModule.environment()
                where bound.refusal(of: "read:environment", name) == nil {
                    call.results.put(name)
                    call.results.put(value)
                }
            }
        }
    }

    private static func problem(_ what: String, _ path: String) -> HostError {
        .message("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }

    /// Whether a file has one word of the letters of tokens (RFC 6750) in one line, as files of secrets
    /// have.
    private static func isSecret(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        // The longest keys, which have rules for collections, take some kilobytes.
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(file, &bytes, bytes.count)
        guard count > 0, count < bytes.count else { return false }
        let text = bytes[..<count]
        let letters = Set("-._~+/=|:".utf8)
        let word = text.prefix {
            letters.contains($0) || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
                || (0x61...0x7a).contains($0)
        }
        return !word.isEmpty && text.dropFirst(word.count).allSatisfy { $0 == 0x0a || $0 == 0x0d }
    }

    // MARK: - Reading

    private func registerReading(in functions: inout HostFunctions) {
        functions.declareWaiting("fs_read", .path.needing("read:files", except: "-")) {
            [unowned self] call, path in
            // A pipe that nobody writes to yet does not hold the others up.
            let file =
                path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else { throw Self.problem("read", path) }
            var status = stat()
            fstat(file, &status)
            if status.st_mode & S_IFMT == S_IFDIR {
                close(file)
                throw HostError.message("cannot read \(path): it is a directory")
            }
            guard status.st_mode & S_IFMT != S_IFREG else {
                defer { close(file) }
                try Self.readAll(file, path, call.results)
                return .done
            }
            return .wait { [unowned self] resumption in follow(file, path, resumption) }
        }
        functions.declare("fs_stat", .path.needing("read:files")) { call, path in
            var status = stat()
            guard lstat(path, &status) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return }
                throw Self.problem("access", path)
            }
            Self.write(status, call.results)
        }
        functions.declare("fs_list", .path.needing("read:files")) { call, path in
            guard let names = Paths.names(in: path) else { throw Self.problem("list", path) }
            call.results.list { for name in names { call.results.put(name) } }
        }
        functions.declare("fs_resolve", .path) { call, path in
            call.results.put(Paths.resolved(path))
        }
        functions.declare("fs_cwd") { call in call.results.put(Paths.resolved(".")) }
    }

    private static func readAll(
        _ file: Int32, _ path: String, _ results: TapeWriter
    ) throws(HostError) {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem("read", path) }
            if count == 0 { break }
            content += buffer[..<count]
            guard content.count <= largest else {
                throw .message("\(path) is too large to be read")
            }
        }
        content.withUnsafeBytes { results.put($0) }
    }

    /// Reads a file that is not a regular file, as its data arrives.
    private func follow(
        _ file: Int32, _ path: String, _ resumption: LuaMachine.Resumption
    ) -> () -> Void {
        let loop = machine.loop
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let stop = {
            loop.unwatch(file)
            close(file)
        }
        loop.watch(file, for: .input) { _ in
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            if count > 0, content.count < Self.largest {
                content += buffer[..<count]
                return
            }
            stop()
            if count == 0 {
                resumption.succeed { writer in content.withUnsafeBytes { writer.put($0) } }
            } else {
                resumption.fail { $0.put("cannot read \(path)") }
            }
        }
        return stop
    }

    private static func write(_ status: stat, _ writer: TapeWriter) {
        let kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: "file"
            case S_IFDIR: "folder"
            case S_IFLNK: "link"
            default: "other"
            }
        writer.table {
            writer.put("type")
            writer.put(kind)
            writer.put("size")
            writer.put(Int(status.st_size))
            writer.put("mode")
            writer.put(Int(status.st_mode & 0o7777))
            writer.put("modified")
            writer.put(
                .time(
                    seconds: Int64(status.st_mtim.tv_sec), nanos: Int32(status.st_mtim.tv_nsec)))
        }
    }

    // MARK: - Writing

    private func registerWriting(in functions: inout HostFunctions) {
        // fs_write(path, text, mode, appends): a whole new file under the old one's name, or more.
        functions.declare("fs_write", .path.needing("write:files"), .bytes, .optional(.mode), .flag)
        {
            _, path, content, mode, appends in
            try Self.write(content, to: path, mode: mode, appends: appends)
        }
        // fs_is_replaceable(path) → whether a rename may put a new file there: it is free, or a regular
        // file. A device, a pipe or a link must be written to instead.
        functions.declare(
            "fs_is_replaceable", .path.needing("write:files", isQuestion: true)
        ) { call, path in
            var status = stat()
            let exists = lstat(path, &status) == 0
            call.results.put(!exists || status.st_mode & S_IFMT == S_IFREG)
        }
        // fs_check_place(path): raises an error when the file of a secret cannot be put there: it would not
        // be a regular file, or would replace something other than a secret. Nothing is made.
        functions.declare("fs_check_place", .path.needing("write:files", isQuestion: true)) {
            _, path in
            var status = stat()
            if stat(path, &status) == 0 {
                guard status.st_mode & S_IFMT == S_IFREG else {
                    throw HostError.message("cannot write \(path): it is not a regular file")
                }
                guard access(path, W_OK) == 0 else { throw Self.problem("write", path) }
                guard status.st_size == 0 || Self.isSecret(path) else {
                    throw HostError.message(
                        "cannot write \(path): it has other contents than a secret; delete it, or "
                            + "choose another file")
                }
            }
            let target = Paths.resolved(path)
            let folder = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
            guard access(folder.isEmpty ? "/" : folder, W_OK | X_OK) == 0 else {
                throw Self.problem("write", path)
            }
        }
        registerMarkers(in: &functions)
        functions.declare("fs_mkdir", .path.needing("write:files")) { _, path in
            // What was asked about is what is made.
            var made = ""
            for part in Paths.resolved(path).split(separator: "/") {
                made += "/" + part
                if mkdir(made, 0o777) != 0, errno != EEXIST { throw Self.problem("make", path) }
            }
        }
        functions.declare("fs_temporary", needs: ["write:files"]) { [actions] call in
            let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
            try actions.ask("write:files", base, by: "fs.temporary")
            var template = Array((base + "/qcsh-XXXXXX").utf8CString)
            guard mkdtemp(&template) != nil else { throw Self.problem("make", base) }
            call.results.put(
                String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        functions.declare("fs_chmod", .path.needing("write:files"), .mode) { _, path, mode in
            guard chmod(path, mode) == 0 else { throw Self.problem("change", path) }
        }
    }

    /// Markers: files next to a secret's file that say which key is being made for it. A script that may
    /// write the file may have its marker.
    private func registerMarkers(in functions: inout HostFunctions) {
        // fs_mark(file, text)
        functions.declare("fs_mark", .path.needing("write:files"), .bytes) { _, path, text in
            try Self.write(text, to: Self.marker(of: path), mode: 0o600, appends: false)
        }
        // fs_marked(file) → the text and whether the file was written later; nil when there is none
        functions.declare("fs_marked", .path.needing("write:files", isQuestion: true)) {
            call, path in
            var (begun, written) = (stat(), stat())
            let marker = Self.marker(of: path)
            guard stat(marker, &begun) == 0, let text = TextFile.read(marker) else { return }
            call.results.put(LuaValue.string(text))
            let isWritten =
                stat(path, &written) == 0 && written.st_size > 0
                && (written.st_mtim.tv_sec, written.st_mtim.tv_nsec)
                    >= (begun.st_mtim.tv_sec, begun.st_mtim.tv_nsec)
            call.results.put(isWritten)
        }
        // fs_unmark(file)
        functions.declare("fs_unmark", .path.needing("write:files")) { _, path in
            unlink(Self.marker(of: path))
        }
    }

    private static func marker(of path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return "\(path[..<slash]).\(path[slash...]).pending"
    }

    private func registerNames(in functions: inout HostFunctions) {
        let name = Parameter.path.needing("write:files", isAboutName: true)
        // fs_remove(path, is_recursive)
        functions.declare("fs_remove", name, .flag) { [unowned self] _, path, isRecursive in
            if isRecursive { try machine.refuse(bound.refusalInside(path)) }
            let done = isRecursive ? Self.removeAll(path) : remove(path) == 0
            guard done else { throw Self.problem("remove", path) }
        }
        functions.declare("fs_rename", name, name) { [unowned self] _, from, to in
            try machine.refuse(bound.refusalInside(from))
            guard rename(from, to) == 0 else { throw Self.problem("rename", from) }
        }
    }

    private static func removeAll(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT }
        if status.st_mode & S_IFMT == S_IFDIR {
            guard let names = Paths.names(in: path) else { return false }
            for name in names where !removeAll(path + "/" + name) { return false }
        }
        return remove(path) == 0
    }

    private static func write(
        _ content: [UInt8], to path: String, mode: mode_t?, appends: Bool
    ) throws(HostError) {
        var present = stat()
        let exists = stat(path, &present) == 0
        // What is no plain file is written to as it is.
        let isPlain = !exists || present.st_mode & S_IFMT == S_IFREG
        let target = exists && isPlain ? Paths.resolved(path) : path
        let mode = mode ?? (exists ? present.st_mode & 0o7777 : 0o666)
        let isWhole = isPlain && !appends
        let scratch = isWhole ? "\(target).\(getpid()).tmp" : target
        let flags =
            isWhole
            ? O_CREAT | O_EXCL | O_NOFOLLOW
            : (appends ? O_CREAT | O_APPEND : 0) | (isPlain ? 0 : O_NONBLOCK)
        if isWhole { unlink(scratch) }
        let file = open(scratch, O_WRONLY | O_CLOEXEC | flags, mode)
        guard file >= 0 else { throw problem("write", path) }
        // A pipe that nobody reads was refused just now; one that is read slowly is waited for.
        if !isPlain { _ = fcntl(file, F_SETFL, appends ? O_APPEND : 0) }
        // The mask of the process has no say about what was there, or about what is asked for.
        if isWhole, exists { fchmod(file, mode) }
        var rest = content[...]
        var failed = false
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                failed = true
                break
            }
            rest = rest.dropFirst(count)
        }
        // The content must reach the disk before the name leads to it.
        if isWhole, !failed, fsync(file) != 0 { failed = true }
        let reason = errno
        if close(file) != 0 || failed || (isWhole && rename(scratch, target) != 0) {
            if failed { errno = reason }
            let told = problem("write", path)
            if isWhole { unlink(scratch) }
            throw told
        }
    }
}

extension Parameter where Value == mode_t {
    /// A file's mode.
    fileprivate static var mode: Self {
        let refusal = HostError.message(
            "a mode must be a number such as tonumber('600', 8), at most 4095")
        return Self("integer", refusal: { _ in refusal }) { value in
            value.integer.flatMap { (0...0o7777).contains($0) ? mode_t($0) : nil }
        }
    }
}
