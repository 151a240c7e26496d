import ArgumentParser
import Codec
import Glibc
import Shell

/// Prints a token of a person.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a person's token, for Authorization: Bearer.")

    @Option(help: ArgumentHelp("The person's e-mail address.", valueName: "email"))
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
        abstract: "Sandboxes inside the sandbox, each with its own state, time and faults.",
        subcommands: [New.self, List.self, Close.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new", abstract: "Open a fresh world and print its name and keys.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("POST", "/worlds"))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Print the names of the worlds that are open.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("GET", "/worlds"))
        }
    }

    struct Close: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close", abstract: "End a world.")

        @Argument(help: "Its name.")
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
        commandName: "time", abstract: "Print the sandbox's time, or move it on.")

    @Option(help: ArgumentHelp("By how much, for example 36h or 30d.", valueName: "length"))
    var advance: String?

    @Option(help: ArgumentHelp("To when, as RFC 3339.", valueName: "time"))
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
        discussion: "What a fault is, qcsh sandbox serve --help tells.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Print the faults and what they have done.")

        @OptionGroup var target: SandboxTarget

        func run() throws {
            Output.data(try target.client().request("GET", "/faults"))
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add faults and print their names.")

        @Argument(help: "The fault as YAML, or @file.")
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
            commandName: "remove", abstract: "Remove a fault, or all.")

        @Argument(help: "Its name; without it all are removed.")
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

    @Flag(help: "Events of the API instead of calls.")
    var events = false

    @Option(help: ArgumentHelp("Only what comes behind this number.", valueName: "number"))
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
        commandName: "seed", abstract: "Print the running state as a seed, in YAML.")

    @OptionGroup var target: SandboxTarget

    func run() throws {
        Output.data(try target.client().request("GET", "/seed"))
    }
}

/// The whole state in a file.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write the whole state to a file that only you can read.")

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Overwrite a file that is there.")
    var force = false

    @OptionGroup var target: SandboxTarget

    func run() throws {
        guard force || access(file, F_OK) != 0 else {
            Output.note("qcsh sandbox: \(file) is there already; --force overwrites it")
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
        commandName: "restore", abstract: "Put a snapshot in place of the whole state.")

    @Argument(help: "The file that snapshot wrote.")
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
        commandName: "reset", abstract: "Begin again with what the sandbox held at first.")

    @Option(
        help: ArgumentHelp(
            "Begin with another seed: a YAML file, demo or bare.", valueName: "file"))
    var seed: String?

    @OptionGroup var target: SandboxTarget

    func run() throws {
        let text = try seed.map { try SandboxFiles.seed($0) } ?? ""
        Output.data(try target.client().request("POST", "/reset", body: Array(text.utf8)))
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
            Output.note("qcsh sandbox: the answer cannot be read")
            throw ExitCode(ExitStatus.failed)
        }
        return text
    }
}
