import Foundation
import TestSupport
import Testing

/// `qcsh check`: what a script does wrong is found without running it, and nothing else is.
@Suite struct CheckTests {
    private func findings(_ code: String, name: String = "script.lua") throws -> [String] {
        let folder = try TemporaryFolder()
        try folder.write(name, code)
        let result = try qcsh(["check", name], folder: folder.path)
        #expect(result.status == (result.output.isEmpty ? 0 : 1), "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: [
        (
            "qdrant.api.cluster.get_clustr {}",
            "1:20: error: qdrant.api.cluster has no \"get_clustr\"; did you mean \"get_cluster\"? [unknown-method]"
        ),
        (
            "qdrant.api.clutser.x {}",
            "1:12: error: qdrant.api has no \"clutser\"; did you mean \"cluster\"? [unknown-method]"
        ),
        (
            "local list = qdrant.api.cluster.list_clusters\nlist { page_sise = 1 }",
            "2:8: error: qdrant.cloud.cluster.v1.ListClustersRequest has no field \"page_sise\"; did you mean \"page_size\"? [unknown-field]"
        ),
        (
            "local c = require 'qdrant.api.cluster'\nc.get_cluster { cluster_id = 'x' }",
            "2:30: error: cluster_id: must be a UUID (string.uuid), got \"x\" [broken-rule]"
        ),
        (
            "qdrant.api.cluster.get_cluster {}",
            "1:32: error: cluster_id: must be a UUID, not empty (string.uuid_empty), got nothing [broken-rule]"
        ),
        (
            "qdrant.api.cluster.list_clusters { page_size = 'many' }",
            "1:48: error: page_size: expected an integer, got \"many\" [wrong-value]"
        ),
        (
            "for c in qdrant.api.cluster.list_clusters:each {} do print(c.state.fase) end",
            "1:68: error: qdrant.cloud.cluster.v1.ClusterState has no field \"fase\" [unknown-field]"
        ),
        (
            "local r = qdrant.api.cluster.list_clusters {}\nfor _, c in ipairs(r.items) do print(c.nme) end",
            "2:40: error: qdrant.cloud.cluster.v1.Cluster has no field \"nme\"; did you mean \"name\"? [unknown-field]"
        ),
        (
            "local c = qdrant.api.cluster.get_cluster { cluster_id = ID }.cluster\nc.nme = 1",
            "1:57: warning: undefined global \"ID\" [undefined-global]"
        ),
        (
            "qdrant.api.cluster.list_clusters({}, { retry = 1 })",
            "1:40: error: unknown call option \"retry\" [unknown-option]"
        ),
        (
            "qdrant.api.cluster.auth.v1.list_database_api_keys {}",
            "1:28: warning: cluster.auth.v1.list_database_api_keys is deprecated [deprecated]"
        ),
        (
            "task.slep(1)",
            "1:6: error: task has no \"slep\"; did you mean \"sleep\"? [unknown-member]"
        ),
        (
            "local fs = require 'fs'\nfs.reed 'x'",
            "2:4: error: fs has no \"reed\"; did you mean \"read\"? [unknown-member]"
        ),
        (
            "prnt 'x'",
            "1:1: warning: undefined global \"prnt\"; did you mean \"print\"? [undefined-global]"
        ),
        (
            "qdrant.clusters:creat {}",
            "1:16: error: qdrant.clusters has no method \"creat\"; did you mean \"create\"? [unknown-member]"
        ),
        (
            "local c = qdrant.clusters:find 'x'\nc:scal {}",
            "2:2: error: qdrant.Cluster has no method \"scal\"; did you mean \"scale\"? [unknown-member]"
        ),
        (
            "for _, c in ipairs(qdrant.clusters:list()) do print(c.state.fase) end",
            "1:61: error: qdrant.cloud.cluster.v1.ClusterState has no field \"fase\" [unknown-field]"
        ),
        (
            "script { needs = { 'read:*' } }\nqdrant.clusters:find('x'):restart()",
            "1:8: error: cluster.restart_cluster: the header does not allow write:clusters [permission]"
        ),
        ("if x then", "1:10: error: 'end' expected near '<eof>' [syntax]"),
        (
            "script { needs = { 'read:clusters' } }\nqdrant.api.auth.list_management_keys {}",
            "1:8: error: auth.list_management_keys: the header does not allow read:management_keys [permission]"
        ),
        (
            "script { needs = { 'delete:clusters' } }\nlocal d = qdrant.api.cluster.delete_cluster",
            "1:8: error: cluster.delete_cluster: the header allows no deletes; a header allows them with deletes=true [permission]"
        ),
        (
            "script { needs = { nil or 'x' } }",
            "1:24: error: needs: a header may contain only literals, so that it can be read without running the script [header]"
        ),
        (
            "require 'no.such.module'",
            "1:9: warning: module \"no.such.module\" not found [unknown-module]"
        ),
        (
            // A part of a module is none that can be required.
            "require 'task.channel'",
            "1:9: warning: module \"task.channel\" not found [unknown-module]"
        ),
        (
            "qdrant.api.monitoring.get_cluster_usage_metrics { aggregator = 'MEAN', cluster_id = arg[1] }",
            "1:64: error: aggregator: qdrant.cloud.monitoring.v1.Aggregator has no value \"MEAN\"; it has SUM, AVG, MAX, MIN [wrong-value]"
        ),
    ])
    func whatIsWrongIsFound(_ code: String, _ expected: String) throws {
        let found = try findings(code)
        #expect(found.contains("script.lua:" + expected), "\(found.joined(separator: "\n"))")
    }

    /// Where nothing can be known, nothing is said.
    @Test(arguments: [
        "local r = qdrant.api.cluster.list_clusters {}\nr = other()\nprint(r.anything)\nfunction other() end",
        "local function get(api, name) return api[name] {} end\nprint(get(qdrant.api.cluster, 'list_clusters').x)",
        "local id = arg[1]\nqdrant.api.cluster.get_cluster { cluster_id = id }",
        "local t = {}\nt[arg[1]] = 'x'\nqdrant.api.cluster.get_cluster(t)",
        "local request = { [arg[1]] = arg[2] }\nqdrant.api.cluster.create_cluster { cluster = { [arg[1]] = 1 } }",
        "x = 1\nprint(x)\nfunction later() return y end\ny = 2",
        "local m = setmetatable({}, { __index = function() return 1 end })\nprint(m.anything)",
        "qdrant.api.cluster.update_cluster { cluster = { id = arg[1], name = 'longer' }, update_mask = { 'name' } }",
        "local ok, cloud = pcall(qdrant.connect, {})\nprint(cloud.api.anything)",
        "print(qdrant.session.account_id, qdrant.null, qdrant.mask {}, qdrant.now(), qdrant.clock())",
        "for i, v in ipairs { 1, 2 } do print(i, v.x) end",
        "local c = qdrant.api.cluster.get_cluster { cluster_id = arg[1] }.cluster\nif c.configuration then print(c.configuration.number_of_nodes) end",
        "goto done\n::done::",
        "local c = qdrant.clusters:find 'x'\nprint(c.name, c:url(), c.connection)\nc:keys():list()[1]:delete()",
        "script { needs = { 'read:clusters' } }\nfor _, c in ipairs(qdrant.clusters:list { labels = { a = 'b' } }) do print(c:phase()) end",
        "qdrant.api.cluster.get_clustr {} -- qcsh:ignore",
        "http.get('https://example.com'):json()\nhttp.post('x', {})",
        "log.level = 'debug'\nlog.info('x')\nprint(env.HOME)",
        "script { about = 'x', needs = { 'read:*', 'write:clusters' } }\nlocal c = qdrant.api.cluster\nc.list_clusters {}\nlocal r = c.restart_cluster",
    ])
    func whatIsRightOrCannotBeKnownIsNot(_ code: String) throws {
        #expect(try findings(code) == [])
    }

    @Test func theProjectsOwnScriptsAreClean() throws {
        var files: [String] = []
        for folder in ["scripts", "stdlib", "Tests/Lua"] {
            let found = FileManager.default.enumerator(atPath: Project.root + "/" + folder)
            files += (found?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".lua") }
                .map { folder + "/" + $0 }
        }
        #expect(files.count > 20)
        let result = try qcsh(["check"] + files, folder: Project.root)
        #expect(result.output == "" && result.status == 0)
    }

    @Test func modulesOfTheScriptAreFollowed() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "helper.lua",
            "local M = {}\nfunction M.list() return qdrant.api.cluster.list_clusters { page = 1 } end\nM.api = qdrant.api.auth\nreturn M\n"
        )
        try folder.write(
            "main.lua",
            "local helper = require 'helper'\nhelper.lst()\nhelper.api.list_management_key {}\nhelper.list()\n"
        )
        let result = try qcsh(["check", "main.lua"], folder: folder.path)
        #expect(
            result.output == """
                main.lua:2:8: error: helper has no "lst"; did you mean "list"? [unknown-member]
                main.lua:3:12: error: qdrant.api.auth has no "list_management_key"; did you mean "list_management_keys"? [unknown-method]
                ./helper.lua:2:61: error: qdrant.cloud.cluster.v1.ListClustersRequest has no field "page" [unknown-field]

                """, "\(result.output)")
    }

    @Test func programsReadTheFindings() throws {
        let folder = try TemporaryFolder()
        try folder.write("bad.lua", "prnt 'x'\n")
        let json = try RunningSandbox.json(
            try qcsh(["check", "--json", "bad.lua"], folder: folder.path).output)
        let finding = try #require((json["findings"] as? [[String: Any]])?.first)
        #expect(finding["line"] as? Int == 1 && finding["rule"] as? String == "undefined-global")
        let sarif = try RunningSandbox.json(
            try qcsh(["check", "--sarif", "bad.lua"], folder: folder.path).output)
        #expect(sarif["version"] as? String == "2.1.0")
        let runs = try #require(sarif["runs"] as? [[String: Any]])
        let results = try #require(runs[0]["results"] as? [[String: Any]])
        #expect(results[0]["ruleId"] as? String == "undefined-global")
        let missing = try qcsh(["check", "none.lua"], folder: folder.path)
        #expect(missing.status == 2 && missing.errors.contains("cannot read none.lua"))
    }
}
