import Foundation
import TestSupport
import Testing

/// What `stdlib/README.md` says that commands of qcloud and resources of Terraform are here: each line
/// is run, and what is left is looked at with another client.
@Suite struct ParityTests {
    /// A line of a table.
    struct Line {
        let name: String
        /// Code as it is entered in the shell, one piece after another.
        let code: [String]
        /// Methods that it uses.
        let methods: [String]
    }

    /// The lines of the table below a heading.
    static func lines(below heading: String) throws -> [Line] {
        let text = try String(contentsOfFile: Project.root + "/stdlib/README.md", encoding: .utf8)
        let start = try #require(text.range(of: "## " + heading))
        let section = text[start.upperBound...].prefix(
            upTo: text.range(of: "\n## ", range: start.upperBound..<text.endIndex)?.lowerBound
                ?? text.endIndex)
        return section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
            .map { line in
                let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                let pieces = cells[2].split(separator: "`", omittingEmptySubsequences: false)
                    .enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
                return Line(
                    name: cells[1].replacingOccurrences(of: "`", with: ""),
                    code: pieces.filter { !$0.hasPrefix("qcsh ") },
                    methods: cells[3].split(separator: " ").map(String.init))
            }
    }

    /// Runs lines one after another, tells what each has called, and what the account has then.
    private func run(_ lines: [Line], speed: String, faults: String, _ transport: String) throws
        -> (sandbox: RunningSandbox, result: ProgramResult)
    {
        let sandbox = try RunningSandbox("--speed", speed)
        if !faults.isEmpty { try sandbox.admin("POST", "/faults", faults) }
        let cases = lines.map { line in
            let code = line.code.map { "[==[\($0)]==]" }.joined(separator: ", ")
            let methods = line.methods.map { "\"\($0)\"" }.joined(separator: ", ")
            return "{ name = [==[\(line.name)]==], code = { \(code) }, methods = { \(methods) } }"
        }
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "parity.lua",
            """
            local sandbox = require("sandbox").attach(tonumber(arg[1]))
            -- As in the shell: modules are globals, and what an entry sets stays.
            local function shell(connection)
              return setmetatable({ api = connection.api }, { __index = function(_, name)
                local ok, module = pcall(require, "qdrant." .. name)
                return ok and module and connection[name] or _G[name]
              end })
            end
            local key = shell(qdrant)
            local person = shell(sandbox:connect { user = "viewer@example.com" })
            local wrong = 0
            for _, line in ipairs { \(cases.joined(separator: ",\n")) } do
              local before = #sandbox:calls()
              local names = line.name:find("by that person", 1, true) and person or key
              for _, code in ipairs(line.code) do
                local chunk = load("return " .. code, "=line", "t", names)
                  or assert(load(code, "=line", "t", names))
                local ok, problem = pcall(task.timeout, 120, chunk)
                if not ok then
                  wrong = wrong + 1
                  print(line.name .. ": " .. code .. ": " .. tostring(problem))
                end
              end
              local called = {}
              for i, call in ipairs(sandbox:calls()) do
                if i > before then called[call.method:match("[^/]+$")] = true end
              end
              for _, method in ipairs(line.methods) do
                if not called[method] then
                  wrong = wrong + 1
                  print(line.name .. " has not called " .. method)
                end
              end
            end
            print("wrong: " .. wrong)
            """)
        let result = try qcsh(
            ["--endpoint", sandbox.endpoint, "--transport", transport, script, sandbox.port],
            environment: [
                "QDRANT_CLOUD_API_KEY": sandbox.key, "XDG_STATE_HOME": sandbox.server.stateFolder,
            ])
        return (sandbox, result)
    }

    /// A quiet cloud, one that is not always there, and one in which all takes its time.
    @Test(
        arguments: ["grpc", "rest"],
        [
            ("100", ""), ("100", #"{"method":"*","status":"UNAVAILABLE","probability":0.05}"#),
            ("25", ""),
        ])
    func whatQcloudDoesIsDone(_ transport: String, _ cloud: (speed: String, faults: String)) throws
    {
        let lines = try Self.lines(below: "Equivalents of qcloud")
        // 65 leaf commands; those about contexts share a line.
        #expect(lines.count == 61)
        let (sandbox, result) = try run(lines, speed: cloud.speed, faults: cloud.faults, transport)
        #expect(result.output == "wrong: 0\n", "\(result.output)\(result.errors)")
        try sandbox.admin("DELETE", "/faults")
        let left = try sandbox.grpcio([
            ("cluster.v1.ClusterService/ListClusters", request(sandbox), 10),
            ("cluster.auth.v2.DatabaseApiKeyService/ListDatabaseApiKeys", request(sandbox), 10),
            ("iam.v1.IAMService/ListRoles", request(sandbox), 10),
            ("hybrid.v1.HybridCloudService/ListHybridCloudEnvironments", request(sandbox), 10),
            ("account.v1.AccountService/GetAccount", request(sandbox), 10),
        ])
        let clusters = items(left[0]).filter { $0["deleted_at"] == nil }
        #expect(clusters.compactMap { $0["name"] as? String }.sorted().contains("parity"))
        #expect(!clusters.contains { $0["name"] as? String == "parity-copy" })
        let cluster = try #require(clusters.first { $0["name"] as? String == "parity" })
        let configuration = try #require(cluster["configuration"] as? [String: Any])
        // The restore has brought the size of the backup back: the same.
        #expect(configuration["number_of_nodes"] as? Int == 2)
        #expect(
            (configuration["additional_resources"] as? [String: Any])?["disk"] as? Int == 32)
        #expect(configuration["allowed_ip_source_ranges"] as? [String] == ["203.0.113.0/24"])
        #expect(!items(left[1]).contains { $0["name"] as? String == "parity-key" })
        #expect(!items(left[2]).contains { $0["name"] as? String == "Parity" })
        #expect(!items(left[3]).contains { $0["name"] as? String == "parity-factory" })
        let account = (left[4]["response"] as? [String: Any])?["account"] as? [String: Any]
        #expect(account?["name"] as? String == "Production")
    }

    @Test(arguments: ["grpc", "rest"])
    func whatTerraformHasIsHad(_ transport: String) throws {
        let lines = try Self.lines(below: "Equivalents of Terraform")
        #expect(lines.count == 23)
        let (sandbox, result) = try run(lines, speed: "100", faults: "", transport)
        #expect(result.output == "wrong: 0\n", "\(result.output)\(result.errors)")
        let left = try sandbox.grpcio([
            ("cluster.v1.ClusterService/ListClusters", request(sandbox), 10),
            ("cluster.auth.v2.DatabaseApiKeyService/ListDatabaseApiKeys", request(sandbox), 10),
            ("cluster.backup.v1.BackupService/ListBackupSchedules", request(sandbox), 10),
            ("serverless.space.v1.SpaceService/ListSpaces", request(sandbox), 10),
        ])
        for (answer, name) in zip(left, ["tf", "tf-key", "tf-nightly", "tf-space"]) {
            #expect(
                items(answer).contains {
                    $0["name"] as? String == name || $0["display_name"] as? String == name
                }, "\(name)")
        }
    }

    private func request(_ sandbox: RunningSandbox) -> String {
        #"{"account_id":"\#(sandbox.account)"}"#
    }

    private func items(_ answer: [String: Any]) -> [[String: Any]] {
        (answer["response"] as? [String: Any])?["items"] as? [[String: Any]] ?? []
    }
}
