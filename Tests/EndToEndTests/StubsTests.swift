import Contract
import Foundation
import LuaReference
import TestSupport
import Testing

/// The definitions for editors: each line is parsed, each name that is used is declared.
@Suite struct StubsTests {
    @Test func eachLineParsesAndEachTypeIsThere() throws {
        let folder = try TemporaryFolder()
        let made = try qcsh(["stubs"], folder: folder.path)
        #expect(made.status == 0 && made.errors.contains("files in .qcsh/stubs"))
        let stubs = folder.path + "/.qcsh/stubs"
        let files = try FileManager.default.subpathsOfDirectory(atPath: stubs)
            .filter { $0.hasSuffix(".lua") }
        #expect(files.count > 40)
        for file in files {
            let parsed = try run("/usr/bin/env", ["luac5.4", "-p", stubs + "/" + file])
            #expect(parsed.status == 0, "\(parsed.errors)")
        }
        let checked = try run(
            Project.tool("python"),
            ["-B", Project.root + "/Tests/Fixtures/peers/luacats.py", stubs])
        #expect(checked.status == 0, "\(checked.output)")
        // What there is to define is defined.
        let text = try files.map {
            try String(contentsOfFile: stubs + "/" + $0, encoding: .utf8)
        }.joined()
        for method in try Registry.embedded.allMethods() {
            #expect(
                text.contains(".\(method.luaName): qdrant.Method\n"), "\(method.displayName)")
        }
        for symbol in Registry.embedded.symbols(below: "qdrant.") {
            if let type = try Registry.embedded.message(named: symbol), !type.isMapEntry {
                #expect(text.contains("---@class \(symbol)\n"), "\(symbol)")
                for field in type.fields {
                    #expect(text.contains("---@field \(field.name)? ") || field.name == "until")
                }
            } else if let type = try Registry.embedded.enumType(named: symbol) {
                #expect(text.contains("---@alias \(symbol)\n"), "\(symbol)")
                #expect(type.values.allSatisfy { text.contains("\"\($0.name)\"") })
            }
        }
        for entry in LuaReference.embedded.entries where entry.parameters != nil {
            let name = entry.name.split(whereSeparator: { ".:".contains($0) }).last ?? ""
            let isDefined = text.contains("\(name)(\(entry.parameters ?? "")) end")
            let isAlias = text.matches(of: /(?:^|\n|, )([a-z_.]+)(?=[, ].*= )/).contains {
                $0.1 == entry.name
            }
            #expect(isDefined || isAlias, "\(entry.name)")
        }
    }

    @Test func settingsAreWrittenOnce() throws {
        let folder = try TemporaryFolder()
        #expect(try qcsh(["stubs", "--out", "types"], folder: folder.path).status == 0)
        let file = folder.path + "/.luarc.json"
        let settings = try RunningSandbox.json(String(contentsOfFile: file, encoding: .utf8))
        #expect(settings["workspace.library"] as? [String] == ["types"])
        try folder.write(".luarc.json", "{}")
        #expect(try qcsh(["stubs", "--out", "types"], folder: folder.path).status == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "{}")
        let bare = try TemporaryFolder()
        #expect(try qcsh(["stubs", "--bare"], folder: bare.path).status == 0)
        #expect(!FileManager.default.fileExists(atPath: bare.path + "/.luarc.json"))
        try bare.write("file", "")
        let refused = try qcsh(["stubs", "--out", "file/stubs"], folder: bare.path)
        #expect(refused.status == 1 && refused.errors.contains("Not a directory"))
    }
}
