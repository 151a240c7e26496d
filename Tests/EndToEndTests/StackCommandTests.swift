import Foundation
import TestSupport
import Testing

/// `qcsh plan`, `apply`, `drift`, `destroy` and `adopt`, as pipelines use them.
@Suite struct StackCommandTests {
    private let sandbox: RunningSandbox
    private let folder: TemporaryFolder

    init() throws {
        sandbox = try RunningSandbox("--speed", "100")
        folder = try TemporaryFolder()
        try folder.write(
            "shop.lua",
            """
            return function(variables)
              return {
                name = "shop",
                clusters = { search = {
                  cloud = "aws", region = "eu-central-1", cpu = 2, ram = "8GiB",
                  nodes = tonumber(variables.nodes or 1), labels = { env = "dev" },
                  keys = { reader = { access = "read", file = "reader.key" } },
                } },
              }
            end
            """)
    }

    private func run(_ arguments: String...) throws -> ProgramResult {
        try qcsh(
            [arguments[0], "--endpoint", sandbox.endpoint] + arguments.dropFirst(),
            environment: [
                "QDRANT_CLOUD_API_KEY": sandbox.key, "XDG_STATE_HOME": sandbox.server.stateFolder,
            ], folder: folder.path)
    }

    @Test func aPipelinePlansLooksAndApplies() throws {
        let plan = try run("plan", "shop.lua", "--out", "plan.json")
        #expect(plan.status == 10)
        #expect(plan.output.contains("+   cluster search  aws in eu-central-1, 1 node of gpx3, "))
        #expect(plan.output.contains("2 to create. +"))
        // Without anybody to ask, nothing is done unless that is wanted.
        let asked = try run("apply", "shop.lua")
        #expect(asked.status == 1 && asked.errors.contains("--yes"))
        let applied = try run("apply", "shop.lua", "--plan", "plan.json")
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(applied.output.contains("create  cluster search, "))
        #expect(applied.output.contains("create  key search/reader, "))
        let key = folder.path + "/reader.key"
        let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try String(contentsOfFile: key, encoding: .utf8).hasPrefix("ey"))
        let again = try run("plan", "shop.lua")
        #expect(again.status == 0 && again.output.contains("Nothing to do"))
        // The plan is of an earlier time.
        let stale = try run("apply", "shop.lua", "--plan", "plan.json", "--var", "nodes=2")
        #expect(stale.status == 6 && stale.errors.contains("plan again"), "\(stale.errors)")
        let json = try run("plan", "shop.lua", "--var", "nodes=2", "--output", "json")
        #expect(json.status == 10)
        let actions = try #require(
            try RunningSandbox.json(json.output)["actions"] as? [[String: Any]])
        #expect(actions.count == 1 && actions[0]["action"] as? String == "update")
        let changes = try #require(actions[0]["changes"] as? [[String: Any]])
        #expect(changes[0]["path"] as? String == "configuration.number_of_nodes")
        let drift = try run("drift", "shop.lua", "--var", "nodes=2")
        #expect(drift.status == 10)
        #expect(drift.output.contains("configuration.number_of_nodes: declared 2, is 1"))
        #expect(try run("drift", "shop.lua").status == 0)
        let destroyed = try run("destroy", "shop.lua", "--yes")
        #expect(destroyed.status == 0 && destroyed.output.contains("delete  cluster search, "))
        #expect(try run("plan", "shop.lua", "--destroy").status == 0)
    }

    /// A variable that has no effect is a mistake: nothing is planned, and nothing is changed.
    @Test(arguments: ["plan", "apply", "drift", "destroy", "adopt"])
    func aVariableThatNoOneReadsIsAnError(_ verb: String) throws {
        try folder.write("plain.lua", "return { name = 'plain' }")
        try folder.write(
            "all.lua",
            "return function(v) for _ in pairs(v) do end return { name = 'all' } end")
        for (file, variable, problem) in [
            ("shop.lua", "node=2", "does not read the variable \"node\"; did you mean \"nodes\"?"),
            ("shop.lua", "colour=red", "does not read the variable \"colour\"; it reads nodes"),
            ("plain.lua", "nodes=2", "plain.lua takes no variables"),
            ("shop.lua", "nodes", "--var takes name=value, not nodes"),
            ("shop.lua", "=2", "--var takes name=value, not =2"),
        ] {
            let result = try run(verb, file, "--var", variable)
            #expect(result.status == 2, "\(result)")
            #expect(result.errors.contains(problem), "\(result)")
            #expect(result.output.isEmpty, "\(result)")
        }
        #expect(try run("plan", "all.lua", "--var", "anything=1").status == 0)
        #expect(try run("plan", "shop.lua", "--var", "nodes=").status != 2)
    }

    @Test func whatWasMadeByHandIsTakenOver() throws {
        let adopted = try run("adopt", "mine.lua", "search-prod", "--yes")
        #expect(adopted.status == 0, "\(adopted.errors)")
        #expect(adopted.output.contains("adopt   cluster search-prod, "))
        let text = try String(contentsOfFile: folder.path + "/mine.lua", encoding: .utf8)
        #expect(text.contains("package = \"gpx3\"") && !text.contains("staging"))
        #expect(try run("plan", "mine.lua").status == 0)
        #expect(try qcsh(["check", "mine.lua"], folder: folder.path).status == 0)
        let read = try sandbox.qcsh(
            "print(qdrant.clusters:find('search-prod'):label_map()['qcsh-stack'])")
        #expect(read.output == "mine\n")
    }

    @Test func whatIsWrongIsSaid() throws {
        #expect(try run("plan", "nosuch.lua").status == 2)
        try folder.write("broken.lua", "return { name = 'x', clusters = { a = { nodes = 3 } }")
        let broken = try run("plan", "broken.lua")
        #expect(broken.status == 1 && broken.errors.contains("broken.lua:1:"))
        try folder.write("misspelt.lua", "return { name = 'x', cluster = {} }")
        #expect(try run("plan", "misspelt.lua").errors.contains("did you mean \"clusters\"?"))
        #expect(try run("plan", "shop.lua", "--var", "nodes").status == 2)
        // What would be refused is known before anything is done.
        for (text, problem) in [
            ("clusters = { ['not a name'] = \(Self.cluster) }", "string.pattern"),
            ("clusters = { a1 = \(Self.cluster("keys = { k = {} }")) }", "at least 4 characters"),
            (
                "clusters = { a1 = \(Self.cluster("keys = { reader = { acess = 'read' } }")) }",
                "\"access\""
            ),
            (
                "clusters = { a1 = \(Self.cluster("keys = { reader = { access = 'reed' } }")) }",
                "reed"
            ),
            ("clusters = { a1 = \(Self.cluster("keys = 'reader'")) }", "with names, { name = … }"),
            (
                "clusters = { a1 = \(Self.cluster("schedules = { nightly = { cron = 'daily' } }")) }",
                "invalid schedule"
            ),
            ("clusters = { a1 = \(Self.cluster("labels = 'x'")) }", "with names, { name = … }"),
            ("roles = { R = { permission = {} } }", "permissions"),
            ("roles = { R = { permissions = { 'read:clusterz' } } }", "read:clusters"),
            ("users = { ['admin@example.com'] = { roles = 'Viewer' } }", "a list"),
            ("clusters = 'x'", "with names, { name = … }"),
        ] {
            try folder.write("wrong.lua", "return { name = 'wrong', \(text) }")
            let wrong = try run("apply", "wrong.lua", "--yes")
            #expect([1, 6].contains(wrong.status), "\(text): \(wrong.errors)")
            let all = wrong.output + wrong.errors
            #expect(all.contains(problem), "\(text): \(all)")
            #expect(!all.contains("[qdrant/"), "\(all)")
        }
        // What fails in the middle is told, and what is done stays done.
        try folder.write(
            "half.lua",
            """
            return { name = "half", roles = { Fine = { permissions = { "read:clusters" } } },
              clusters = { half = \(Self.cluster("keys = { never = {} }")) } }
            """)
        try sandbox.admin(
            "POST", "/faults", #"{"method":"cluster.create_cluster","status":"INTERNAL"}"#)
        let half = try run("apply", "half.lua", "--yes")
        #expect(half.status == 9, "\(half.output)\(half.errors)")
        #expect(half.output.contains("create  role Fine, "))
        #expect(half.output.contains("FAILED  cluster half: "))
        #expect(half.output.contains("skipped key half/never: cluster:half was not done"))
        #expect(half.errors.contains("1 done, 1 failed, 1 skipped; a second run continues here"))
    }

    private static let cluster = cluster("")

    private static func cluster(_ more: String) -> String {
        "{ cloud = 'aws', region = 'eu-central-1', package = 'gpx1', \(more) }"
    }

    @Test func aPlanIsForWhatItWasMadeFor() throws {
        #expect(try run("plan", "shop.lua", "--out", "plan.json").status == 10)
        // The declaration is another one now.
        let text = try String(contentsOfFile: folder.path + "/shop.lua", encoding: .utf8)
        try folder.write(
            "shop.lua",
            text.replacingOccurrences(of: "'reader.key'", with: "'b.key'")
                .replacingOccurrences(of: "reader.key", with: "other.key"))
        let other = try run("apply", "shop.lua", "--plan", "plan.json")
        #expect(other.status == 6, "\(other.output)\(other.errors)")
        #expect(other.errors.contains("the account has changed since the plan was made"))
        // A dry run shows the plan and waits for nothing.
        let dry = try run("apply", "--dry-run", "shop.lua", "--yes")
        #expect(dry.status == 10 && dry.output.contains("cluster search"), "\(dry.errors)")
        let done = try run("apply", "shop.lua", "--yes", "--output", "json")
        let result = try RunningSandbox.json(done.output)
        #expect((result["done"] as? [[String: Any]])?.count == 2, "\(done.output)")
        #expect(try run("plan", "shop.lua").status == 0)
        #expect(try run("plan", "shop.lua", "--output", "csv").status == 2)
    }

    @Test func whatIsThereIsWrittenWholeAndTakenOver() throws {
        let adopted = try run("adopt", "all.lua", "--yes")
        #expect(adopted.status == 0, "\(adopted.output)\(adopted.errors)")
        #expect((adopted.output + adopted.errors).contains("staging is SUSPENDED"))
        let text = try String(contentsOfFile: folder.path + "/all.lua", encoding: .utf8)
        for name in ["search-prod", "assistant", "on-premises", "Viewer", "admin@example.com"] {
            #expect(text.contains(name), "\(name): \(text)")
        }
        // But for the one that is suspended all is as it was written.
        let plan = try run("plan", "all.lua", "--output", "json")
        let actions = try RunningSandbox.json(plan.output)["actions"] as? [[String: Any]]
        #expect(actions?.map { $0["name"] as? String } == ["staging"], "\(plan.output)")
    }
}
