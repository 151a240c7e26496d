#!/usr/bin/env qcsh
--- The life of a cluster: available packages, create, wait, key, scale, restart, list, some errors,
--- delete. Ends with a table of the calls and how long each took.
---
---   qcsh --sandbox run tour

script {
  about = "Shows the whole life of a cluster, from price to deletion, and times each call",
  needs = { "read:clusters", "write:clusters", "delete:clusters", "write:api_keys",
    "delete:api_keys" },
  deletes = true,
}

local task = require "task"
local api = qdrant.api

local steps = {}

--- Makes a call and notes what came of it.
local function call(what, fn)
  local started = qdrant.clock()
  local ok, result = pcall(fn)
  steps[#steps + 1] = {
    what = what,
    outcome = ok and "OK" or (type(result) == "table" and result.code or "ERROR"),
    seconds = qdrant.clock() - started,
  }
  return ok, result
end

--- Makes a call that has to succeed.
local function must(what, fn)
  local ok, result = call(what, fn)
  if not ok then
    error(result, 0)
  end
  return result
end

--- Polls until a condition holds; gives up after a minute.
local function wait(what, fn)
  if qdrant.is_dry_run() then
    error(("dry run: the tour would %s; a dry run creates no cluster"):format(what), 0)
  end
  local started = qdrant.clock()
  local rounds = 0
  while true do
    rounds = rounds + 1
    local done, result = fn()
    if done then
      steps[#steps + 1] = { what = what, outcome = "OK", seconds = qdrant.clock() - started }
      return result
    end
    if qdrant.clock() - started > 60 then
      error(what .. ": not done after a minute", 0)
    end
    task.sleep(0.1)
  end
end

local function get(id)
  return api.cluster.get_cluster { cluster_id = id }.cluster
end

--- Healthy, with an address, and with as many nodes as were asked for.
local function wait_ready(what, id)
  return wait(what, function()
    local cluster = get(id)
    local state = cluster.state
    if state.phase:find("FAILED") then
      error(what .. ": " .. state.phase .. ": " .. state.reason, 0)
    end
    local ready = state.phase == "CLUSTER_PHASE_HEALTHY" and state.endpoint.url ~= ""
      and state.nodes_up == cluster.configuration.number_of_nodes
    return ready, cluster
  end)
end

-- What there is to book ------------------------------------------------------------------------

local provider, region = "aws", "eu-central-1"
local regions = must("list regions", function()
  return api.platform.list_cloud_provider_regions { cloud_provider_id = provider }
end).items
print(("%s has %d regions"):format(provider, #regions))

local packages = must("list packages", function()
  return api.booking.list_packages {
    cloud_provider_id = provider, cloud_provider_region_id = region,
    min_resources = { ram = "8GiB" }, gpu = false,
  }
end).items
table.sort(packages, function(a, b)
  return a.unit_int_price_per_hour < b.unit_int_price_per_hour
end)
local package = packages[1]
print(("%d packages have 8 GiB or more; %s is the cheapest: %s, %s, %.4f USD an hour"):format(
  #packages, package.name, package.resource_configuration.cpu,
  package.resource_configuration.ram, package.unit_int_price_per_hour / 100000))

-- Create ---------------------------------------------------------------------------------------

local name = must("suggest a name", function()
  return api.cluster.suggest_cluster_name {}
end).name
local cluster = must("create the cluster", function()
  return api.cluster.create_cluster {
    cluster = {
      account_id = qdrant.session.account_id,
      name = name,
      cloud_provider_id = provider,
      cloud_provider_region_id = region,
      labels = { { key = "made-by", value = "tour" } },
      configuration = { number_of_nodes = 1, package_id = package.id, version = "latest" },
    },
  }
end).cluster
print(("created %s, a cluster of %s"):format(cluster.name, cluster.configuration.version))

cluster = wait_ready("wait until it is ready", cluster.id)
print("ready at " .. cluster.state.endpoint.url)

-- A key for the database -----------------------------------------------------------------------

local key = must("make a database key", function()
  return api.cluster.auth.create_database_api_key {
    database_api_key = {
      account_id = qdrant.session.account_id, cluster_id = cluster.id, name = "tour-key",
      expires_at = qdrant.now() + 3600,
      access_rules = { { global_access = { access_type = "read_only" } } },
    },
  }
end).database_api_key
print(("made a key that ends in %s and expires at %s"):format(key.postfix, key.expires_at))

-- Change ---------------------------------------------------------------------------------------

must("scale to three nodes", function()
  return api.cluster.update_cluster {
    cluster = {
      account_id = qdrant.session.account_id, id = cluster.id,
      configuration = { number_of_nodes = 3 },
    },
    update_mask = { "configuration.number_of_nodes" },
  }
end)
cluster = wait_ready("wait until it has scaled", cluster.id)
print(("scaled to %d nodes"):format(cluster.state.nodes_up))

must("restart", function()
  return api.cluster.restart_cluster { cluster_id = cluster.id }
end)
cluster = wait_ready("wait until it has restarted", cluster.id)

local names = {}
must("list clusters, page by page", function()
  for one in api.cluster.list_clusters:each { page_size = 1 } do
    names[#names + 1] = one.name
  end
end)
print("clusters: " .. table.concat(names, ", "))

-- What goes wrong ------------------------------------------------------------------------------

local function show(what, fn)
  local _, problem = call(what, fn)
  print(what .. ":\n  " .. tostring(problem))
end

show("a misspelt field", function()
  return api.cluster.get_cluster { cluster_idd = cluster.id } -- qcsh:ignore
end)
show("a name that is too short", function()
  return api.cluster.create_cluster {
    cluster = {
      name = "x", -- qcsh:ignore
      cloud_provider_id = provider, cloud_provider_region_id = region,
      configuration = { number_of_nodes = 1, package_id = package.id },
    },
  }
end)
show("a cluster that does not exist", function()
  return api.cluster.get_cluster { cluster_id = "00000000-0000-4000-8000-000000000000" }
end)

-- Delete ---------------------------------------------------------------------------------------

must("delete the key", function()
  return api.cluster.auth.delete_database_api_key {
    cluster_id = cluster.id, database_api_key_id = key.id,
  }
end)
must("delete the cluster", function()
  return api.cluster.delete_cluster { cluster_id = cluster.id }
end)
wait("wait until it is gone", function()
  local ok, problem = pcall(get, cluster.id)
  if not ok and problem.code ~= "NOT_FOUND" then
    error(problem, 0)
  end
  return not ok
end)

-- What was done --------------------------------------------------------------------------------

print()
print(("%-30s %-18s %10s"):format("STEP", "OUTCOME", "TIME"))
for _, step in ipairs(steps) do
  print(("%-30s %-18s %7.1f ms"):format(step.what, step.outcome, step.seconds * 1000))
end
