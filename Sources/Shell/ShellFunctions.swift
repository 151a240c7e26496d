import Contract
import Glibc
import LuaHost
import LuaMachine
import LuaMessages
import LuaReference

/// The functions of the host that implement Lua's `shell`.
public enum ShellFunctions {
    /// Creates the functions, which read and change the state.
    public static func make(_ state: ShellState) -> HostFunctions {
        var functions = HostFunctions()
        addOptions(state, &functions)
        addHistory(state, &functions)
        addScreen(state, &functions)
        addHelp(state, &functions)
        addCompletion(state, &functions)
        return functions
    }

    // MARK: - Options

    private static func addOptions(_ state: ShellState, _ functions: inout HostFunctions) {
        functions.declare("shell_option", .string, .any) { call, name, value in
            try set(name, value, state)
            put(name, state, call.results)
        }
        functions.declare("shell_declared") { call in
            call.results.list { for name in state.locals.sorted() { call.results.put(name) } }
        }
        functions.declare("shell_entry") { call in
            call.results.put(state.editor?.isPrompting == true ? 0 : state.entryNumber)
        }
        functions.declare("shell_jobs", .integer) { _, count in
            state.runningJobs = Int(clamping: count)
        }
        // shell_wait(number, text, usual): what is waited for; without a text no longer.
        functions.declare("shell_wait", .integer, .optional(.string), .optional(.number)) {
            call, number, text, usual in
            state.waits.set(
                Int(clamping: number), text: text, usual: WaitTimes.seconds(usual),
                now: call.machine.loop.now())
        }
        functions.declare("shell_moved", .optional(.string)) { _, text in
            state.moved(to: text)
        }
        functions.declare("shell_contexts") { call in
            call.results.put(state.surroundings.contexts)
        }
        functions.declare("shell_quit", .integer) { _, number in
            state.leave(Int32(truncatingIfNeeded: number))
        }
    }

    private static func set(
        _ name: String, _ value: LuaValue, _ state: ShellState
    ) throws(HostError) {
        switch (name, value) {
        case (_, .nil): return
        case ("format", _):
            guard let format = value.text.flatMap(OutputFormat.init) else {
                let all = OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
                throw .message(
                    "unknown format \"\(value.text ?? ValueText.scalar(value))\"; expected \(all)"
                )
            }
            state.settings.format = format
        case ("timing", .bool(let isOn)): state.settings.showsTime = isOn
        case ("pager", .bool(let isOn)): state.settings.pages = isOn
        case ("ages", .bool(let isOn)): state.settings.showsAges = isOn
        case ("prompt", .bool(let isOn)): state.settings.hasOwnPrompt = isOn
        case ("trace", .bool(let isOn)):
            state.settings.traces = isOn
            state.surroundings.trace(isOn)
        default: throw .message("\(name) must be true or false, got a \(value.typeName)")
        }
    }

    private static func put(_ name: String, _ state: ShellState, _ results: TapeWriter) {
        switch name {
        case "format": results.put(state.settings.format.rawValue)
        case "timing": results.put(state.settings.showsTime)
        case "pager": results.put(state.settings.pages)
        case "ages": results.put(state.settings.showsAges)
        case "trace": results.put(state.settings.traces)
        default: results.putNil()
        }
    }

    // MARK: - History

    private static func addHistory(_ state: ShellState, _ functions: inout HostFunctions) {
        functions.declare("shell_history") { call in
            write(state.log.entries(), call.results)
        }
        functions.declare("shell_is_command", .string) { call, text in
            call.results.put(MetaCommand(text) != nil)
        }
        functions.declare("shell_session") { call in
            write(state.log.session.filter { !$0.hasFailed }, call.results)
        }
        functions.declare("shell_forget", .any) { call, what in
            let count: Int
            if let number = what.integer {
                guard let unwanted = state.log.entries().element(numbered: number) else {
                    throw HostError.message("entry \(number) not found")
                }
                count = state.log.remove { $0 == unwanted }
            } else {
                let text = what.text ?? ""
                count = state.log.remove { !text.isEmpty && $0.text.contains(text) }
            }
            call.results.put(count)
        }
        functions.declare("shell_source", .string) { call, text in
            let source = EntrySource(text)
            state.declare(source.locals)
            source.text.withUnsafeBytes { call.results.put($0) }
        }
        functions.declare("shell_prefill", .string) { _, text in
            state.prefill(text)
        }
        functions.declare("shell_edit", .string) { call, text in
            do throws(TerminalProgram.Problem) {
                call.results.put(
                    try TerminalProgram.edited(text, suffix: ".lua", loop: call.machine.loop))
            } catch {
                throw HostError.message(error.description)
            }
        }
    }

