import Glibc
import LuaMachine

/// What `host/term.lua` is built from.
final class TerminalModule {
    private let machine: LuaMachine

    /// The largest width of terminals and tables, in columns.
    private static let widest = 1e6

    /// The descriptor to ask about in the place of standard output or error.
    private let original: (Int32) -> Int32

    init(machine: LuaMachine, original: @escaping (Int32) -> Int32) {
        self.machine = machine
        self.original = original
    }

    func register(in functions: inout HostFunctions) {
        // term_safe(text) → the text, with what would steer a terminal made visible
        functions.declare("term_safe", .string) { call, text in
            call.results.put(TerminalText.safe(text))
        }
        // term_size() → columns, rows of the terminal that standard error or output is on
        functions.declare("term_size", recording: .reading) { [original] call in
            var size = winsize()
            for descriptor in [STDERR_FILENO, STDOUT_FILENO]
            where ioctl(original(descriptor), UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
                call.results.put(Int(size.ws_col))
                call.results.put(Int(size.ws_row))
                return
            }
        }
        functions.declare("term_is_terminal", .string, recording: .reading) {
            [original] call, text in
            let names = ["stdin": STDIN_FILENO, "stdout": STDOUT_FILENO, "stderr": STDERR_FILENO]
            guard let descriptor = names[text] else {
                throw HostError.message("the stream must be stdin, stdout or stderr")
            }
            call.results.put(isatty(original(descriptor)) == 1)
        }
        functions.declare("term_columns", .string) { call, text in
            call.results.put(TextWidth.columns(of: text))
        }
        // term_cut(text, columns): the text, cut with an ellipsis when it takes more columns
        functions.declare("term_cut", .string, .integer) { call, text, columns in
            call.results.put(TextWidth.cut(text, to: Int(clamping: columns)))
        }
        // term_table(columns, rows, width, has_header, is_coloured) → text; a column is its title and
        // whether it is aligned right, a row a list of texts
        functions.declare("term_table", .table, .table, .number, .flag, .flag) {
            call, columns, rows, width, hasHeader, isColoured in
            call.results.put(
                Self.table(columns, rows).text(
                    width: width > 1 ? Int(min(width, Self.widest)) : 1,
                    fitting: .cutting, hasHeader: hasHeader
                ) { text, row, _ in
                    isColoured && row == nil ? "\u{1b}[1m\(text)\u{1b}[0m" : text
                })
        }
        registerTalk(in: &functions)
    }

    private func registerTalk(in functions: inout HostFunctions) {
        // term_write(text): to standard error, at once and in order with what Lua has printed; what
        // would steer a terminal is made visible.
        functions.declare("term_write", .string, writesToTerminal: true) { _, text in
            Self.write(TerminalText.harmless(text, keepsStyles: true).utf8)
        }
        // term_draw(text): the same as it is, for lines that are drawn again.
        functions.declare("term_draw", .bytes, writesToTerminal: true) { _, bytes in
            Self.write(bytes)
        }
        // term_read_line(prompt, is_hidden) → a line of the terminal; nil at its end
        functions.declareWaiting(
            "term_read_line", .string, .flag, recording: .use(about: 1), writesToTerminal: true
        ) { [unowned self] _, prompt, isHidden in
            guard let line = TerminalLine(on: machine.loop) else {
                throw HostError.message("cannot ask: there is no terminal")
            }
            return .wait { resumption in
                let shown = TerminalText.harmless(prompt, keepsStyles: true)
                line.ask(shown, isHidden: isHidden) { bytes in
                    resumption.succeed { writer in
                        guard let bytes else { return writer.putNil() }
                        let answer: LuaValue = isHidden ? .secret(bytes) : .string(bytes)
                        writer.put(answer)
                    }
                }
                return { line.close() }
            }
        }
    }

    private static func table(_ columns: LuaTable, _ rows: LuaTable) -> TextTable {
        TextTable(
            (columns.array ?? []).map { column in
                let parts = column.table?.array ?? []
                return TextTable.Column(
                    parts.first?.text ?? "", isAlignedRight: parts.last?.isTrue ?? false)
            },
            (rows.array ?? []).map { ($0.table?.array ?? []).map { $0.text ?? "" } })
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
}
