import CReadline
import Glibc

/// The line editor: GNU readline reads keys and edits, this class draws.
///
/// Readline knows one row of text; an entry of Lua has many, in colours, with help below. So where
/// the terminal can move its cursor, readline only keeps the text, and what is seen is laid out by
/// ``LineLayout`` and drawn by ``LineDisplay``. On a dumb terminal readline draws by itself.
///
/// There is one terminal: readline's state is global, and so is the editor that it calls.
final class LineEditor {
    /// What Return means.
    struct Verdict {
        /// Whether the text is run; else another line begins.
        var isWhole = true
        /// How many spaces that line begins with.
        var indentation = 0
        /// How many spaces the present line has too many: it closes what is above it.
        var excess = 0
    }

    /// What the editor asks of the shell.
    struct Delegate {
        /// A line was accepted; nil at the end of input.
        var accept: (String?) -> Void
        /// Whether a text is a whole entry; else how far the next line is indented.
        var isWhole: (String) -> Verdict
        /// Whether Tab indents in an empty line: there is nothing better to offer.
        var indents: (_ text: [UInt8], _ point: Int) -> Bool
        /// What may stand at the cursor, from a byte on.
        var complete: (_ text: [UInt8], _ start: Int, _ point: Int) -> Completion
        /// A line of help for the cursor's place.
        var hint: (_ text: [UInt8], _ point: Int) -> [StyledSpan]?
        var command: (Command) -> Void
    }

    /// What keys can ask for.
    enum Command { case edit, help }

    /// The prompt, in front of the first line and of the others.
    struct Prompt {
        /// Lines that stand above it and are not drawn again.
        var above: [[StyledSpan]] = []
        var spans: [StyledSpan]
        var continuation: [StyledSpan]

        /// Without styles.
        var plain: String { spans.map(\.text).joined() }
    }

    private nonisolated(unsafe) static weak var current: LineEditor?

    /// readline keeps no copies of these.
    private nonisolated(unsafe) static let breaks = Dictionary(
        uniqueKeysWithValues: CursorContext.Words.allCases.map { ($0, strdup($0.rawValue)) })

    /// Whether this class draws; readline does otherwise.
    let draws: Bool
    private let isColoured: Bool
    private let terminal: Int32
    private let delegate: Delegate
    private let highlighter: LuaHighlighter
    private var display: LineDisplay
    private var prompt = Prompt(spans: [], continuation: [])
    private var isActive = false
    private var isHidden = false
    /// What stands below the entry until a key is pressed.
    private var panel: [[StyledSpan]] = []
    private var panelText: [UInt8] = []
    private var completion = Completion()
    /// Where the completion was asked for last: the text, the word's beginning, the cursor.
    private var completed: (text: [UInt8], start: Int, point: Int)?