    private static func write(_ entries: [HistoryFile.Entry], _ results: TapeWriter) {
        results.list {
            for entry in entries {
                results.table {
                    results.put("entry")
                    results.put(entry.text)
                    results.put("at")
                    results.put(
                        .time(
                            seconds: Int64(entry.time),
                            nanos: Int32(entry.time.truncatingRemainder(dividingBy: 1) * 1e9)))
                    results.put("took")
                    results.put(ResultPrinter.duration(entry.duration))
                }
            }
        }
    }

    // MARK: - Screen

    private static func addScreen(_ state: ShellState, _ functions: inout HostFunctions) {
        functions.declare("shell_text", .any, format) { call, value, format in
            call.results.put(state.front?.text(of: value, format) ?? "")
        }
        functions.declare("shell_show", .string) { _, text in
            state.front?.show(text)
        }
        functions.declare("shell_clear") { _ in
            guard Terminal.movesItsCursor else { return }
            fflush(nil)
            _ = Output.writeAll("\u{1b}[H\u{1b}[2J\u{1b}[3J".utf8, to: state.screen)
        }
        functions.declare("shell_live") { _ in
            state.live = LiveResult(screen: state.screen, isColoured: state.isColoured)
        }
        functions.declare("shell_live_show", .string, .string) { _, text, title in
            state.live?.show(text, title: title)
        }
        functions.declare("shell_live_end") { _ in
            state.live = nil
        }
    }

    /// The name of a format, or nil for the present one.
    private static var format: Parameter<OutputFormat?> {
        .optional(.named(otherwise: "unknown format", OutputFormat.init(rawValue:)))
    }

    // MARK: - Help

    private static func addHelp(_ state: ShellState, _ functions: inout HostFunctions) {
        functions.declare("shell_commands", .table) { _, commands in
            state.commands = (commands.array ?? []).compactMap { entry in
                guard let words = entry.table?.array, words.count == 3 else { return nil }
                return ShellState.Command(
                    name: words[0].text ?? "", usage: words[1].text ?? "", text: words[2].text ?? ""
                )
            }
        }
        functions.declare("shell_nearest", .string) { call, name in
            call.results.put(optional: Names.nearest(to: name, in: state.commands.map(\.name)))
        }
        functions.declare("shell_modules") { call in
            call.results.list {
                for name in HelpPages.libraries { call.results.put(name) }
            }
        }
        functions.declare("shell_help", .string) { call, name in
            call.results.put(try help(on: name, state).plain)
        }
        functions.declare("shell_show_help", .string) { _, text in
            let page = try help(on: text, state)
            let isColoured =
                state.isColoured && Terminal.isTerminal(state.original(of: STDOUT_FILENO))
            state.front?.show(StyledText.text(page, isColoured: isColoured))
        }
        functions.declare("shell_overview") { call in
            call.results.put(HelpPages.overview(state))
        }
        functions.declare("shell_describe", .any, .optional(.string)) { call, value, text in
            let kind = text ?? value.typeName
            call.results.put("A \(kind):\n" + (state.front?.text(of: value, nil) ?? ""))
        }
    }

    private static func help(
        on name: String, _ state: ShellState
    ) throws(HostError) -> ReferenceText {
        guard let front = state.front else { throw .message("the shell is not running yet") }
        return try front.help(on: name)
    }

    // MARK: - Completion

    private static func addCompletion(_ state: ShellState, _ functions: inout HostFunctions) {
        functions.declare("shell_template", .string) { call, text in
            call.results.put(optional: state.front?.template(of: text))
        }
        functions.declare("shell_complete", .bytes) { call, text in
            let found = state.front?.complete(text) ?? Completion()
            call.results.list {
                for candidate in found.candidates {
                    call.results.table {
                        for (name, value) in [
                            ("text", candidate.text), ("type", candidate.type),
                            ("doc", candidate.doc),
                        ] {
                            call.results.put(name)
                            call.results.put(value)
                        }
                    }
                }
            }
        }
    }
}
