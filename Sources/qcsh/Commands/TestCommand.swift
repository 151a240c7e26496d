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
            Runs the files that are named, and in folders those whose names end in _spec.lua or \
            _test.lua; without a path the folder spec, tests or test. Specs are written with \
            describe, it and luassert's words, as for busted. The exit status is 1 when one fails.
            """)

    /// How results are written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, tap, junit
    }

    @OptionGroup var options: LuaRunOptions

    @Option(help: "How results are written: text, tap or junit.")
    var format = Format.text

    @Option(
        help: ArgumentHelp("Run only specs whose full names have this.", valueName: "text"))
    var filter: String?

    @Option(
        help: ArgumentHelp("Write the results to a file.", valueName: "file"))
    var resultFile: String?

    @Argument(help: ArgumentHelp("Files and folders of specs.", valueName: "path"))
    var paths: [String] = []

    private static let code = """
        local request = ...
        if not require("test").run(request.paths, request) then os.exit(1) end
        """

    func run() throws {
        let request: [(String, LuaValue?)] = [
            ("paths", .list(paths.map(LuaValue.text))), ("format", .text(format.rawValue)),
            ("filter", filter.map(LuaValue.text)), ("output", resultFile.map(LuaValue.text)),
        ]
        throw ExitCode(
            Runner(
                options: RunOptions(options), code: Self.code, argument: request,
                moduleFolders: [".", "./src", "./lua"]
            ).run())
    }
}
