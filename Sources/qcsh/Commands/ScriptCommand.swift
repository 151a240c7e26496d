import ArgumentParser
import Contract
import Glibc
import LuaReference

/// Runs a script, code of the command line, or the interactive shell: qcsh without a subcommand. It
/// is outside of the tree, so that no file's name can be mistaken for its own.
struct ScriptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh",
        abstract: "Run a script, code, or the interactive shell.",
        usage: "qcsh [options] [SCRIPT [args …] | -e CODE]",
        version: Version.text)

    @OptionGroup var options: ScriptOptions
    @OptionGroup(title: OptionTitle.shell) var shell: ShellOptions

    @Option(
        name: [.customShort("e")],
        help: ArgumentHelp(
            "Run statements, or print the value of an expression. Repeatable.",
            valueName: "code"))
    var code: [String] = []

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The script and its arguments; - reads the script from standard input.",
            valueName: "script"))
    var script: [String] = []

    func validate() throws {
        guard let word = script.first, word.hasPrefix("-"), word != "-", word != "--" else {
            return
        }
        throw ValidationError(CommandTree.unknownOption(word, of: Self.self))
    }

    func run() throws {
        // After two dashes, a script may have a name that begins with one.
        let script = script.first == "--" ? Array(script.dropFirst()) : script
        throw ExitCode(
            Runner(
                options: RunOptions(options, shell), code: code, script: script, hint: Self.hint
            ).run())
    }

    /// The command, ready-made script or method that a person may have meant by a file that does not
    /// exist.
    static func hint(about file: String) -> String {
        guard !file.contains("/"), access(file, F_OK) != 0 else { return "" }
        if file == "version" { return "; qcsh --version shows the version" }
        if let method = try? APIReference(registry: .embedded).method(named: file) {
            return "; to call a method: qcsh call \(method.displayName)"
        }
        if let script = ReadyScripts.matches(file).first {
            return "; qcsh run \(script.name) runs the script of that name"
        }
        if let command = Names.nearest(to: file, in: QcshCommand.names) {
            return Names.suggestion("qcsh \(command)")
        }
        let script = Names.nearest(to: file, in: ReadyScripts.all().map(\.name))
        guard let script else {
            return file.contains(".")
                ? "" : "; no subcommand or script has this name either: see qcsh --help"
        }
        return Names.suggestion("qcsh run \(script)")
    }
}
