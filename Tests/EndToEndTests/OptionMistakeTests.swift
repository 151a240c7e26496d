import Foundation
import LuaReference
import TestSupport
import Testing

/// Tables of options are understood or refused: every name, and the type of every value.
@Suite struct OptionMistakeTests {
    /// A parameter that is a table of options.
    private struct Table {
        let function: String
        /// The arguments before and after it.
        let before: [String]
        let after: [String]
        let type: String
        let options: [OptionTypes.Option]
    }

    private static let tables: [Table] = LuaReference.embedded.entries.flatMap { entry -> [Table] in
        let names = entry.parameters?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        // `shell` is for the interactive shell alone; `script` and `library` are read before a run.
        guard let names, !entry.name.hasPrefix("shell."),
            !["script", "library"].contains(entry.name)
        else { return [] }
        var before: [String] = []
        var tables: [Table] = []
        for (index, name) in names.enumerated() where name != "..." {
            guard let letters = LibraryObjects.letters(entry, index),
                let parameter = LuaReference.embedded.parameter(of: entry, index)
            else { break }
            if let options = OptionTypes.options(of: parameter.type) {
                tables.append(
                    Table(
                        function: entry.name, before: before,
                        after: names.indices.dropFirst(index + 1).compactMap { later in
                            names[later] == "..."
                                ? nil
                                : LibraryObjects.letters(entry, later).map(LibraryObjects.value)
                        }, type: parameter.type, options: options))
            }
            before.append(LibraryObjects.value(letters))
        }
        return tables
    }

    /// A call with one wrong option, and words that its error must have.
    private struct WrongCall {
        let table: Table
        let options: String
        let words: [String]
    }

    private static func wrongCalls(_ table: Table) -> [WrongCall] {
        var calls = [
            WrongCall(table: table, options: "{ zzzzzzzzzzzz = 1 }", words: ["zzzzzzzzzzzz"])
        ]
        for option in table.options where option.name != "1" {
            let misspelt = option.name + "x"
            if !table.options.contains(where: { $0.name == misspelt }) {
                calls.append(
                    WrongCall(
                        table: table, options: "{ [\"\(misspelt)\"] = 1 }",
                        words: ["has no option \"\(misspelt)\"; did you mean"]))
            }
            guard !option.letters.contains("*") else { continue }
            for (letter, sample) in LibraryObjects.values
            where !option.letters.contains(letter)
                && !(letter == "i" && option.letters.contains("n"))
            {
                calls.append(
                    WrongCall(
                        table: table, options: "{ [\"\(option.name)\"] = \(sample) }",
                        words: [option.name, "must be"]))
            }
            for choice in option.choices {
                calls.append(
                    WrongCall(
                        table: table, options: "{ [\"\(option.name)\"] = \"\(choice)x\" }",
                        words: [option.name, "must be", "got \"\(choice)x\"", "did you mean"]))
            }
        }
        return calls
    }

    @Test func everyFunctionRefusesOptionsThatItDoesNotTake() throws {
        #expect(Self.tables.count > 60, "\(Self.tables.count) tables of options")
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
        for table in Self.tables {
            let parts = table.function.split(separator: ":").map(String.init)
            var function = table.function
            var arguments = table.before
            if parts.count == 2 {
                guard LibraryObjects.object(parts[0]) != nil else { continue }
                let isClass = LibraryObjects.byClass[parts[0]] != nil
                let object = isClass ? "objects[\"\(parts[0])\"]" : parts[0]
                function = "\(object).\(parts[1])"
                arguments.insert(object, at: 0)
            }
            for call in Self.wrongCalls(table) {
                calls += 1
                let words = call.words.map { "[==[\($0)]==]" }.joined(separator: ", ")
                let line =
                    "\(table.function)(\((table.before + [call.options]).joined(separator: ", ")))"
                code +=
                    "try([===[\(line)]===], { \(words) }, "
                    + "\(([function] + arguments + [call.options] + table.after).joined(separator: ", ")))\n"
            }
        }
        code += """
            print(("%d wrong calls, %d problems"):format(count, #problems))
            for _, problem in ipairs(problems) do print(problem) end
            """
        #expect(calls > 800, "\(calls) calls")
        let folder = try TemporaryFolder()
        let script = try folder.write("wrong.lua", code)
        let result = try run(Project.qcsh, ["--sandbox", script])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(calls) wrong calls, 0 problems\n")
    }
}
