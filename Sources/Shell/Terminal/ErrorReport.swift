import LuaMachine

/// Describes failures of Lua code for users.
public enum ErrorReport {
    /// The message with the script's position and line, then the traceback if it adds information.
    ///
    /// - Parameter source: the text of a file of Lua, by the name that positions have.
    public static func text(
        _ failure: LuaFailure, isVerbose: Bool = false, source: (String) -> [UInt8]? = { _ in nil }
    ) -> String {
        var message = failure.description
        var isTable = false
        if case .table = failure.value { isTable = true }
        if isTable || isOfTheLibrary(failure), Excerpt.place(in: message) == nil,
            let place = place(in: failure)
        {
            message = "\(place): \(message)"
        }
        var lines = [message]
        if let excerpt = Excerpt.of(message, source: source) { lines.append(excerpt) }
        if let violations = failure.value.table?["violations"]?.table?.array, violations.count > 1 {
            for violation in violations {
                guard let table = violation.table, let path = table["path"]?.text,
                    let sentence = table["message"]?.text
                else { continue }
                // The first is in the message already, or all of them are.
                let place = path.isEmpty ? "" : path + ": "
                if message.contains(place + sentence) { continue }
                let rule = table["rule"]?.text.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
                lines.append("  " + place + sentence + rule)
            }
        }
        if let trace = failure.value.table?["trace_id"]?.text { lines.append("  trace \(trace)") }
        if isVerbose, !failure.traceback.isEmpty { lines.append(failure.traceback) }
        return Terminal.safe(lines.joined(separator: "\n"))
    }

    /// Whether the standard library has raised an error.
    private static func isOfTheLibrary(_ failure: LuaFailure) -> Bool {
        let frames = failure.traceback.split(separator: "\n").map { line in
            line.drop { $0 == "\t" || $0 == " " }
        }
        let first = frames.first { !$0.hasPrefix("[C]") && !$0.hasPrefix("stack traceback") }
        return first?.hasPrefix("[") ?? false
    }

    /// The innermost line of the script in a traceback: `script.lua:12`.
    private static func place(in failure: LuaFailure) -> String? {
        if let place = failure.value.table?["place"]?.text { return place }
        let traceback = failure.value.table?["traceback"]?.text ?? failure.traceback
        for line in traceback.split(separator: "\n") {
            let frame = line.drop { $0 == "\t" || $0 == " " }
            // Frames of C and of the embedded library stand in brackets.
            guard !frame.hasPrefix("["), !frame.hasPrefix("stack traceback"),
                !frame.contains("(skipping ")
            else { continue }
            // Lua shortens long names to "...the/end.lua".
            let parts = frame.split(separator: ":", maxSplits: 2)
            guard parts.count >= 2, Int(parts[1]) != nil else { continue }
            return "\(parts[0]):\(parts[1])"
        }
        return nil
    }

    /// The exit status that a failure ends a script with.
    public static func exitStatus(_ failure: LuaFailure) -> Int32 {
        guard let table = failure.value.table, let code = table["code"]?.text else { return 1 }
        // Errors of scripts may have codes of their own.
        guard let origin = table["origin"]?.text else { return 1 }
        if origin == "bound" { return 3 }
        if origin == "local", !["UNAUTHENTICATED", "PERMISSION_DENIED"].contains(code) { return 3 }
        switch code {
        case "UNAUTHENTICATED", "PERMISSION_DENIED": return 4
        case "NOT_FOUND": return 5
        case "FAILED_PRECONDITION", "ALREADY_EXISTS", "ABORTED": return 6
        case "RESOURCE_EXHAUSTED":
            if case .bool(true) = table["retryable"] { return 8 }
            return 6
        case "INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED": return 7
        default: return 8
        }
    }
}
