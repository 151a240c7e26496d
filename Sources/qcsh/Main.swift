import ArgumentParser
import CSpawn
import CZone
import Glibc
import Shell

/// Where the program begins.
@main
enum Main {
    /// A file that is opened must not get the number of a closed standard stream.
    private static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    static func main() {
        openStandardStreams()
        qzone_reserve()
        let arguments = (0..<qspawn_argument_count())
            .compactMap { qspawn_argument($0).map { String(cString: $0) } }.dropFirst()
        if let runner = Runner(plain: arguments, isSubcommand: { Subcommands.all[$0] != nil }) {
            exit(runner.run())
        }
        let subcommand = arguments.first.flatMap { Subcommands.all[$0] }
        let command = subcommand ?? RunCommand.self
        do {
            var parsed = try command.parseAsRoot(
                Array(subcommand == nil ? arguments : arguments.dropFirst()))
            try parsed.run()
        } catch let status as ExitCode {
            // The parser would write the help before it looks at the status.
            exit(status.rawValue)
        } catch {
            guard command.exitCode(for: error) == .validationFailure else {
                // Help and the like are data, and no failure.
                let status = command.exitCode(for: error)
                let text = command.fullMessage(for: error)
                if status.isSuccess { Output.data(text + "\n") } else { Output.note(text) }
                exit(Runner.checkOutput(status.rawValue))
            }
            Output.note(command.fullMessage(for: error))
            exit(ExitStatus.usage)
        }
    }
}
