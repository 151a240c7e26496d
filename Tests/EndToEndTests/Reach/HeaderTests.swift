import CloudClient
import Contract
import Foundation
import LuaReference
import TestSupport
import Testing

/// Headers: words that exist, in every place that reads them, and headers that `qcsh permit` writes.
@Suite struct HeaderTests {
    private static let misspelt =
        "there is no permission \"read:clsters\"; did you mean \"read:clusters\"?"

    @Test func everyPermissionOfTheContractIsKnown() throws {
        for name in try Registry.embedded.permissions() {
            #expect(throws: Never.self, "\(name)") { try PermissionWord(existing: name) }
        }
        for name in [
            "*", "read:*", "*:clusters", "*:files", "write:files=./x", "run:processes=git",
        ] {
            #expect(throws: Never.self, "\(name)") { try PermissionWord(existing: name) }
        }
        for name in [
            "read:clsters", "raed:clusters", "read:flies", "no*:clusters", "write:environment",
        ] {
            #expect(throws: PermissionWord.Problem.self, "\(name)") {
                try PermissionWord(existing: name)
            }
        }
    }

    @Test func aWordThatDoesNotExistIsAnErrorWhereverAHeaderIsRead() throws {
        let folder = try TemporaryFolder()
        try folder.write("script.lua", "script { needs = { 'read:clsters' } }\n")
        try folder.write("lib.lua", "library { needs = { 'read:clsters' } }\nreturn {}\n")
        try folder.write("user.lua", "require 'lib'\n")
        try folder.write("audit", "")
        let runs = [
            ["check", "script.lua"], ["check", "lib.lua"], ["--sandbox", "script.lua"],
            ["--sandbox", "user.lua"], ["permit", "script.lua", "--from", "audit"],
        ]
        for words in runs {
            let result = try qcsh(words, folder: folder.path)
            #expect(result.status != 0, "\(words)")
            #expect(
                (result.output + result.errors).contains(Self.misspelt),
                "\(words): \(result.errors)")
        }
    }

    @Test(arguments: [
        (
            "local args = script {\n  about = \"x\",\n  -- who it is for\n  args = { { \"name\", default = \"a,b\" }, { \"--n\", type = \"int\" } },\n  needs = { \"read:backups\" },\n  epilog = \"Status 9: [[}]]\", -- the end\n  deletes = true,\n}\n",
            "local args = script {\n  about = \"x\",\n  -- who it is for\n  args = { { \"name\", default = \"a,b\" }, { \"--n\", type = \"int\" } },\n  needs = {\n    \"read:clusters\",\n  },\n  epilog = \"Status 9: [[}]]\",\n}\n"
        ),
        (
            "script({ name = 'n'; api = 'v1' })\n",
            "script {\n  name = 'n',\n  api = 'v1',\n  needs = {\n    \"read:clusters\",\n  },\n}\n"
        ),
        ("print(1)\n", "script {\n  needs = {\n    \"read:clusters\",\n  },\n}\n"),
    ])
    func permitKeepsEverythingElseOfAHeader(_ code: String, _ header: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("script.lua", code)
        try folder.write(
            "audit", #"{"use":"read:clusters","count":1,"refused":0,"deletes":false}"# + "\n")
        let result = try qcsh(["permit", "script.lua", "--from", "audit"], folder: folder.path)
        #expect(result.output.replacing(" -- the end\n  deletes", with: "\n  deletes") == header)
    }

    /// With the header that an audit leads to, the check finds nothing that is missing.
    @Test func whatPermitWritesIsWhatTheCheckAsksFor() throws {
        let folder = try TemporaryFolder()
        let body = """
            fs.write("x", "y")
            for _, c in ipairs(qdrant.clusters:list()) do print(c.name) end
            qdrant.environments:list()
            qdrant.packages:list { cloud = "aws", region = "eu-central-1" }
            process.run { "true" }
            """
        try folder.write("script.lua", body)
        let run = try qcsh(["--sandbox", "--audit", "audit", "script.lua"], folder: folder.path)
        #expect(run.status == 0, "\(run.errors)")
        let header = try qcsh(["permit", "script.lua", "--from", "audit"], folder: folder.path)
        try folder.write("bounded.lua", header.output + body)
        let checked = try qcsh(["check", "--json", "bounded.lua"], folder: folder.path)
        #expect(checked.status == 0, "\(checked.output)")
        let script = try #require(
            (try RunningSandbox.json(checked.output)["scripts"] as? [[String: Any]])?.first)
        let words = try #require(script["permissions"] as? [String])
        #expect(
            Set(words) == [
                "read:clusters", "read:hybrid_cloud_environments", "run:processes", "write:files",
            ])
        for word in words { #expect(header.output.contains("\"\(word)"), "\(word)") }
    }
}
