import ArgumentParser
import LuaMachine
import LuaMessages

/// Runs Lua specs.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qcsh test",
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

    @OptionGroup var options: GlobalOptions

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
        local request = json.decode(arg[1])
        if not require("test").run(request.paths, request) then os.exit(1) end
        """

    func run() throws {
        var request = LuaTable(entries: [
            (.text("paths"), .table(LuaTable(kind: .list, entries: numbered(paths)))),
            (.text("format"), .text(format.rawValue)),
        ])
        if let filter { request.entries.append((.text("filter"), .text(filter))) }
        if let resultFile { request.entries.append((.text("output"), .text(resultFile))) }
        let words = [ValueJSON(registry: .embedded).text(.table(request))]
        throw ExitCode(
            Runner(
                options: options.values, code: [Self.code], script: words,
                moduleFolders: [".", "./src", "./lua"]
            ).run())
    }

    private func numbered(_ texts: [String]) -> [(key: LuaValue, value: LuaValue)] {
        texts.enumerated().map { (.integer(Int64($0.offset + 1)), .text($0.element)) }
    }
}
