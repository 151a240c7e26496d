import ArgumentParser
import Shell

/// Why a command does not do what it was asked for, and the status that the program ends with.
struct CommandError: Error, CustomStringConvertible {
    let status: Int32
    let description: String

    /// Creates an error about the command line, the configuration or the surroundings; other statuses
    /// are for commands that have begun.
    init(_ description: String, status: Int32 = ExitStatus.usage) {
        self.description = description
        self.status = status
    }
}

extension ParsableCommand {
    /// Runs a body. What it throws is written after the command's name, and decides the exit status.
    func reportingErrors<Result>(as name: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let status as ExitCode {
            throw status
        } catch {
            Output.note("qcsh \(name): \(error)")
            throw ExitCode((error as? CommandError)?.status ?? ExitStatus.usage)
        }
    }
}
