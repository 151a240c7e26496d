import Foundation
import LuaReference
import TestSupport
import Testing

/// A list stays a list: what functions return as one is `[]` in JSON when it is empty.
@Suite struct ListResultTests {
    /// Functions that return lists, with an example that is a single call of them.
    private static let examples: [(name: String, code: String)] =
        LuaReference.embedded.entries.compactMap { entry in
            guard let result = entry.results.first?.prefix(while: { $0 != " " }),
                result.hasSuffix("[]"), let code = entry.example,
                code.contains(entry.name.split(separator: ":").last ?? ""),
                !entry.name.hasPrefix("shell.")
            else { return nil }
            return (entry.name, code)
        }

    @Test func everyListThatAFunctionReturnsIsMarkedAsOne() throws {
        #expect(Self.examples.count > 40, "\(Self.examples.count)")
        var code = """
            \(LibraryObjects.setUp)
            local mark = getmetatable(json.list {})
            local count, problems = 0, {}
            local function try(name, text)
              local chunk = load("return " .. text)
              local ok, result = pcall(chunk or error)
              if ok and type(result) == "table" then
                count = count + 1
                if getmetatable(result) ~= mark then problems[#problems + 1] = name end
              end
            end

            """
        for example in Self.examples {
            code += "try([==[\(example.name)]==], [==[\(example.code)]==])\n"
        }
        code += """
            print(count > 30, table.concat(problems, " "), count)
            """
        let folder = try TemporaryFolder()
        let script = try folder.write("lists.lua", code)
        let result = try run(Project.qcsh, ["--sandbox", script])
        #expect(result.output.hasPrefix("true\t\t"), "\(result.output)\(result.errors)")
    }
}
