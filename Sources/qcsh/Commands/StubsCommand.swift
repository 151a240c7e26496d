import ArgumentParser
import Contract
import Glibc
import LuaMessages
import LuaReference
import Shell

/// Writes definitions for editors.
struct StubsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stubs",
        abstract: "Write type definitions for editors.",
        discussion: """
            Writes LuaCATS annotations of the API, the host modules and the standard library, for \
            lua-language-server, and a .luarc.json that uses them if none exists.
            """)

    @Option(help: ArgumentHelp("Directory of the definitions.", valueName: "directory"))
    var out = ".qcsh/stubs"

    @Flag(help: "Do not write .luarc.json.")
    var bare = false

    func run() throws {
        let files: [LuaStubs.File]
        do throws(ContractError) {
            files = try LuaStubs(registry: .embedded).files()
        } catch {
            Output.note("qcsh stubs: \(error)")
            throw ExitCode(ExitStatus.failed)
        }
        let root = out.hasPrefix("/") ? out : currentFolder + "/" + out
        for file in files {
            let path = root + "/" + file.path
            UserFiles.makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            guard UserFiles.write(Array(file.text.utf8), to: path) else {
                Output.note("qcsh stubs: \(path): \(UserFiles.reason)")
                throw ExitCode(ExitStatus.failed)
            }
        }
        Output.note("\(files.count) files in \(out)")
        guard !bare, access(".luarc.json", F_OK) != 0 else { return }
        let settings = """
            {
              "runtime.version": "Lua 5.4",
              "workspace.library": [\(ValueText.quoted(out))],
              "diagnostics.globals": ["describe", "it", "before_each", "after_each", "finally"]
            }

            """
        guard UserFiles.write(Array(settings.utf8), to: ".luarc.json") else {
            Output.note("qcsh stubs: .luarc.json: \(UserFiles.reason)")
            throw ExitCode(ExitStatus.failed)
        }
        Output.note("wrote .luarc.json")
    }

    private var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
