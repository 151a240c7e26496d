extension Runner {
    /// Understands the commonest command lines by itself: swift-argument-parser's reflection takes
    /// two thirds of the start-up of a program of this size. Nil for all that it does not know.
    init?(plain arguments: ArraySlice<String>) {
        var options = RunOptions()
        var rest = arguments
        while rest.first == "--sandbox" {
            options.sandbox = true
            rest = rest.dropFirst()
        }
        switch rest.first {
        case "-e" where rest.count == 2:
            self.init(options: options, code: [rest[rest.startIndex + 1]], script: [])
        case nil, "-":
            self.init(
                options: options, code: [], script: Array(rest), hint: ScriptCommand.hint)
        case let word?
        where !word.hasPrefix("-") && word != "help" && !QcshCommand.names.contains(word):
            self.init(
                options: options, code: [], script: Array(rest), hint: ScriptCommand.hint)
        default: return nil
        }
    }
}
