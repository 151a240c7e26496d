import ArgumentParser
import Glibc
import LuaHost
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
            script { needs = { … } } for the beginning of SCRIPT. Everything else in a present header \
            is kept as it is written.
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
        do {
            for need in try ScriptHeader.read(source)?.needs ?? [] {
                guard let problem = HeaderPermissions().problem(with: need.word) else { continue }
                throw CommandError(
                    "\(script):\(need.position.line):\(need.position.column): \(problem)")
            }
        } catch let problem as ScriptHeader.Problem {
            throw CommandError("\(script):\(problem)")
        }
        return Self.text(HeaderText(source), needs: words.sorted(), deletes: deletes)
    }

    /// Returns a header with other permissions, and otherwise unchanged.
    private static func text(_ present: HeaderText?, needs: [String], deletes: Bool) -> String {
        let list = needs.map { "    \(ValueText.quoted($0)),\n" }.joined()
        var wanted = [(name: "needs", text: needs.isEmpty ? "needs = {}" : "needs = {\n\(list)  }")]
        if deletes { wanted.append(("deletes", "deletes = true")) }
        var fields = present?.fields ?? []
        for (name, text) in wanted {
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].text = text
            } else {
                fields.append((name, text))
            }
        }
        if !deletes { fields.removeAll { $0.name == "deletes" } }
        let lines = fields.map { "  \($0.text),\n" }.joined()
        return "\(present?.beginning ?? "script") {\n\(lines)}\n"
    }
}
