import ArgumentParser
import Codec
import Glibc
import Shell

/// Prints a token of a person.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print the token of a user, for Authorization: Bearer.")

    @Option(help: ArgumentHelp("E-mail address of the user.", valueName: "email"))
    var user: String

    @OptionGroup var target: SandboxTarget

    func run() throws {
        let body = "{\"user\":\(JSONWriter.quoted(user))}"
        let answer = try target.client().request("POST", "/tokens", body: Array(body.utf8))
        Output.data(try JSONText.member("token", of: answer) + "\n")
    }
}

/// Worlds: sandboxes inside the sandbox.
struct WorldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "world",
        abstract:
            "Manage worlds: sandboxes inside the sandbox, each with its own state, time and faults.",
        subcommands: [New.self, List.self, Close.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new", abstract: "Create a world and print its name and keys.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("POST", "/worlds"))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the worlds.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("GET", "/worlds"))
        }
    }

    struct Close: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close", abstract: "Delete a world.")

        @Argument(help: "Name of the world.")
        var name: String

        @OptionGroup var target: SandboxTarget

        func run() throws {
            _ = try target.client().request("DELETE", "/worlds/" + PercentCoding.encode(name))
        }
    }
}

/// The sandbox's time.
struct TimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "time", abstract: "Print or advance the time of the sandbox.")

    @Option(
        help: ArgumentHelp("Advance by this duration, such as 36h or 30d.", valueName: "length"))
    var advance: String?

    @Option(help: ArgumentHelp("Advance to this time, as RFC 3339.", valueName: "time"))
    var to: String?

    @OptionGroup var target: SandboxTarget

    func validate() throws {
        if advance != nil, to != nil {
            throw ValidationError("--advance and --to exclude each other")
        }
    }

    func run() throws {
        let client = try target.client()
        var answer: [UInt8]
        if let (name, value) = advance.map({ ("advance", $0) }) ?? to.map({ ("to", $0) }) {
            let body = "{\"\(name)\":\(JSONWriter.quoted(value))}"
            answer = try client.request("POST", "/time", body: Array(body.utf8))
        } else {
            answer = try client.request("GET", "/time")
        }
        Output.data(try JSONText.member("now", of: answer) + "\n")
    }
}

/// Faults of a running sandbox.
struct FaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "List, add or remove faults.",
        discussion: "qcsh sandbox serve --help describes faults.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the faults and their effects so far.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("GET", "/faults"))
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add faults and print their names.")

        @Argument(help: "Fault as YAML, or @FILE.")
        var fault: String

        @OptionGroup var target: SandboxTarget

        func run() throws {
            let text =
                fault.hasPrefix("@") ? try SandboxFiles.text(String(fault.dropFirst())) : fault
            Output.data(
                try target.client().request("POST", "/faults", body: Array(text.utf8)))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a fault; without a name, all faults.")

        @Argument(help: "Name of the fault.")
        var name: String?

        @OptionGroup var target: SandboxTarget

        func run() throws {
            let path = name.map { "/" + PercentCoding.encode($0) } ?? ""
            _ = try target.client().request("DELETE", "/faults" + path)
        }
    }
}

/// What a sandbox was asked, and what has happened in it.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Print the latest calls, or the API's events, as JSON.")

    @Flag(help: "Print the events of the API instead of calls.")
    var events = false

    @Option(help: ArgumentHelp("Print only entries after this number.", valueName: "number"))
    var after = 0

    @OptionGroup var target: SandboxTarget

    func run() throws {
        let path = (events ? "/events" : "/calls") + "?after=\(after)&limit=10000"
        Output.data(try target.client().request("GET", path))
    }
}

/// The running state as a seed.
struct SeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Print the current state as a seed, in YAML.")

    @OptionGroup var target: SandboxTarget

    func run() throws {
        Output.data(try target.client().request("GET", "/seed"))
    }
}

/// The whole state in a file.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write the state to a file with mode 0600.")

    @Argument(help: "File to write.")
    var file: String

    @Flag(help: "Overwrite an existing file.")
    var force = false

    @OptionGroup var target: SandboxTarget

    func run() throws {
        guard force || access(file, F_OK) != 0 else {
            Output.note("qcsh sandbox: \(file) already exists; use --force to overwrite it")
            throw ExitCode(ExitStatus.failed)
        }
        let bytes = try target.client().request("GET", "/snapshot")
        guard UserFiles.writePrivately(bytes, to: file) else {
            Output.note(
                "qcsh sandbox: cannot write \(file): \(UserFiles.reason)")
            throw ExitCode(ExitStatus.failed)
        }
    }
}

/// A state from a file.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Replace the state with a snapshot.")

    @Argument(help: "File that qcsh sandbox snapshot wrote.")
    var file: String

    @OptionGroup var target: SandboxTarget

    func run() throws {
        guard let bytes = UserFiles.read(file) else {
            Output.note("qcsh sandbox: cannot read \(file): \(UserFiles.reason)")
            throw ExitCode(ExitStatus.failed)
        }
        Output.data(try target.client().request("POST", "/restore", body: bytes))
    }
}

/// The first state again.
struct ResetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Return to the initial state.")

    @Option(
        help: ArgumentHelp(
            "Use another seed: a YAML file, demo or bare.", valueName: "file"))
    var seed: String?

    @OptionGroup var target: SandboxTarget

    func run() throws {
        let text = try seed.map { try SandboxFiles.seed($0) } ?? ""
        let origin = SandboxFiles.file(seed).map { "?file=" + PercentCoding.encode($0) } ?? ""
        Output.data(
            try target.client().request("POST", "/reset" + origin, body: Array(text.utf8)))
    }
}

/// Looks into small answers.
private enum JSONText {
    /// The text of a member of an object with one member.
    static func member(_ name: String, of answer: [UInt8]) throws -> String {
        let text = answer.withUnsafeBytes { bytes -> String? in
            var scanner = JSONScanner(bytes)
            guard (try? scanner.expect("{")) != nil, (try? scanner.string()) == name,
                (try? scanner.expect(":")) != nil
            else { return nil }
            return try? scanner.string()
        }
        guard let text else {
            Output.note("qcsh sandbox: the response cannot be read")
            throw ExitCode(ExitStatus.failed)
        }
        return text
    }
}
