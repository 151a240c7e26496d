import LuaMachine

#if canImport(Glibc)
    import Glibc
#endif

/// What `host/term.lua` is built from.
final class TerminalModule {
    private let machine: LuaMachine

    /// The descriptor to ask about in the place of standard output or error.
    private let original: (Int32) -> Int32

    init(machine: LuaMachine, original: @escaping (Int32) -> Int32) {
        self.machine = machine
        self.original = original
    }

    func register(in functions: inout HostFunctions) {
        // term_size() → columns, rows of the terminal that standard error or output is on
        // term_safe(text) → the text, with what would steer a terminal made visible
        functions["term_safe"] = { call in
            call.results.put(TerminalText.safe(call.arguments.value().text ?? ""))
            return .done
        }
        functions["term_size"] = { [original] call in
            var size = winsize()
            for descriptor in [STDERR_FILENO, STDOUT_FILENO]
            where ioctl(original(descriptor), UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
                call.results.put(Int(size.ws_col))
                call.results.put(Int(size.ws_row))
                return .done
            }
            return .done
        }
        functions["term_is_terminal"] = { [original] call in
            let names = ["stdin": STDIN_FILENO, "stdout": STDOUT_FILENO, "stderr": STDERR_FILENO]
            guard let descriptor = names[call.arguments.value().text ?? ""] else {
                throw HostError.message("the stream has to be stdin, stdout or stderr")
            }
            call.results.put(isatty(original(descriptor)) == 1)
            return .done
        }
        functions["term_columns"] = { call in
            call.results.put(TextWidth.columns(of: call.arguments.value().text ?? ""))
            return .done
        }
        // term_write(text): to standard error, at once and in order with what Lua has printed; what
        // would steer a terminal is made visible.
        functions["term_write"] = { call in
            Self.write(
                TerminalText.harmless(call.arguments.value().text ?? "", keepsStyles: true).utf8)
            return .done
        }
        // term_draw(text): the same as it is, for lines that are drawn again.
        functions["term_draw"] = { call in
            Self.write(call.arguments.value().bytes ?? [])
            return .done
        }
        // term_read_line(prompt, is_hidden) → a line of the terminal; nil at its end
        functions["term_read_line"] = { [unowned self] call in
            let prompt = call.arguments.value().text ?? ""
            let isHidden = call.arguments.value().isTrue
            let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
            guard terminal >= 0 else {
                throw HostError.message("there is no terminal to ask at")
            }
            return .wait { [unowned self] in
                read(terminal, prompt, isHidden: isHidden, $0)
            }
        }
    }

    private static func write(_ bytes: some Sequence<UInt8>) {
        fflush(nil)
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
    }

    private func read(
        _ terminal: Int32, _ prompt: String, isHidden: Bool, _ resumption: LuaMachine.Resumption
    ) -> () -> Void {
        var before = termios()
        tcgetattr(terminal, &before)
        if isHidden {
            var hidden = before
            hidden.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(terminal, TCSAFLUSH, &hidden)
        }
        // Not before nothing is shown any more: who is quick types at once.
        fflush(nil)
        _ = TerminalText.harmless(prompt, keepsStyles: true).withCString {
            Glibc.write(terminal, $0, strlen($0))
        }
        let loop = machine.loop
        let stop = {
            loop.unwatch(terminal)
            if isHidden {
                tcsetattr(terminal, TCSANOW, &before)
                _ = Glibc.write(terminal, "\n", 1)
            }
            close(terminal)
        }
        var line: [UInt8] = []
        loop.watch(terminal, for: .input) { _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(terminal, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { return }
            if count > 0 { line += buffer[..<count] }
            guard count <= 0 || line.last == UInt8(ascii: "\n") else { return }
            stop()
            if count <= 0, line.isEmpty {
                resumption.succeed { $0.putNil() }
                return
            }
            while line.last == UInt8(ascii: "\n") || line.last == UInt8(ascii: "\r") {
                line.removeLast()
            }
            let answer: LuaValue = isHidden ? .secret(line) : .string(line)
            resumption.succeed { $0.put(answer) }
        }
        return stop
    }
}
