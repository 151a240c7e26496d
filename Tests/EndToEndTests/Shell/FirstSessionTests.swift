import Foundation
import TestSupport
import Testing

/// A first session with the API, by someone who knows neither Lua nor the API; and those that the README
/// shows.
@Suite(.serialized) struct FirstSessionTests {
    private let tab = "\t"

    @Test func tabAndHelpAreEnough() throws {
        let shell = try ShellSession(columns: 100, rows: 40)
        try shell.run(".help", until: "To begin with")
        try shell.run("qdrant.api?", until: "cluster.backup")
        try shell.type("api.clus" + tab + "." + tab, until: "create_cluster")
        try shell.type("list_clusters {}\r", until: "SUSPENDED")
        try shell.waitForPrompt()
        try shell.run("api.cluster.create_cluster?", until: "example")
        try shell.type(
            "c = api.cluster.create_cluster { cluster = { name = \"first\", cloud_provider_id = "
                + tab,
            until: "Amazon Web Services")
        try shell.type("aws" + tab, until: "\"aws\"")
        try shell.type(", cloud_provider_region_id = " + tab, until: "Frankfurt")
        try shell.type("eu-c" + tab, until: "\"eu-central-1\"")
        try shell.type(
            ", configuration = { number_of_nodes = 1, package_id = " + tab, until: "STANDARD")
        // Packages are told apart by what they have; the first letters of a name choose one.
        let offered = try #require(shell.screen.lines.first { $0.contains("STANDARD") })
        let name = try #require(offered.split(separator: " ").first)
        try shell.type(name + tab, until: "-")
        try shell.type(" } } }.cluster\r", until: "> ")
        try shell.waitForPrompt()
        try shell.run("c.name", until: "\nfirst\n")
        try shell.type(".watch 0.5s api.cluster.list_clusters {}\r", until: "every 0.5s")
        try shell.wait(for: "first        HEALTHY")
        try shell.type("\u{3}", until: "interrupted")
        try shell.waitForPrompt()
        try shell.run(
            "k = api.cluster.auth.create_database_api_key { database_api_key = "
                + "{ cluster_id = c.id, name = \"first-app\" } }", until: "\"first-app\" } }")
        try shell.run(
            "k.database_api_key.key:write(\"\(shell.home.path)/app.key\")", until: "app.key")
        let key = try String(contentsOfFile: shell.home.path + "/app.key", encoding: .utf8)
        #expect(key.count > 20)
        try shell.run(".save \(shell.home.path)/first.lua", until: "entries in")
        #expect(try shell.leave() == 0)
    }

    /// The sessions of the README: the lines after the prompt, without remarks.
    private static let sessions: [[String]] = {
        let text = (try? String(contentsOfFile: Project.root + "/README.md", encoding: .utf8)) ?? ""
        return text.components(separatedBy: "```console\n").dropFirst().map { block in
            block.components(separatedBy: "```")[0].components(separatedBy: "\n").compactMap {
                line in
                guard let prompt = line.range(of: "qcsh sandbox> ") else { return nil }
                let code = line[prompt.upperBound...].components(separatedBy: " # ")[0]
                return code.trimmingCharacters(in: .whitespaces)
            }
        }
    }()

    @Test(arguments: 0..<2)
    func theReadmesSessionsWork(_ number: Int) throws {
        let session = try #require(Self.sessions.count == 2 ? Self.sessions[number] : nil)
        let folder = try TemporaryFolder()
        let shell = try ShellSession(columns: 140, rows: 50, home: folder)
        var entries: [String] = []
        for line in session {
            if line.hasSuffix(tab) || line.hasSuffix("⇥") {
                try shell.type(String(line.dropLast()) + tab, until: "create_cluster")
                try shell.screen.type("\u{3}")
            } else if line.hasPrefix(".watch") {
                try shell.type(line + "\r", until: "every 1s")
                try shell.wait(for: "first        HEALTHY")
                try shell.type("\u{3}", until: "interrupted")
            } else if line.hasPrefix(".save ") {
                try shell.run(".save \(folder.path)/saved.lua", until: "entries in")
            } else {
                try shell.run(
                    line.replacingOccurrences(of: "app.key", with: folder.path + "/app.key"),
                    until: line.prefix(40).description)
                if !line.hasPrefix("."), !line.hasSuffix("?") { entries.append(line) }
            }
            try shell.waitForPrompt()
        }
        // Only entries that succeeded are saved.
        let saved = try String(contentsOfFile: folder.path + "/saved.lua", encoding: .utf8)
        #expect(entries.count >= 3)
        for entry in entries {
            let code = entry.replacingOccurrences(of: "app.key", with: folder.path + "/app.key")
            #expect(saved.contains(code), "\(code) failed:\n\(shell.screen.text)")
        }
        #expect(try shell.leave() == 0)
    }
}
