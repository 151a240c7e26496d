-- Desired state: what a plan says, what applying it does, and that nothing is left to do then.
local stack = require "qdrant.stack"

local function cloud(options)
  local world = test.world(options)
  return world:connect(), world
end

local function declared(changes)
  local all = {
    name = "shop",
    clusters = {
      search = {
        cloud = "aws", region = "eu-central-1", package = "gpx3", nodes = 2, disk = "40GiB",
        labels = { env = "prod" }, allow = { "203.0.113.0/24", "198.51.100.0/24" },
        replication_factor = 2, version = "latest",
        keys = { reader = { access = "read" }, loader = { collections = { docs = "write" } } },
        schedules = { nightly = { cron = "0 3 * * *", retention = "7d" } },
      },
    },
    roles = { Searchers = { permissions = { "read:clusters", "read:backups" } } },
    users = { ["admin@example.com"] = { roles = { "Searchers" } } },
  }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return all
end

--- "create cluster search" and so on, in the plan's order.
local function said(plan)
  local list = {}
  for _, action in ipairs(plan.actions) do
    if action.verb then
      list[#list + 1] = ("%s %s %s%s"):format(action.verb, action.kind, action.name,
        action.problem and "!" or "")
    end
  end
  return table.concat(list, "; ")
end

local function apply(q, s, options)
  options = options or {}
  options.connection = q
  return stack.apply(s, stack.plan(s, options), options)
end

