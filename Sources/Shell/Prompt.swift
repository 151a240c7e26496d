import LuaHost

/// The prompt: where one is, how dangerous that is, and what runs meanwhile.
struct PromptText {
    let runtime: LuaRuntime
    let state: ShellState

    /// The prompt for the first line of an entry, or for a further one.
    func prompt(isContinued: Bool) -> LineEditor.Prompt {
        let continuation = [StyledSpan("   .> ", .faint)]
        if isContinued { return .init(spans: continuation, continuation: continuation) }
        return .init(spans: state.hasOwnPrompt ? own() : usual(), continuation: continuation)
    }

    private func usual() -> [StyledSpan] {
        let place = state.place()
        var spans: [StyledSpan] = []
        if state.runningJobs > 0 { spans.append(StyledSpan("[\(state.runningJobs)] ", .warning)) }
        spans.append(StyledSpan("qcsh", .bold))
        if let name = place.name {
            spans.append(StyledSpan(" "))
            spans.append(StyledSpan(name, .accent, code: place.code))
            if let account = place.account { spans.append(StyledSpan(":" + account, .faint)) }
        }
        if place.isReadOnly { spans.append(StyledSpan(" ro", .good)) }
        if place.isDryRun { spans.append(StyledSpan(" dry", .good)) }
        spans.append(StyledSpan("> "))
        return spans
    }

    /// What the user's function returns; the usual prompt when it fails.
    private func own() -> [StyledSpan] {
        guard let function = runtime.kept("prompt"),
            let values = try? runtime.machine.call(
                function,
                { writer in
                    let place = state.place()
                    writer.table {
                        for (name, value) in [
                            ("context", place.name), ("account", place.account),
                        ] {
                            guard let value else { continue }
                            writer.put(name)
                            writer.put(value)
                        }
                        writer.put("jobs")
                        writer.put(state.runningJobs)
                        writer.put("read_only")
                        writer.put(place.isReadOnly)
                    }
                }), let text = values.first?.text
        else { return usual() }
        return [StyledSpan(text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "> ")]
    }
}
