import CloudClient
import LuaMachine

#if canImport(Glibc)
    import Glibc
#endif

/// What `host/fs.lua` and `host/env.lua` are built from.
final class FilesModule {
    private let machine: LuaMachine
    private let bound: PermissionBound

    init(machine: LuaMachine, bound: PermissionBound) {
        self.machine = machine
        self.bound = bound
    }

    /// How much of a file is taken, in bytes.
    private static let largest = 1 << 30

    func register(in functions: inout HostFunctions) {
        // permit(word, value): raises an error when the run may not do that.
        functions["permit"] = { [unowned self] call in
            let word = call.arguments.value().text ?? ""
            let value = call.arguments.value()
            let text = value.text ?? value.integer.map(String.init) ?? ""
            guard !text.utf8.contains(0) else {
                throw HostError.message("a path has no zero bytes")
            }
            try allow(word, text, isAboutName: call.arguments.value().isTrue)
            return .done
        }
        functions["is_bounded"] = { [unowned self] call in
            call.results.put(bound.hasRules)
            return .done
        }
        registerReading(in: &functions)
        registerWriting(in: &functions)
        // setting(name): a variable that is about qcsh or the terminal, and no secret of anybody's.
        functions["setting"] = { call in
            let name = call.arguments.value().text ?? ""
            let isOurs =
                name.hasPrefix("QCSH_")
                || ["NO_COLOR", "TERM", "COLORTERM", "COLUMNS"].contains(name)
            guard isOurs, let value = getenv(name), value.pointee != 0 else { return .done }
            call.results.put(String(cString: value))
            return .done
        }
        functions["environment"] = { [unowned self] call in
            guard let name = call.arguments.value().text else {
                call.results.table {
                    for (name, value) in ProcessModule.environment()
                    where bound.refusal(of: "read:environment", name) == nil {
                        call.results.put(name)
                        call.results.put(value)
                    }
                }
                return .done
            }
            try allow("read:environment", name)
            call.results.put(optional: getenv(name).map { String(cString: $0) })
            return .done
        }
    }

    private func allow(
        _ word: String, _ value: String, isAboutName: Bool = false
    ) throws(HostError) {
        try machine.refuse(bound.refusal(of: word, value, isAboutName: isAboutName))
    }

    private static func path(_ value: LuaValue) throws(HostError) -> String {
        guard case .string(let bytes) = value, !bytes.isEmpty, !bytes.contains(0) else {
            throw .message("a path has to be a string without zero bytes, got a \(value.typeName)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func problem(_ what: String, _ path: String) -> HostError {
        .message("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }

    // MARK: - Reading

    private func registerReading(in functions: inout HostFunctions) {
        functions["fs_read"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            if path != "-" { try allow("read:files", path) }
            // A pipe that nobody writes to yet does not hold the others up.
            let file =
                path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else { throw Self.problem("read", path) }
            var status = stat()
            fstat(file, &status)
            if status.st_mode & S_IFMT == S_IFDIR {
                close(file)
                throw HostError.message("cannot read \(path): it is a folder")
            }
            guard status.st_mode & S_IFMT != S_IFREG else {
                defer { close(file) }
                try Self.readAll(file, path, call.results)
                return .done
            }
            return .wait { [unowned self] resumption in follow(file, path, resumption) }
        }
        functions["fs_stat"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("read:files", path)
            var status = stat()
            guard lstat(path, &status) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return .done }
                throw Self.problem("look at", path)
            }
            Self.write(status, call.results)
            return .done
        }
        functions["fs_list"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("read:files", path)
            guard let names = Self.names(in: path) else { throw Self.problem("list", path) }
            call.results.list { for name in names.sorted() { call.results.put(name) } }
            return .done
        }
        functions["fs_resolve"] = { call in
            call.results.put(Paths.resolved(try Self.path(call.arguments.value())))
            return .done
        }
        functions["fs_cwd"] = { call in
            call.results.put(Paths.resolved("."))
            return .done
        }
    }

    /// What a folder has; nil when it cannot be read, with `errno` set.
    private static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
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

    /// Reads something that is no plain file, as it comes.
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
        functions["fs_write"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("write:files", path)
            let content: [UInt8]
            switch call.arguments.value() {
            case .string(let bytes): content = bytes
            case .secret:
                throw HostError.message("a secret is written with secret:write(path)")
            case let other:
                throw HostError.message(
                    "what is written has to be a string, got a \(other.typeName)")
            }
            let mode = try Self.mode(call.arguments.value())
            let appends = call.arguments.value().isTrue
            try Self.write(content, to: path, mode: mode, appends: appends)
            return .done
        }
        // fs_reserve(path) → whether there was none: then there is a file that only its owner can read.
        // One that is there has to be writable, and stays as it is.
        functions["fs_reserve"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("write:files", path)
            var file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            let isNew = file >= 0
            if !isNew, errno == EEXIST {
                file = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC)
            }
            guard file >= 0 else { throw Self.problem("write", path) }
            close(file)
            call.results.put(isNew)
            return .done
        }
        functions["fs_remove"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("write:files", path, isAboutName: true)
            let isRecursive = call.arguments.value().isTrue
            if isRecursive { try machine.refuse(bound.refusalInside(path)) }
            let done = isRecursive ? Self.removeAll(path) : remove(path) == 0
            guard done else { throw Self.problem("remove", path) }
            return .done
        }
        functions["fs_rename"] = { [unowned self] call in
            let (from, to) = (
                try Self.path(call.arguments.value()), try Self.path(call.arguments.value())
            )
            try allow("write:files", from, isAboutName: true)
            try allow("write:files", to, isAboutName: true)
            try machine.refuse(bound.refusalInside(from))
            guard rename(from, to) == 0 else { throw Self.problem("rename", from) }
            return .done
        }
        functions["fs_mkdir"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("write:files", path)
            // What was asked about is what is made.
            var made = ""
            for part in Paths.resolved(path).split(separator: "/") {
                made += "/" + part
                if mkdir(made, 0o777) != 0, errno != EEXIST { throw Self.problem("make", path) }
            }
            return .done
        }
        functions["fs_temporary"] = { [unowned self] call in
            let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
            try allow("write:files", base)
            var template = Array((base + "/qcsh-XXXXXX").utf8CString)
            guard mkdtemp(&template) != nil else { throw Self.problem("make", base) }
            call.results.put(
                String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
            return .done
        }
        functions["fs_chmod"] = { [unowned self] call in
            let path = try Self.path(call.arguments.value())
            try allow("write:files", path)
            guard let mode = try Self.mode(call.arguments.value()) else {
                throw HostError.message("a mode must be a number such as tonumber('600', 8)")
            }
            guard chmod(path, mode) == 0 else { throw Self.problem("change", path) }
            return .done
        }
    }

    private static func removeAll(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT }
        if status.st_mode & S_IFMT == S_IFDIR {
            guard let names = names(in: path) else { return false }
            for name in names where !removeAll(path + "/" + name) { return false }
        }
        return remove(path) == 0
    }

    /// A file's mode; nil when none is given.
    private static func mode(_ value: LuaValue) throws(HostError) -> mode_t? {
        if case .nil = value { return nil }
        guard let number = value.integer, (0...0o7777).contains(number) else {
            throw .message("a mode must be a number such as tonumber('600', 8), at most 4095")
        }
        return mode_t(number)
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
        let reason = errno
        if close(file) != 0 || failed || (isWhole && rename(scratch, target) != 0) {
            if failed { errno = reason }
            let told = problem("write", path)
            if isWhole { unlink(scratch) }
            throw told
        }
    }
}
