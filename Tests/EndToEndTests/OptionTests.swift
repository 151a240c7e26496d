import Foundation
import LuaReference
import TestSupport
import Testing

/// Options of the standard library and of the host's modules: what the annotations say, which help,
/// completion, `qcsh check` and editors go by, is what the functions take.
@Suite struct OptionTests {
    /// Functions whose options are answers of theirs or are handed on as they are.
    private static let others: Set<String> = [
        // `like` and the rest are told of by the host.
        "qdrant.connect", "resource.id_of", "resource.create", "resource.create_key",
        "resource.settle", "resource.handle", "resource.cluster_id",
        // It runs what `qcsh test` is told to.
        "test.run",
    ]

    /// Arguments in front of the options, where texts do not do.
    private static let arguments = [
        "task.map": "{}, print, ", "process.run": "{ 'true' }, ", "qdrant.report:account": "{}, ",
        "qdrant.report:facts": "{}, ", "qdrant.report:write": "'/dev/null', {}, ",
        "qdrant.report:rows": "'costs', ",
    ]

    /// A call with an option that nobody takes: the object, the arguments in front of it.
    private struct Case {
        let name: String
        let call: String
    }

    private static var cases: [Case] {
        let reference = LuaReference.embedded
        return reference.entries.compactMap { entry -> Case? in
            let parameters = entry.parameters?.split(separator: ",").map(\.trimmed) ?? []
            guard
                let number = parameters.indices.first(where: {
                    reference.options(of: entry, argument: $0) != nil
                        && ["options", "filter", "size"].contains(parameters[$0])
                }),
                !entry.name.hasPrefix("qdrant.resource."), !entry.name.hasPrefix("shell"),
                !entry.name.hasPrefix("qdrant.library"), !others.contains(entry.name)
            else { return nil }
            let before = (0..<number).map { index in
                let value = LibraryObjects.value(LibraryObjects.letters(entry, index) ?? "s")
                return (value == "\"text\"" ? "'latest'" : value) + ", "
            }.joined()
            let arguments = (arguments[entry.name] ?? before) + "{ no_such_option = 1 }"
            guard let colon = entry.name.firstIndex(of: ":") else {
                return Case(name: entry.name, call: "\(entry.name)(\(arguments))")
            }
            let owner = String(entry.name[..<colon])
            let method = entry.name[entry.name.index(after: colon)...]
            guard let object = LibraryObjects.object(owner) else {
                return Case(name: entry.name, call: "error 'no object of \(owner)'")
            }
            return Case(name: entry.name, call: "(\(object)):\(method)(\(arguments))")
        }
    }

    @Test func whatNobodyTakesIsAnError() throws {
        let cases = Self.cases
        #expect(cases.count > 70)
        let list = cases.map { "{ [==[\($0.name)]==], function() \($0.call) end }" }
            .joined(separator: ",\n")
        try check(
            list,
            """
            if ok or not text:find('has no option "no_such_option"', 1, true) then
              return text
            elseif not text:find("cases.lua:", 1, true) then
              return "blames another: " .. text
            end
            """)
    }

    /// A method that is called with a dot tells of the colon, and blames who has called it.
    @Test func aDotInPlaceOfAColonIsToldOf() throws {
        let reference = LuaReference.embedded
        let others: Set<String> = ["sandbox.Handle", "qdrant.report.Page"]
        let calls = reference.entries.compactMap { entry -> String? in
            guard entry.isMethod, let colon = entry.name.firstIndex(of: ":") else { return nil }
            let owner = String(entry.name[..<colon])
            let method = entry.name[entry.name.index(after: colon)...]
            guard let object = LibraryObjects.object(owner), !others.contains(owner) else {
                return nil
            }
            return "{ [==[\(entry.name)]==], function() (\(object)).\(method)({}) end }"
        }
        #expect(calls.count > 150)
        try check(
            calls.joined(separator: ",\n"),
            """
            if ok or not text:find("^.*cases.lua:%d+: .*called with a colon") then
              return text
            end
            """)
    }

    /// Makes each call of a list `{ name, function }`; `judge` says what is wrong with how it ended.
    private func check(_ calls: String, _ judge: String) throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "cases.lua",
            """
            \(LibraryObjects.setUp)
            local function judge(ok, text)
              \(judge)
            end
            local wrong = 0
            for _, case in ipairs { \(calls) } do
              local ok, problem = pcall(case[2])
              local complaint = judge(ok, tostring(problem))
              if complaint then
                wrong = wrong + 1
                print(case[1], complaint)
              end
            end
            print("wrong: " .. wrong)
            """)
        let result = try qcsh(["--sandbox", script])
        #expect(result.output == "wrong: 0\n", "\(result.output)\(result.errors)")
    }

    /// A dry run keeps no secret, waits for none, and leaves no file.
    @Test func aDryRunLeavesNoFileOfASecret() throws {
        let folder = try TemporaryFolder()
        let script = Project.root + "/scripts/create-cluster.lua"
        let words = [
            script, "newone", "--region", "eu-central-1", "--cpu", "500m", "--ram", "2GiB",
            "--key-file", folder.path + "/new.key",
        ]
        let dry = try qcsh(["--sandbox", "--dry-run"] + words, folder: folder.path)
        #expect(dry.status == 0, "\(dry.errors)")
        #expect(dry.errors.contains("auth.create_database_api_key would send"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/new.key"))
        // An empty file is what an interrupted run has left.
        try folder.write("new.key", "")
        #expect(try qcsh(["--sandbox"] + words, folder: folder.path).status == 0)
        let key = try String(contentsOfFile: folder.path + "/new.key", encoding: .utf8)
        #expect(key.count > 20)
    }

    /// Each option that is told of is taken: the names in annotations and in the code are the same.
    @Test func whatIsToldOfIsTaken() throws {
        let reference = LuaReference.embedded
        let folder = try TemporaryFolder()
        var calls: [String] = []
        for name in [
            "qdrant.clusters:create", "qdrant.clusters:list", "qdrant.clusters:from_backup",
            "qdrant.keys:create", "qdrant.keys:list", "qdrant.backups:create",
            "qdrant.backups:list", "qdrant.schedules:create", "qdrant.spaces:create",
            "qdrant.environments:create", "qdrant.packages:list", "qdrant.packages:quote",
            "qdrant.fleet.run",
        ] {
            let entry = try #require(reference.entry(named: name))
            let argument = name == "qdrant.fleet.run" ? 2 : 0
            let options = try #require(reference.options(of: entry, argument: argument))
            for option in options where !["until"].contains(option.name) {
                let before = argument == 2 ? "{}, print, " : ""
                calls.append(
                    "{ '\(name).\(option.name)', function() \(name)(\(before){ \(option.name) = false }) end }"
                )
            }
        }
        let script = try folder.write(
            "taken.lua",
            """
            local wrong = 0
            for _, case in ipairs { \(calls.joined(separator: ",\n")) } do
              local _, problem = pcall(case[2])
              if tostring(problem):find("has no option", 1, true) then
                wrong = wrong + 1
                print(case[1], tostring(problem))
              end
            end
            print("wrong: " .. wrong)
            """)
        let result = try qcsh(["--sandbox", script])
        #expect(result.output == "wrong: 0\n", "\(result.output)\(result.errors)")
    }
}
