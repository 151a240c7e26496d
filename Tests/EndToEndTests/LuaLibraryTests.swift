import TestSupport
import Testing

/// What scripts find: tasks, the API's modules, messages, time, JSON. Each script asserts by itself.
@Suite struct LuaLibraryTests {
    private func check(_ script: String) throws {
        let result = try qcsh(
            ["--sandbox", "-"], input: script + "\nprint('done')\n",
            environment: ["QCSH_SANDBOX_SEED": "bare"])
        #expect(result.output.hasSuffix("done\n"), "\(result.errors)")
        #expect(result.status == 0)
    }

    @Test func tasksRunAtOnceAndKeepTheirOrder() throws {
        try check(
            """
            local started = qdrant.clock()
            local result = task.map({ 3, 1, 2 }, function(n, i)
              task.sleep(n * 0.05)
              return n * 10 + i
            end)
            assert(table.concat(result, ",") == "31,12,23")
            assert(qdrant.clock() - started < 0.28, "they did not run at once")
            local all = task.all { function() return "a" end, function() task.sleep(0.01) return "b" end }
            assert(all[1] == "a" and all[2] == "b")
            assert(#task.map({}, error) == 0)
            """)
    }

    @Test func aLimitIsKept() throws {
        try check(
            """
            local now, most = 0, 0
            local items = {}
            for i = 1, 50 do items[i] = i end
            task.map(items, function()
              now = now + 1
              most = math.max(most, now)
              task.sleep(0.001)
              now = now - 1
            end, { limit = 7 })
            assert(most == 7, most)
            """)
    }

    @Test func theFirstFailureCancelsTheOthers() throws {
        try check(
            """
            local closed, finished = 0, 0
            local ok, problem = pcall(task.map, { 1, 2, 3 }, function(n)
              local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
              if n == 2 then task.sleep(0.01) error({ code = "MINE" }) end
              task.sleep(5)
              finished = finished + 1
            end)
            assert(not ok and problem.code == "MINE" and problem.traceback)
            assert(closed == 3 and finished == 0, closed)
            """)
    }

    @Test func tenThousandTasksAreOrdinary() throws {
        try check(
            """
            local items = {}
            for i = 1, 10000 do items[i] = i end
            local result = task.map(items, function(n) task.sleep(0.01) return n end, { limit = 10000 })
            assert(#result == 10000 and result[10000] == 10000)
            """)
    }

    @Test func pagesAreFollowedAndMessagesGoBack() throws {
        try check(
            """
            local api = qdrant.api
            local package = api.booking.list_packages { cloud_provider_id = "aws",
              cloud_provider_region_id = "eu-central-1" }.items[3]
            for i = 1, 5 do
              api.cluster.create_cluster { cluster = { name = "c" .. i, cloud_provider_id = "aws",
                cloud_provider_region_id = "eu-central-1", labels = { { key = "n", value = tostring(i) } },
                configuration = { number_of_nodes = 1, package_id = package.id } } }
            end
            local names = {}
            for c in api.cluster.list_clusters:each { page_size = 2 } do names[#names + 1] = c.name end
            assert(table.concat(names, " ") == "c1 c2 c3 c4 c5")
            assert(#api.cluster.list_clusters:all { page_size = 1 } == 5)
            local cluster = api.cluster.list_clusters {}.items[1]
            cluster.name = "renamed"
            cluster.labels = {}
            local updated = api.cluster.update_cluster { cluster = cluster, update_mask = { "name", "labels" } }.cluster
            assert(updated.name == "renamed" and #updated.labels == 0)
            assert(updated.configuration.package_id == package.id)
            assert(api.cluster.list_clusters.http == "GET /api/cluster/v1/accounts/{account_id}/clusters")
            assert(api.cluster.list_clusters.permissions[1] == "read:clusters")
            assert(api.cluster.list_clusters:describe():find("page_size", 1, true))
            assert(require("qdrant.api.cluster.auth").create_database_api_key)
            assert(tostring(api.cluster.auth.v1.list_database_api_keys):find("cluster.auth"))
            """)
    }

    @Test func messagesReadLikeTheirType() throws {
        try check(
            """
            local cluster = qdrant.api.cluster.create_cluster { cluster = { name = "types", cloud_provider_id = "aws",
              cloud_provider_region_id = "eu-central-1", configuration = { number_of_nodes = 1,
              package_id = qdrant.api.booking.list_packages { cloud_provider_id = "aws",
                cloud_provider_region_id = "eu-central-1" }.items[2].id, restart_policy = "rolling" } } }.cluster
            assert(cluster.state.reason == "" and cluster.deleted_at == nil)
            assert(cluster.configuration.restart_policy == "CLUSTER_CONFIGURATION_RESTART_POLICY_ROLLING")
            assert(#cluster.configuration.tolerations == 0)
            table.insert(cluster.labels, { key = "a", value = "b" })
            assert(#cluster.labels == 1)
            local ok, problem = pcall(function() return cluster.stat end)
            assert(not ok and problem:find('did you mean "state"', 1, true), problem)
            ok, problem = pcall(function() cluster.nam = 1 end)
            assert(not ok and problem:find('did you mean "name"', 1, true), problem)
            for key in pairs(cluster) do assert(type(key) == "string") end
            local age = qdrant.now() - cluster.created_at
            assert(age.total < 60 and cluster.created_at < qdrant.now() + 3600)
            assert(tostring(cluster.created_at):match("^%d%d%d%d%-%d%d%-%d%dT.*Z$"))
            local decoded = json.decode(json.encode(cluster))
            assert(decoded.cloudProviderRegionId == "eu-central-1")
            assert(decoded.configuration.numberOfNodes == 1)
            assert(json.encode({ json.list(), { b = json.null, a = 1.5 } }) == '[[],{"a":1.5,"b":null}]')
            """)
    }

