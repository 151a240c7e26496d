import Contract
import LuaHost
import LuaMachine
import LuaMessages

#if canImport(Glibc)
    import Glibc
#endif

/// The functions of the host behind Lua's `shell`.
public enum ShellFunctions {
    /// The functions; the state is what they change and tell of.
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
        functions["shell_option"] = { call in
            let name = call.arguments.value().text ?? ""
            let value = call.arguments.value()
            try set(name, value, state)
            put(name, state, call.results)
            return .done
        }
        functions["shell_declared"] = { call in
            call.results.list { for name in state.locals.sorted() { call.results.put(name) } }
            return .done
        }
        functions["shell_entry"] = { call in
            call.results.put(state.editor?.isPrompting == true ? 0 : state.entryNumber)
            return .done
        }
        functions["shell_jobs"] = { call in
            state.runningJobs = Int(call.arguments.value().integer ?? 0)
            return .done
        }
        // shell_wait(number, text, usual): what is waited for; without a text no longer.
        functions["shell_wait"] = { call in
            let number = Int(call.arguments.value().integer ?? 0)
            state.waits.set(
                number, text: call.arguments.value().text,
                usual: WaitTimes.seconds(call.arguments.value().number),
                now: call.machine.loop.now())
            return .done
        }
        functions["shell_moved"] = { call in
            state.moved(to: call.arguments.value().text)
            return .done
        }
        functions["shell_contexts"] = { call in
            call.results.put(state.contexts())
            return .done
        }
        functions["shell_quit"] = { call in
            state.leave(Int32(truncatingIfNeeded: call.arguments.value().integer ?? 0))
            return .done
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
                    "there is no format \"\(value.text ?? ValueText.scalar(value))\"; there are \(all)"
                )
            }
            state.format = format
        case ("timing", .bool(let isOn)): state.tellsTime = isOn
        case ("pager", .bool(let isOn)): state.pages = isOn
        case ("ages", .bool(let isOn)): state.showsAges = isOn
        case ("prompt", .bool(let isOn)): state.hasOwnPrompt = isOn
        case ("trace", .bool(let isOn)):
            state.traces = isOn
            state.setTrace(isOn)
        default: throw .message("\(name) is true or false, not a \(value.typeName)")
        }
    }

    private static func put(_ name: String, _ state: ShellState, _ results: TapeWriter) {
        switch name {
        case "format": results.put(state.format.rawValue)
        case "timing": results.put(state.tellsTime)
        case "pager": results.put(state.pages)
        case "ages": results.put(state.showsAges)
        case "trace": results.put(state.traces)
        default: results.putNil()
        }
    }

    // MARK: - History

    private static func addHistory(_ state: ShellState, _ functions: inout HostFunctions) {
        functions["shell_history"] = { call in
            write(state.entries(), call.results)
            return .done
        }
        functions["shell_is_command"] = { call in
            call.results.put(MetaCommand(call.arguments.value().text ?? "") != nil)
            return .done
        }
        functions["shell_session"] = { call in
            write(state.session.filter { !$0.hasFailed }, call.results)
            return .done
        }
        functions["shell_forget"] = { call in
            let what = call.arguments.value()
            let count: Int
            if let number = what.integer {
                guard let unwanted = state.entries().element(numbered: number) else {
                    throw HostError.message("there is no entry \(number)")
                }
                count = state.removeEntries { $0 == unwanted }
            } else {
                let text = what.text ?? ""
                count = state.removeEntries { !text.isEmpty && $0.text.contains(text) }
            }
            call.results.put(count)
            return .done
        }
        functions["shell_source"] = { call in
            let source = EntrySource(call.arguments.value().text ?? "")
            state.declare(source.locals)
            source.text.withUnsafeBytes { call.results.put($0) }
            return .done
        }
        functions["shell_prefill"] = { call in
            state.prefill(call.arguments.value().text ?? "")
            return .done
        }
        functions["shell_edit"] = { call in
            let text = call.arguments.value().text ?? ""
            do throws(TerminalProgram.Problem) {
                call.results.put(
                    try TerminalProgram.edited(text, suffix: ".lua", loop: call.machine.loop))
            } catch {
                throw HostError.message(error.description)
            }
            return .done
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
        functions["shell_text"] = { call in
            let value = call.arguments.value()
            let format = try format(call.arguments.value())
            call.results.put(state.render(value, format))
            return .done
        }
        functions["shell_show"] = { call in
            state.showText(call.arguments.value().text ?? "")
            return .done
        }
        functions["shell_clear"] = { call in
            guard Terminal.movesItsCursor else { return .done }
            fflush(nil)
            _ = Output.writeAll("\u{1b}[H\u{1b}[2J\u{1b}[3J".utf8, to: state.screen)
            return .done
        }
        functions["shell_live"] = { call in
            state.live = LiveResult(screen: state.screen, isColoured: state.isColoured)
            return .done
        }
        functions["shell_live_show"] = { call in
            let text = call.arguments.value().text ?? ""
            state.live?.show(text, title: call.arguments.value().text ?? "")
            return .done
        }
        functions["shell_live_end"] = { call in
            state.live = nil
            return .done
        }
    }

    private static func format(_ value: LuaValue) throws(HostError) -> OutputFormat? {
        guard let name = value.text else { return nil }
        guard let format = OutputFormat(rawValue: name) else {
            throw .message("there is no format \"\(name)\"")
        }
        return format
    }

    // MARK: - Help

    private static func addHelp(_ state: ShellState, _ functions: inout HostFunctions) {
        functions["shell_commands"] = { call in
            let commands = call.arguments.value().table?.array ?? []
            state.commands = commands.compactMap { entry in
                guard let words = entry.table?.array, words.count == 3 else { return nil }
                return ShellState.Command(
                    name: words[0].text ?? "", usage: words[1].text ?? "", text: words[2].text ?? ""
                )
            }
            return .done
        }
        functions["shell_nearest"] = { call in
            let name = call.arguments.value().text ?? ""
            call.results.put(optional: Names.nearest(to: name, in: state.commands.map(\.name)))
            return .done
        }
        functions["shell_modules"] = { call in
            call.results.list {
                for name in HelpPages.libraries { call.results.put(name) }
            }
            return .done
        }
        functions["shell_help"] = { call in
            let name = call.arguments.value().text ?? ""
            call.results.put(try state.help(name).plain)
            return .done
        }
        functions["shell_show_help"] = { call in
            let page = try state.help(call.arguments.value().text ?? "")
            let isColoured =
                state.isColoured && Terminal.isTerminal(state.original(of: STDOUT_FILENO))
            state.showText(StyledText.text(page, isColoured: isColoured))
            return .done
        }
        functions["shell_overview"] = { call in
            call.results.put(HelpPages.overview(state))
            return .done
        }
        functions["shell_describe"] = { call in
            let value = call.arguments.value()
            let kind = call.arguments.value().text ?? value.typeName
            call.results.put("A \(kind):\n" + state.render(value, nil))
            return .done
        }
    }

    // MARK: - Completion

    private static func addCompletion(_ state: ShellState, _ functions: inout HostFunctions) {
        functions["shell_template"] = { call in
            call.results.put(optional: state.template(call.arguments.value().text ?? ""))
            return .done
        }
        functions["shell_complete"] = { call in
            let text = Array((call.arguments.value().text ?? "").utf8)
            let found = state.complete(text)
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
            return .done
        }
    }
}
