import ArgumentParser
import Contract
import Shell

/// Files that a sandbox is given.
enum SandboxFiles {
    /// Returns the seed for an option: the name of a built-in seed, or a file's text.
    static func seed(_ option: String) throws -> String {
        file(option) == nil ? option : try text(option)
    }

    /// The file that a seed option names; nil when a built-in seed is meant.
    static func file(_ option: String?) -> String? {
        option.flatMap { builtInSeeds.contains($0) ? nil : $0 }
    }

    /// The seeds that every sandbox knows.
    static let builtInSeeds = ["demo", "bare"]

    /// Why a variable that is meant for the sandbox has no effect; nil when all have one.
    static var variableProblem: String? {
        let known = "QCSH_SANDBOX_SEED"
        let other = UserFiles.environmentNames(withPrefix: "QCSH_SANDBOX_").first { $0 != known }
        return other.map { "environment: unknown variable \($0); did you mean \(known)?" }
    }

    /// The text of a file.
    static func text(_ path: String) throws -> String {
        guard let bytes = UserFiles.read(path) else {
            let suggestion = Names.suggestion(Names.nearest(to: path, in: builtInSeeds))
            Output.note("qcsh sandbox: cannot read \(path): \(UserFiles.reason)\(suggestion)")
            throw ExitCode(ExitStatus.failed)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
