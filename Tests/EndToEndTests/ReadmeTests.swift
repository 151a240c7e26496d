import Foundation
import TestSupport
import Testing

/// The blocks of README.md and stdlib/README.md, run as they are.
@Suite struct ReadmeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The blocks of a language, in the README and in the reference.
    private static func blocks(_ language: String, of file: String) throws -> [String] {
        let text = try String(contentsOfFile: Project.root + "/" + file, encoding: .utf8)
        return text.components(separatedBy: "```\(language)\n").dropFirst().map {
            $0.components(separatedBy: "\n```")[0] + "\n"
        }
    }

    private static let files = ["README.md", "stdlib/README.md"]

    /// The block that has a text; what the README shows of it.
    private func block(with words: String) throws -> String {
        let found = try Self.files.flatMap { try Self.blocks("lua", of: $0) }
            .filter { $0.contains(words) }
        try #require(found.count == 1, "\(found.count) examples have \(words)")
        return found[0]
    }

    @Test func everyExampleChecks() throws {
        let blocks = try Self.files.flatMap { try Self.blocks("lua", of: $0) }
        #expect(blocks.count == 8)
        for (number, code) in blocks.enumerated() {
            let kind = code.hasPrefix("describe(") ? "_spec" : ""
            let file = try folder.write("example-\(number)\(kind).lua", code)
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

    @Test func theExampleOfSpecsPasses() throws {
        let file = try folder.write("example_spec.lua", try block(with: "describe("))
        let result = try qcsh(["test", file], folder: folder.path)
        #expect(result.output.contains("2 passed, 0 failed"), "\(result.output)\(result.errors)")
    }

    @Test func everyBlockHasATest() throws {
        let text = try Self.files.map {
            try String(contentsOfFile: Project.root + "/" + $0, encoding: .utf8)
        }.joined(separator: "\n")
        let languages = text.split(separator: "\n").filter { $0.hasPrefix("```") && $0.count > 3 }
        // FirstSessionTests run the sessions.
        #expect(Set(languages) == ["```lua", "```sh", "```console", "```yaml"])
    }

    /// Commands, in a shell that stops at the first failure, against a sandbox of their own.
    private func sh(_ script: String, _ sandbox: RunningSandbox?) throws -> ProgramResult {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let binaries = URL(fileURLWithPath: Project.qcsh).deletingLastPathComponent().path
        var environment = [
            "PATH": "\(binaries):\(path)", "XDG_CONFIG_HOME": folder.path + "/config",
            "XDG_DATA_HOME": folder.path + "/data", "XDG_STATE_HOME": folder.path + "/state",
        ]
        if let sandbox {
            environment["QDRANT_CLOUD_ENDPOINT"] = sandbox.endpoint
            environment["QDRANT_CLOUD_API_KEY"] = sandbox.key
        }
        return try run(
            "/bin/bash", ["-euo", "pipefail", "-c", script], environment: environment,
            folder: folder.path)
    }

    @Test func theCommandsRunInTheirOrder() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        try folder.write("shop.lua", try block(with: "prevent_destroy"))
        for block in try Self.blocks("sh", of: "README.md") {
            if block.contains("scripts/install") {
                for name in ["scripts/dev/setup", "scripts/install", "scripts/dev/demo"] {
                    #expect(FileManager.default.isExecutableFile(atPath: "\(Project.root)/\(name)"))
                }
                continue
            }
            // Contexts are used in a place of their own: the commands that follow have none.
            let isAboutContexts = block.contains("context set")
            let starts = block.contains("qcsh sandbox --speed")
            let result = try sh(block, isAboutContexts || starts ? nil : sandbox)
            #expect(result.status == 0, "\(block)\n\(result.output)\n\(result.errors)")
            if isAboutContexts {
                #expect(result.output.contains("prod"))
                try FileManager.default.removeItem(atPath: folder.path + "/config")
            }
        }
        // What the commands were to leave.
        for file in ["report.html", "qdrant.binpb", "reader.key", "run.jsonl", "sandbox.json"] {
            #expect(FileManager.default.fileExists(atPath: folder.path + "/" + file), "\(file)")
        }
    }

    @Test func theReferencesCommandsRun() throws {
        let state = folder.path + "/state"
        let server = try ServerProcess(
            "/usr/bin/env",
            ["XDG_STATE_HOME=" + state, Project.qcsh, "sandbox", "--speed", "instant"])
        for block in try Self.blocks("sh", of: "stdlib/README.md") {
            let result = try sh(block, nil)
            #expect(result.status == 0, "\(block)\n\(result.output)\n\(result.errors)")
        }
        #expect(server.stop() == 0)
    }

    @Test func theConfigurationAndTheSeedAreUnderstood() throws {
        let blocks = try Self.blocks("yaml", of: "stdlib/README.md")
        try #require(blocks.count == 2)
        try folder.write("config/qcsh/config.yaml", blocks[0])
        let list = try sh("qcsh context list --output json", nil)
        #expect(list.status == 0, "\(list.errors)")
        #expect(list.output.contains("staging.example.com"), "\(list.output)")
        try FileManager.default.removeItem(atPath: folder.path + "/config")
        let seed = try folder.write("seed.yaml", blocks[1])
        let sandbox = try RunningSandbox("--seed", seed, "--speed", "instant")
        let schedules = try sh("qcsh call cluster.backup.list_backup_schedules", sandbox)
        #expect(schedules.output.contains("nightly"), "\(schedules.errors)")
    }

    @Test func theExampleScriptScalesWhatItFinds() throws {
        let file = try folder.write("scale.lua", try block(with: "Scales clusters with a label"))
        let standard = try qcsh(["--sandbox", file], folder: folder.path)
        #expect(standard.output == "scaled 1 clusters\n", "\(standard.errors)")
        let none = try qcsh(["--sandbox", file, "env=x", "--nodes", "4"], folder: folder.path)
        #expect(none.output == "scaled 0 clusters\n", "\(none.errors)")
    }

    @Test func linksLeadToFilesAndHeadings() throws {
        for file in Self.files + [
            "Sources/README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md",
        ] {
            let text = try String(contentsOfFile: Project.root + "/" + file, encoding: .utf8)
            let base = URL(fileURLWithPath: Project.root + "/" + file).deletingLastPathComponent()
            for part in text.components(separatedBy: "](").dropFirst() {
                let link = part.components(separatedBy: ")")[0]
                guard !link.hasPrefix("http") else { continue }
                let pieces = link.split(separator: "#", omittingEmptySubsequences: false)
                let target =
                    pieces[0].isEmpty
                    ? Project.root + "/" + file
                    : base.appendingPathComponent(String(pieces[0])).path
                let exists = FileManager.default.fileExists(atPath: target)
                #expect(exists, "\(file): \(link)")
                guard pieces.count > 1, exists else { continue }
                let headings = try String(contentsOfFile: target, encoding: .utf8)
                    .split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                        heading.drop { $0 == "#" || $0 == " " }.lowercased()
                            .replacingOccurrences(of: " ", with: "-")
                            .replacingOccurrences(of: ",", with: "")
                    }
                #expect(headings.contains(String(pieces[1])), "\(file): \(link)")
            }
        }
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
            "header.lua", try block(with: "first statement; literals") + "print(args.age)")
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
