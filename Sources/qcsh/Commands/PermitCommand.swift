import ArgumentParser
import Glibc
import LuaMessages
import LuaSource
import Shell

/// Writes the smallest header that allows what a run has used.
struct PermitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "permit",
        abstract: "Write a script's header: the permissions that a run used.",
        usage: "qcsh permit SCRIPT --from FILE [--refused]",
        discussion: """
            First run qcsh --audit FILE SCRIPT, which records the permissions. Then this command prints \
            script { needs = { … } } for the beginning of SCRIPT. Other settings of a present header, \
            such as about, are kept.
            """)

    @Argument(help: ArgumentHelp("The script.", valueName: "script"))
    var script: String

    @Option(help: ArgumentHelp("File that --audit wrote.", valueName: "file"))
    var from: String

    @Flag(help: "Include the permissions that were refused.")
    var refused = false

    func run() throws {
        try reportingErrors(as: "permit") { Output.data(try header()) }
    }

    private func header() throws -> String {
        guard let source = UserFiles.read(script) else {
            throw CommandError("cannot read \(script): \(UserFiles.reason)")
        }
        guard let audit = UserFiles.read(from) else {
            throw CommandError("cannot read \(from): \(UserFiles.reason)")
        }
        var words: Set<String> = []
        var deletes = false
        for (index, line) in audit.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard let record = try? ValueJSON.value(Array(line)).table,
                let use = record["use"]?.text
            else { throw CommandError("\(from):\(index + 1): not a line of an audit") }
            let isRefused = (record["refused"]?.integer ?? 0) > 0
            if isRefused, !refused { continue }
            words.insert(use)
            if case .bool(true)? = record["deletes"] { deletes = true }
        }
        let present: ScriptHeader?
        do throws(ScriptHeader.Problem) { present = try ScriptHeader.read(source) } catch {
            throw CommandError("\(script):\(error)")
        }
        var lines = ["script {"]
        if let about = present?.about { lines.append("  about = \(ValueText.quoted(about)),") }
        let shown = words.sorted().map(ValueText.quoted)
        if shown.isEmpty {
            lines.append("  needs = {},")
        } else {
            lines.append("  needs = {")
            lines += shown.map { "    \($0)," }
            lines.append("  },")
        }
        if deletes { lines.append("  deletes = true,") }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }
}
