import LuaHost

/// An entry laid out on a terminal: its rows, and where the cursor stands.
struct LineLayout: Equatable {
    /// The rows, with their escape sequences.
    private(set) var rows: [String] = []
    /// The cursor's row and column, from 0.
    private(set) var cursor = (row: 0, column: 0)

    /// What is laid out.
    struct Input {
        /// In front of the first line.
        var prompt: [StyledSpan]
        /// In front of each further line.
        var continuation: [StyledSpan]
        var text: [UInt8]
        /// One for each byte of the text.
        var styles: [TextStyle]
        /// The byte that the cursor is on.
        var point: Int
        /// Lines below the entry.
        var panel: [[StyledSpan]]
        /// The terminal's size.
        var columns: Int
        var rows: Int
        var isColoured: Bool
    }

    private struct Writer {
        let columns: Int
        let isColoured: Bool
        var rows: [String] = [""]
        var column = 0
        private var code: String?

        init(columns: Int, isColoured: Bool) {
            self.columns = max(1, columns)
            self.isColoured = isColoured
        }

        private mutating func setCode(_ wanted: String?) {
            guard isColoured, wanted != code else { return }
            if code != nil { rows[rows.count - 1] += "\u{1b}[0m" }
            if let wanted { rows[rows.count - 1] += "\u{1b}[\(wanted)m" }
            code = wanted
        }

        mutating func newRow() {
            let kept = code
            setCode(nil)
            rows.append("")
            column = 0
            setCode(kept)
        }

        mutating func put(_ text: String, width: Int, _ code: String?) {
            if column + width > columns { newRow() }
            setCode(code)
            rows[rows.count - 1] += text
            column += width
        }

        mutating func put(_ span: StyledSpan) {
            for character in Terminal.safe(span.text) {
                if character == "\n" {
                    newRow()
                    continue
                }
                let text = String(character)
                put(text, width: TextWidth.columns(of: text), span.code ?? span.style.code)
            }
        }

        mutating func end() { setCode(nil) }
    }

    /// Lays an entry out. When there is not room for all, the rows around the cursor are kept.
    init(_ input: Input) {
        var writer = Writer(columns: input.columns, isColoured: input.isColoured)
        for span in input.prompt { writer.put(span) }
        var cursor: (row: Int, column: Int)?
        var offset = 0
        for character in String(decoding: input.text, as: UTF8.self) {
            let size = character.utf8.count
            let style = offset < input.styles.count ? input.styles[offset] : .plain
            let shown = Self.shown(character)
            let width = character == "\n" ? 0 : TextWidth.columns(of: shown)
            if cursor == nil, input.point < offset + size {
                if character != "\n", writer.column + width > input.columns { writer.newRow() }
                if character == "\n", writer.column >= input.columns { writer.newRow() }
                cursor = (writer.rows.count - 1, writer.column)
            }
            offset += size
            if character == "\n" {
                writer.newRow()
                for span in input.continuation { writer.put(span) }
            } else {
                writer.put(shown, width: width, style.code)
            }
        }
        if cursor == nil {
            if writer.column >= input.columns { writer.newRow() }
            cursor = (writer.rows.count - 1, writer.column)
        }
        writer.end()
        let place = cursor ?? (0, 0)
        let room = max(1, input.rows)
        let panel = Self.panel(input, room: room - writer.rows.count)
        let visible = min(writer.rows.count, room - panel.count)
        let first = min(max(0, place.row - visible + 1), writer.rows.count - visible)
        rows = Array(writer.rows[first..<first + visible]) + panel
        self.cursor = (place.row - first, place.column)
    }

    /// The lines below the entry, each cut to one row; when there are too many, the first ones.
    private static func panel(_ input: Input, room: Int) -> [String] {
        guard !input.panel.isEmpty else { return [] }
        // An entry that is longer than the screen leaves one row for help.
        let count = min(input.panel.count, max(1, room), input.rows - 1)
        return input.panel.prefix(max(0, count)).map { line in
            var writer = Writer(columns: input.columns, isColoured: input.isColoured)
            for span in line {
                for character in Terminal.safe(span.text) {
                    let text = String(character)
                    let width = TextWidth.columns(of: text)
                    guard writer.column + width <= input.columns else { break }
                    writer.put(text, width: width, span.code ?? span.style.code)
                }
            }
            writer.end()
            return writer.rows[0]
        }
    }

    /// A character as it can be shown in one row.
    private static func shown(_ character: Character) -> String {
        guard let scalar = character.unicodeScalars.first, character != "\n" else {
            return String(character)
        }
        if scalar.value == 9 { return "  " }
        if scalar.value < 32 {
            return "^" + String(Unicode.Scalar(UInt8(scalar.value) + 64))
        }
        return scalar.value == 127 ? "^?" : Terminal.safe(String(character))
    }

    static func == (a: LineLayout, b: LineLayout) -> Bool {
        a.rows == b.rows && a.cursor == b.cursor
    }
}
