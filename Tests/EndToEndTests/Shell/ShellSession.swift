import Foundation
import TestSupport
import Testing

/// A shell on a terminal of its own, with the sandbox and an empty home.
final class ShellSession {
    let home: TemporaryFolder
    let screen: Screen
    /// What the prompt ends in.
    let prompt: String

    /// Starts the shell and waits for its first prompt.
    init(
        _ arguments: [String] = ["--sandbox"], columns: Int = 80, rows: Int = 24,
        environment: [String: String] = [:], home: TemporaryFolder? = nil, prompt: String = "> ",
        isJob: Bool = false
    ) throws {
        self.home = try home ?? TemporaryFolder()
        screen = try Screen(
            Project.qcsh, arguments, home: self.home.path, columns: columns, rows: rows,
            environment: environment, isJob: isJob)
        self.prompt = prompt
        guard try screen.shows(prompt) else { throw Missing(text: prompt, screen: screen.text) }
    }

    /// A text that did not come.
    struct Missing: Error, CustomStringConvertible {
        let text: String
        let screen: String
        var description: String { "\"\(text)\" is not on the screen:\n\(screen)" }
    }

    /// Types a text and waits for another to be shown.
    func type(_ text: String, until shown: String) throws {
        try screen.type(text)
        try wait(for: shown)
    }

    func wait(for text: String) throws {
        guard try screen.shows(text) else { throw Missing(text: text, screen: screen.text) }
    }

    func waitUntilGone(_ text: String) throws {
        guard try screen.loses(text) else {
            throw Missing(text: "(without) " + text, screen: screen.text)
        }
    }

    /// Runs an entry; waits until something that only its output has is shown, and the prompt.
    func run(_ entry: String, until shown: String) throws {
        try type(entry + "\r", until: shown)
        try waitForPrompt()
    }

    func waitForPrompt() throws {
        guard try screen.isAt(prompt) else { throw Missing(text: prompt, screen: screen.text) }
    }

    /// Leaves with Ctrl-D; the exit status.
    func leave() throws -> Int32? {
        // Typed ahead, it would meet the terminal outside of the line editor.
        try waitForPrompt()
        try screen.type("\u{4}")
        return try screen.exitStatus()
    }

    /// The entries of the history, as they stand in the file.
    func history(_ context: String = "sandbox") throws -> String {
        try String(
            contentsOfFile: home.path + "/.local/state/qcsh/history/\(context).jsonl",
            encoding: .utf8)
    }
}
