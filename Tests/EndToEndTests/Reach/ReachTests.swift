import Contract
import Foundation
import LuaHost
import LuaReference
import LuaSource
import TestSupport
import Testing

/// What `qcsh check --permissions` says of a script.
struct Reach {
    let permissions: Set<String>
    let unknown: [UnknownUse]
    let findings: [Finding]

    /// Checks a script; modules are found by name.
    init(_ code: String, file: String = "script.lua", modules: [String: String] = [:]) {
        let checker = ScriptChecker(
            registry: .embedded, policy: HeaderPermissions(), now: { (1_790_000_000, 0) }
        ) { name, _ in
            modules[name].map { ("./\(name).lua", Array($0.utf8)) }
        }
        let result = checker.check(Array(code.utf8), file: file)
        permissions = Set(result.permissions)
        unknown = result.unknown
        findings = result.findings
    }
}

/// `qcsh check --permissions` is an upper bound of what a script can use, and a tight one.
@Suite struct ReachTests {
    private static let scripts: [String] = {
        let folder = Project.root + "/scripts"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".lua") }.map { folder + "/" + $0 }.sorted()
    }()

    @Test func theHeadersOfAllReadyMadeScriptsNameExactlyWhatTheyCanUse() throws {
        #expect(Self.scripts.count > 20)
        for file in Self.scripts {
            let code = try String(contentsOfFile: file, encoding: .utf8)
            let header = try #require(try ScriptHeader.read(Array(code.utf8)), "\(file)")
            let needs = try #require(header.needs, "\(file) has no needs")
            let reach = Reach(code, file: file)
            #expect(reach.permissions == Set(needs.map(\.word)), "\(file)")
            #expect(reach.unknown == [], "\(file)")
            #expect(reach.findings.isEmpty, "\(file)")
        }
    }

    @Test(
        arguments: [
            ("print(1)", []),
            ("qdrant.clusters:list()", ["read:clusters"]),
            (
                "task.map(qdrant.clusters:list(), function(c) c:restart() end)",
                ["read:clusters", "write:clusters"]
            ),
            (
                "qdrant.fleet.run(qdrant.clusters:list(), function(c) c:delete() end)",
                ["read:clusters", "delete:clusters"]
            ),
            (
                "qdrant.fleet.run(qdrant.clusters:list(), print, { journal = 'j' })",
                ["read:clusters", "read:files", "write:files"]
            ),
            (
                "local c = qdrant.clusters:find 'x'\npcall(c.suspend, c)",
                ["read:clusters", "write:clusters"]
            ),
            (
                "local function each(list, f) for _, x in ipairs(list) do f(x) end end\n"
                    + "each(qdrant.clusters:list(), function(c) c:keys():list()[1]:delete() end)",
                ["read:clusters", "read:api_keys", "delete:api_keys"]
            ),
            (
                "local list = qdrant.backups:list()\ntable.sort(list, function(a, b) a:delete() return a.name < b.name end)",
                ["read:backups", "delete:backups"]
            ),
            (
                "local go = coroutine.wrap(function(c) coroutine.yield(c:backups():list()) end)\n"
                    + "for _, b in ipairs(go(qdrant.clusters:find 'x')) do b:restore() end",
                ["read:clusters", "read:backups", "restore:backups"]
            ),
            (
                "local jobs = { one = function(c) c:restart() end }\nfor _, f in pairs(jobs) do f(qdrant.clusters:find 'x') end",
                ["read:clusters", "write:clusters"]
            ),
            (
                "local t = setmetatable({}, { __index = function(_, k) return fs.read(k) end })\nprint(t.x)",
                ["read:files"]
            ),
            (
                "local t <close> = setmetatable({}, { __close = function() os.remove('x') end })",
                ["write:files"]
            ),
            (
                "local M = {}\nfunction M:go() self.f() end\nM.f = function() process.run { 'ls' } end\nM:go()",
                ["run:processes"]
            ),
            ("print(env.HOME)", ["read:environment"]),
            ("http.get('https://example.com')", ["connect:hosts"]),
            (
                "http.get('https://example.com', { ca_file = 'x' })",
                ["connect:hosts", "read:files"]
            ),
            ("io.open('x', 'w'):write('y')", ["write:files"]),
            ("for line in io.lines('x') do print(line) end", ["read:files"]),
            ("os.execute('ls')\nos.getenv('HOME')", ["run:processes", "read:environment"]),
            (
                "script { args = { { 'x', type = 'file' }, { '--y', env = 'Y' } } }",
                ["read:files", "read:environment"]
            ),
            (
                "qdrant.connect { context = 'prod' }.clusters:list()",
                ["read:clusters", "use:contexts"]
            ),
            (
                "qdrant.api.cluster.list_clusters { account_id = arg[1] }",
                ["read:clusters", "use:accounts"]
            ),
            (
                "qdrant.api.cluster.list_clusters { account_id = qdrant.session.account_id }",
                ["read:clusters"]
            ),
            (
                "qdrant.clusters:find('x'):keys():create { name = 'abcd' }",
                ["read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys"]
            ),
            (
                "qdrant.clusters:find('x'):keys():create { name = 'abcd', file = 'x' }",
                [
                    "read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys",
                    "write:files",
                ]
            ),
            (
                "qdrant.clusters:find('x'):keys():create { name = 'abcd', wait = true }",
                [
                    "read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys",
                    "connect:hosts",
                ]
            ),
            ("qdrant.costs:by 'cluster'", ["read:payment_information", "read:clusters"]),
            (
                "local kind = 'one'\nif kind == 'two' then qdrant.clusters:list() else qdrant.backups:list() end",
                ["read:backups"]
            ),
            ("qdrant.packages:list { cloud = 'aws', region = 'eu-central-1' }", []),
            ("if false then qdrant.clusters:list() end", []),
            ("local function unused() qdrant.clusters:list() end", []),
        ] as [(String, [String])])
    func whatAScriptCanUseIsKnownExactly(_ code: String, _ permissions: [String]) {
        let reach = Reach(code)
        #expect(reach.permissions == Set(permissions), "\(code)")
        #expect(reach.unknown == [], "\(code)")
    }

    private static let other = "'00000000-0000-4000-8000-000000000001'"

    /// Requests for other accounts, however they are put together.
    @Test(arguments: [
        "qdrant.api.cluster.list_clusters:each { account_id = @ }",
        "qdrant.api.cluster.list_clusters:all { account_id = @ }",
        "qdrant.api.cluster.list_clusters({}, { account_id = @ })",
        "qdrant.api.cluster.list_clusters(json.decode(arg[1]))",
        "qdrant.api.cluster.list_clusters({}, json.decode(arg[1]))",
        "local r = {} r['account' .. '_id'] = @ qdrant.api.cluster.list_clusters(r)",
        "local r = {} for k, v in pairs(json.decode(arg[1])) do r[k] = v end qdrant.api.cluster.list_clusters(r)",
        "local a = {} table.insert(a, { account_id = @ }) qdrant.api.cluster.list_clusters(table.unpack(a))",
        "local function f(...) return qdrant.api.cluster.list_clusters(...) end f({}, { account_id = @ })",
    ])
    func aRequestForAnotherAccountUsesIt(_ code: String) {
        let reach = Reach(code.replacing("@", with: Self.other))
        #expect(reach.permissions == ["read:clusters", "use:accounts"], "\(code)")
        #expect(reach.unknown == [], "\(code)")
    }

    /// Whatever leads to itself, or deep, ends the check's interest, not the check.
    @Test func whatLeadsToItselfHasAnEnd() {
        for code in EndlessScripts.all {
            let reach = Reach("process.run { 'true' } \(code)\nqdrant.clusters:list()")
            let isSaid = reach.permissions.contains("read:clusters") || !reach.unknown.isEmpty
            #expect(isSaid, "\(code.prefix(300))")
        }
    }

    @Test func modulesOfTheScriptCountAsTheScript() {
        let modules = [
            "helper":
                "local M = {}\nfunction M.each(f) for _, c in ipairs(qdrant.clusters:list()) do f(c) end end\nreturn M"
        ]
        let reach = Reach(
            "require('helper').each(function(c) c:resume() end)", modules: modules)
        #expect(reach.permissions == ["read:clusters", "write:clusters"])
        #expect(reach.unknown == [])
    }

    @Test(arguments: [
        ("local f = load(arg[1])\nf()", 2), ("qdrant.api.cluster[arg[1]] {}", 1),
        ("_G[arg[1]]()", 1), ("local c = qdrant.clusters:find 'x'\nc[arg[1]](c)", 2),
        ("require(arg[1])", 1), ("require 'no.such.module'", 1), ("dofile(arg[1])", 1),
        ("task.map({ 1 }, load 'return 1')", 1),
        ("local ok, f = pcall(load, arg[1])\nprint(f)\npcall(f)", 3),
    ])
    func whatCannotBeFollowedIsSaidWithItsLine(_ code: String, _ line: Int) {
        let reach = Reach(code)
        #expect(reach.unknown.map(\.position.line).contains(line), "\(code): \(reach.unknown)")
    }

    @Test func thePermissionsAndWhatIsUnknownArePrinted() throws {
        let folder = try TemporaryFolder()
        try folder.write("script.lua", "qdrant.clusters:list()\nload(arg[1])()\n")
        let text = try qcsh(["check", "--permissions", "script.lua"], folder: folder.path)
        #expect(
            text.output
                == "script.lua can use: read:clusters; unknown: line 2 calls a function that comes from data\n"
        )
        let json = try RunningSandbox.json(
            try qcsh(["check", "--json", "script.lua"], folder: folder.path).output)
        let script = try #require((json["scripts"] as? [[String: Any]])?.first)
        let unknown = try #require((script["unknown"] as? [[String: Any]])?.first)
        #expect(unknown["line"] as? Int == 2 && unknown["column"] as? Int == 13)
        #expect(unknown["reason"] as? String == "calls a function that comes from data")
    }

    @Test func aHeaderThatLacksAPowerOverTheMachineIsAFinding() {
        let code = "script { needs = { 'read:clusters' } }\nfs.write('x', 'y')"
        let found = Reach(code).findings.map(\.message)
        #expect(found == ["the header does not allow write:files, which line 2 can use"])
        #expect(
            Reach("script { needs = { 'write:files=./x' } }\nfs.write('x', 'y')").findings.isEmpty)
        #expect(Reach("script { needs = { '*' } }\nfs.write('x', 'y')").findings.isEmpty)
    }
}
