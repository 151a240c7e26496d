import Contract
import Foundation
import LuaReference
import TestSupport
import Testing

/// Whatever has a name has help.
@Suite(.serialized) struct ShellHelpTests {
    @Test func helpComesInEachOfItsWays() throws {
        let shell = try ShellSession(columns: 100, rows: 40)
        try shell.run(".help", until: "To begin with")
        try shell.run("qdrant.api.cluster.get_cluster?", until: "permission   read:clusters")
        try shell.run("help(task.map)", until: "task.map(list, fn, options)")
        try shell.run("help(api.cluster.backup)", until: "cluster.backup.list_backups")
        try shell.run("help(print)", until: "#pdf-print")
        try shell.run("help(api.cluster.list_clusters{}.items[1])", until: "A Qdrant database.")
        try shell.run("help \"backup retention\"", until: "BackupSchedule.retention_period")
        try shell.run("help 'ClusterPhase'", until: "CLUSTER_PHASE_HEALTHY")
        try shell.run("help 'no such thing at all'", until: "no entry named")
        try shell.run("help(42)", until: "A number")
        try shell.run("help(clusters)", until: "qdrant.clusters:list(filter)")
        try shell.run("help(clusters.suggest_name)", until: "no cluster of the account has")
        try shell.run("clusters.quote?", until: "qdrant.clusters:quote {")
        try shell.run("help 'Cluster:scale'", until: "Changes its size")
        try shell.type(
            "api.cluster.create_cluster { cluster = { name = 'x', labels", until: "labels")
        try shell.type("\u{1b}OP", until: "qdrant.cloud.cluster.v1.Cluster.labels")
        try shell.type("\u{3}", until: "labels^C")
        #expect(try shell.leave() == 0)
    }

    @Test func nothingPublicIsWithoutHelp() throws {
        let reference = LuaReference.embedded
        #expect(reference.modules.count >= 15)
        for entry in reference.entries {
            #expect(!entry.text.isEmpty, "\(entry.name) says nothing of itself")
            #expect(entry.example != nil || entry.parameters == nil, "\(entry.name) has no example")
        }
        let registry = Registry.embedded
        for method in try registry.allMethods() {
            #expect(!registry.documentation(of: method).isEmpty, "\(method.displayName)")
        }
        for symbol in registry.symbols(below: "qdrant.") {
            guard let type = try registry.message(named: symbol) else { continue }
            for field in type.fields where !type.isMapEntry {
                #expect(!registry.documentation(of: field).isEmpty, "\(symbol).\(field.name)")
            }
        }
        // What the modules have at run time is what their sources tell of.
        let shell = try ShellSession()
        try shell.home.write(
            "all.lua",
            """
            local missing = 0
            for _, name in ipairs { \(reference.modules.map { "'\($0)'" }.joined(separator: ", ")) } do
              for member, value in pairs(require(name)) do
                if type(value) == "function" and not member:find("^_") then
                  local ok, text = pcall(shell.help, name .. "." .. member)
                  if not ok or not text:find(name .. "." .. member .. "(", 1, true) then
                    missing = missing + 1
                    print("no help on " .. name .. "." .. member)
                  end
                end
              end
            end
            print("without help: " .. missing)
            """)
        try shell.run(".load \(shell.home.path)/all.lua", until: "without help: 0")
        #expect(shell.screen.text.contains("without help: 0"), "\(shell.screen.text)")
        #expect(try shell.leave() == 0)
    }

    @Test func examplesOfFunctionsRun() throws {
        // What asks somebody, ends the shell or needs something that only exists in the example.
        let needsMore: Set<String> = [
            "secret.ask", "term.ask", "term.confirm", "term.choose", "shell.quit", "shell.cancel",
            "shell.edit", "shell.clear", "library",
        ]
        let entries = LuaReference.embedded.entries.filter { entry in
            entry.example != nil && !needsMore.contains(entry.name) && !entry.name.contains(":")
                // Functions of specs fail outside of them.
                && !entry.name.hasPrefix("test.")
                && !Self.isOfLibrary(entry)
        }
        #expect(entries.count > 100)
        let folder = try TemporaryFolder()
        let shell = try ShellSession(columns: 100, rows: 50, environment: ["MY_KEY": "x"])
        try shell.home.write(
            "examples.lua",
            """
            local failed = 0
            local print, write = print, io.write
            for _, case in ipairs { \(Self.cases(entries, in: folder.path)) } do
              local chunk, problem = load("return " .. case[2])
              if not chunk then chunk, problem = load(case[2]) end
              local ok = chunk ~= nil
              if ok then ok, problem = pcall(task.timeout, 20, chunk) end
              if not ok then
                failed = failed + 1
                io.stderr:write("FAILED ", case[1], ": ", tostring(problem), "\\n")
              end
            end
            io.stderr:write("examples failed: ", failed, "\\n")
            """)
        try shell.type(".load \(shell.home.path)/examples.lua\r", until: "examples failed: 0")
        #expect(shell.screen.text.contains("examples failed: 0"), "\(shell.screen.text)")
        _ = try shell.screen.signal(SIGTERM)
        #expect(try shell.screen.exitStatus() == 143)
    }