local function apply_all(q, s, options)
  local result = apply(q, s, options)
  for _, failed in ipairs(result.failed) do
    error(failed.problem, 0)
  end
  assert.equal(0, #result.skipped)
  assert.equal("", said(stack.plan(s, { connection = q })))
end

describe("stacks", function()
  it("are made, and then there is nothing to do", function()
    local q = cloud()
    local s = declared()
    local plan = stack.plan(s, { connection = q })
    assert.equal("create cluster search; create key search/loader; create key search/reader; "
      .. "create schedule search/nightly; create role Searchers; update user admin@example.com",
      said(plan))
    assert.is_true(plan.has_changes)
    assert.contains("+   cluster search  aws in eu-central-1, 2 nodes of gpx3, ", stack.text(plan))
    assert.contains("5 to create, 1 to change. +", stack.text(plan))
    assert.contains("USD an hour", stack.text(plan))
    apply_all(q, s)
    local c = q.clusters:find("search")
    assert.equal(8, c.configuration.additional_resources.disk)
    assert.same({ env = "prod", ["qcsh-stack"] = "shop" }, c:label_map())
    assert.equal(2, #c:keys():list())
    assert.equal("Nothing to do: everything is as declared.",
      stack.text(stack.plan(s, { connection = q })):match("[^\n]+$"))
  end)

  it("tell what changes field by field, and change only that", function()
    local q = cloud()
    local s = declared()
    apply_all(q, s)
    q.clusters:find("search"):update { cost_label = "env" }
    s.clusters.search.nodes = 3
    s.clusters.search.allow = { "198.51.100.0/24", "192.0.2.0/24" }
    s.clusters.search.schedules.nightly.retention = "14d"
    s.roles.Searchers.permissions = { "read:clusters" }
    local plan = stack.plan(s, { connection = q })
    assert.equal("update cluster search; update schedule search/nightly; update role Searchers",
      said(plan))
    local text = stack.text(plan)
    assert.contains("number_of_nodes           2 → 3", text)
    assert.contains("+192.0.2.0/24 -203.0.113.0/24", text)
    assert.contains("-read:backups", text)
    assert.matches("%d%.%d+ → %d%.%d+ USD an hour", text)
    apply_all(q, s)
    local c = q.clusters:find("search")
    assert.equal("env", c.cost_allocation_label)
    assert.equal(3, c.configuration.number_of_nodes)
    s.clusters.search.allow = {}
    assert.contains("everybody may connect", stack.text(stack.plan(s, { connection = q })))
  end)

  it("mean the stack's own of several of a name", function()
    local q = cloud()
    local function create(labels)
      q.clusters:create { name = "search", cloud = "aws", region = "eu-central-1",
        package = "gpx3", labels = labels, duplicate = true }
    end
    create()
    create()
    local s = { name = "shop", clusters = { search = { cloud = "aws", region = "eu-central-1",
      package = "gpx3" } } }
    assert.raises(function() stack.plan(s, { connection = q }) end, "several clusters")
    create { ["qcsh-stack"] = "shop" }
    assert.equal("", said(stack.plan(s, { connection = q })))
  end)

  it("remove what they do not declare any longer, and nothing of others", function()
    local q = cloud()
    q.clusters:create { name = "foreign", cloud = "aws", region = "eu-central-1",
      package = "gpx1" }
    local s = declared()
    apply_all(q, s)
    s.clusters.search.keys.reader = false
    assert.equal("delete key search/reader", said(stack.plan(s, { connection = q })))
    apply_all(q, s)
    s.clusters = nil
    assert.equal("delete cluster search", said(stack.plan(s, { connection = q })))
    apply_all(q, s)
    assert.equal("foreign", q.clusters:list()[1].name)
    assert.equal(1, #q.clusters:list())
    local plan = stack.plan_destroy(s, { connection = q })
    assert.equal("delete role Searchers", said(plan))
    stack.apply(s, plan, { connection = q, destroy = true })
    assert.is_false(stack.plan_destroy(s, { connection = q }).has_changes)
  end)

  it("refuse what cannot be done where it is, and what is protected", function()
    local q = cloud()
    local s = declared()
    apply_all(q, s)
    s.clusters.search.region = "us-east-1"
    local plan = stack.plan(s, { connection = q })
    assert.contains("replace cluster search!", said(plan))
    assert.contains("without its data", stack.text(plan))
    local _, problem = pcall(stack.apply, s, plan, { connection = q })
    assert.equal("FAILED_PRECONDITION", problem.code)
    s.clusters.search.replace = true
    s.clusters.search.prevent_destroy = true
    assert.contains("protected", stack.text(stack.plan(s, { connection = q })))
    s.clusters.search.region = "eu-central-1"
    apply_all(q, s)
    -- Protection stays with the cluster, not only with the declaration.
    local empty = { name = "shop" }
    assert.equal("delete cluster search!", said(stack.plan(empty, { connection = q })))
    s.clusters.search.prevent_destroy = nil
    apply_all(q, s)
    s.clusters.search.region = "us-east-1"
    apply_all(q, s)
    assert.equal("us-east-1", q.clusters:find("search").cloud_provider_region_id)
    s.clusters.search.disk = "33GiB"
    assert.contains("disks never shrink", stack.text(stack.plan(s, { connection = q })))
  end)

  it("do nothing when something has changed since the plan", function()
    local q = cloud()
    local s = declared()
    apply_all(q, s)
    s.clusters.search.nodes = 3
    local plan = stack.plan(s, { connection = q })
    q.clusters:find("search"):label { env = "test" }
    local _, problem = pcall(stack.apply, s, plan, { connection = q })
    assert.equal("ABORTED", problem.code)
    assert.equal(2, q.clusters:find("search").configuration.number_of_nodes)
  end)

  it("take over what is there", function()
    local q = cloud()
    local c = q.clusters:create { name = "search", cloud = "aws", region = "eu-central-1",
      package = "gpx3", labels = { env = "prod" }, wait = true }
    c:keys():create { name = "all of it" }
    -- Taking over changes nothing else.
    local s = { name = "shop", clusters = { search = {
      cloud = "aws", region = "eu-central-1", package = "gpx3", nodes = 2,
      keys = { ["all of it"] = { access = "manage" } } } } }
    assert.contains("qcsh adopt takes it over", stack.text(stack.plan(s, { connection = q })))
    local plan = stack.plan(s, { connection = q, adopt = true })
    assert.equal("adopt cluster search", said(plan))
    stack.apply(s, plan, { connection = q, adopt = true })
    assert.same({ env = "prod", ["qcsh-stack"] = "shop" }, c:refresh():label_map())
    assert.equal(1, c.configuration.number_of_nodes)
    assert.equal("update cluster search", said(stack.plan(s, { connection = q })))
    local other = { name = "other", clusters = s.clusters }
    assert.contains('it belongs to the stack "shop"',
      stack.text(stack.plan(other, { connection = q, adopt = true })))
  end)

  it("say what is wrong with a declaration", function()
    local q = cloud()
    local function plan(s)
      return stack.plan(s, { connection = q })
    end
    assert.raises(function() plan { clusters = {} } end, "a stack needs a name")
    assert.raises(function() plan { name = "x", cluster = {} } end, 'did you mean "clusters"?')
    assert.raises(function() plan { name = "x", clusters = { { name = "a" } } } end,
      "with names, { name = … }")
    assert.raises(function() plan(declared { clusters = { a = {
      cloud = "aws", region = "eu-central-1", package = "gpx3", node = 3 } } }) end,
      'clusters.a has no option "node"; did you mean "nodes"?')
    assert.raises(function() plan(declared { users = { ["admin@example.com"] = {
      roles = { "Nobodies" } } } }) end, 'no role named "Nobodies"')
  end)

  it("go on after an interruption at any call", function()
    local q, world = cloud()
    apply_all(q, declared())
    local calls = #world:calls()
    assert.is_true(calls > 40)
    for count = 0, calls - 1 do
      q, world = cloud()
      world:fault { name = "stop", method = "*", skip = count, times = 1,
        status = "PERMISSION_DENIED" }
      pcall(apply, q, declared())
      world:clear_faults()
      apply_all(q, declared())
      -- What was made is what was asked for, once.
      assert.equal(1, #q.clusters:list())
      assert.equal(2, #q.keys:list())
      assert.equal(1, #q.schedules:list())
      assert.equal("Searchers", q.roles:find("Searchers").name)
    end
  end)

  it("go on after answers that were lost", function()
    for _, method in ipairs { "cluster.create_cluster", "cluster.auth.create_database_api_key",
      "cluster.backup.create_backup_schedule", "iam.create_role", "iam.assign_user_roles" } do
      local q, world = cloud()
      world:fault { method = method, ["break"] = "drop_response", times = 1 }
      apply_all(q, declared())
      assert.equal(1, #q.clusters:list())
      assert.equal(2, #q.keys:list())
      assert.equal(1, #q.schedules:list())
    end
  end)

  it("leave no old key behind when its replacement is interrupted", function()
    local q, world = cloud { speed = 200, seed = "demo" }
    local key = { access = "read" }
    local kinds = {
      { method = "cluster.auth.delete_database_api_key", noun = "key search/reader",
        stack = declared { clusters = { search = { cloud = "aws", region = "eu-central-1",
          package = "gpx3", keys = { reader = key } } } },
        keys = function() return q.clusters:find("search"):keys():list() end },
      { method = "serverless.space.auth.delete_space_api_key", noun = "space key notes/reader",
        stack = { name = "wide", spaces = { notes = { cloud = "aws",
          region = q.spaces:regions("aws")[1].id, keys = { reader = key } } } },
        keys = function()
          local list = {}
          for _, one in ipairs(q.spaces:find("notes"):keys()) do
            list[#list + 1] = not one.deleted_at and one or nil
          end
          return list
        end },
    }
    for _, kind in ipairs(kinds) do
      key.access = "read"
      apply_all(q, kind.stack)
      local old = kind.keys()[1].id
      key.access = "manage"
      world:fault { name = "stop", method = kind.method, times = 1, status = "PERMISSION_DENIED" }
      local result = apply(q, kind.stack)
      assert.equal(1, #result.failed)
      assert.equal(2, #kind.keys())
      local plan = stack.plan(kind.stack, { connection = q })
      assert.equal("delete " .. kind.noun, said(plan))
      for _, action in ipairs(plan.actions) do
        assert.is_true(action.verb == nil or action.text:find(old, 1, true) ~= nil)
      end
      apply_all(q, kind.stack)
      assert.equal(1, #kind.keys())
      assert.is_true(kind.keys()[1].id ~= old)
    end
  end)

  it("have hybrid environments and spaces, too", function()
    local q = cloud { speed = 200, seed = "demo" }
    local s = {
      name = "wide",
      environments = { workshop = { namespace = "qdrant", log_level = "debug",
        node_selector = { disk = "ssd" }, tolerations = { "dedicated=qdrant:NoSchedule" } } },
      spaces = { notes = {
        cloud = "aws", region = q.spaces:regions("aws")[1].id, labels = { a = "b" },
        max_storage = "1GiB", keys = { reader = { access = "read" } },
        schedules = { daily = { cron = "@daily", retention = "7d" } },
      } },
    }
    apply_all(q, s)
    s.environments.workshop.log_level = "info"
    s.spaces.notes.max_storage = "2GiB"
    s.spaces.notes.schedules.daily.retention = nil
    assert.equal("update environment workshop; update space notes; "
      .. "update space schedule notes/daily", said(stack.plan(s, { connection = q })))
    apply_all(q, s)
    local plan = stack.plan_destroy(s, { connection = q })
    assert.equal("delete environment workshop; delete space notes", said(plan))
    assert.equal(0, #stack.apply(s, plan, { connection = q, destroy = true }).failed)
  end)
end)

describe("after applying, the plan is empty for", function()
  local q
  --- Values for every field of a configuration that can be written, by path.
  local values = {
    number_of_nodes = { 1, 2 }, version = { "latest", "v1.17.1" },
    additional_resources = { { disk = 0 }, { disk = 10 } },
    allowed_ip_source_ranges = { {}, { "10.0.0.0/8" }, { "10.0.0.0/8", "192.0.2.0/24" } },
    restart_policy = { "rolling", "PARALLEL", "CLUSTER_CONFIGURATION_RESTART_POLICY_AUTOMATIC" },
    rebalance_strategy = { "by_count", "disabled", 1 },
    reserved_cpu_percentage = { 1, 40 }, reserved_memory_percentage = { 20, 80 },
    gpu_type = {}, service_type = { "cluster_ip", "load_balancer" },
    node_selector = { { { key = "b", value = "1" }, { key = "a", value = "2" } }, {} },
    annotations = { { { key = "x", value = "y" } } },
    service_annotations = { { { key = "x", value = "" } } },
    pod_labels = { { { key = "x", value = "y" } } },
    tolerations = { { { key = "k", operator = "exists" } },
      { { key = "k", value = "v", effect = "no_execute", toleration_seconds = 30 } } },
    topology_spread_constraints = { { { topology_key = "zone", max_skew = 1 } } },
    cluster_storage_configuration = { { storage_tier_type = "balanced" },
      { storage_tier_type = "STORAGE_TIER_TYPE_COST_OPTIMISED" } },
    gpu_configuration = { { force_half_precision = true, parallel_indexes = 2 } },
    database_configuration = {
      { collection = { replication_factor = 2, write_consistency_factor = 1,
        vectors = { on_disk = true } } },
      { storage = { performance = { optimizer_cpu_budget = 2, async_scorer = false } } },
      { inference = { enabled = false } }, { inference = { enabled = true } },
      { audit_logging = { enabled = true, rotation = "hourly", max_log_files = 3 } },
      { log_level = "warn" }, { service = { enable_tls = true } },
    },
  }

  for field, choices in pairs(values) do
    it(field, function()
      for _, value in ipairs(choices) do
        q = cloud()
        local spec = { cloud = "aws", region = "eu-central-1", package = "gpx3" }
        if field == "number_of_nodes" then
          spec.nodes = value
        else
          spec.configuration = { [field] = value }
        end
        apply_all(q, { name = "made", clusters = { made = spec } })
        -- And when it is set on one that is there already; a version cannot go back.
        if field ~= "version" then
          local later = { name = "later", clusters = { later = {
            cloud = "aws", region = "eu-central-1", package = "gpx3" } } }
          apply_all(q, later)
          later.clusters.later = spec
          apply_all(q, later)
        end
      end
    end)
  end

  it("every field of a configuration that there is", function()
    local names = env.get("CLUSTER_CONFIGURATION_FIELDS")
    if not names then
      return
    end
    local written = { last_modified_at = true, package_id = true }
    for name in names:gmatch("[%w_]+") do
      assert.is_true(written[name] or values[name] ~= nil, name .. " is not tried")
    end
  end)
end)
