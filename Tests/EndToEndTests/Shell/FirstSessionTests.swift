import Foundation
import TestSupport
import Testing

/// The first session of the README, as somebody does it who knows neither Lua nor the API.
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
}
