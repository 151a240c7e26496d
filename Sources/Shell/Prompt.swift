import LuaMachine

/// The prompt: where one is, how dangerous that is, and what runs meanwhile.
struct PromptText {
    let state: ShellState
    /// Calls the user's function.
    let call: ((TapeWriter) -> Void) throws(LuaFailure) -> [LuaValue]

    /// The prompt for the first line of an entry, or for a further one.
    func prompt(isContinued: Bool) -> LineEditor.Prompt {
        let continuation = [StyledSpan("   .> ", .faint)]
        if isContinued { return .init(spans: continuation, continuation: continuation) }
        let lines = state.settings.hasOwnPrompt ? own() : [usual()]
        return .init(
            above: Array(lines.dropLast()), spans: lines.last ?? usual(),
            continuation: continuation)
    }

    private func usual() -> [StyledSpan] {
        let place = state.surroundings.place
        var spans: [StyledSpan] = []
        if state.runningJobs > 0 { spans.append(StyledSpan("[\(state.runningJobs)] ", .warning)) }
        spans.append(StyledSpan("qcsh", .bold))
        if let name = place.name {
            spans.append(StyledSpan(" "))
            spans.append(StyledSpan(name, .accent, code: place.code))
        }
        if let account = place.account {
            spans.append(StyledSpan((place.name == nil ? " :" : ":") + account, .faint))
        }
        if place.isReadOnly { spans.append(StyledSpan(" ro", .good)) }
        if place.isDryRun { spans.append(StyledSpan(" dry", .good)) }
        spans.append(StyledSpan("> "))
        return spans
    }

    /// The lines that the user's function returns; the usual prompt, from now on, when it fails.
    private func own() -> [[StyledSpan]] {
        var problem = "it did not return a string"
        do throws(LuaFailure) {
            let values = try call { writer in
                let place = state.surroundings.place
                writer.table {
                    for (name, value) in [("context", place.name), ("account", place.account)] {
                        guard let value else { continue }
                        writer.put(name)
                        writer.put(value)
                    }
                    writer.put("jobs")
                    writer.put(state.runningJobs)
                    writer.put("read_only")
                    writer.put(place.isReadOnly)
                }
            }
            if let text = values.first?.text {
                return text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { Self.spans(String($0)) }
            }
        } catch {
            problem = error.isCancellation ? "it was interrupted" : ErrorReport.text(error)
        }
        state.settings.hasOwnPrompt = false
        Output.note("\nshell.prompt is no longer used: \(problem)")
        return [usual()]
    }

    /// A text with the colours that `term.style` has put into it; other control characters are made
    /// visible.
    static func spans(_ text: String) -> [StyledSpan] {
        var spans: [StyledSpan] = []
        var code: String?
        for (index, part) in text.split(separator: "\u{1b}[", omittingEmptySubsequences: false)
            .enumerated()
        {
            var rest = part
            if index > 0, let end = part.firstIndex(of: "m"),
                part[..<end].allSatisfy({ $0.isASCII && $0.isNumber || $0 == ";" })
            {
                let parameters = String(part[..<end])
                code = ["", "0"].contains(parameters) ? nil : parameters
                rest = part[part.index(after: end)...]
            } else if index > 0 {
                rest = "\u{1b}[" + part
            }
            guard !rest.isEmpty else { continue }
            spans.append(StyledSpan(Terminal.safe(String(rest)), code: code))
        }
        return spans
    }
}
