import EventLoop
import Glibc
import LuaHost
import LuaMachine

/// The interactive shell: reads entries, runs them, prints what they return. Tasks go on while the
/// prompt waits.
public final class REPL {
    let runtime: LuaRuntime
    private let control: RunControl
    private let signals: Signals
    let state: ShellState
    let printer: ResultPrinter
    private let secretTexts: HistoryMask
    private var background: BackgroundOutput? { state.background }
    private let startFile: String?
    private let isColoured: Bool
    private var editor: LineEditor?
    var completer: Completer
    /// Lines that were accepted and have not run.
    private var lines: [String?] = []
    /// What was typed of an entry where the terminal can show one line only.
    private var pending = ""
    private var isOver = false
    /// How many tasks the prompt shows.
    private var shownJobs = 0
    private var wantsEditor = false
    private var isReading = false
    var isToObey = false
    /// Descriptor of the terminal that the prompt is shown on.
    private let terminal: Int32

    /// Creates a shell.
    ///
    /// - Parameter state: what the shell's functions in the runtime share with it.
    public init(runtime: LuaRuntime, state: ShellState, setting: Setting) {
        self.runtime = runtime
        self.state = state
        control = setting.control
        signals = setting.signals
        startFile = setting.startFile
        terminal = Terminal.isTerminal(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO
        let copy = fcntl(terminal, F_DUPFD_CLOEXEC, 10)
        isColoured = setting.isColoured
        printer = ResultPrinter(
            runtime: runtime, state: state, secrets: setting.secrets, isColoured: setting.isColoured
        )
        secretTexts = HistoryMask()
        completer = Completer(runtime: runtime, state: state)
        state.screen = copy < 0 ? terminal : copy
        state.isColoured = setting.isColoured
    }

    /// Runs until the input ends. Returns the status that the shell was left with.
    public func run() -> Int32 {
        let loop = runtime.machine.loop
        loop.onSignal = { [weak self] in self?.obeyAtPrompt() }
        let editor = LineEditor(
            terminal: state.screen, draws: Terminal.movesItsCursor && Terminal.isTerminal(terminal),
            isColoured: isColoured, builtins: completer.builtins,
            delegate: .init(
                accept: { [weak self] in self?.lines.append($0) },
                isWhole: { [weak self] in self?.isWhole($0) ?? .init() },
                indents: { [weak self] in self?.completer.indents($0, point: $1) ?? true },
                complete: { [weak self] in
                    self?.completer.complete($0, start: $1, point: $2) ?? Completion()
                },
                hint: { [weak self] in self?.completer.hint($0, point: $1) },
                command: { [weak self] in self?.obey($0) }))
        self.editor = editor
        state.editor = editor
        completer.onArrival { [weak editor] in editor?.completeLate() }
        Output.willWrite = { [weak state] in state?.willWrite() }
        state.front = self
        state.log.open()
        runStartFile()
        if state.isLeft { isOver = true }
        while !isOver {
            if state.entryNumber > 0 || startFile != nil { leavePartialLine() }
            editor.begin(makePrompt(), text: state.takePrefill())
            background?.begin()
            loop.watch(STDIN_FILENO, for: .input) { [weak self] events in self?.read(events) }
            let ticks = Ticker(loop: loop, every: 250_000_000) { [weak self] in self?.tick() }
            loop.run {
                showBackground()
                return !lines.isEmpty || isOver || wantsEditor
            }
            ticks.stop()
            loop.unwatch(STDIN_FILENO)
            if isOver { editor.end() }
            background?.end()
            if wantsEditor { openEditor() }
            while !lines.isEmpty, !signals.isTerminated() { accept(lines.removeFirst()) }
            if signals.isTerminated() || state.isLeft { isOver = true }
        }
        endTasks()
        loop.onSignal = {}
        state.editor = nil
        return state.exitStatus
    }

    /// Has tasks that were left running clean up; those that take long are stopped.
    private func endTasks() {
        let machine = runtime.machine
        guard machine.hasTasks else { return }
        let count = state.runningJobs
        if count > 0 {
            Output.remark(count == 1 ? "1 task is cancelled" : "\(count) tasks are cancelled")
        }
        let loop = machine.loop
        let limit = loop.now() + RunControl.grace
        machine.cancelAll()
        var isUrgent = false
        loop.onSignal = { [signals] in isUrgent = isUrgent || signals.takeInterrupt() }
        let ticks = Ticker(loop: loop, every: 50_000_000) {}
        loop.run { !machine.hasTasks || isUrgent || loop.now() > limit }
        if machine.hasTasks {
            machine.killAll()
            let last = loop.now() + RunControl.patience
            loop.run { !machine.hasTasks || loop.now() > last }
        }
        ticks.stop()
    }

    // MARK: - At the prompt

    private func obeyAtPrompt() {
        // readline is in the middle of something: a completion that waits.
        guard !isReading else {
            isToObey = true
            return
        }
        if signals.takeResize() { editor?.resize() }
        if signals.isTerminated() { isOver = true }
        if signals.takeSuspension() {
            editor?.suspend()
            background?.end()
            signals.suspend()
            background?.begin()
            editor?.resume()
        }
        // An entry that was handed over is about to run: that is what is meant.
        guard lines.isEmpty, signals.takeInterrupt() else { return }
        signals.forgetInterrupts()
        pending = ""
        lines = []
        guard let editor else { return }
        editor.cancel()
        editor.begin(makePrompt())
    }

    private func read(_ events: PollLoop.Events) {
        // The terminal is gone: nobody will type any more.
        if events.contains(.failure), !events.contains(.input) {
            isOver = true
            return
        }
        // Ctrl-C is older than the keys that are still to be read: the terminal drops those before.
        obeyAtPrompt()
        guard !isOver else { return }
        isReading = true
        editor?.read()
        isReading = false
        guard isToObey else { return }
        isToObey = false
        obeyAtPrompt()
    }

    /// What was written meanwhile goes above the prompt.
    private func showBackground() {
        guard let bytes = background?.take(), !bytes.isEmpty, let editor else { return }
        // readline's own bell is no output.
        if bytes.allSatisfy({ $0 == 7 }) {
            _ = Output.writeAll([7], to: state.screen)
            return
        }
        editor.hide()
        var text = bytes
        if text.last != 0x0a { text.append(0x0a) }
        _ = Output.writeAll(text, to: state.screen)
        editor.unhide()
    }

    /// Updates the prompt for changes: tasks that have ended, an account that is known now.
    private func tick() {
        // A prompt that grows while somebody types is a nuisance.
        guard pending.isEmpty, let editor else { return }
        // The user's own function is called once for each prompt, and when tasks have ended.
        let isChanged = shownJobs != state.runningJobs
        guard isChanged || (editor.line.text.isEmpty && !state.settings.hasOwnPrompt) else {
            return
        }
        editor.update(makePrompt())
    }

    private func makePrompt() -> LineEditor.Prompt {
        shownJobs = state.runningJobs
        let prompt = PromptText(state: state) { [self] (arguments) throws(LuaFailure) in
            guard let function = runtime.kept("prompt") else { return [] }
            return try run(function, arguments)
        }
        return prompt.prompt(isContinued: !pending.isEmpty)
    }

    /// Keeps the output of an entry that ends without a line break, and adds a mark after it.
    private func leavePartialLine() {
        guard Terminal.movesItsCursor else { return }
        let width = Terminal.size(of: state.screen).columns
        let mark = StyledSpan("⏎", .faint).rendered(isColoured: isColoured)
        let text = mark + String(repeating: " ", count: max(0, width - 1)) + "\r\u{1b}[K"
        _ = Output.writeAll(text.utf8, to: state.screen)
    }

    private func obey(_ command: LineEditor.Command) {
        switch command {
        case .edit: wantsEditor = true
        case .help:
            guard let editor else { return }
            let (text, point) = editor.line
            let width = Terminal.size(of: state.screen).columns
            if let page = completer.page(Array(text.utf8), point: point, width: width) {
                editor.hide()
                _ = Output.writeAll(
                    StyledText.text(page, isColoured: isColoured).utf8, to: state.screen)
                editor.unhide()
            }
        }
    }

    private func openEditor() {
        wantsEditor = false
        guard let editor else { return }
        let text = editor.line.text
        editor.end()
        do throws(TerminalProgram.Problem) {
            state.prefill(
                try TerminalProgram.edited(text, suffix: ".lua", loop: runtime.machine.loop))
        } catch {
            Output.remark(error.description)
            state.prefill(text)
        }
    }

    // MARK: - Entries

    private func isWhole(_ text: String) -> LineEditor.Verdict {
        if MetaCommand(text) != nil || text.allSatisfy(\.isWhitespace) { return .init() }
        let excess = EntrySource.excess(of: text)
        guard (try? isCompilable(text)) == false else { return .init(excess: excess) }
        return .init(
            isWhole: false, indentation: max(0, EntrySource.indentation(behind: text) - excess),
            excess: excess)
    }

    /// The Lua of an entry: `=x` is what `return x` is.
    private static func code(_ entry: String) -> String {
        entry.hasPrefix("=") ? "return " + entry.dropFirst() : entry
    }

    /// Whether an entry is whole; throws when it is not valid Lua.
    private func isCompilable(_ entry: String) throws(LuaFailure) -> Bool {
        let source = EntrySource(Self.code(entry))
        switch try runtime.compileExpression(source.text, name: "=entry") {
        case .incomplete: return false
        case .function(let function):
            runtime.machine.release(function)
            return true
        }
    }

    private func accept(_ line: String?) {
        guard let line else {
            if editor?.draws != true { _ = Output.writeAll("\n".utf8, to: state.screen) }
            if pending.isEmpty { isOver = true } else { pending = "" }
            return
        }
        pending += pending.isEmpty ? line : "\n" + line
        let entry = pending
        if entry.allSatisfy(\.isWhitespace) {
            pending = ""
            return
        }
        if ["exit", "quit"].contains(entry.trimmed) {
            Output.note("To leave: .quit, or Ctrl-D")
        }
        if entry.trimmed == "help" { return accept(help: entry) }
        let began = runtime.machine.loop.now()
        state.entryNumber += 1
        do throws(LuaFailure) {
            let succeeded: Bool
            if let command = MetaCommand(entry) {
                pending = ""
                succeeded = evaluate("command") { command.write(to: $0) }
            } else {
                guard try isCompilable(entry) else { return }
                pending = ""
                let source = EntrySource(Self.code(entry))
                state.declare(source.locals)
                succeeded = evaluate("entry") { writer in
                    source.text.withUnsafeBytes { writer.put($0) }
                }
            }
            finish(entry, began, succeeded)
        } catch {
            pending = ""
            report(error)
            finish(entry, began, false)
        }
    }

    /// A word that is a function of Lua, and means the command.
    private func accept(help entry: String) {
        pending = ""
        accept("." + entry.trimmed)
    }

    private func finish(_ entry: String, _ began: Int64, _ succeeded: Bool) {
        let duration = Double(runtime.machine.loop.now() - began) / 1e9
        state.log.remember(
            entry, masked: secretTexts.masked(entry), duration: duration, hasFailed: !succeeded)
        printer.tellTime(duration)
    }

    /// Has a function of the shell's Lua side run as a task, and shows its results.
    @discardableResult
    private func evaluate(_ name: String, _ arguments: (TapeWriter) -> Void) -> Bool {
        guard let function = runtime.kept(name) else { return false }
        do throws(LuaFailure) {
            let status = WaitingLine(
                state: state, loop: runtime.machine.loop, isColoured: isColoured)
            state.waiting = status
            defer { status.stop() }
            state.calls.reset()
            let values = try run(function, arguments) { status.check() }
            status.stop()
            try printer.show(values)
            return true
        } catch {
            report(error)
            return false
        }
    }

    /// Runs a function as a task that signals end.
    private func run(
        _ function: Int32, _ arguments: (TapeWriter) -> Void, meanwhile: () -> Void = {}
    ) throws(LuaFailure) -> [LuaValue] {
        let loop = runtime.machine.loop
        let outer = loop.onSignal
        // Without a prompt there is nothing to be done before the program stops.
        signals.handleSuspension(false)
        loop.onSignal = { [signals, control] in
            if signals.takeInterrupt() { control.stop(.interrupted) }
            if signals.isTerminated() { control.stop(.terminated) }
            if signals.takeSuspension() { signals.suspend() }
        }
        defer {
            signals.handleSuspension(true)
            loop.onSignal = outer
            control.end()
            signals.forgetInterrupts()
        }
        control.begin()
        var outcome: LuaMachine.Outcome?
        try runtime.machine.spawn(function, arguments, isRoot: true) { outcome = $0 }
        // What came while it was on its way here.
        loop.onSignal()
        loop.run {
            meanwhile()
            return outcome != nil
        }
        return try outcome?.get() ?? []
    }

    private func report(_ failure: LuaFailure) {
        fflush(nil)
        guard !failure.isCancellation else {
            // Behind the terminal's ^C.
            return Output.note(signals.isTerminated() ? "terminated" : "\ninterrupted")
        }
        let text = ErrorReport.text(failure)
        // Of an entry of one line everybody knows where it is.
        let place = "entry:1: "
        Output.note(text.hasPrefix(place) ? String(text.dropFirst(place.count)) : text)
    }

    private func runStartFile() {
        guard let startFile, runtime.kept("start") != nil else { return }
        evaluate("start") { $0.put(startFile) }
    }
}
