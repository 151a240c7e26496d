import LuaHost

extension RunOptions {
    /// The message about a run that took too long.
    var timedOutWords: String { "not done within \(Double(timeout ?? 0) / 1e9) s (--timeout)" }

    /// The message about a run that was ended.
    func words(about reason: RunControl.Reason) -> String {
        switch reason {
        case .interrupted: "interrupted"
        case .terminated: "terminated"
        case .timedOut: timedOutWords
        case .instructionsUsedUp:
            "more than \(maximumInstructions ?? 0) instructions were executed (--max-instructions)"
        }
    }
}
