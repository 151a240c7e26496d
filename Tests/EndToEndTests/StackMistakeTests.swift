import LuaReference
import TestSupport
import Testing

/// A stack's declaration is understood or refused: every name, the type of every value, and its contents,
/// at every level. Nothing is changed, and the error has the line.
@Suite struct StackMistakeTests {
    /// What every script of these tests begins with.
    private static let preamble = """
        local stack = require "qdrant.stack"
        local count, problems = 0, {}
        local function judge(line, is_refused, text, words)
          count = count + 1
          for _, raw in ipairs { "attempt to", "traceback", "%.lua:%d+:.*%.lua:%d+:", "0x" } do
            if text:find(raw) then
              problems[#problems + 1] = line .. " ends in an error of Lua: " .. text
              return
            end
          end
          for _, word in ipairs(is_refused and words or { "\\0" }) do
            if not text:find(word, 1, true) then
              problems[#problems + 1] = line .. (is_refused and ": " .. text or " is accepted")
              return
            end
          end
        end

        """

    private static let summary = """
        print(("%d mistakes, %d problems"):format(count, #problems))
        for _, problem in ipairs(problems) do print(problem) end
        """

    private func check(_ code: String, mistakes: Int) throws {
        let folder = try TemporaryFolder()
        let script = try folder.write("mistakes.lua", Self.preamble + code + Self.summary)
        let result = try run(Project.qcsh, ["--sandbox", script], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(mistakes) mistakes, 0 problems\n")
    }

    @Test func everyLevelRefusesNamesAndTypesThatItDoesNotTake() throws {
        let mistakes = ValueMistake.inParts(of: "qdrant.Stack")
        #expect(mistakes.count > 900, "\(mistakes.count) mistakes")
        var code = """
            local function try(text, words)
              fs.write("stack.lua", "return {\\n  -- The mistake is in the next line.\\n" .. text:sub(2))
              local ok, problem = pcall(stack.load, "stack.lua")
              table.insert(words, "stack.lua:3: ")
              judge(text, not ok, tostring(problem), words)
            end

            """
        for mistake in mistakes {
            // A key of its own line, so that the error has to name it.
            let words = mistake.words.map { "[==[\($0)]==]" }.joined(separator: ", ")
            code += "try([===[\(mistake.value)]===], { \(words) })\n"
        }
        try check(code, mistakes: mistakes.count)
    }

    /// A kind of thing in a stack: where one with another setting is declared, and for each setting a value
    /// of the right type with contents that no plan may accept.
    private struct Kind {
        let type: String
        /// `%s` is in the place of the settings.
        let declaration: String
        let wrong: [String: String]
        /// Settings of which every value of the right type is understood.
        let free: Set<String>
    }

    private static let flags: Set = ["prevent_destroy", "replace", "delete_backups"]

    private static let kinds = [
        Kind(
            type: "qdrant.stack.Cluster",
            declaration: """
                { clusters = { search = with({ cloud = "aws", region = "eu-central-1", cpu = 2,
                  ram = "8GiB" }, { %s }) } }
                """,
            wrong: [
                "cloud": "'nowhere'", "region": "'nowhere'", "cpu": "'x'", "ram": "'8 apples'",
                "disk": "'x'", "gpu": "'x'", "package": "'none'", "allow": "{ 'x' }",
                "labels": "{ ['qcsh-stack'] = 'other' }", "cost_label": "'bad label!'",
                "replication_factor": "-1", "write_consistency_factor": "-1",
                "optimizer_cpu_budget": "1 << 40", "audit_logging": "{ enable = true }",
                "extra_disk": "'-1'", "reserved_cpu": "101", "reserved_memory": "101",
                "node_selector": "{ [''] = 'x' }", "tolerations": "{ '' }",
                "spread": "{ { unknown = 1 } }", "annotations": "{ [''] = 'x' }",
                "service_annotations": "{ [''] = 'x' }", "pod_labels": "{ [''] = 'x' }",
                "nodes": "0", "version": "'newest'", "configuration": "{ unknown = 1 }",
            ],
            free: flags.union([
                "multi_az", "keys", "schedules", "vectors_on_disk", "async_scorer", "inference",
                "storage_class", "snapshot_class", "volume_snapshot_class",
                "volume_attributes_class",
            ])),
        Kind(
            type: "qdrant.stack.Space",
            declaration: """
                { spaces = { notes = with({ cloud = "aws", region = region }, { %s }) } }
                """,
            wrong: [
                "cloud": "'nowhere'", "region": "'nowhere'", "allow": "{ 'x' }",
                "origins": "{ 'x' }", "max_storage": "'x'",
                "labels": "{ ['qcsh-stack'] = 'other' }", "cost_label": "'bad label!'",
            ], free: flags.union(["keys", "schedules"])),
        Kind(
            type: "qdrant.stack.Key",
            declaration: """
                { clusters = { search = { cloud = "aws", region = "eu-central-1", cpu = 2,
                  ram = "8GiB", keys = { reader = { %s } } } } }
                """,
            wrong: [
                "collections": "{}", "expires": "'soon'", "wait": "'x'", "file": "'/nowhere/x'",
            ], free: ["access", "secret"]),
        Kind(
            type: "qdrant.stack.SpaceKey",
            declaration: """
                { spaces = { notes = { cloud = "aws", region = region, keys = { reader = { %s } } } } }
                """,
            wrong: ["collections": "{}", "expires": "'soon'", "file": "'/nowhere/x'"],
            free: ["access", "secret"]),
        Kind(
            type: "qdrant.stack.Schedule",
            declaration: """
                { clusters = { search = { cloud = "aws", region = "eu-central-1", cpu = 2,
                  ram = "8GiB", schedules = { nightly = with({ cron = "@daily" }, { %s }) } } } }
                """,
            wrong: ["cron": "'x'", "retention": "'1m'"], free: []),
        Kind(
            type: "qdrant.stack.SpaceSchedule",
            declaration: """
                { spaces = { notes = { cloud = "aws", region = region,
                  schedules = { nightly = with({ cron = "@daily" }, { %s }) } } } }
                """,
            wrong: ["cron": "'x'", "retention": "'1m'", "collection": "''"], free: []),
        Kind(
            type: "qdrant.stack.Environment",
            declaration: """
                { environments = { factory = with({ namespace = "qdrant" }, { %s }) } }
                """,
            wrong: [
                "namespace": "'No Name'", "http_proxy": "'x'", "https_proxy": "'x'",
                "ingress": "{ { unknown = 1 } }", "egress": "{ { unknown = 1 } }",
                "tolerations": "{ '' }", "operator": "{ x = print }",
            ],
            free: [
                "prevent_destroy", "no_proxy", "registry", "charts", "registry_secret",
                "ca_certificates", "storage_class", "snapshot_class", "volume_snapshot_class",
                "node_selector", "labels",
            ]),
        Kind(
            type: "qdrant.stack.Role",
            declaration: """
                { roles = { Searchers = with({ permissions = { "read:clusters" } }, { %s }) } }
                """,
            wrong: ["permissions": "{ 'read:clustrs' }", "description": "('x'):rep(300)"],
            free: ["prevent_destroy"]),
        Kind(
            type: "qdrant.stack.User",
            declaration: """
                { users = { ["viewer@example.com"] = with({ roles = { "Viewer" } }, { %s }) } }
                """,
            wrong: ["roles": "{ 'Viewr' }"], free: ["exact"]),
    ]

    private static func fields(_ type: String) throws -> [ValueForms.Field] {
        guard case .fields(let fields) = ValueForms.form(of: type).parts else {
            throw Missing(type: type)
        }
        return fields
    }

    private struct Missing: Error { let type: String }

    @Test func planRefusesContentsThatNothingMeans() throws {
        var code = """
            local region = qdrant.spaces:regions("aws")[1].id
            local function with(base, other)
              for name, value in pairs(other) do base[name] = value end
              return base
            end
            local function try(line, declared, words)
              declared.name = "shop"
              local ok, plan = pcall(stack.plan, declared)
              local text = ok and "" or tostring(plan)
              for _, action in ipairs(ok and plan.actions or {}) do
                text = text .. (action.problem or "")
              end
              judge(line, text ~= "", text, words)
            end

            """
        var count = 0
        for kind in Self.kinds {
            let fields = try Self.fields(kind.type)
            var known = kind.free
            for field in fields {
                let isOfAPI = ValueForms.form(of: field.type).letters.contains("*")
                let values =
                    isOfAPI ? ["{}", "'no such value'", "1.5", "true"] : [kind.wrong[field.name]]
                for value in values.compactMap(\.self) {
                    count += 1
                    known.insert(field.name)
                    let setting = "\(field.name) = \(value)"
                    let declared = kind.declaration.replacing("%s", with: setting)
                    code += "try([===[\(kind.type): \(setting)]===], \(declared), { '' })\n"
                }
            }
            // Every setting is either tried or known to be free.
            #expect(known == Set(fields.map(\.name)), "\(kind.type)")
        }
        try check(code, mistakes: count)
    }

    @Test func aMistakeHasItsLineAndChangesNothing() throws {
        let sandbox = try RunningSandbox()
        let folder = try TemporaryFolder()
        try folder.write(
            "shop.lua",
            """
            local size = { ram = "8GiB" }
            return {
              name = "shop",
              clusters = {
                nodes = { cloud = "aws", region = "eu-central-1", cpu = 2, ram = size.ram },
                search = {
                  cloud = "aws", region = "eu-central-1", cpu = 2, ram = size.ram,
                  keys = { reader = { access = "read" }, writer = {
                    access = "wirte",
                  } },
                },
              },
            }
            """)
        for verb in ["plan", "apply", "drift", "destroy", "adopt"] {
            let result = try qcsh(
                [verb, "--endpoint", sandbox.endpoint, "shop.lua"],
                environment: ["QDRANT_CLOUD_API_KEY": sandbox.key], folder: folder.path)
            #expect(result.status == 1, "\(verb): \(result.output)")
            #expect(result.output.isEmpty)
            #expect(
                result.errors.hasPrefix(
                    """
                    qcsh: shop.lua:9: clusters.search.keys.writer.access must be "manage" or "read" or \
                    "read_only", got "wirte"
                    """), "\(verb): \(result.errors)")
        }
    }
}