    /// Lua tables of names and examples, whose files are in a folder of the test's own.
    private static func cases(_ entries: [LuaReference.Entry], in folder: String) -> String {
        entries.map { entry in
            let example = (entry.example ?? "").replacingOccurrences(
                of: "/tmp/", with: folder + "/")
            return "{ '\(entry.name)', [==[\(example)]==] }"
        }.joined(separator: ",\n")
    }

    /// Whether it is about what stands behind `qdrant.`: `qdrant.Cluster:scale`.
    private static func isOfLibrary(_ entry: LuaReference.Entry) -> Bool {
        let reference = LuaReference.embedded
        return entry.name.hasPrefix("qdrant.")
            && !reference.functions(of: "qdrant").contains { own in
                own.name == entry.name && own.name.split(separator: ".").count == 2
                    && !own.name.contains(":")
            }
    }

    @Test func examplesOfLibrariesRun() throws {
        let entries = LuaReference.embedded.entries.filter {
            $0.example != nil && Self.isOfLibrary($0)
        }
        #expect(entries.count > 100)
        #expect(entries.contains { $0.name == "qdrant.Cluster:scale" })
        let folder = try TemporaryFolder()
        // Each in a world of its own: what one deletes, another one looks for.
        let script = try folder.write(
            "examples.lua",
            """
            local sandbox = require("sandbox").start { speed = "instant" }
            local print, failed = print, 0
            for _, case in ipairs { \(Self.cases(entries, in: folder.path)) } do
              local world = sandbox:new_world()
              local connection = world:connect()
              local names = setmetatable({
                print = function() end,
                qdrant = setmetatable({}, { __index = function(_, name)
                  return rawget(qdrant, name) ~= nil and name ~= "api" and name ~= "session"
                    and not pcall(require, "qdrant." .. name) and qdrant[name] or connection[name]
                end }),
              }, { __index = function(_, name)
                -- What is about no account is called by its own name.
                local ok, module = pcall(require, "qdrant." .. name)
                return ok and module or _G[name]
              end })
              local chunk, problem = load("return " .. case[2], "=example", "t", names)
              if not chunk then chunk, problem = load(case[2], "=example", "t", names) end
              local ok = chunk ~= nil
              if ok then ok, problem = pcall(task.timeout, 30, chunk) end
              if not ok then
                failed = failed + 1
                print("FAILED " .. case[1] .. ": " .. tostring(problem))
              end
              world:close()
            end
            print("examples failed: " .. failed)
            """)
        let result = try qcsh(["--sandbox", script])
        #expect(result.output.hasSuffix("examples failed: 0\n"), "\(result.output)\(result.errors)")
    }

    @Test func examplesOfMethodsPassTheContractsRules() throws {
        // A dry run: reads reach the sandbox, changes are answered here. What does not exist there
        // is another matter than what is written wrongly.
        let shell = try ShellSession(["--sandbox", "--dry-run"], columns: 120, rows: 50)
        let names = try Registry.embedded.allMethods().map(\.displayName)
        #expect(names.count == 152)
        try shell.home.write(
            "methods.lua",
            """
            local wrong = 0
            for _, name in ipairs { \(names.map { "'\($0)'" }.joined(separator: ", ")) } do
              local page = shell.help(name)
              local code = page:match("\\nexample\\n(.*)$")
              local chunk, problem = load("return " .. (code or "?"))
              local ok = chunk ~= nil
              if ok then ok, problem = pcall(chunk) end
              local is_refused = not ok and (type(problem) ~= "table" or problem.code == "INVALID_ARGUMENT"
                and #(problem.violations or {}) > 0)
              if is_refused then
                wrong = wrong + 1
                print("wrong " .. name .. ": " .. tostring(problem):sub(1, 300))
              end
            end
            print("wrong examples: " .. wrong)
            """)
        try shell.type(".load \(shell.home.path)/methods.lua\r", until: "wrong examples: 0")
        #expect(shell.screen.text.contains("wrong examples: 0"), "\(shell.screen.text)")
        try shell.waitForPrompt()
        #expect(try shell.leave() == 0)
    }
}
