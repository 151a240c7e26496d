import Foundation
import LuaReference
import TestSupport
import Testing

/// A wrong argument to any public function is an error of one form, at the user's line.
@Suite struct ArgumentTests {
    /// A call with one wrong argument, and the words that its error has.
    private struct WrongCall {
        let name: String
        let arguments: [String]
        let number: Int
    }

    private static func wrongCalls(_ entry: LuaReference.Entry) -> [WrongCall] {
        let names = entry.parameters?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        var calls: [WrongCall] = []
        var right: [String] = []
        for (index, name) in (names ?? []).enumerated() where name != "..." {
            guard let wanted = LibraryObjects.letters(entry, index) else {
                Issue.record("\(entry.name): the type of \(name) is not known")
                break
            }
            for (letter, sample) in LibraryObjects.values where isWrong(letter, for: wanted) {
                calls.append(
                    WrongCall(name: entry.name, arguments: right + [sample], number: index + 1))
                // More arguments do not hide the wrong one.
                calls.append(
                    WrongCall(
                        name: entry.name, arguments: right + [sample, "1", "2", "3"],
                        number: index + 1))
            }
            if !wanted.contains("?"), !wanted.contains("*") {
                calls.append(WrongCall(name: entry.name, arguments: right, number: index + 1))
                calls.append(
                    WrongCall(name: entry.name, arguments: right + ["nil"], number: index + 1))
            }
            right.append(LibraryObjects.value(wanted))
        }
        return calls
    }

    private static func isWrong(_ letter: Character, for wanted: String) -> Bool {
        if wanted.contains("*") || wanted.contains(letter) { return false }
        // Whole numbers are numbers; a number without a fraction is whole.
        return !(letter == "i" && wanted.contains("n"))
    }

    /// A script that makes every wrong call of some functions, and prints how many it made and which
    /// of them went wrong.
    private static func script(
        of entries: [LuaReference.Entry]
    ) -> (code: String, functions: Int, calls: Int) {
        var code = "\(LibraryObjects.setUp)\nlocal objects = {\n"
        for (name, maker) in LibraryObjects.byClass { code += "  [\"\(name)\"] = \(maker),\n" }
        code += "}\nlocal problems, count = {}, 0\n"
        code += """
            local names = {}
            local function named(name, fn)
              names[fn] = names[fn] or {}
              table.insert(names[fn], name)
            end
            local function try(line, number, fn, ...)
              count = count + 1
              local ok, problem = pcall(fn, ...)
              local found = false
              for _, name in ipairs(names[fn]) do
                local words = ("bad argument #%d to '%s' ("):format(number, name)
                found = found or tostring(problem):find(words, 1, true)
              end
              if ok then
                problems[#problems + 1] = line .. " succeeded"
              elseif not found then
                problems[#problems + 1] = line .. ": " .. tostring(problem)
              end
            end

            """
        var covered: Set<String> = []
        var missing: Set<String> = []
        var calls = 0
        var tries = ""
        for entry in entries {
            let parts = entry.name.split(separator: ":").map(String.init)
            for call in wrongCalls(entry) {
                let function: String
                var arguments = call.arguments
                if parts.count == 2 {
                    guard LibraryObjects.object(parts[0]) != nil else {
                        missing.insert(parts[0])
                        continue
                    }
                    let isClass = LibraryObjects.byClass[parts[0]] != nil
                    let object = isClass ? "objects[\"\(parts[0])\"]" : parts[0]
                    function = "\(object).\(parts[1])"
                    arguments.insert(object, at: 0)
                } else {
                    function = entry.name
                }
                // Functions may have more names than one, of which errors use the first.
                if covered.insert(entry.name).inserted {
                    code += "named(\"\(entry.name)\", \(function))\n"
                }
                calls += 1
                tries +=
                    "try([==[\(line(call))]==], \(call.number), "
                    + "\(([function] + arguments).joined(separator: ", ")))\n"
            }
        }
        #expect(missing == [], "classes without an object to try")
        code += tries
        code += """
            print(("%d wrong calls, %d problems"):format(count, #problems))
            for _, problem in ipairs(problems) do print(problem) end
            """
        return (code, covered.count, calls)
    }

    private static func line(_ call: WrongCall) -> String {
        "\(call.name)(\(call.arguments.joined(separator: ", ")))"
    }

    /// `shell` is for the interactive shell alone.
    private static func isOfTheShell(_ entry: LuaReference.Entry) -> Bool {
        entry.name.hasPrefix("shell.")
    }

    private static let functions = LuaReference.embedded.entries.filter { $0.parameters != nil }

