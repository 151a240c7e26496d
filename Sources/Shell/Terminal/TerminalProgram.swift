import EventLoop
import Glibc
import LuaHost

/// Programs that take the terminal for a while: editors and pagers. Tasks go on meanwhile.
enum TerminalProgram {
    /// Why one could not be used.
    enum Problem: Error, CustomStringConvertible {
        /// A file or a program, and the `errno` that it failed with.
        case system(String, Int32)
        /// The editor ended with a status other than 0.
        case editor(String, status: Int32)

        var description: String {
            switch self {
            case .system(let name, let problem): "\(name): \(String(cString: strerror(problem)))"
            case .editor(let name, let status):
                "\(name) ended with status \(status); the entry is unchanged"
            }
        }
    }

    /// A text as somebody has left it in `$VISUAL` or `$EDITOR`.
    ///
    /// - Parameter suffix: the end of the file's name, by which editors know the language.
    static func edited(
        _ text: String, suffix: String, loop: PollLoop
    ) throws(Problem) -> String {
        let editor = environment("VISUAL") ?? environment("EDITOR") ?? "vi"
        // What is written may have secrets: a folder that only its owner can enter.
        var template = Array(((environment("TMPDIR") ?? "/tmp") + "/qcsh-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .system("a directory for the editor", errno)
        }
        let folder = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let file = folder + "/entry" + suffix
        defer {
            unlink(file)
            rmdir(folder)
        }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, Output.writeAll(text.utf8, to: descriptor) else {
            throw .system(file, errno)
        }
        close(descriptor)
        // $EDITOR may have options: a shell takes it apart, as others do.
        let status = try run(["/bin/sh", "-c", editor + " \"$1\"", "sh", file], loop: loop)
        guard status == 0 else {
            throw .editor(editor, status: status)
        }
        guard let content = read(file) else {
            throw .system(file, errno)
        }
        return content.trimmed
    }

    /// Shows a text page by page, when it is longer than the screen; false when that cannot be done.
    static func page(_ text: String, loop: PollLoop) -> Bool {
        let pager = environment("QCSH_PAGER") ?? environment("PAGER") ?? "less"
        guard !pager.isEmpty, pager != "cat" else { return false }
        var template = Array(((environment("TMPDIR") ?? "/tmp") + "/qcsh-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return false }
        let file = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(file) }
        let isWritten = Output.writeAll(text.utf8, to: descriptor)
        close(descriptor)
        guard isWritten else { return false }
        let line =
            pager == "less"
            ? "LESSSECURE=1 less -FRX '-P?e(end) q\\: back to the shell:q\\: back to the shell, Space\\: next page.' \"$1\""
            : pager + " \"$1\""
        // However somebody left it, it has shown what there was to show; 127 means that it is not there.
        let status = try? run(["/bin/sh", "-c", line, "sh", file], loop: loop)
        return status != nil && status != 127
    }

    private static func environment(_ name: String) -> String? {
        let value = getenv(name).map { String(cString: $0) }
        return value?.isEmpty == true ? nil : value
    }

    private static func read(_ file: String) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return Output.readAll(from: descriptor).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Runs a program on the terminal until it ends; its status.
    private static func run(_ words: [String], loop: PollLoop) throws(Problem) -> Int32 {
        // It may leave the terminal in any state.
        var modes = termios()
        let hasModes = tcgetattr(STDIN_FILENO, &modes) == 0
        defer { if hasModes { tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) } }
        fflush(nil)
        let process: pid_t
        do throws(ProgramPlan.Problem) {
            process = try ProgramPlan(words).spawn()
        } catch {
            throw .system(words[0], error.code)
        }
        var status: Int32 = 0
        var isOver = false
        // Its Ctrl-C is not ours, and Ctrl-Z is for it; this one stops when that has.
        let onSignal = loop.onSignal
        loop.onSignal = {}
        defer { loop.onSignal = onSignal }
        var ignored = sigaction()
        ignored.__sigaction_handler.sa_handler = SIG_IGN
        let handlers = [SIGINT, SIGTSTP].map { signal in
            var before = sigaction()
            sigaction(signal, &ignored, &before)
            return (signal, before)
        }
        defer {
            for (signal, var before) in handlers { sigaction(signal, &before, nil) }
        }
        let watch = Ticker(loop: loop, every: 20_000_000) {
            let found = waitpid(process, &status, WNOHANG | WUNTRACED)
            // Ctrl-Z stops both, and both go on, though only this one was told to.
            if found == process, status & 0xff == 0x7f {
                raise(SIGSTOP)
                kill(0, SIGCONT)
            } else {
                isOver = found != 0
            }
        }
        loop.run { isOver }
        watch.stop()
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    }
}
