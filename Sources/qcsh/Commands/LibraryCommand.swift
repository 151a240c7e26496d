import ArgumentParser
import CloudClient
import Glibc
import LuaMachine
import LuaMessages

/// Libraries of scripts: creates, tests, shares and adds them.
struct LibraryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lib",
        abstract: "Create, share and add libraries of scripts.",
        discussion: """
            A library is a LuaRocks package of Lua modules and scripts. It is added to the project \
            (./lua_modules, with ./qcsh.lock) if the current directory is one, otherwise to your \
            own libraries.
            """,
        subcommands: [
            New.self, Add.self, List.self, Update.self, Remove.self, Test.self, Docs.self,
            Pack.self,
        ],
        defaultSubcommand: List.self)

    /// The options of all of these commands.
    struct LibraryOptions: RunOptionGroup {
        @OptionGroup(title: OptionTitle.output) var format: FormatOption
        @OptionGroup(title: OptionTitle.limits) var timeout: TimeoutOption

        func apply(to options: inout RunOptions) {
            format.apply(to: &options)
            timeout.apply(to: &options)
        }
    }

    /// Where libraries are kept.
    struct Place: ParsableArguments {
        @Flag(help: "Use this project: ./lua_modules and ./qcsh.lock.")
        var project = false

        @Flag(help: "Use your own libraries.")
        var user = false

        func validate() throws {
            guard !(project && user) else {
                throw ValidationError("--project and --user exclude each other")
            }
        }

        var values: [(String, LuaValue)] {
            project ? [("place", .text("project"))] : user ? [("place", .text("user"))] : []
        }
    }

    /// What commands that grant permissions take.
    struct Granting: ParsableArguments {
        @Flag(help: "Grant the requested permissions without asking.")
        var yes = false

        @Flag(help: "Replace files that qcsh did not add.")
        var force = false

        @Option(
            help: ArgumentHelp(
                "Tag, branch or version; version 1.0.0 may have the tag v1.0.0.", valueName: "ref"))
        var ref: String?

        @Option(
            help: ArgumentHelp(
                "Server of rocks: a URL, or a directory with a manifest.", valueName: "server"))
        var server: String?

        var values: [(String, LuaValue)] {
            var all: [(String, LuaValue)] = [("yes", .bool(yes)), ("force", .bool(force))]
            if let ref { all.append(("ref", .text(ref))) }
            if let server { all.append(("server", .text(server))) }
            return all
        }
    }

    /// Runs a command of the library of libraries; the exit status.
    private static func run(
        _ verb: String, _ options: LibraryOptions, _ more: [(String, LuaValue)]
    ) -> Int32 {
        let values = RunOptions(options)
        let request: [(String, LuaValue?)] = [
            ("verb", .text(verb)), ("user", UserFiles.dataFolder.map(LuaValue.text)),
            ("output", (values.output?.rawValue).map(LuaValue.text)),
        ]
        return Runner(
            options: values, code: code, argument: request + more.map { ($0.0, $0.1) }
        ).run()
    }

    private static let code = "return require(\"qdrant.library.command\")(...)"

    /// A list as it is passed on.
    private static func list(_ texts: [String]) -> LuaValue { .list(texts.map { .text($0) }) }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a library.",
            discussion: """
                Writes a LuaRocks package: modules in lua/ with annotations, scripts in scripts/, \
                specs in spec/, a rockspec, and settings for luacheck, lua-language-server and CI.
                """)

        @OptionGroup var options: LibraryOptions

        @Option(
            help: ArgumentHelp(
                "Directory of the library (default: its name).", valueName: "directory"))
        var folder: String?

        @Option(help: ArgumentHelp("Purpose, in a few words.", valueName: "text"))
        var about: String?

        @Argument(help: "Name, such as fleet-tools.")
        var name: String

        func run() throws {
            var more: [(String, LuaValue)] = [("name", .text(name))]
            if let folder { more.append(("folder", .text(folder))) }
            if let about { more.append(("about", .text(about))) }
            throw ExitCode(LibraryCommand.run("new", options, more))
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add libraries; without a source, those of the lock file.",
            discussion: """
                A source is a directory with a rockspec, an archive or its URL, a Git repository with \
                its tag after # (github:OWNER/NAME#v1.0.0), or the name of a rock. Adding a library \
                runs none of its code. Without a terminal, --yes is required.
                """)

        @OptionGroup var options: LibraryOptions
        @OptionGroup var place: Place
        @OptionGroup var granting: Granting

        @Argument(help: ArgumentHelp("Sources of libraries.", valueName: "source"))
        var sources: [String] = []

        func run() throws {
            let more = place.values + granting.values + [("sources", LibraryCommand.list(sources))]
            throw ExitCode(LibraryCommand.run("add", options, more))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the libraries, and report changed files.")

        @OptionGroup var options: LibraryOptions
        @OptionGroup var place: Place

        func run() throws { throw ExitCode(LibraryCommand.run("list", options, place.values)) }
    }

    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Update libraries; without a name, all of them.",
            discussion: "Asks before a new version gets permissions that the old one did not have.")

        @OptionGroup var options: LibraryOptions
        @OptionGroup var place: Place
        @OptionGroup var granting: Granting

        @Argument(help: ArgumentHelp("Names of libraries.", valueName: "name"))
        var names: [String] = []

        func run() throws {
            let more = place.values + granting.values + [("names", LibraryCommand.list(names))]
            throw ExitCode(LibraryCommand.run("update", options, more))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove libraries.")

        @OptionGroup var options: LibraryOptions
        @OptionGroup var place: Place

        @Flag(help: "Remove them even if another library needs them.")
        var force = false

        @Argument(help: ArgumentHelp("Names of libraries.", valueName: "name"))
        var names: [String]

        func run() throws {
            let more =
                place.values + [("names", LibraryCommand.list(names)), ("force", .bool(force))]
            throw ExitCode(LibraryCommand.run("remove", options, more))
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the files of a library against the API, and run its specs.",
            discussion: "Words after -- are passed to qcsh test.")

        @Argument(help: ArgumentHelp("Directory of the library.", valueName: "directory"))
        var folder = "."

        @Argument(
            parsing: .postTerminator,
            help: ArgumentHelp("Options of qcsh test.", visibility: .hidden))
        var more: [String] = []

        func run() throws {
            guard chdir(folder) == 0 else {
                throw ValidationError("\(folder): \(String(cString: strerror(errno)))")
            }
            let whole = LibraryCommand.run(
                "check", try LibraryOptions.parse([]), [("folder", .text("."))])
            guard whole == 0 else { throw ExitCode(whole) }
            let files = Self.modules(below: ".")
            if !files.isEmpty {
                let check = try CheckCommand.parse(files)
                do { try check.run() } catch let code as ExitCode where code.isSuccess {}
            }
            let test = try TestCommand.parse(more)
            try test.run()
        }

        /// The Lua files of a library: in `lua`, `src`, `bin` and `scripts`.
        private static func modules(below root: String) -> [String] {
            var files: [String] = []
            var open = ["lua", "src", "bin", "scripts"]
            while let folder = open.popLast() {
                for name in Paths.names(in: folder) ?? [] where !name.hasPrefix(".") {
                    let path = folder + "/" + name
                    var status = stat()
                    guard lstat(path, &status) == 0 else { continue }
                    if status.st_mode & S_IFMT == S_IFDIR {
                        open.append(path)
                    } else if name.hasSuffix(".lua"), status.st_mode & S_IFMT == S_IFREG {
                        files.append(path)
                    }
                }
            }
            return files.sorted()
        }
    }

    struct Docs: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the documentation of a library as an HTML page, from its annotations.")

        @OptionGroup var options: LibraryOptions

        @Option(help: ArgumentHelp("Page to write (default: docs/index.html).", valueName: "file"))
        var out: String?

        @Argument(help: ArgumentHelp("Directory of the library.", valueName: "directory"))
        var folder = "."

        func run() throws {
            var more: [(String, LuaValue)] = [("folder", .text(folder))]
            if let out { more.append(("out", .text(out))) }
            throw ExitCode(LibraryCommand.run("docs", options, more))
        }
    }

    struct Pack: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the archive of a library.")

        @OptionGroup var options: LibraryOptions

        @Flag(help: "Create a rock for a LuaRocks server; requires luarocks.")
        var rock = false

        @Argument(help: ArgumentHelp("Directory of the library.", valueName: "directory"))
        var folder = "."

        func run() throws {
            throw ExitCode(
                LibraryCommand.run(
                    "pack", options, [("folder", .text(folder)), ("rock", .bool(rock))]))
        }
    }
}
