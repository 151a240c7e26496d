import ArgumentParser
import CSpawn
import CZone
import Glibc
import Shell

/// Where the program begins.
@main
enum Main {
    /// A file that is opened must not get the number of a closed standard stream. Writing
    /// to a closed output fails, as it would without the file in its place.
    private static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
        }
        qspawn_watch_output()
    }

    static func main() {
        openStandardStreams()
        qzone_reserve()
        let arguments = (0..<qspawn_argument_count())
            .compactMap { qspawn_argument($0).map { String(cString: $0) } }.dropFirst()
        if arguments.first == CompletionScript.query {
            return complete(Array(arguments.dropFirst()))
        }
        if let runner = Runner(plain: arguments) { exit(Output.finish(runner.run())) }
        do throws(CommandError) {
            switch try CommandWords.arranged(Array(arguments)) {
            case .help: answer(QcshCommand.help(columns: nil))
            case .version: answer(Version.text)
            case .command(let words): run(words, of: QcshCommand.self)
            case .script(let words): run(words, of: ScriptCommand.self)
            }
        } catch {
            Output.note("qcsh: \(error)")
            exit(error.status)
        }
    }

    /// Writes the candidates for the last word, for the scripts of `qcsh completions`.
    private static func complete(_ words: [String]) {
        guard let commands = CommandTree(QcshCommand.self),
            let script = CommandTree(ScriptCommand.self)
        else { return }
        let completer = CommandLineCompleter(words, commands: commands, script: script)
        for candidate in completer.candidates() {
            let (text, about) = (Terminal.safe(candidate.text), Terminal.safe(candidate.about))
            Output.data("\(text)\t\(about)\n")
        }
        exit(Output.finish(0))
    }

    private static func run(_ words: [String], of root: any ParsableCommand.Type) {
        do {
            var parsed = try root.parseAsRoot(words)
            try parsed.run()
            exit(Output.finish(0))
        } catch let status as ExitCode {
            // The parser would write the help before it looks at the status.
            exit(Output.finish(status.rawValue))
        } catch {
            let text = root.fullMessage(for: error)
            // Help is data, and not a failure.
            if root.exitCode(for: error).isSuccess { answer(text) }
            Output.note(text)
            exit(ExitStatus.usage)
        }
    }

    /// Writes what was asked for, and ends the program.
    private static func answer(_ text: String) -> Never {
        Output.data(text + "\n")
        exit(Output.finish(0))
    }
}
