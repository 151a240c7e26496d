--- What an account has: clusters, serverless spaces and hybrid environments.
local units = require "qdrant.resource.units"
local settings = require "qdrant.resource.settings"
local markup = require "qdrant.report.markup"
local task = require "task"

local inventory = {}

local STATES = { HEALTHY = "good", READY = "good", ACTIVE = "good", SUSPENDED = "rest" }
local BROKEN = { FAILED = true, NOT_READY = true, UNREACHABLE = true }

--- How well a phase is.
---@usage require("qdrant.report.inventory").state("HEALTHY")
---@param phase string
---@return "good"|"warn"|"bad"|"rest"
function inventory.state(phase)
  if STATES[phase] then
    return STATES[phase]
  end
  return (BROKEN[phase] or phase:find("FAILED")) and "bad" or "warn"
end

--- How many of each name there are, the most first.
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

local function labels_of(cluster)
  local list = {}
  for key, value in pairs(settings.map(cluster.labels)) do
    list[#list + 1] = value == "" and key or key .. "=" .. value
  end
  table.sort(list)
  return table.concat(list, ", ")
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

local CLUSTERS = {
  { "name", "Cluster" }, { "phase", "Phase" }, { "region", "Region" }, { "version", "Version" },
  { "nodes", "Nodes", number = true }, { "package", "Package" },
  { "cpu", "vCPU", number = true }, { "ram", "RAM GiB", number = true },
  { "disk", "Disk GiB", number = true }, { "monthly", "A month", number = true },
  { "labels", "Labels", wrap = true }, { "created", "Created" }, { "id", "Id", code = true },
}

--- The row of a cluster, and what it costs a month.
local function row_of(cluster, package)
  local configuration, phase = cluster.configuration, cluster:phase()
  local count = configuration.number_of_nodes
  local has = cluster.state.resources or {}
  local row = {
    name = cluster.name, phase = { text = markup.short(phase, ""), value = phase,
      state = inventory.state(phase) },
    region = cluster.cloud_provider_id .. " " .. cluster.cloud_provider_region_id,
    version = cluster.state.version ~= "" and cluster.state.version or configuration.version,
    nodes = { value = count, text = cluster.state.nodes_up == count and tostring(count)
      or ("%d of %d"):format(cluster.state.nodes_up, count) },
    package = package and package.name, labels = labels_of(cluster),
    created = cluster.created_at, id = cluster.id,
    cpu = has.cpu and has.cpu.base * count / 1000, ram = has.ram and has.ram.base * count,
    disk = has.disk and has.disk.base * count,
  }
  if package and phase ~= "SUSPENDED" then
    local monthly = package.unit_int_price_per_hour * count * units.HOURS_A_MONTH
    row.monthly = { value = monthly, text = units.price(monthly, package.currency, 2) }
  end
  return row
end

--- The figures above the tables.
local function figures(rows, currency, spaces, environments)
  local total, broken, nodes = 0, 0, 0
  for _, row in ipairs(rows) do
    total = total + (row.monthly and row.monthly.value or 0)
    broken = broken + (row.phase.state == "bad" and 1 or 0)
    nodes = nodes + row.nodes.value
  end
  local list = {
    { "clusters", #rows }, { "nodes", nodes },
    { "in trouble", broken, broken > 0 and "bad" or "good" },
    { "a month at list prices", currency and units.price(total, currency, 0) or "not to be had" },
  }
  if #spaces > 0 then
    list[#list + 1] = { "serverless spaces", #spaces }
  end
  if #environments > 0 then
    list[#list + 1] = { "hybrid environments", #environments }
  end
  return list
end

--- The table of serverless spaces, if there are any.
local function add_spaces(page, spaces)
  local list = {}
  for i, space in ipairs(spaces) do
    local phase = space.state.phase:gsub("^SPACE_STATE_PHASE_", "")
    list[i] = {
      name = space.name,
      phase = { text = markup.short(phase, ""), state = inventory.state(phase) },
      region = space.cloud_provider_id .. " " .. space.cloud_provider_region_id,
      created = space.created_at, id = space.id,
    }
  end
  if #list > 0 then
    page:table("Serverless spaces", { { "name", "Space" }, { "phase", "Phase" },
      { "region", "Region" }, { "created", "Created" }, { "id", "Id", code = true } }, list)
  end
end

--- The table of hybrid environments, if there are any.
local function add_environments(page, environments)
  local list = {}
  for i, environment in ipairs(environments) do
    local phase = environment:phase()
    local status = environment.status or {}
    list[i] = {
      name = environment.name,
      phase = { text = markup.short(phase, ""), state = inventory.state(phase) },
      nodes = status.number_of_nodes, kubernetes = status.kubernetes_version,
      created = environment.created_at, id = environment.id,
    }
  end
  if #list > 0 then
    page:table("Hybrid environments", { { "name", "Environment" }, { "phase", "Phase" },
      { "kubernetes", "Kubernetes" }, { "nodes", "Nodes", number = true }, { "created", "Created" },
      { "id", "Id", code = true } }, list)
  end
end

--- Adds the section.
---@usage require("qdrant.report.inventory").add(qdrant.report:page { title = "What there is" }, qdrant, {})
---@async
---@param page qdrant.report.Page
---@param connection table
---@param options { labels?: table, cloud?: string, region?: string }
function inventory.add(page, connection, options)
  local clusters = connection.clusters:list {
    labels = options.labels, cloud = options.cloud, region = options.region,
  }
  local spaces = markup.optional(function()
    return connection.spaces:list()
  end) or {}
  local environments = markup.optional(function()
    return connection.environments:list()
  end) or {}
  local packages = packages_of(connection, clusters)
  local rows, currency = {}, nil
  for i, cluster in ipairs(clusters) do
    local package = packages[cluster.configuration.package_id]
    rows[i] = row_of(cluster, package)
    currency = currency or rows[i].monthly and package.currency
  end
  table.sort(rows, function(a, b)
    return a.name < b.name
  end)
  page:section("Inventory"):figures(figures(rows, currency, spaces, environments))
  page:beside(function()
    page:bars("Clusters by region", tally(rows, function(row) return row.region end))
    page:bars("Clusters by version", tally(rows, function(row) return row.version end))
  end)
  page:table("Clusters", CLUSTERS, rows)
  page:text("Prices are those of the packages for all nodes; disks beyond the package, storage "
    .. "tiers and discounts come on top or off.")
  add_spaces(page, spaces)
  add_environments(page, environments)
end

return inventory
