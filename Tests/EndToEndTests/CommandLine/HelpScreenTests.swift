import Foundation
import TestSupport
import Testing

/// The help screens and completion scripts, as they were read and found good. With
/// `QCSH_RECORD_SCREENS=1` they are written again.
@Suite struct HelpScreenTests {
    private static let folder = Project.root + "/Tests/Fixtures/help/"

    /// Every command, as words; the first one is qcsh itself.
    static let commands: [[String]] = {
        var found: [[String]] = [[]]
        var open: [[String]] = [[]]
        while let words = open.popLast() {
            guard let help = try? qcsh(words + ["--help"]).output else { continue }
            var isList = false
            for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasSuffix("SUBCOMMANDS:") {
                    isList = true
                } else if !line.hasPrefix("  ") {
                    isList = false
                } else if isList, let name = line.dropFirst(2).split(separator: " ").first,
                    !line.hasPrefix("   "), !line.hasPrefix("  See ")
                {
                    found.append(words + [String(name)])
                    open.append(words + [String(name)])
                }
            }
        }
        return found
    }()

    private func compare(_ text: String, _ name: String) throws {
        let file = Self.folder + name + ".txt"
        if ProcessInfo.processInfo.environment["QCSH_RECORD_SCREENS"] == "1" {
            try FileManager.default.createDirectory(
                atPath: Self.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            return
        }
        let golden = try? String(contentsOfFile: file, encoding: .utf8)
        #expect(text == golden, "\(name): record it with QCSH_RECORD_SCREENS=1, and read it")
    }

    @Test func everyCommandIsFound() {
        #expect(Self.commands.count >= 45)
        #expect(Self.commands.contains(["sandbox", "world", "close"]))
    }

    @Test(arguments: commands)
    func helpScreensAreAsRecorded(_ words: [String]) throws {
        let help = try qcsh(words + ["--help"])
        #expect(help.status == 0)
        #expect(help.errors == "")
        let name = (["qcsh"] + words).joined(separator: "-")
        try compare(help.output, name)
        // The other way to ask.
        #expect(try qcsh(["help"] + words).output == help.output)
    }

    @Test func noScreenIsRecordedForACommandThatIsGone() throws {
        let names = Set(Self.commands.map { (["qcsh"] + $0).joined(separator: "-") + ".txt" })
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(files.filter { !$0.hasPrefix("completions.") }).subtracting(names) == [])
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScriptsAreAsRecorded(_ shell: String) throws {
        try compare(try qcsh(["completions", shell]).output, "completions." + shell)
    }
}
