import Foundation
import TestSupport
import Testing

/// What a dry run cannot show it refuses, in one form, before anything changes.
@Suite struct DryRunRefusalTests {
    private static var form: Regex<Substring> { #/dry run: .+ would .+; a dry run .+/# }

    /// Calls each function of the libraries that reach this machine or others, with arguments of every
    /// kind, and prints what was refused.
    private static let script = """
        local kept, made, url = ...
        local libraries = { io = io, os = os, fs = fs, process = process, http = http,
          [""] = { loadfile = loadfile, dofile = dofile } }
        local key = secret.new("a secret")
        libraries.secret = { write = function(...) return key:write(...) end }
        -- These end the script or close what it prints to.
        local skipped = { ["os.exit"] = true, ["io.close"] = true }
        local refused = {}
        for place, library in pairs(libraries) do
          for name, fn in pairs(library) do
            local full = place .. "." .. name
            if type(fn) == "function" and not skipped[full] then
              for _, arguments in ipairs {
                { made, "w" }, { made, "text" }, { kept, "a" }, { kept, "r+" }, { kept, made },
                { kept, tonumber("600", 8) }, { kept, { recursive = true } }, { kept },
                { { "touch", made } }, { "touch " .. made }, { "POST", url }, { url }, {} } do
                local ok, problem = pcall(fn, table.unpack(arguments))
                if not ok and tostring(problem):find("dry run", 1, true) then
                  refused[full] = tostring(problem)
                end
              end
            end
          end
        end
        print()
        for name, problem in pairs(refused) do
          print(name .. "\\t" .. problem)
        end
        """

    @Test func everyWayToChangeSomethingIsRefused() throws {
        let folder = try TemporaryFolder()
        let work = folder.path + "/work"
        let kept = try folder.write("work/kept", "kept")
        let mode = try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions]
        let script = try folder.write("script.lua", Self.script)
        let result = try qcsh(
            ["--dry-run", script, kept, work + "/made", "http://127.0.0.1:1/"], folder: work)
        #expect(result.status == 0, "\(result)")
        let lines = result.output.split(separator: "\n").filter { $0.contains("dry run:") }
        for line in lines { #expect(line.contains(Self.form), "\(line)") }
        let names = Set(lines.compactMap { $0.split(separator: "\t").first.map(String.init) })
        let known: Set<String> = [
            "io.open", "io.output", "io.popen", "io.tmpfile", "os.execute", "os.remove",
            "os.rename", "os.tmpname", "fs.append", "fs.chmod", "fs.copy", "fs.mkdir", "fs.remove",
            "fs.rename", "fs.temporary", "fs.write", "http.delete", "http.patch", "http.post",
            "http.put", "http.request", "process.run", "secret.write",
        ]
        #expect(names.isSuperset(of: known), "\(known.subtracting(names)) \(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: work) == ["kept"])
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "kept")
        let after = try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions]
        #expect(after as? Int == mode as? Int)
    }

    /// Files that a subcommand writes: none is made, and one that is there stays as it is.
    @Test func subcommandsWriteNoFilesOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        let stack = try folder.write(
            "work/shop.lua",
            """
            return { name = "shop", clusters = { search = { cloud = "aws",
              region = "eu-central-1", cpu = 2, ram = "8GiB", disk = "50GiB", nodes = 1 } } }
            """)
        let work = folder.path + "/work"
        let key = "auth.create_management_key"
        for isThere in [false, true] {
            for (words, file, status) in [
                (["plan", stack, "--out", "plan.json"], "plan.json", Int32(1)),
                (["adopt", "adopted.lua"], "adopted.lua", 1),
                (["run", "report", "--file", "report.html"], "report.html", 1),
                (["call", key, "management_key:={}", "--secret-file", "key"], "key", 0),
                (
                    [
                        "--secret-file", "key", "-e",
                        "return qdrant.api.\(key) { management_key = {} }",
                    ],
                    "key", 0
                ),
            ] {
                let path = work + "/" + file
                if isThere { try folder.write("work/" + file, "kept\n") }
                let result = try qcsh(["--sandbox", "--dry-run"] + words, folder: work)
                #expect(result.status == status || isThere, "\(words): \(result)")
                #expect(result.errors.contains("dry run:") || isThere, "\(words): \(result)")
                #expect(
                    FileManager.default.contents(atPath: path)
                        == (isThere ? Data("kept\n".utf8) : nil),
                    "\(words)")
                if isThere { try FileManager.default.removeItem(atPath: path) }
                #expect(try FileManager.default.contentsOfDirectory(atPath: work) == ["shop.lua"])
            }
        }
    }

    @Test func aRefusalEndsTheScriptAndReadsStayPossible() throws {
        let folder = try TemporaryFolder()
        try folder.write("kept", "kept")
        let result = try qcsh(
            [
                "--dry-run", "--audit", folder.path + "/audit", "-e",
                "print(fs.read('kept'), io.open('kept'):read('a'), #fs.list()) "
                    + "process.run { 'cat', 'kept' }",
            ], folder: folder.path)
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("kept\tkept\t"))
        #expect(
            result.errors.contains(
                "dry run: process.run would run `cat`; a dry run runs no programs"))
        #expect(FileManager.default.fileExists(atPath: folder.path + "/audit"))
    }

    @Test func aSandboxOfAnotherProcessStaysAsItIs() throws {
        let sandbox = try RunningSandbox("--speed", "manual")
        let attach = "local s = require('sandbox').attach() print(s.endpoint) "
        let read = try sandbox.qcsh(attach + "print(#s:calls() >= 0)", "--dry-run")
        #expect(read.status == 0 && read.output.hasSuffix("true\n"), "\(read)")
        let changed = try sandbox.qcsh(attach + "s:advance '1h'", "--dry-run")
        #expect(changed.status == 1 && changed.errors.contains(Self.form), "\(changed)")
        let own = try sandbox.qcsh(
            "local s <close> = require('sandbox').start { speed = 'manual' } s:advance '1h'",
            "--dry-run")
        #expect(own.status == 0, "\(own)")
    }

    // MARK: - Ready-made scripts

    /// A run of each script of `scripts/`, in a directory of its own.
    private static let runs = [
        "access-review": "", "allow-list": "search-prod --add 203.0.113.7",
        "app-key": "search-prod application --write documents --file new.key", "backup-audit": "",
        "backup-policy": "--fix", "backup": "search-prod --name first-one",
        "clone-cluster": "search-prod copy --key-file new.key", "costs": "",
        "create-cluster": "alpha --region eu-central-1 --cpu 2 --ram 8GiB --key-file new.key",
        "disaster-drill": "--yes", "ephemeral-cluster": "--package gpx1 -- touch made",
        "expiring-keys": "", "health-digest": "", "hybrid-onboard": "workshop --file new.sh",
        "office-hours": "suspend --label env=prod --wait",
        "price": "--region eu-central-1 --cpu 2 --ram 8GiB", "report": "--file new.html",
        "restore": "search-prod --yes", "rolling-restart": "search-prod staging --yes",
        "rotate-keys":
            "search-prod search\u{a0}service --folder . --yes --overlap 1h --run touch\u{a0}made",
        "rotate-management-key": "PREFIX --file new.key --yes",
        "scale-cluster": "search-prod --nodes 5 --yes", "terraform-export": "new.tf", "tour": "",
        "upgrade-fleet": "--label env=prod --yes --journal new.journal",
        "user-roles": "admin@example.com --offboard --yes", "wait-cluster": "search-prod",
    ]

    static let scripts =
        ((try? FileManager.default.contentsOfDirectory(
            atPath: Project.root + "/scripts")) ?? [])
        .filter { $0.hasSuffix(".lua") }.map { String($0.dropLast(4)) }.sorted()

    /// Each ends by itself or with a refusal, and leaves nothing.
    @Test(arguments: scripts)
    func noReadyMadeScriptCrashesOrLeavesAnything(_ name: String) throws {
        let line = try #require(Self.runs[name], "a run of \(name) is missing here")
        let folder = try TemporaryFolder()
        let sandbox = try RunningSandbox("--speed", "instant")
        let prefix = try sandbox.qcsh("print(qdrant.management_keys:list()[1].prefix)").output
            .trimmingCharacters(in: .newlines)
        let words = line.split(separator: " ").map { word in
            String(word).replacingOccurrences(of: "\u{a0}", with: " ")
                .replacingOccurrences(of: "PREFIX", with: prefix)
        }
        let result = try qcsh(
            ["--endpoint", sandbox.endpoint, "--dry-run", "run", name] + words,
            environment: ["QDRANT_CLOUD_API_KEY": sandbox.key], folder: folder.path)
        let all = result.output + result.errors
        for crash in ["attempt to", "bad argument", "a nil value"] {
            #expect(!all.contains(crash), "\(all)")
        }
        // 9: there are findings, or some is missing.
        let isDone = result.status == 0 || result.status == 9
        #expect(isDone || all.contains(Self.form), "\(result.status) \(all)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.isEmpty, "\(left)")
        let calls = try sandbox.admin("GET", "/calls").lowercased()
        for verb in ["/create", "/update", "/delete", "/restart", "/suspend", "/restore"] {
            #expect(!calls.contains(verb), "\(calls)")
        }
    }
}
