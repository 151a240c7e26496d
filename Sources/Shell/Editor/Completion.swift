import LuaHost

/// What may stand at the cursor.
struct Completion {
    /// One text that may stand there.
    struct Candidate: Equatable {
        /// What is written into the entry.
        var text: String
        /// What is shown in the list, when that is something else.
        var label: String?
        /// What it is: `function`, `string`, the type of a field.
        var type = ""
        /// One line of documentation.
        var doc = ""
        /// Whether it is listed with a mark: a field that must be set.
        var isMarked = false

        /// What is shown.
        var shown: String { label ?? text }
    }

    /// In the order in which they are listed.
    var candidates: [Candidate] = []
    /// Whether the candidates replace what was typed, though they may not begin with it.
    var ignoresCase = false
    /// The character that is written after the only candidate.
    var suffix: UInt8?
    /// A line above the list, for example that names are still being fetched.
    var note: String?
}

/// Candidates as lines: with types and documentation in one column when they fit, else in several
/// columns.
enum CandidateList {
    /// The lines.
    ///
    /// - Parameter limit: how many lines there may be.
    static func rows(_ completion: Completion, columns: Int, limit: Int) -> [[StyledSpan]] {
        var rows: [[StyledSpan]] = []
        if let note = completion.note { rows.append([StyledSpan(note, .faint)]) }
        let all = completion.candidates
        let room = max(1, limit - rows.count)
        let isDetailed = all.contains { !$0.type.isEmpty || !$0.doc.isEmpty }
        if isDetailed, all.count <= room { return rows + detailed(all, columns) }
        return rows + grid(all, columns, room)
    }

    private static func detailed(
        _ all: [Completion.Candidate], _ columns: Int
    ) -> [[StyledSpan]] {
        let name = min(all.map { TextWidth.columns(of: $0.shown) }.max() ?? 0, columns / 2)
        let type = min(all.map { TextWidth.columns(of: $0.type) }.max() ?? 0, columns / 4)
        return all.map { candidate in
            var line = [
                StyledSpan(candidate.isMarked ? "* " : "  ", .warning),
                StyledSpan(Terminal.pad(candidate.shown, to: name), .accent),
            ]
            if type > 0 {
                line += [
                    StyledSpan("  "), StyledSpan(Terminal.pad(candidate.type, to: type), .warning),
                ]
            }
            let rest = columns - name - 4 - (type > 0 ? type + 2 : 0)
            if !candidate.doc.isEmpty, rest > 8 {
                let doc =
                    candidate.doc.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                line += [StyledSpan("  "), StyledSpan(TextWidth.cut(doc, to: rest), .faint)]
            }
            return line
        }
    }

    /// Names only, column by column as `ls` does.
    private static func grid(
        _ all: [Completion.Candidate], _ columns: Int, _ room: Int
    ) -> [[StyledSpan]] {
        guard !all.isEmpty else { return [] }
        let width = min((all.map { TextWidth.columns(of: $0.shown) }.max() ?? 0) + 2, columns)
        let across = max(1, columns / max(1, width))
        let needed = (all.count + across - 1) / across
        let isCut = needed > room
        let lines = isCut ? max(1, room - 1) : needed
        var rows: [[StyledSpan]] = (0..<lines).map { line in
            stride(from: line, to: min(all.count, lines * across), by: lines).map { index in
                StyledSpan(Terminal.pad(all[index].shown, to: width), .accent)
            }
        }
        if isCut {
            rows.append([StyledSpan("… \(all.count - lines * across) more: type on", .faint)])
        }
        return rows
    }
}
