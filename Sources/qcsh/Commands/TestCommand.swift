import ArgumentParser
import LuaMachine
import LuaMessages

/// Runs Lua specs.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run Lua specs.",
        usage: "qcsh test [options] [PATH …]",
        discussion: """
            Runs the named files, and the files in named directories that end in _spec.lua or \
            _test.lua; without a path, those in spec, tests or test. Specs are written as for \
            busted, with luassert, spies, stubs and matchers. Exits with 1 if a spec fails.
            """)

    /// How results are written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, tap, junit, json
    }

    @OptionGroup var cloud: CloudOptions
    @OptionGroup(title: OptionTitle.output) var details: VerboseOption
    @OptionGroup(title: OptionTitle.limits) var lua: LuaOptions

    @Option(help: "Format of the results.")
    var format = Format.text

    @Option(
        help: ArgumentHelp("Run only specs whose full name contains this text.", valueName: "text"))
    var filter: String?

    @Option(
        help: ArgumentHelp(
            "Run only specs with one of these tags (#slow in a name), with commas between.",
            valueName: "tags"))
    var tags: [String] = []

    @Option(
        help: ArgumentHelp("Do not run specs with one of these tags.", valueName: "tags"))
    var excludeTags: [String] = []

    @Flag(help: "Run the specs of each file and group in a random order.")
    var shuffle = false

    @Option(help: "Seed of random orders, to repeat one that was printed.")
    var seed: Int64?

    @Option(
        help: ArgumentHelp("Write the results to a file.", valueName: "file"))
    var resultFile: String?

    @Argument(help: ArgumentHelp("Files and directories of specs.", valueName: "path"))
    var paths: [String] = []

    /// Tags of an option that may be given several times.
    private static func list(_ tags: [String]) -> LuaValue? {
        tags.isEmpty ? nil : .text(tags.joined(separator: ","))
    }

    private static let code = """
        local request, exit = ..., os.exit
        local paths = request.paths
        request.paths = nil
        if not require("test").run(paths, request) then exit(1) end
        """

    /// The project of all specs.
    private func project() throws -> Project {
        let projects = (paths.isEmpty ? ["."] : paths).map {
            (path: $0, project: Project.of(specs: $0))
        }
        guard let first = projects.first else { return .current }
        if let other = projects.first(where: { $0.project != first.project }) {
            throw ValidationError(
                "\(first.path) and \(other.path) belong to different projects: run their specs "
                    + "one after the other")
        }
        return first.project
    }

    func run() throws {
        let request: [(String, LuaValue?)] = [
            ("paths", .list(paths.map(LuaValue.text))), ("format", .text(format.rawValue)),
            ("filter", filter.map(LuaValue.text)), ("output", resultFile.map(LuaValue.text)),
            ("tags", Self.list(tags)), ("exclude_tags", Self.list(excludeTags)),
            ("shuffle", shuffle ? .bool(true) : nil),
            ("seed", seed.map(LuaValue.integer)),
        ]
        throw ExitCode(
            Runner(
                options: RunOptions(cloud, details, lua), code: Self.code, argument: request,
                project: try project()
            ).run())
    }
}
