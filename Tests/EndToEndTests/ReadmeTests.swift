import Foundation
import TestSupport
import Testing

/// The Lua of the README, run as it stands there.
@Suite struct ReadmeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func blocks() throws -> [String] {
        let text = try String(contentsOfFile: Project.root + "/README.md", encoding: .utf8)
        return text.components(separatedBy: "```lua\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    /// The block that has a text; what the README shows of it.
    private func block(with words: String) throws -> String {
        let found = try Self.blocks().filter { $0.contains(words) }
        try #require(found.count == 1, "\(found.count) examples have \(words)")
        return found[0]
    }

    @Test func everyExampleChecks() throws {
        let blocks = try Self.blocks()
        #expect(blocks.count == 7)
        for (number, code) in blocks.enumerated() {
            let file = try folder.write("example-\(number).lua", code)
            let result = try qcsh(["check", file], folder: folder.path)
            // One example is about what the reader has.
            let findings = result.output.split(separator: "\n").filter {
                !$0.contains("undefined global \"ids\"")
                    && !$0.contains("undefined global \"wait_until_healthy\"")
                    && !$0.contains("undefined global \"cluster\"")
            }
            #expect(findings.isEmpty, "\(code)\n\(findings)")
        }
    }

    @Test func theFirstExampleMakesAClusterAndAKey() throws {
        let file = try folder.write(
            "first.lua", try block(with: "every page") + "print(#c:keys():list())")
        let result = try qcsh(["--sandbox", file], folder: folder.path)
        #expect(result.output == "search-prod\nstaging\nsearch\n1\n", "\(result.errors)")
        let key = folder.path + "/app.key"
        let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func theExampleOfTheModulesForPeopleDoesWhatItSays() throws {
        let file = try folder.write(
            "people.lua",
            try block(with: "before-migration")
                + """
                c:refresh()
                print(c.configuration.number_of_nodes, #c.configuration.allowed_ip_source_ranges)
                print(qdrant.backups:find("before-migration").status)
                """)
        let result = try qcsh(["--sandbox", file], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("5\t") == true, "\(result.output)")
        #expect(lines.last == "BACKUP_STATUS_SUCCEEDED", "\(result.output)")
    }

    @Test func theStackIsPlannedAppliedAndThenThere() throws {
        try folder.write("shop.lua", try block(with: "prevent_destroy"))
        let planned = try qcsh(["plan", "--sandbox", "shop.lua"], folder: folder.path)
        #expect(planned.status == 10, "\(planned.errors)")
        let applied = try qcsh(
            ["apply", "--sandbox", "--yes", "shop.lua"], folder: folder.path)
        #expect(applied.status == 0, "\(applied.output)\(applied.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/reader.key"))
    }

    @Test func theOtherExamplesRun() throws {
        let tasks = try folder.write(
            "tasks.lua",
            """
            local ids, cluster = {}, qdrant.clusters:list()[1]
            for c in qdrant.api.cluster.list_clusters:each {} do ids[#ids + 1] = c.id end
            local function wait_until_healthy(c) return c:wait() end
            \(try block(with: "eight at a time"))
            print(#clusters == #ids)
            """)
        #expect(
            try qcsh(["--sandbox", tasks], folder: folder.path).output == "cleaned up\ntrue\n")
        let header = try folder.write(
            "header.lua", try block(with: "the first statement") + "print(args.age)")
        #expect(try qcsh(["--sandbox", header], folder: folder.path).output == "2592000s\n")
        try folder.write("lua/tools.lua", try block(with: "Tools for a fleet") + "return 7")
        #expect(try qcsh(["-e", "return (require 'tools')"], folder: folder.path).output == "7\n")
        let sandbox = try folder.write(
            "own.lua",
            try block(with: "require(\"sandbox\").start")
                + "print(pcall(session.api.cluster.list_clusters.all, {}), #sb:calls())")
        let own = try qcsh([sandbox], folder: folder.path)
        #expect(own.status == 0, "\(own.errors)")
    }
}
