import Foundation
import LuaReference
import TestSupport
import Testing

/// Tables of options, lists and maps are understood or refused: every name, and the type of every value,
/// however deep.
@Suite struct OptionMistakeTests {
    /// A parameter whose parts are known.
    private struct Parameter {
        let function: String
        let name: String
        /// The arguments before and after it.
        let before: [String]
        let after: [String]
        let type: String
    }

    private static let parameters: [Parameter] = LuaReference.embedded.entries.flatMap {
        entry -> [Parameter] in
        let names = entry.parameters?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        // `shell` is for the interactive shell alone; `script` and `library` are read before a run.
        guard let names, !entry.name.hasPrefix("shell."),
            !["script", "library"].contains(entry.name)
        else { return [] }
        var before: [String] = []
        var found: [Parameter] = []
        for (index, name) in names.enumerated() where name != "..." {
            guard let letters = LibraryObjects.letters(entry, index),
                let parameter = LuaReference.embedded.parameter(of: entry, index)
            else { break }
            if ValueForms.hasParts(parameter.type) {
                found.append(
                    Parameter(
                        function: entry.name, name: name, before: before,
                        after: names.indices.dropFirst(index + 1).compactMap { later in
                            names[later] == "..."
                                ? nil
                                : LibraryObjects.letters(entry, later).map(LibraryObjects.value)
                        }, type: parameter.type))
            }
            before.append(LibraryObjects.value(letters))
        }
        return found
    }

    @Test func everyFunctionRefusesPartsThatItDoesNotTake() throws {
        #expect(Self.parameters.count > 90, "\(Self.parameters.count) parameters")
        var code = "\(LibraryObjects.setUp)\nlocal objects = {\n"
        for (name, maker) in LibraryObjects.byClass { code += "  [\"\(name)\"] = \(maker),\n" }
        code += """
            }
            local count, problems = 0, {}
            local function try(line, words, fn, ...)
              count = count + 1
              local ok, problem = pcall(fn, ...)
              local text = type(problem) == "table" and problem.message or tostring(problem)
              for _, word in ipairs(words) do
                if ok or not text:find(word, 1, true) then
                  problems[#problems + 1] = line .. (ok and " succeeded" or ": " .. text)
                  break
                end
              end
            end

            """
        var calls = 0
        for parameter in Self.parameters {
            let parts = parameter.function.split(separator: ":").map(String.init)
            var function = parameter.function
            var arguments = parameter.before
            if parts.count == 2 {
                guard LibraryObjects.object(parts[0]) != nil else { continue }
                let isClass = LibraryObjects.byClass[parts[0]] != nil
                let object = isClass ? "objects[\"\(parts[0])\"]" : parts[0]
                function = "\(object).\(parts[1])"
                arguments.insert(object, at: 0)
            }
            for mistake in ValueMistake.inParts(of: parameter.type) {
                calls += 1
                let words = mistake.words.map { "[==[\($0)]==]" }.joined(separator: ", ")
                let line =
                    "\(parameter.function)(\((parameter.before + [mistake.value]).joined(separator: ", ")))"
                let call = [function] + arguments + [mistake.value] + parameter.after
                code += "try([===[\(line)]===], { \(words) }, \(call.joined(separator: ", ")))\n"
            }
        }
        code += """
            print(("%d wrong calls, %d problems"):format(count, #problems))
            for _, problem in ipairs(problems) do print(problem) end
            """
        #expect(calls > 5_000, "\(calls) calls")
        let folder = try TemporaryFolder()
        let script = try folder.write("wrong.lua", code)
        let result = try run(Project.qcsh, ["--sandbox", script])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(calls) wrong calls, 0 problems\n")
    }
}