    @Test func refusalsNameTheirPathAndValue() throws {
        try check(
            """
            local function refusal(request)
              local ok, problem = pcall(qdrant.api.cluster.create_cluster, request)
              assert(not ok and problem.origin == "local", problem)
              return problem.message
            end
            local function has(text, words) assert(text:find(words, 1, true), text) end
            has(refusal { cluster = { labels = { { key = "a" }, { key = 1 } } } },
              "cluster.labels[2].key: expected a string, got the number 1")
            has(refusal { cluster = { configuration = { number_of_nodes = 1.5 } } },
              "cluster.configuration.number_of_nodes: expected an integer, got 1.5")
            has(refusal { cluster = { configuration = { number_of_nodes = -1 } } }, "out of range")
            has(refusal { cluster = { configuration = { restart_policy = "roling" } } }, 'did you mean "ROLLING"')
            has(refusal { cluster = { name = "caf\\xe9" } }, "not valid UTF-8")
            has(refusal { cluster = { created_at = "yesterday" } }, "expected a time")
            local _, problem = pcall(qdrant.api.cluster.create_cluster, { cluster = { name = "x", cloud_provider_id = "a" } })
            local rules = {}
            for _, violation in ipairs(problem.violations) do rules[#rules + 1] = violation.path .. " " .. violation.rule end
            table.sort(rules)
            assert(table.concat(rules, "; ") == "cluster.cloud_provider_id string.min_len; "
              .. "cluster.cloud_provider_region_id string.min_len; cluster.configuration required; "
              .. "cluster.name string.min_len", table.concat(rules, "; "))
            """)
    }

    @Test func whatMustNotBeDoneIsAnErrorAndNoCrash() throws {
        try check(
            """
            local function fails(words, fn, ...)
              local ok, problem = pcall(fn, ...)
              assert(not ok and tostring(problem):find(words, 1, true), tostring(problem))
            end
            -- Two tasks that share a generator which waits.
            local shared = coroutine.wrap(function()
              while true do task.sleep(0.01) coroutine.yield(1) end
            end)
            fails("cannot resume non-suspended coroutine", task.map, { 1, 2 }, function() return shared() end)
            -- Tasks inside a callback that cannot yield.
            fails("cannot start a task inside", string.gsub, "x", "x", function() task.map({ 1 }, tostring) end)
            -- A list that fails to be read.
            fails("boom", task.map, setmetatable({}, { __len = function() return 1 end,
              __index = function() error("boom") end }), print)
            -- Metatables that only look like a message's.
            assert(json.encode(setmetatable({ 7 }, { 1000000 })) == "[7]")
            assert(json.encode(setmetatable({ 7 }, { -1, -1 })) == "[7]")
            -- Times keep their inner workings to themselves.
            assert(getmetatable(qdrant.now()) == false)
            assert(qdrant.now() ~= io.stdout and (qdrant.now() - qdrant.now()) ~= io.stdout)
            -- A large table of references to one text.
            local s, t = ("x"):rep(1 << 20), {}
            for i = 1, 1000 do t[i] = s end
            fails("too large", json.encode, t)
            -- wrap closes what fails, as Lua's own does.
            local closed = false
            pcall(coroutine.wrap(function()
              local guard <close> = setmetatable({}, { __close = function() closed = true end })
              error("x")
            end))
            assert(closed)
            """)
    }

    @Test func oneScriptWorksOnSeveralSessions() throws {
        let server = try ServerProcess(Project.qcsh, ["sandbox", "--speed", "instant"])
        let endpoint = server.announcement["endpoint"] ?? ""
        let key = server.announcement["management_key"] ?? ""
        try check(
            """
            local other = qdrant.connect { endpoint = "\(endpoint)", api_key = "\(key)", transport = "rest" }
            assert(#other.api.account.list_accounts {}.items == 1)
            assert(other.session.transport == "rest" and qdrant.session.transport == "grpc")
            assert(other.api.cluster.list_clusters {}.total_size == nil)
            assert(other.session.account_id == "\(server.announcement["account_id"] ?? "")")
            local ok, problem = pcall(qdrant.connect, { endpont = "x" })
            assert(not ok and problem:find("has no option", 1, true))
            """)
    }
}