    /// Creates the editor of the terminal that `terminal` writes to.
    init(
        terminal: Int32, draws: Bool, isColoured: Bool, builtins: Set<String>, delegate: Delegate
    ) {
        self.terminal = terminal
        self.draws = draws
        self.isColoured = isColoured
        self.delegate = delegate
        highlighter = LuaHighlighter(builtins: builtins)
        display = LineDisplay(descriptor: terminal)
        Self.current = self
        var host = qrl_host(
            line: { text in
                let line = text.map { String(decoding: LineEditor.bytes($0), as: UTF8.self) }
                free(text)
                LineEditor.current?.accepted(line)
            },
            is_whole: { text, indentation, excess in
                guard let text, let editor = LineEditor.current else { return true }
                let verdict = editor.delegate.isWhole(
                    String(decoding: LineEditor.bytes(text), as: UTF8.self))
                indentation?.pointee = Int32(verdict.indentation)
                excess?.pointee = Int32(verdict.excess)
                return verdict.isWhole
            },
            display: { LineEditor.current?.show() },
            indents: { point in
                guard let editor = LineEditor.current else { return true }
                return editor.delegate.indents(LineEditor.text, Int(point))
            },
            word_breaks: { point in
                let words = CursorContext.Words(LineEditor.text, at: Int(point))
                return LineEditor.breaks[words].flatMap { $0 }.map { UnsafePointer($0) }
            },
            complete: { start, point in LineEditor.current?.complete(Int(start), Int(point)) },
            show_candidates: { LineEditor.current?.showCandidates() },
            command: { command in
                switch command {
                case QRL_EDIT: LineEditor.current?.delegate.command(.edit)
                case QRL_HELP: LineEditor.current?.delegate.command(.help)
                default: LineEditor.current?.clear()
                }
            })
        resize()
        qrl_open(&host, terminal, draws)
        resize()
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text, count: strlen(text))
    }

    private static func bytes(_ text: UnsafeMutablePointer<CChar>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text, count: strlen(text))
    }

    /// The line as it is.
    private static var text: [UInt8] { Array(bytes(qrl_text())) }

    /// Whether a prompt is shown.
    var isPrompting: Bool { isActive }

    /// The line and the byte that the cursor is on.
    var line: (text: String, point: Int) {
        (String(decoding: Self.text, as: UTF8.self), Int(qrl_point()))
    }

    // MARK: - The prompt

    /// Shows a prompt, with some text to begin with.
    func begin(_ prompt: Prompt, text: String = "") {
        self.prompt = prompt
        isActive = true
        isHidden = false
        panel = []
        for line in prompt.above {
            let text = line.map { $0.rendered(isColoured: isColoured) }.joined() + "\n"
            _ = Output.writeAll(text.utf8, to: terminal)
        }
        display.forget()
        qrl_begin(draws ? prompt.plain : Self.marked(prompt.spans, isColoured: isColoured))
        guard !text.isEmpty else { return }
        qrl_set_text(text, Int32(text.utf8.count))
        if draws { show() }
    }

    /// The text, with readline's marks around the characters that take no column.
    private static func marked(_ spans: [StyledSpan], isColoured: Bool) -> String {
        spans.map { span in
            guard isColoured, let code = span.code ?? span.style.code else { return span.text }
            return "\u{1}\u{1b}[\(code)m\u{2}\(span.text)\u{1}\u{1b}[0m\u{2}"
        }.joined()
    }

    /// Replaces the prompt while it is shown.
    func update(_ prompt: Prompt) {
        guard isActive, draws, prompt.spans != self.prompt.spans else { return }
        let before = self.prompt.plain
        self.prompt = prompt
        if String(cString: qrl_shown_prompt()) == before { promptBefore = before }
        show()
    }

    /// What readline still thinks that the prompt is.
    private var promptBefore: String?

    /// Reads what was typed.
    func read() {
        qrl_read()
    }

    private func accepted(_ line: String?) {
        finish()
        delegate.accept(line)
    }

    /// Leaves the entry on the screen, without what was below it and around the cursor.
    private func finish() {
        guard isActive else { return }
        if draws {
            panel = []
            draw(isFinal: true)
            display.leave()
        }
        isActive = false
        promptBefore = nil
        // readline would go on with the prompt while the entry runs.
        qrl_end()
    }

    /// Gives up what was typed, as Ctrl-C does.
    func cancel() {
        guard isActive else { return }
        if draws {
            panel = []
            draw(isFinal: true, suffix: "^C")
            display.leave()
        }
        isActive = false
        promptBefore = nil
        qrl_cancel_line()
    }

    /// Takes the prompt away, whatever was typed.
    func end() {
        guard isActive else { return }
        if draws { display.erase() }
        isActive = false
        qrl_end()
    }

    // MARK: - Drawing

    /// Draws the entry as it is.
    func show() {
        guard isActive, draws, !isHidden else { return }
        draw(isFinal: false)
    }

    private func draw(isFinal: Bool, suffix: String = "") {
        let text = Self.text
        let point = Int(qrl_point())
        let shown = String(cString: qrl_shown_prompt())
        let isOwn = shown == prompt.plain || shown == promptBefore
        let styles = highlighter.styles(of: text, cursor: isFinal ? nil : point)
        if text != panelText { panel = [] }
        var below = panel
        if below.isEmpty, !isFinal, isOwn, let hint = delegate.hint(text, point) { below = [hint] }
        let size = Terminal.size(of: terminal)
        display.show(
            LineLayout(
                .init(
                    prompt: isOwn ? mode + prompt.spans : [StyledSpan(shown, .faint)],
                    continuation: prompt.continuation, text: text + Array(suffix.utf8),
                    styles: styles, point: isFinal ? text.count + suffix.utf8.count : point,
                    panel: below, columns: size.columns, rows: size.rows, isColoured: isColoured)))
    }

    /// The mode that keys are in, when the user's inputrc wants to see it.
    private var mode: [StyledSpan] {
        let text = String(cString: qrl_mode())
        return text.isEmpty ? [] : [StyledSpan(Terminal.safe(text))]
    }

    /// Takes the entry off the screen, so that something else can be written in its place.
    func hide() {
        guard isActive, draws, !isHidden else { return }
        isHidden = true
        display.erase()
    }

    /// Shows the entry again.
    func unhide() {
        guard isActive, isHidden else { return }
        isHidden = false
        show()
    }

    /// Shows lines below the entry until something is typed.
    func show(panel: [[StyledSpan]]) {
        self.panel = panel
        panelText = Self.text
        show()
    }

    private func clear() {
        display.clear()
        show()
    }

    /// Adapts to the size that the window has now.
    func resize() {
        let size = Terminal.size(of: terminal)
        qrl_resize(Int32(size.rows), Int32(size.columns))
        guard isActive, draws else { return }
        // Where the rows went depends on the terminal: begin anew at the first of them.
        display.erase()
        show()
    }

    /// Gives the terminal back, for Ctrl-Z and for editors.
    func suspend() {
        guard isActive else { return }
        if draws { display.erase() }
        isHidden = true
        qrl_suspend()
    }

    /// Takes the terminal again.
    func resume() {
        guard isActive else { return }
        isHidden = false
        display.forget()
        qrl_resume()
    }

    // MARK: - Completion

    private func complete(_ start: Int, _ point: Int) {
        let text = Self.text
        completed = (text, start, point)
        completion = delegate.complete(text, start, point)
        for candidate in completion.candidates { qrl_add_candidate(candidate.text) }
        qrl_append_behind_candidate(CChar(bitPattern: completion.suffix ?? 0))
        if completion.candidates.isEmpty, let note = completion.note {
            show(panel: [[StyledSpan(note, .faint)]])
        }
    }

    /// Lists what has become known since it was asked for, unless somebody has typed on.
    func completeLate() {
        guard isActive, draws, let (text, start, point) = completed, text == Self.text,
            point == Int(qrl_point())
        else { return }
        completion = delegate.complete(text, start, point)
        showCandidates()
    }

    private func showCandidates() {
        let size = Terminal.size(of: terminal)
        show(panel: CandidateList.rows(completion, columns: size.columns, limit: size.rows - 2))
    }
}

extension LineEditor {
    /// Adds an entry to what the arrow keys and searches go through.
    static func remember(_ entry: String) { qrl_remember(entry) }

    /// Forgets all entries.
    static func forgetEntries() { qrl_forget_all() }
}
