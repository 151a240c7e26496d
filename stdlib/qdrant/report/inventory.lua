--- The inventory of an account: clusters, serverless spaces and hybrid environments.
local host = ...

local units = require "qdrant.resource.units"
local settings = require "qdrant.resource.settings"
local markup = require "qdrant.report.markup"
local task = require "task"

local inventory = {}

local STATES = { HEALTHY = "good", READY = "good", ACTIVE = "good", SUSPENDED = "rest" }
local BROKEN = { FAILED = true, NOT_READY = true, UNREACHABLE = true }

--- The state of a phase.
---@usage require("qdrant.report.inventory").state("HEALTHY")
---@param phase string
---@return "good"|"warn"|"bad"|"rest"
function inventory.state(phase)
  if STATES[phase] then
    return STATES[phase]
  end
  return (BROKEN[phase] or phase:find("FAILED")) and "bad" or "warn"
end

--- The number of items of each name, the largest first.
local function tally(list, name_of)
  local rows, by_name = {}, {}
  for _, item in ipairs(list) do
    local name = name_of(item)
    local row = by_name[name]
    if not row then
      row = { name = name, value = 0 }
      by_name[name], rows[#rows + 1] = row, row
    end
    row.value = row.value + 1
  end
  table.sort(rows, function(a, b)
    return a.value > b.value or a.value == b.value and a.name < b.name
  end)
  return rows
end

--- The packages of clusters by id; each is asked for once.
local function packages_of(connection, clusters)
  local ids, seen = {}, {}
  for _, cluster in ipairs(clusters) do
    local id = cluster.configuration.package_id
    if id ~= "" and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = { id = id, place = {
        cloud = cluster.cloud_provider_id, region = cluster.cloud_provider_region_id,
      } }
    end
  end
  local packages = {}
  task.map(ids, function(one)
    packages[one.id] = markup.optional(function()
      return connection.packages:find(one.id, one.place)
    end)
  end, { limit = 8 })
  return packages
end

--- The facts of a cluster.
local function cluster_facts(cluster, package)
  local configuration, phase = cluster.configuration, cluster:phase()
  local count = configuration.number_of_nodes
  local has = cluster.state.resources or {}
  local facts = {
    name = cluster.name, id = cluster.id, phase = phase, cloud = cluster.cloud_provider_id,
    region = cluster.cloud_provider_region_id,
    version = cluster.state.version ~= "" and cluster.state.version or configuration.version,
    nodes = count, nodes_up = cluster.state.nodes_up, package = package and package.name,
    cpu = has.cpu and has.cpu.base * count / 1000, ram = has.ram and has.ram.base * count,
    disk = has.disk and has.disk.base * count, labels = settings.map(cluster.labels),
    created_at = cluster.created_at,
  }
  if package and phase ~= "SUSPENDED" then
    facts.monthly = package.unit_int_price_per_hour * count * units.HOURS_A_MONTH / 100000
    facts.currency = package.currency
  end
  return facts
end

local function space_facts(space)
  return {
    name = space.name, id = space.id, phase = (space.state.phase:gsub("^SPACE_STATE_PHASE_", "")),
    cloud = space.cloud_provider_id, region = space.cloud_provider_region_id,
    created_at = space.created_at,
  }
end

local function environment_facts(environment)
  local status = environment.status or {}
  return {
    name = environment.name, id = environment.id, phase = environment:phase(),
    nodes = status.number_of_nodes, kubernetes = status.kubernetes_version,
    created_at = environment.created_at,
  }
end

--- Gathers the facts: clusters by their names, spaces and environments. RAM and disk are in GiB,
--- CPU in cores, all for all nodes; prices are per month.
---@usage #require("qdrant.report.inventory").facts(qdrant, {}).clusters
---@async
---@param connection table
---@param options { labels?: table, cloud?: string, region?: string }
---@return table
function inventory.facts(connection, options)
  local facts = { clusters = host.list(), spaces = host.list(), environments = host.list() }
  local clusters = connection.clusters:list {
    labels = options.labels, cloud = options.cloud, region = options.region,
  }
  local packages = packages_of(connection, clusters)
  for i, cluster in ipairs(clusters) do
    facts.clusters[i] = cluster_facts(cluster, packages[cluster.configuration.package_id])
  end
  table.sort(facts.clusters, function(a, b)
    return a.name < b.name
  end)
  for i, space in ipairs(markup.optional(function()
    return connection.spaces:list()
  end) or {}) do
    facts.spaces[i] = space_facts(space)
  end
  for i, environment in ipairs(markup.optional(function()
    return connection.environments:list()
  end) or {}) do
    facts.environments[i] = environment_facts(environment)
  end
  return facts
end

local CLUSTERS = {
  { "name", "Cluster" }, { "phase", "Phase" }, { "region", "Region" }, { "version", "Version" },
  { "nodes", "Nodes", number = true }, { "package", "Package" },
  { "cpu", "vCPU", number = true }, { "ram", "RAM GiB", number = true },
  { "disk", "Disk GiB", number = true }, { "monthly", "Per month", number = true },
  { "labels", "Labels", wrap = true }, { "created_at", "Created" }, { "id", "ID", code = true },
}

local function phase_cell(phase)
  return { text = markup.short(phase, ""), value = phase, state = inventory.state(phase) }
end

local function labels_text(labels)
  local list = {}
  for key, value in pairs(labels) do
    list[#list + 1] = value == "" and key or key .. "=" .. value
  end
  table.sort(list)
  return table.concat(list, ", ")
end

local function cluster_row(facts)
  local count = facts.nodes
  return {
    name = facts.name, phase = phase_cell(facts.phase), region = facts.cloud .. " " .. facts.region,
    version = facts.version,
    nodes = { value = count, text = facts.nodes_up == count and tostring(count)
      or ("%d of %d"):format(facts.nodes_up, count) },
    package = facts.package, labels = labels_text(facts.labels), created_at = facts.created_at,
    id = facts.id, cpu = facts.cpu, ram = facts.ram, disk = facts.disk,
    monthly = facts.monthly and { value = facts.monthly,
      text = ("%.2f %s"):format(facts.monthly, facts.currency) },
  }
end

--- The figures above the tables.
local function figures(facts)
  local total, broken, nodes, currency = 0, 0, 0, nil
  for _, cluster in ipairs(facts.clusters) do
    total, currency = total + (cluster.monthly or 0), currency or cluster.currency
    broken = broken + (inventory.state(cluster.phase) == "bad" and 1 or 0)
    nodes = nodes + cluster.nodes
  end
  local list = {
    { "clusters", #facts.clusters }, { "nodes", nodes },
    { "broken", broken, broken > 0 and "bad" or nil },
    { "per month, at list prices", currency and ("%.2f %s"):format(total, currency) or "–" },
  }
  if #facts.spaces > 0 then
    list[#list + 1] = { "serverless spaces", #facts.spaces }
  end
  if #facts.environments > 0 then
    list[#list + 1] = { "hybrid environments", #facts.environments }
  end
  return list
end

local function add_spaces(page, spaces)
  if #spaces > 0 then
    page:table("Serverless spaces", { { "name", "Space" }, { "phase", "Phase" },
      { "region", "Region" }, { "created_at", "Created" }, { "id", "ID", code = true } }, spaces,
      function(space)
        return { name = space.name, phase = phase_cell(space.phase), id = space.id,
          region = space.cloud .. " " .. space.region, created_at = space.created_at }
      end)
  end
end

local function add_environments(page, environments)
  if #environments > 0 then
    page:table("Hybrid environments", { { "name", "Environment" }, { "phase", "Phase" },
      { "kubernetes", "Kubernetes" }, { "nodes", "Nodes", number = true },
      { "created_at", "Created" }, { "id", "ID", code = true } }, environments,
      function(environment)
        return { name = environment.name, phase = phase_cell(environment.phase),
          nodes = environment.nodes, kubernetes = environment.kubernetes, id = environment.id,
          created_at = environment.created_at }
      end)
  end
end

--- Draws the facts as a section.
---@usage local inventory = require "qdrant.report.inventory" inventory.draw(qdrant.report:page { title = "Inventory" }, inventory.facts(qdrant, {}))
---@param page qdrant.report.Page
---@param facts table what `facts` returned
function inventory.draw(page, facts)
  page:section("Inventory"):figures(figures(facts))
  page:beside(function()
    page:bars("Clusters by region", tally(facts.clusters, function(cluster)
      return cluster.cloud .. " " .. cluster.region
    end))
    page:bars("Clusters by version", tally(facts.clusters, function(cluster)
      return cluster.version
    end))
  end)
  page:table("Clusters", CLUSTERS, facts.clusters, cluster_row)
  page:text("Prices are the list prices of the packages for all nodes, without additional disks, "
    .. "storage tiers and discounts.")
  add_spaces(page, facts.spaces)
  add_environments(page, facts.environments)
end

return inventory
