import ArgumentParser
import LuaHost
import LuaMachine
import LuaMessages
import Shell

/// Runs a ready-made script by its name.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a ready-made script by name, or list the scripts.",
        usage: "qcsh run [options] [NAME [args …]]",
        discussion: """
            Finds NAME among your scripts (~/.local/share/qcsh/scripts), the project's (./scripts), \
            those of libraries, and qcsh's own, in this order. PLACE/NAME selects one of them: \
            user/NAME, project/NAME, LIBRARY/NAME or qcsh/NAME. Without a name, all scripts are \
            listed. qcsh run NAME --help shows the arguments of a script.
            """)

    @OptionGroup var options: ScriptOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The script's name and its arguments.", valueName: "name"))
    var words: [String] = []

    func validate() throws {
        guard let word = words.first, word.hasPrefix("-") else { return }
        if word == "--help" || word == "-h" { throw CleanExit.helpRequest(self) }
        throw ValidationError(CommandTree.unknownOption(word, of: Self.self))
    }

    func run() throws {
        let values = RunOptions(options)
        guard let name = words.first else { return list(values.output) }
        try reportingErrors(as: "run") {
            let (script, others) = try ReadyScripts.find(name)
            let text = try script.read()
            if !others.isEmpty {
                let names = others.map(\.wholeName).joined(separator: ", ")
                Output.remark("running \(script.wholeName); \(name) is also the name of \(names)")
            }
            throw ExitCode(
                Runner(
                    options: values, code: [], script: [script.file] + words.dropFirst(),
                    project: script.project, source: text, programName: "qcsh run \(name)"
                ).run())
        }
    }

    /// Lists the scripts.
    private func list(_ format: OutputFormat?) {
        let scripts = ReadyScripts.all()
        guard let format, format != .table else {
            let table = TextTable(
                [.init("NAME"), .init("FROM"), .init("ABOUT")],
                scripts.map { [$0.name, $0.place.name, $0.about ?? ""].map(Terminal.safe) })
            let text = table.text(width: Terminal.width, fitting: .cutting) { text, _, _ in text }
            return Output.data(text + "\n")
        }
        let rows = scripts.map { script in
            LuaValue.table(
                LuaTable(entries: [
                    (.text("name"), .text(script.name)), (.text("from"), .text(script.place.name)),
                    (.text("about"), .text(script.about ?? "")),
                ]))
        }
        let renderer = Renderer(
            registry: .embedded, format: format, width: Terminal.width)
        Output.data(renderer.text(.list(rows)))
    }
}
