/// Keeps a part of a terminal's screen equal to a layout: writes what has changed.
struct LineDisplay {
    private let descriptor: Int32
    private var shown: [String] = []
    /// Where the cursor stands, in rows from the first of what is shown.
    private var row = 0

    /// Creates a display that has shown nothing.
    ///
    /// - Parameter descriptor: the terminal.
    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Shows a layout in the place of the one before.
    mutating func show(_ layout: LineLayout) {
        var output = ""
        let count = layout.rows.count
        for index in layout.rows.indices {
            if index < shown.count {
                guard shown[index] != layout.rows[index] else { continue }
                output += move(to: index)
                // Behind a full row the terminal would take its last letter away.
                output += "\u{1b}[K" + layout.rows[index]
            } else {
                // Rows that were not there before may have to be made at the screen's end.
                if index > 0 {
                    output += move(to: index - 1)
                    output += "\r\n"
                    row = index
                } else {
                    output += "\r"
                }
                output += "\u{1b}[J" + layout.rows[index]
            }
        }
        if shown.count > count {
            output += move(to: count - 1)
            output += "\r\n\u{1b}[J"
            row = count
        }
        output += move(to: layout.cursor.row)
        if layout.cursor.column > 0 { output += "\u{1b}[\(layout.cursor.column)C" }
        shown = layout.rows
        write(output)
    }

    /// Takes what is shown away; the cursor stands where it began.
    mutating func erase() {
        guard !shown.isEmpty else { return }
        write(move(to: 0) + "\u{1b}[J")
        forget()
    }

    /// Leaves what is shown where it is, and goes to the line below it.
    mutating func leave() {
        guard !shown.isEmpty else { return }
        write(move(to: shown.count - 1) + "\r\n")
        forget()
    }

    /// Clears the screen.
    mutating func clear() {
        write("\u{1b}[H\u{1b}[2J")
        forget()
    }

    /// Forgets the shown lines: the display starts again at the cursor.
    mutating func forget() {
        shown = []
        row = 0
    }

    /// Writes text that is not part of the display; the caller must erase the display first.
    func write(_ text: String) { _ = Output.writeAll(text.utf8, to: descriptor) }

    /// What moves the cursor to the beginning of a row.
    private mutating func move(to target: Int) -> String {
        defer { row = target }
        if target < row { return "\r\u{1b}[\(row - target)A" }
        if target > row { return "\r\u{1b}[\(target - row)B" }
        return "\r"
    }
}