    @Test func everyPublicFunctionRefusesWrongArguments() throws {
        let (code, functions, calls) = Self.script(
            of: Self.functions.filter { !Self.isOfTheShell($0) })
        #expect(functions > 250, "\(functions) functions")
        #expect(calls > 2000, "\(calls) calls")
        let folder = try TemporaryFolder()
        let script = try folder.write("wrong.lua", code)
        let result = try run(Project.qcsh, ["--sandbox", script])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(calls) wrong calls, 0 problems\n")
    }

    @Test func everyFunctionOfTheShellRefusesWrongArguments() throws {
        let (code, functions, calls) = Self.script(of: Self.functions.filter(Self.isOfTheShell))
        #expect(functions > 8, "\(functions) functions")
        let folder = try TemporaryFolder()
        let script = try folder.write("wrong.lua", code)
        let shell = try ShellSession()
        try shell.run("dofile('\(script)')", until: "\(calls) wrong calls, 0 problems")
        #expect(try shell.leave() == 0)
    }

    /// Methods of the API take a table and a table of options.
    @Test func everyMethodRefusesWhatIsNoTable() throws {
        let code = """
            local count, wrong = 0, { true, 1.5, 1, "text", print, time.now() }
            local function expect(number, name, fn, ...)
              count = count + 1
              local ok, problem = pcall(fn, ...)
              local words = ("bad argument #%d to 'qdrant.api.%s' (table expected"):format(number, name)
              assert(not ok and tostring(problem):find(words, 1, true), name .. ": " .. tostring(problem))
            end
            local seen = {}
            local function visit(module)
              for name, value in pairs(module) do
                if tostring(value):find("^module ") then
                  visit(value)
                elseif not seen[value.name] then
                  seen[value.name] = true
                  for _, one in ipairs(wrong) do
                    expect(1, value.name, value, one)
                    expect(2, value.name, value, {}, one)
                    expect(1, value.name .. ":each", value.each, value, one)
                    expect(2, value.name .. ":all", value.all, value, nil, one)
                  end
                end
              end
            end
            visit(qdrant.api)
            print(count)
            """
        let result = try run(Project.qcsh, ["--sandbox", "-e", code])
        #expect(result.status == 0, "\(result.errors)")
        #expect((Int(result.output.dropLast()) ?? 0) >= 150 * 6 * 4, "\(result.output)")
    }

    @Test func theErrorStandsAtTheUsersLine() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "place.lua", "local t = time.now()\n\nprint(time.format(t, 5))\n")
        let result = try run(Project.qcsh, [script])
        #expect(result.status == 1)
        #expect(
            result.errors.hasSuffix(
                "/place.lua:3: bad argument #2 to 'time.format' (string expected, got number)\n"
                    + "  3 | print(time.format(t, 5))\n"))
    }

    @Test(arguments: [
        ("json.encode()", "#1 to 'json.encode' (value expected)"),
        ("csv.decode(5)", "#1 to 'csv.decode' (string expected, got number)"),
        ("term.table('x')", "#1 to 'term.table' (table expected, got string)"),
        ("fs.write('x', secret.new('s'))", "(string expected, got secret; secret:write(path)"),
        ("time.format('2026')", "#1 to 'time.format' (userdata expected, got string)"),
        ("time.add_months(time.now(), 1.5)", "(number has no integer representation)"),
        ("qdrant.clusters:find(nil)", "#1 to 'qdrant.clusters:find'"),
    ])
    func wordsSayWhatIsWrong(_ call: String, _ words: String) throws {
        let result = try run(Project.qcsh, ["--sandbox", "-e", call])
        #expect(result.status == 1)
        #expect(result.errors.contains("bad argument "), "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    /// What asks for a filter that there is not, asks for less than it would get.
    @Test func listsThatTakeNothingRefuseWhatTheyAreGiven() throws {
        let lists = LuaReference.embedded.entries.filter {
            $0.name.hasSuffix(":list") && ($0.parameters ?? "").isEmpty
        }.map(\.name)
        #expect(lists.count >= 5)
        var code = "local problems = {}\n"
        for name in lists {
            let owner = String(name.dropLast(":list".count))
            for (_, value) in LibraryObjects.values {
                code += "do local ok, e = pcall(\(owner).list, \(owner), \(value))\n"
                code += "if ok or not tostring(e):find(\"bad argument #1 to '\(name)' (\", 1, true)"
                code += " then problems[#problems + 1] = '\(name): ' .. tostring(e) end end\n"
            }
            code += "\(owner):list(nil)\n"
        }
        code += "print(table.concat(problems, '\\n'))"
        let folder = try TemporaryFolder()
        try folder.write("script.lua", code)
        let result = try qcsh(["--sandbox", "script.lua"], folder: folder.path)
        #expect(result.status == 0 && result.output == "\n", "\(result.output)\(result.errors)")
    }
}
