import Foundation
import TestSupport
import Testing

/// What Tab offers: on the screen for the ways in which it is shown, by `shell.complete` for many
/// places of the cursor.
@Suite(.serialized) struct ShellCompletionTests {
    private let tab = "\t"

    @Test func aRequestIsWrittenByTabAlone() throws {
        let shell = try ShellSession()
        try shell.type("qdrant.api.clu" + tab, until: "qdrant.api.cluster")
        try shell.type(".get_cl" + tab, until: "get_cluster")
        try shell.type(tab, until: "get_cluster_")
        try shell.type(" { ", until: "needs cluster_id")
        try shell.type(tab, until: "* cluster_id  string  The cluster")
        #expect(shell.screen.text.contains("account_id  string"))
        try shell.type("cl" + tab, until: "cluster_id = ")
        // By name; what is written is the id.
        try shell.type(tab, until: "search-prod")
        #expect(shell.screen.text.contains("HEALTHY"))
        try shell.type("sea" + tab, until: "6de62b36dd4f\"")
        try shell.type(" }.cluster.na" + tab, until: ".name")
        try shell.type("\r", until: "\nsearch-prod\n")
        #expect(try shell.leave() == 0)
    }

    @Test(arguments: [(80, 24), (40, 12)])
    func aListGoesWhenOneTypesOn(_ columns: Int, _ rows: Int) throws {
        let shell = try ShellSession(columns: columns, rows: rows)
        try shell.type(".for" + tab, until: ".format")
        try shell.type(tab, until: "jsonl")
        #expect(shell.screen.cursor.row == 0)
        try shell.type("js", until: "format js")
        try shell.waitUntilGone("yaml")
        try shell.type("\u{3}", until: "^C")
        // More than fit are cut, and that is said.
        try shell.type(tab, until: "assert")
        #expect(shell.screen.cursor.row == 1)
        if rows == 12 { #expect(shell.screen.text.contains("more: type on")) }
        try shell.type("\u{3}", until: "^C\nqcsh sandbox>")
        #expect(try shell.leave() == 0)
    }

    @Test func withoutACloudItCompletesWhatItCan() throws {
        // Nobody listens there.
        let shell = try ShellSession([
            "--endpoint", "http://127.0.0.1:1", "--account", "53edd200-075b-8687-a8a1-245a45ea32ee",
        ])
        try shell.type("api.cluster.get_cluster { cluster_id = " + tab, until: "cluster_id = ")
        try shell.type("\u{3}", until: "^C")
        try shell.type("api.cluster.list_clu" + tab, until: "list_clusters")
        try shell.type("\u{3}", until: "clusters^C")
        #expect(try shell.leave() == 0)
    }

    @Test func whatIsOfferedFollowsTheContract() throws {
        let cases: [(text: String, expected: String)] = [
            ("qdr", "qdrant"), ("qdrant.", "api mask"), ("qdrant.api.cluster.lis", "list_clusters"),
            ("qdrant.api.cluster.", "auth backup v1 get_cluster"),
            ("api.iam.list_ro", "list_roles"),
            ("qdrant.api.cluster.list_clusters:", "each all describe"),
            ("qdrant.api.cluster.list_clusters.", "name permissions http"),
            ("qdrant.api.cluster.get_cluster { ", "cluster_id\u{20}= account_id\u{20}="),
            ("qdrant.api.cluster.get_cluster({ cl", "cluster_id\u{20}="),
            ("qdrant.api.cluster.list_clusters:all { pa", "page_size\u{20}="),
            ("api.cluster.create_cluster { cluster = { ", "name\u{20}= configuration\u{20}="),
            (
                "api.cluster.create_cluster { cluster = { configuration = { num",
                "number_of_nodes\u{20}="
            ),
            ("api.cluster.create_cluster { cluster = { name = 'x', la", "labels\u{20}="),
            ("api.cluster.create_cluster { cluster = { labels = { { k", "key\u{20}="),
            ("api.booking.list_packages { cloud_provider_id = 'aws', gpu = ", "true"),
            ("api.booking.list_packages { tier = \"st", "STANDARD"),
            ("api.booking.list_packages { statuses = { ", "\"ACTIVE\""),
            ("api.booking.list_packages { gpu = ", "true false"),
            ("api.cluster.get_cluster({}, { ti", "timeout\u{20}="),
            ("local c = 1 for i = 1, 2 do ma", "math"), ("task.ma", "map"), ("('x'):up", ""),
            ("tas", "task"), ("local zebra = 1 print(ze", "zebra"),
            ("function f(parameter_one) return par", "parameter_one"), ("require 'ta", "task"),
            ("require('qd", "qdrant"), ("whi", "while"),
            ("a_global.inner.", "deep"), ("a_local.b", "bc"), ("x = 1 -- api.", ""), ("'api.", ""),
            ("answer.items[1].sta", "state"), ("answer.items[1].state.pha", "phase"),
            ("api.cluster.get_cluster{}.cluster.conf", "configuration"),
            ("api.cluster.list_clusters:all{}[1].na", "name"),
            ("api.cluster.backup.create_backup { backup = { clu", "cluster_id\u{20}="),
            ("if api.cluster.get_cluster { cluster_id", "cluster_id\u{20}="),
            ("print(api.cluster.", "list_clusters"), (".wat", "watch"), (".format y", "yaml"),
            (".watch 5s api.cluster.lis", "list_clusters"),
            (".help api.cluster.lis", "api.cluster.list_clusters"),
            (".edit cluster.create_clus", "cluster.create_cluster"),
            ("api.cluster.get_cluster {\n  cl", "cluster_id\u{20}="),
            ("api.monitoring.get_cluster_logs { unt", "[\"until\"]"),
            ("answer_id = 'x' api.cluster.get_cluster { cluster_id = answer", "answer"),
            (".timing o", "on off"), ("shell.hist", "history"), ("time.par", "parse"),
            ("api.nothing.", ""), ("1.", ""),
            // Modules for people, their methods, handles.
            ("clus", "clusters"), ("qdrant.back", "backups"),
            ("require 'qdrant.cl", "qdrant.clusters"),
            ("clusters:", "list find create"), ("qdrant.keys:cr", "create"),
            ("clusters:find('x'):", "scale wait"), ("clusters:find('x').sta", "state"),
            ("local h = clusters:find 'x' h:keys():cr", "create"),
            ("for _, h in ipairs(clusters:list()) do h.state.pha", "phase"),
            ("handle:", "scale wait refresh"), ("handle.sta", "state"),
            ("handle.state.pha", "phase"),
            // A dot leads to fields, a colon to methods.
            ("clusters.", ""), ("qdrant.keys.", ""), ("handle.sca", ""), ("handle.", "name state"),
            ("handle:na", ""), ("clusters:find('x').sc", ""),
            // Nothing is offered where a comma is missing.
            ("clusters:create { name = 'x' ", ""), ("clusters:create { name = 'x', ", "cloud ="),
            ("api.cluster.create_cluster { cluster = { name = \"x\" cl", ""),
            (
                "api.cluster.create_cluster { cluster = { name = \"x\", cl",
                "cloud_provider_id\u{20}="
            ),
            ("api.cluster.create_cluster { cluster = { name = \"x\" } ", ""),
            // What their functions take, as the annotations say.
            ("clusters:create { clo", "cloud ="), ("clusters:create { cloud = 'x', clo", ""),
            ("clusters:create({ re", "region ="), ("handle:scale { no", "nodes ="),
            ("handle:update { restart_policy = ", "\"ROLLING\" \"AUTOMATIC\""),
            ("handle:update { restart_policy = 'pa", "PARALLEL"),
            ("handle:keys():create { access = \"", "manage read"),
            ("handle:backup { wait = ", "true false"),
            ("task.map({}, print, { li", "limit ="), ("http.get('x', { head", "headers ="),
            ("monitoring:logs { un", "[\"until\"]"), ("fleet.run({}, print, { can", "canary ="),
            ("qdrant.stack.plan({}, { ad", "adopt ="),
            ("for _, k in ipairs(keys:list { cl", "cluster ="),
            ("plot.bars({}, { wi", "width ="),
            // What the entry itself has made.
            ("for _, c in ipairs(api.cluster.list_clusters {}.items) do print(c.sta", "state"),
            ("for _, c in ipairs(answer.items) do c.state.pha", "phase"),
            (
                "for c in api.cluster.list_clusters:each {} do c.configuration.num",
                "number_of_nodes"
            ),
            ("local d = answer.items[1]\nd.sta", "state"),
            ("local m = api.cluster.get_cluster\nm { cluster_id", "cluster_id\u{20}="),
            ("local c = api.cluster.get_cluster {}.cluster local s = c.state s.pha", "phase"),
            ("local n = 1 + answer n.it", ""),
            ("api.cluster.get_cluster:ea", ""), ("api.cluster.get_cluster:des", "describe"),
            ("api.cluster.update_cluster { update_mask = { na", "\"name\""),
            (
                "api.cluster.update_cluster { update_mask = { \"configuration.number",
                "configuration.number_of_nodes"
            ),
            ("api.cluster.update_cluster { update_mask = { \"nothing.", ""),
        ]
        let script = cases.map { "{ [==[\($0.text)]==], [==[\($0.expected)]==] }" }
            .joined(separator: ",\n")
        let shell = try ShellSession()
        try shell.home.write(
            "cases.lua",
            """
            a_global = { inner = { deep = 1 } }
            local a_local = { bc = 1 }
            answer = qdrant.api.cluster.list_clusters {}
            handle = clusters:list()[1]
            local wrong = 0
            for number, case in ipairs { \(script) } do
              local found = {}
              for _, candidate in ipairs(shell.complete(case[1])) do
                found[candidate.text] = true
                if candidate.text:find(" = $") then found[candidate.text:gsub(" = $", "")] = true end
              end
              for word in case[2]:gmatch("%S+") do
                if word ~= "=" and not found[word] then
                  wrong = wrong + 1
                  print("no " .. word .. " behind " .. case[1])
                end
              end
              if case[2] == "" and next(found) then
                wrong = wrong + 1
                print("something behind " .. case[1] .. ": " .. next(found))
              end
            end
            print("wrong: " .. wrong)
            """)
        try shell.run(".load \(shell.home.path)/cases.lua", until: "wrong: 0")
        #expect(shell.screen.text.contains("wrong: 0"), "\(shell.screen.text)")
        #expect(try shell.leave() == 0)
    }

    @Test func valuesComeFromTheAccount() throws {
        let shell = try ShellSession()
        for (entry, shown) in [
            (
                "api.cluster.create_cluster { cluster = { cloud_provider_id = ",
                "Amazon Web Services"
            ),
            (
                "api.cluster.create_cluster { cluster = { cloud_provider_id = 'aws', "
                    + "cloud_provider_region_id = ", "eu-central-1"
            ),
            (
                "api.cluster.create_cluster { cluster = { cloud_provider_region_id = ",
                "set cloud_provider_id first"
            ),
            ("api.cluster.create_cluster { cluster = { configuration = { version = ", "v1."),
            ("api.iam.get_role { role_id = ", "Admin"),
            ("clusters:find \"", "SUSPENDED gcp"), ("backups:list { cluster = ", "SUSPENDED gcp"),
            ("clusters:create { cloud = ", "Amazon Web Services"),
            ("clusters:create { region = ", "set cloud first"),
            ("clusters:create { cloud = 'aws', region = \"", "Frankfurt"),
            ("clusters:create { cloud = 'aws', region = 'eu-central-1', package = ", "gpx3"),
            ("clusters:find('staging'):upgrade(", "v1."), ("users:find '", "viewer@example.com"),
            ("users:list()[1]:assign { ", "Viewer"), ("spaces:create { cloud = '", "'aws'"),
            ("roles:create { permissions = { '", "read:clusters"),
        ] {
            try shell.type(entry + tab, until: shown)
            try shell.type("\u{3}", until: "^C")
            try shell.screen.type("\u{c}")
            try shell.waitUntilGone(shown)
        }
        #expect(try shell.leave() == 0)
    }

    @Test func namesOfAnotherSessionComeFromThere() throws {
        let shell = try ShellSession()
        try shell.home.write(
            "other.lua",
            """
            other = sandbox.start { speed = "instant" }:connect()
            local package = other.api.booking.list_packages { cloud_provider_id = "aws",
              cloud_provider_region_id = "eu-central-1" }.items[1]
            other.api.cluster.create_cluster { cluster = { name = "elsewhere",
              cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1",
              configuration = { number_of_nodes = 1, package_id = package.id } } }
            print("it is there")
            """)
        try shell.run(".load \(shell.home.path)/other.lua", until: "it is there\n")
        try shell.type("other.api.cluster.get_cluster { cluster_id = " + tab, until: "elsewhere")
        try shell.type("\u{3}", until: "^C")
        try shell.screen.type("\u{c}")
        try shell.waitUntilGone("elsewhere")
        try shell.type("api.cluster.get_cluster { cluster_id = " + tab, until: "search-prod")
        #expect(!shell.screen.text.contains("elsewhere"))
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
    }

    @Test func whatComesLateIsListedUnlessSomebodyHasTypedOn() throws {
        let slow = try RunningSandbox("--fault", "{method: cluster.list_clusters, latency: 700ms}")
        let shell = try ShellSession(
            ["--endpoint", slow.endpoint], environment: ["QDRANT_CLOUD_API_KEY": slow.key])
        let entry = "api.cluster.get_cluster { cluster_id = "
        try shell.type(entry + tab, until: "still fetching")
        try shell.wait(for: "search-prod")
        try shell.type("\"stag" + tab, until: "\"")
        try shell.type(" }.cluster.name\r", until: "\nstaging\n")
        // Another list, which somebody does not wait for.
        try slow.admin("POST", "/faults", #"{"method":"iam.list_roles","latency":"700ms"}"#)
        try shell.type("api.iam.get_role { role_id = " + tab, until: "still fetching")
        try shell.type("nil", until: "role_id = nil")
        try shell.screen.refresh(seconds: 1)
        #expect(!shell.screen.text.contains("Admin"))
        try shell.type("\u{3}", until: "^C")
        #expect(try shell.leave() == 0)
    }

    @Test func filesAreOfferedWhereOneIsMeant() throws {
        let shell = try ShellSession()
        try shell.home.write("some-script.lua", "print(6 * 7)\n")
        try shell.type(".load \(shell.home.path)/some" + tab, until: "ript.lua")
        try shell.type("\r", until: "\n42\n")
        try shell.type("fs.read('\(shell.home.path)/some-s" + tab, until: "ript.lua")
        try shell.type(")\r", until: "print(6 * 7)")
        #expect(try shell.leave() == 0)
    }
}
