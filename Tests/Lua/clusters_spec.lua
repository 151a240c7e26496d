-- Clusters for people: what is found, what is sent, and when a wait is over.
local api_of = function(connection) return connection.api.cluster end

--- A cloud in which things take their time: a hundred seconds pass in one.
local function slow(faults)
  local world = test.world { speed = 100, seed = "bare", faults = faults }
  return world:connect(), world
end

local function methods(world)
  local names = {}
  for _, call in ipairs(world:calls()) do
    names[#names + 1] = call.method
  end
  return names
end

local function create(connection, options)
  local all = {
    name = "search", cloud = "aws", region = "eu-central-1", cpu = "2000m", ram = "8GiB",
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return connection.clusters:create(all)
end

describe("clusters", function()
  it("are created from human sizes, with disk for each node", function()
    local q = test.world():connect()
    local c = create(q, { disk = "50GiB", nodes = 3, labels = { env = "prod" },
      replication_factor = 2, allow = { "203.0.113.0/24" } })
    local fresh = api_of(q).get_cluster({ cluster_id = c.id }).cluster
    assert.equal("gpx3", c:package().name)
    assert.equal(3, fresh.configuration.number_of_nodes)
    assert.equal(18, fresh.configuration.additional_resources.disk)
    assert.equal(2, fresh.configuration.database_configuration.collection.replication_factor)
    assert.same({ "203.0.113.0/24" }, fresh.configuration.allowed_ip_source_ranges)
    assert.same({ env = "prod" }, c:label_map())
    assert.equal("search", c.name)
    assert.equal(c, q.clusters:find("search"))
    assert.equal(c, q.clusters:find(c.id))
  end)

  it("want exactly one package", function()
    local q = test.world():connect()
    assert.raises(function() create(q, { cpu = "3000m", ram = false }) end)
    local _, problem = pcall(create, q, { cpu = "3000m" })
    assert.equal("NOT_FOUND", problem.code)
    assert.contains("the nearest are gpx4", problem.message)
    _, problem = pcall(create, q, { cpu = "2000m", disk = "10GiB" })
    assert.equal("NOT_FOUND", problem.code)
    assert.equal("gpx3", q.packages:choose({ cloud = "aws", region = "eu-central-1",
      package = "gpx3" }).name)
    -- People write sizes with either unit; the API answers with the one of Kubernetes.
    local place = { cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1" }
    local largest = {}
    for _, package in ipairs(q.api.booking.list_packages(place).items) do
      local has = package.resource_configuration
      assert.is_truthy(has.ram:match("^%d+Gi$") and has.disk:match("^%d+Gi$"))
      if has.ram == "64Gi" and has.cpu == "16000m" then largest[#largest + 1] = package.name end
    end
    assert.same({ "gpx6" }, largest)
    for _, unit in ipairs { "8Gi", "8GiB", "8192MiB", "8 GiB", 8 } do
      local size = { cloud = "aws", region = "eu-central-1", cpu = 2, ram = unit }
      assert.equal("gpx3", q.packages:choose(size).name)
    end
    for _, unit in ipairs { "64Gi", "64GiB" } do
      place.min_resources = { ram = unit }
      for _, package in ipairs(q.api.booking.list_packages(place).items) do
        assert.is_true(tonumber(package.resource_configuration.ram:match "%d+") >= 64)
      end
    end
    -- The API lists both kinds where it is not told.
    for _, package in ipairs(q.packages:list { cloud = "aws", region = "eu-central-1" }) do
      assert.is_false(package.multi_az)
    end
  end)

  it("are not created twice by the same name", function()
    local q, world = test.world():connect(), nil
    local c = create(q)
    local _, problem = pcall(create, q)
    assert.equal("ALREADY_EXISTS", problem.code)
    assert.equal(c.id, problem.existing.id)
    assert.is_true(create(q, { duplicate = true }).id ~= c.id)
    _, problem = pcall(q.clusters.find, q.clusters, "search")
    assert.equal("FAILED_PRECONDITION", problem.code)
    assert.contains(c.id, problem.message)
    local again, created = q.clusters:ensure { name = "other", cloud = "aws",
      region = "eu-central-1", package = "gpx3" }
    assert.is_true(created)
    local same, twice = q.clusters:ensure { name = "other" }
    assert.equal(again.id, same.id)
    assert.is_false(twice)
    local _ = world
  end)

  it("are created once though the answer is lost", function()
    local world = test.world()
    world:fault { method = "cluster.create_cluster", ["break"] = "drop_response", times = 1 }
    world:fault { method = "cluster.update_cluster", status = "UNAVAILABLE", times = 2 }
    world:fault { method = "cluster.delete_cluster", ["break"] = "drop_response", times = 1 }
    local q = world:connect()
    local c = create(q, { labels = { n = "1" } })
    assert.equal(1, #q.clusters:list())
    c:label { owner = "me" }
    assert.same({ n = "1", owner = "me" }, c:label_map())
    c:delete()
    assert.equal(0, #q.clusters:list())
  end)

  it("tell what is near when there is no such name or option", function()
    local q = test.world():connect()
    create(q, { name = "search-prod" })
    local _, problem = pcall(q.clusters.find, q.clusters, "serch-prod")
    assert.contains('did you mean "search-prod"?', problem.message)
    assert.raises(function() create(q, { cpus = 2 }) end,
      'clusters:create has no option "cpus"; did you mean "cpu"?')
    assert.raises(function() q.clusters:list { label = {} } end, 'did you mean "labels"?')
    assert.raises(function() return q.clusters.lists end, 'did you mean "list"?')
    assert.raises(function() return q.cluster end, 'did you mean "clusters"?')
    local misspelt = "backup"
    assert.raises(function() return qdrant[misspelt] end, 'did you mean "backups"?')
  end)

  it("are filtered", function()
    local q = test.world():connect()
    create(q, { name = "aa", labels = { env = "prod" } })
    create(q, { name = "bb", labels = { env = "dev" }, cloud = "gcp", region = "europe-west3" })
    local function names(filter)
      local list = {}
      for i, c in ipairs(q.clusters:list(filter)) do
        list[i] = c.name
      end
      return table.concat(list, " ")
    end
    assert.equal("aa bb", names())
    assert.equal("aa", names { labels = { env = "prod" } })
    assert.equal("aa bb", names { labels = { env = true } })
    assert.equal("bb", names { cloud = "gcp", region = "europe-west3" })
    assert.equal("bb", names { name = "b*" })
    assert.equal("aa", names { name = "a?" })
    assert.equal("", names { name = "b" })
    assert.equal("", names { name = "^b" })
    assert.equal("bb", names { matching = "^b" })
    assert.equal("aa", names { labels = "env=p*" })
    assert.equal("aa", names { labels = { "env=prod" } })
    for _, wrong in ipairs { "env", { 5 }, { env = false }, { env = {} } } do
      assert.raises(function() names { labels = wrong } end, "label")
    end
    assert.raises(function() names { matching = "[" } end, "malformed pattern")
    assert.raises(function() names { cloud = "asw" } end, 'did you mean "aws"?')
    assert.raises(function() names { cloud = "aws", region = "eu-centrl-1" } end,
      'did you mean "eu-central-1"?')
    assert.equal(1, #q.clusters:choose { labels = "env=dev" })
    assert.equal(2, #q.clusters:choose { names = { "aa", "bb" }, labels = "env=dev" })
    assert.equal(0, #q.clusters:choose { labels = "env=typo", allow_empty = true })
    assert.raises(function() q.clusters:choose { labels = "env=prdo" } end,
      "no cluster has the label env=prdo; did you mean env=prod?")
    assert.equal("", names { phase = "suspended" })
    q.clusters:find("aa"):delete()
    assert.equal("bb", names())
  end)

  it("are changed by what is named only", function()
    local q = test.world():connect()
    local c = create(q, { labels = { env = "prod" } })
    -- Somebody else changes something meanwhile.
    local other = q.clusters:find("search")
    other:update { cost_label = "env" }
    c:update { allow = { "198.51.100.0/24" } }
    c:refresh()
    assert.equal("env", c.cost_allocation_label)
    assert.same({ env = "prod" }, c:label_map())
    c:allow({ "203.0.113.9" }, { "198.51.100.0/24" })
    assert.same({ "203.0.113.9/32" }, other:refresh().configuration.allowed_ip_source_ranges)
    local _, problem = pcall(c.allow, c, {}, { "203.0.113.9" })
    assert.contains("everybody may connect", problem.message)
    c:rename("found")
    assert.equal(c.id, q.clusters:find("found").id)
    assert.raises(function() c.name = "x" end, "read-only")
  end)

  it("are sent and encoded as the messages that they are", function()
    local q = test.world():connect()
    local c = create(q, { wait = true })
    assert.contains('"cloudProviderId":"aws"', json.encode(c))
    assert.contains('"name":"search"', json.encode { all = { c } })
    local named = {}
    for name in pairs(c) do
      named[name] = true
    end
    assert.is_true(named.configuration)
    assert.matches("^cluster search %(%x+%-.*%): HEALTHY$", tostring(c))
    -- A whole one goes back as it came.
    api_of(q).update_cluster { cluster = c }
  end)
end)

describe("waits for clusters", function()
  it("end with health, address and all nodes", function()
    local q = slow()
    local c = create(q, { nodes = 2, wait = true })
    assert.equal("HEALTHY", c:phase())
    assert.equal(2, c.state.nodes_up)
    assert.matches("^http://127", c:url())
  end)

  it("do not take an answer from before a restart", function()
    local q, world = slow()
    local c = create(q, { nodes = 2, wait = true })
    -- Reads show what was half a minute ago.
    world:fault { method = "cluster.get_cluster", stale = "30s" }
    c:restart { wait = true }
    local asked = c.state.restarted_at
    assert.is_truthy(asked)
    for _, node in ipairs(c.state.nodes) do
      assert.is_true(node.started_at >= asked)
    end
    c:scale { nodes = 3, wait = true }
    assert.equal(3, c.state.nodes_up)
    c:scale { cpu = "4000m", ram = "16GiB", wait = true }
    assert.equal(16.0, c.state.resources.ram.base)
    c:update { write_consistency_factor = 2, wait = true }
    for _, node in ipairs(c.state.nodes) do
      assert.is_true(node.started_at >= c.configuration.last_modified_at)
    end
  end)

  it("survive moments without the service", function()
    local q, world = slow()
    world:fault { method = "cluster.*", status = "UNAVAILABLE", probability = 0.1 }
    local c = create(q, { wait = "30s" })
    assert.equal("HEALTHY", c:phase())
  end)

  it("tell the server's reason when it cannot be", function()
    local q = slow { { method = "cluster.create_cluster", lifecycle = "fail",
      reason = "no capacity" } }
    local _, problem = pcall(create, q, { wait = true })
    assert.equal("FAILED_PRECONDITION", problem.code)
    assert.contains("waiting for search to be ready: FAILED_TO_CREATE: no capacity",
      problem.message)
  end)

  it("tell the node that keeps it", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    assert.same({}, c:problems())
    world:incident("out_of_memory", c.id)
    local ok, problem = pcall(c.wait, c, { timeout = 0.2, progress = false })
    assert.is_false(ok)
    assert.contains("NOT_READY, 0 of 1 nodes: a node has no memory left; ", problem.message)
    assert.contains(": The container reached its memory limit", problem.message)
    assert.equal(2, #c:refresh():problems())
  end)

  it("end when they have taken too long, and say how far it was", function()
    local q = slow { { method = "cluster.create_cluster", lifecycle = "stuck" } }
    local _, problem = pcall(create, q, { wait = "0.4s" })
    assert.equal("DEADLINE_EXCEEDED", problem.code)
    assert.contains("not done within 0.4s; CREATING", problem.message)
  end)

  it("suspend, resume, upgrade and delete", function()
    local q = slow()
    local c = create(q, { version = "v1.17.1", wait = true })
    c:suspend { wait = true }
    assert.equal("SUSPENDED", c:phase())
    c:suspend { wait = true }
    local _, problem = pcall(c.wait, c)
    assert.contains("SUSPENDED; :resume() starts it", problem.message)
    c:resume { wait = true }
    c:resume { wait = true }
    assert.equal("HEALTHY", c:phase())
    _, problem = pcall(c.upgrade, c, "v9.9.9")
    assert.contains("cannot be upgraded to v9.9.9; available: v1.17.1, v1.18.", problem.message)
    c:upgrade("latest", { wait = true })
    assert.is_true(q.releases:is_older("v1.17.1", c.state.version))
    assert.equal(c.configuration.version, c.state.version)
    c:delete { wait = true }
    _, problem = pcall(c.refresh, c)
    assert.equal("NOT_FOUND", problem.code)
    c:delete { wait = true }
  end)

  it("refuse to scale down below what is in use, and to shrink disks", function()
    local q, world = slow()
    local c = create(q, { cpu = "4000m", ram = "16GiB", disk = "100GiB", wait = true })
    local _, problem = pcall(c.scale, c, { disk = "80GiB" })
    assert.contains("disks never shrink; each node has 100 GiB", problem.message)
    local preview = c:scale_preview { cpu = "2000m", ram = "8GiB" }
    assert.same({ "gpx4", "gpx3" }, preview.package)
    assert.same({ 100, 100 }, preview.disk_gib)
    assert.is_true(preview.hourly[2] < preview.hourly[1])
    c:scale { cpu = "2000m", ram = "8GiB", wait = true }
    -- Smaller package, same disk: what the package has less is booked.
    assert.equal(68, c.configuration.additional_resources.disk)
    assert.is_false(table.concat(methods(world), " "):find("GetQuote") == nil)
  end)
end)

describe("keys", function()
  it("work when the wait is over, and by their rules", function()
    local q = slow()
    local c = create(q, { wait = true })
    local folder <close> = fs.temporary()
    local file = folder / "key"
    local key = c:keys():create { name = "app one", access = "read", expires = "90d", file = file,
      wait = true }
    assert.equal(key.key:reveal(), fs.read(file))
    assert.equal(200, http.get(c:url() .. "/collections", {
      headers = { ["api-key"] = key.key } }).status)
    assert.is_true(key:remaining().total > 89 * 86400)
    assert.equal(1, #q.keys:list { expires_before = "91d" })
    assert.equal(0, #q.keys:list { expires_before = "1h" })
    local scoped = c:keys():create { name = "scoped", collections = { docs = "write" },
      wait = true }
    assert.equal("docs", scoped.access_rules[1].collection_access.collection_name)
    assert.raises(function() c:keys():create { name = "x", access = "root" } end, "manage")
    assert.equal(2, #c:keys():list())
    local found = q.keys:find("app one")
    assert.equal("", found.key)
    assert.raises(function() found:wait() end, "shown once")
    local new = found:rotate { file = file }
    assert.equal(new.key:reveal(), fs.read(file))
    assert.equal("READ_ONLY", (new.access_rules[1].global_access.access_type:match("READ_ONLY")))
    local names = {}
    for i, one in ipairs(c:keys():list()) do
      names[i] = one.name
    end
    table.sort(names)
    assert.same({ "app one", "scoped" }, names)
  end)

  it("keep their secret when the wait fails", function()
    local q = slow()
    local c = create(q, { wait = true, allow = { "203.0.113.0/24" } })
    local _, problem = pcall(function()
      c:suspend { wait = true }
      return c:keys():create { name = "late", wait = "0.3s" }
    end)
    assert.is_truthy(problem.code)
    if problem.code == "DEADLINE_EXCEEDED" then
      assert.matches("^ey", problem.key:reveal())
    end
  end)

  it("are made anew when the answer with the secret was lost", function()
    local world = test.world()
    local q = world:connect()
    local c = create(q)
    world:fault { method = "cluster.auth.create_database_api_key", ["break"] = "drop_response",
      times = 1 }
    local key = c:keys():create { name = "once" }
    assert.matches("^ey", key.key:reveal())
    assert.equal(1, #c:keys():list())
    local space = q.spaces:create { name = "notes", cloud = "aws",
      region = q.spaces:regions("aws")[1].id, wait = true }
    world:fault { method = "serverless.space.auth.create_space_api_key",
      ["break"] = "drop_response", times = 2 }
    key = space:create_key { name = "once" }
    assert.is_true(#key.key:reveal() > 20)
    local left = {}
    for _, one in ipairs(space:keys()) do
      left[#left + 1] = one.state ~= "SPACE_API_KEY_STATE_DELETING" and one or nil
    end
    assert.equal(1, #left)
    -- A key of the account does not tell whose it is: what somebody else makes meanwhile stays.
    local count = #q.management_keys:list()
    world:fault { method = "auth.create_management_key", ["break"] = "drop_response", times = 1 }
    assert.is_true(#q.management_keys:create().key:reveal() > 20)
    assert.equal(count + 2, #q.management_keys:list())
  end)
end)

describe("environments", function()
  it("give their commands though answers were lost: those before stop working", function()
    local world = test.world()
    local q = world:connect()
    local environment = q.environments:create { name = "workshop", namespace = "qdrant" }
    world:fault { method = "hybrid.generate_bootstrap_commands", ["break"] = "drop_response",
      times = 1 }
    world:fault { method = "hybrid.generate_bootstrap_commands", status = "UNAVAILABLE", times = 1 }
    local answer = environment:bootstrap()
    assert.is_true(#answer.commands > 0)
    assert.is_true(#answer.access_key:reveal() > 20)
    environment:wait()
    assert.equal("READY", environment:phase())
  end)
end)

describe("backups", function()
  it("are made, found, renamed, put back and turned into clusters", function()
    local q = slow()
    local c = create(q, { wait = true })
    local b = c:backup { name = "before-migration", retention = "30d", wait = true }
    assert.equal("SUCCEEDED", b:phase())
    assert.equal(time.duration("30d"), b.retention_period)
    assert.equal(b, q.backups:find("before-migration"))
    assert.equal(b.id, c:backups():latest().id)
    b:rename("kept-for-ever")
    assert.equal("kept-for-ever", q.backups:get(b.id).display_name)
    c:scale { nodes = 2, wait = true }
    local restore = b:restore { wait = true }
    assert.equal("SUCCEEDED", restore:phase())
    assert.equal(1, c:refresh().state.nodes_up)
    assert.equal(1, #c:restores():list())
    local copy = b:to_cluster { name = "copy", wait = true }
    assert.equal("HEALTHY", copy:phase())
    b:delete { wait = true }
    assert.equal(0, #q.backups:list())
  end)

  it("that fail say so", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    world:fault { method = "cluster.backup.create_backup", lifecycle = "fail" }
    local _, problem = pcall(c.backup, c, { name = "doomed", wait = true })
    assert.contains("waiting for backup doomed to succeed: FAILED", problem.message)
    local _, refused = pcall(q.restores.create, q.restores, { backup = "doomed" })
    assert.contains("only a successful backup can be restored", refused.message)
  end)

  it("come by schedules", function()
    local world = test.world()
    local q = world:connect()
    local c = create(q)
    local s = c:schedules():create { name = "nightly", cron = "0 3 * * *", retention = "7d" }
    assert.raises(function() c:schedules():create { name = "wrong", cron = "99 99 * * *" } end,
      "invalid schedule")
    s:update { retention = "14d" }
    assert.equal("0 3 * * *", s:refresh().schedule)
    assert.equal(time.duration("14d"), s.retention_period)
    assert.equal("nightly", s.display_name)
    assert.is_truthy(s:next())
    world:advance "49h"
    assert.is_true(#s:backups() >= 2)
    s:delete()
    assert.equal(0, #q.schedules:list())
    assert.is_true(#q.backups:list() >= 2)
  end)
end)

describe("nothing is passed over:", function()
  it("a setting that is there already restarts nothing, and is waited for no longer", function()
    local q = slow()
    local c = create(q, { wait = true, log_level = "debug" })
    c:update { log_level = "debug", allow = { "203.0.113.0/24" }, wait = "5s" }
    assert.same({ "203.0.113.0/24" }, c.configuration.allowed_ip_source_ranges)
  end)

  it("an empty list does not open a cluster to everybody", function()
    local q = test.world():connect()
    local c = create(q, { allow = { "203.0.113.0/24" } })
    assert.raises(function() c:update { allow = {} } end, "everybody may connect")
    assert.equal(1, #c:refresh().configuration.allowed_ip_source_ranges)
    c:update { allow = qdrant.null }
    assert.equal(0, #c:refresh().configuration.allowed_ip_source_ranges)
  end)

  it("a text is no list, a handle of something else is none", function()
    local q = test.world({ seed = "demo" }):connect()
    local c = q.clusters:find "search-prod"
    local backup = q.backups:latest()
    assert.raises(function() c:allow("203.0.113.0/24") end,
      "bad argument #1 to 'qdrant.Cluster:allow' (table expected, got string)")
    assert.raises(function() q.users:list()[1]:assign "Admin" end,
      "bad argument #1 to 'qdrant.User:assign' (table expected, got string)")
    assert.raises(function() q.users:list()[1]:assign { Admin = true } end,
      "must be a list, got the key")
    assert.raises(function() q.roles:find("Viewer"):allow "read:backups" end,
      "bad argument #1 to 'qdrant.Role:allow' (table expected, got string)")
    assert.raises(function() q.clusters:find(backup) end, "which cluster?")
    assert.raises(function() q.keys:list { cluster = backup } end, "which cluster?")
    assert.raises(function() c:rename() end, "bad argument #1 to 'qdrant.Cluster:rename'")
    assert.raises(function() c:upgrade() end,
      "bad argument #1 to 'qdrant.Cluster:upgrade' (string expected")
    assert.raises(function() c:wait "5m" end, "(table expected, got string)")
    assert.raises(function() c:restart { wait = "10 minutes" } end, "wait must be a duration")
    assert.raises(function() return c.scal end, "did you mean :scale?")
    assert.raises(function() q.clusters:list { phase = "HEALTY" } end,
      "phase must be one of")
    assert.equal(4, #q.backups:list { status = "BACKUP_STATUS_SUCCEEDED" })
    assert.raises(function() create(q, { package = "gpx1" }) end, "not both")
  end)

  it("one that is being suspended is resumed once it is", function()
    local q = slow()
    local c = create(q, { wait = true })
    c:suspend()
    c:resume { wait = "60s" }
    assert.equal("HEALTHY", c:refresh():phase())
  end)

  it("a wait that comes after the change is for that change", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    world:fault { method = "cluster.get_cluster", stale = "20s", times = 3 }
    c:scale { nodes = 2 }
    c:wait()
    assert.equal(2, c.state.nodes_up)
  end)

  it("what reads do not know of yet is waited for", function()
    local q, world = slow()
    world:fault { method = "cluster.get_cluster", stale = "30s", times = 2 }
    assert.equal("HEALTHY", create(q, { wait = true }):phase())
  end)

  it("labels are changed though a read lags behind", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    world:fault { method = "cluster.get_cluster", stale = "60s", skip = 1, times = 1 }
    c:label { env = "prod" }
    world:clear_faults()
    assert.same({ env = "prod" }, c:refresh():label_map())
  end)
end)

describe("secrets", function()
  it("are not lost where a file cannot be written: no key is made", function()
    local q = test.world({ seed = "demo" }):connect()
    local c = q.clusters:find "search-prod"
    local keys, management = #q.keys:list(), #q.management_keys:list()
    for _, call in ipairs {
      function() c:keys():create { name = "never", file = "/nonexistent/a.key" } end,
      function() c:keys():list()[1]:rotate { file = "/nonexistent/a.key" } end,
      function() q.management_keys:create { file = "/nonexistent/a.key" } end,
      function() q.spaces:list()[1]:create_key { name = "never", file = "/nonexistent/a" } end,
    } do
      local _, problem = pcall(call)
      assert.contains("no key was created", tostring(problem))
    end
    assert.equal(keys, #q.keys:list())
    assert.equal(management, #q.management_keys:list())
  end)

  it("of a management key stay in their file until the new one is taken", function()
    local q = test.world({ seed = "demo" }):connect()
    local folder <close> = fs.temporary()
    local file = folder / "management.key"
    local key = q.management_keys:create { file = file }
    local before, count = fs.read(file), #q.management_keys:list()
    local seen
    assert.raises(function()
      key:rotate { file = file, hand_over = function(new)
        seen = new.key:reveal()
        error("refused", 0)
      end }
    end, "refused")
    assert.not_equal(before, seen)
    assert.equal(before, fs.read(file))
    assert.equal(count, #q.management_keys:list())
    local new = key:rotate { file = file }
    assert.equal(new.key:reveal(), fs.read(file))
    assert.equal(count, #q.management_keys:list())
  end)

  it("of a rotation whose answer was lost are made anew", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    local old = c:keys():create { name = "app-key", wait = true }
    world:fault { method = "cluster.auth.create_database_api_key", ["break"] = "drop_response",
      times = 1 }
    local folder <close> = fs.temporary()
    local file = folder / "app.key"
    local new = old:rotate { file = file }
    assert.equal(new.key:reveal(), fs.read(file))
    assert.equal(1, #c:keys():list())
  end)

  it("are whole when the task is cancelled: a key and its file, or neither", function()
    local q, world = slow()
    local c = create(q, { wait = true })
    world:fault { method = "cluster.auth.create_database_api_key", latency = "300ms" }
    local folder <close> = fs.temporary()
    local file = folder / "app.key"
    local ok = pcall(task.timeout, 0.1, function()
      c:keys():create { name = "app-key", file = file }
    end)
    assert.is_false(ok)
    assert.equal(1, #c:keys():list())
    assert.equal(c:keys():list()[1].postfix, fs.read(file):sub(-4))
  end)

  it("of this very session are deleted by force only", function()
    local q = test.world():connect()
    local own = q.management_keys:list()[1]
    assert.raises(function() own:delete() end, "the one of this session")
    own:delete { force = true }
    local _, problem = pcall(q.accounts.list, q.accounts)
    assert.equal("UNAUTHENTICATED", problem.code)
  end)
end)
