--- The health of clusters, and their use of resources.
local host = ...

local plot = require "qdrant.plot"
local chart = require "qdrant.report.chart"
local inventory = require "qdrant.report.inventory"
local markup = require "qdrant.report.markup"
local task = require "task"
local time = require "time"

local health = {}

local SEVERITY = { CRITICAL = "bad", WARNING = "warn" }
local WORST = { rest = 0, good = 1, warn = 2, bad = 3 }

local function worse(a, b)
  return WORST[b] > WORST[a] and b or a
end

--- The share of a resource that the nodes of a cluster use; nil when it is not known.
local function used(nodes, name)
  local now, total = 0, 0
  for _, node in ipairs(nodes or {}) do
    local one = node[name]
    local latest = one and one.avg and one.avg[1]
    if latest and one.total then
      now, total = now + latest.value, total + one.total.value
    end
  end
  return total > 0 and now / total or nil
end

--- The most points of a line that is kept of a cluster.
local POINTS = 48

--- The values of a line, without gaps.
local function values_of(metrics)
  local values = host.list()
  for _, value in ipairs(plot.squeeze(plot.values(metrics or {}), POINTS)) do
    if value == value then
      values[#values + 1] = value
    end
  end
  return values
end

--- The alerts of a cluster; each makes its state worse.
local function add_alerts(one, list, alerts)
  for _, alert in ipairs(list or {}) do
    local severity = alert.severity:gsub("^CLUSTER_ALERT_SEVERITY_", "")
    one.state = worse(one.state, SEVERITY[severity] or "good")
    one.problems[#one.problems + 1] = alert.title
    alerts[#alerts + 1] = {
      cluster = one.cluster, title = alert.title, text = alert.description,
      severity = severity:lower(), last_seen_at = alert.last_firing_at,
    }
  end
end

--- The facts of a cluster. The server has no metrics of some: they are left out.
local function examine(cluster, since, newest, alerts)
  local watch, phase = cluster:monitoring(), cluster:phase()
  local version = cluster.state.version
  local one = {
    cluster = cluster.name, id = cluster.id, phase = phase, state = inventory.state(phase),
    nodes = cluster.configuration.number_of_nodes, nodes_up = cluster.state.nodes_up,
    version = version, is_outdated = newest ~= nil and version ~= "" and version ~= newest,
    problems = cluster:problems(),
  }
  if #one.problems > 0 then
    one.state = worse(one.state, "warn")
  end
  local nodes = markup.optional(function() return watch:summary() end)
  for _, name in ipairs { "cpu", "ram", "disk" } do
    one[name] = used(nodes, name)
  end
  local usage = markup.optional(function() return watch:usage { since = since } end) or {}
  one.cpu_trend, one.ram_trend = values_of(usage.cpu), values_of(usage.ram)
  add_alerts(one, markup.optional(function() return watch:alerts() end), alerts)
  return one
end

--- The default version of new clusters; nil when it is not available.
local function newest_release(connection)
  local newest
  for _, release in ipairs(markup.optional(function()
    return connection.releases:list()
  end) or {}) do
    newest = release.default and release.version or newest
  end
  return newest
end

--- The use of one resource of a cluster over time.
local function course(one, metrics, nodes, name, unit)
  local total, times = 0, host.list()
  for _, node in ipairs(nodes or {}) do
    total = total + (node[name] and node[name].total and node[name].total.value or 0)
  end
  for i, metric in ipairs(metrics) do
    times[i] = metric.timestamp
  end
  return {
    cluster = one.cluster, resource = name, unit = unit, times = times,
    values = plot.values(metrics), limit = total > 0 and total or nil,
  }
end

--- The courses of the first clusters that have any.
local function courses_of(connection, facts, count)
  local courses = host.list()
  for _, one in ipairs(facts.clusters) do
    if count > 0 and #one.cpu_trend > 1 then
      count = count - 1
      local watch = connection.clusters:get(one.id):monitoring()
      local usage = watch:usage { since = facts.since }
      local nodes = markup.optional(function() return watch:summary() end)
      courses[#courses + 1] = course(one, usage.cpu or {}, nodes, "cpu", "vCPU")
      courses[#courses + 1] = course(one, usage.ram or {}, nodes, "ram", "GiB")
    end
  end
  return courses
end

--- Gathers the facts: each cluster with its phase, problems, alerts and use of resources (shares of 1),
--- the worst first; alerts; and the courses of the first ones.
---@usage require("qdrant.report.health").facts(qdrant, { since = "6h" }).clusters[1].state
---@async
---@param connection table
---@param options { labels?: table, since?: string|userdata, charts?: integer } charts: number of clusters with courses, default: 4
---@return table
function health.facts(connection, options)
  local facts = {
    at = host.now(), since = options.since or "24h", newest_version = newest_release(connection),
    alerts = host.list(),
  }
  facts.clusters = task.map(connection.clusters:list { labels = options.labels }, function(cluster)
    return examine(cluster, facts.since, facts.newest_version, facts.alerts)
  end, { limit = 8 })
  table.sort(facts.clusters, function(a, b)
    if a.state ~= b.state then
      return WORST[a.state] > WORST[b.state]
    end
    return a.cluster < b.cluster
  end)
  facts.courses = courses_of(connection, facts, options.charts or 4)
  return facts
end

local COLUMNS = {
  { "cluster", "Cluster" }, { "phase", "Phase" }, { "nodes", "Nodes", number = true },
  { "version", "Version" }, { "problems", "Problems", wrap = true }, { "cpu", "CPU" },
  { "cpu_trend", "CPU trend" }, { "ram", "RAM" }, { "ram_trend", "RAM trend" },
  { "disk", "Disk" },
}

local function meter(share)
  return share and {
    value = share, text = ("%.0f %%"):format(share * 100), chart = chart.meter(share),
  }
end

local function line(values)
  return #values > 1 and { value = values[#values], text = "", chart = chart.spark(values) } or nil
end

local function row_of(one)
  return {
    cluster = one.cluster,
    phase = { value = one.phase, text = markup.short(one.phase, ""),
      state = inventory.state(one.phase) },
    nodes = { value = one.nodes_up, text = ("%d/%d"):format(one.nodes_up, one.nodes) },
    version = { value = one.version, state = one.is_outdated and "warn" or nil },
    cpu = meter(one.cpu), ram = meter(one.ram), disk = meter(one.disk),
    cpu_trend = line(one.cpu_trend), ram_trend = line(one.ram_trend),
    problems = #one.problems > 0 and table.concat(one.problems, "; ") or nil,
  }
end

local function alert_row(alert)
  return {
    cluster = alert.cluster, title = alert.title, since = alert.last_seen_at, text = alert.text,
    severity = { text = alert.severity, state = SEVERITY[alert.severity:upper()] },
  }
end

--- The figures above the tables.
local function figures(facts)
  local count, outdated = { rest = 0, good = 0, warn = 0, bad = 0 }, 0
  for _, one in ipairs(facts.clusters) do
    count[one.state] = count[one.state] + 1
    outdated = outdated + (one.is_outdated and 1 or 0)
  end
  local alerts = #facts.alerts
  return {
    { "healthy", ("%d of %d"):format(count.good, #facts.clusters),
      count.good + count.rest == #facts.clusters and "good" or nil },
    { "warnings", count.warn, count.warn > 0 and "warn" or nil },
    { "suspended", count.rest }, { "broken", count.bad, count.bad > 0 and "bad" or nil },
    { "alerts", alerts, alerts > 0 and "warn" or nil },
    { facts.newest_version and "not at " .. facts.newest_version or "outdated", outdated },
  }
end

local TITLES = { cpu = "CPU", ram = "RAM" }

local function add_course(page, one, since)
  local times, title = {}, TITLES[one.resource]
  for i, at in ipairs(one.times) do
    times[i] = time.format(at, "%m-%d %H:%M")
  end
  page:series(("%s: %s in %s, the last %s"):format(one.cluster, title, one.unit, since), {
    { name = title, values = one.values },
  }, {
    unit = one.unit, times = times, from = times[1], to = times[#times], limit = one.limit,
    limit_name = "capacity of the nodes",
  })
end

--- Draws the facts as a section.
---@usage local health = require "qdrant.report.health" health.draw(qdrant.report:page { title = "Health" }, health.facts(qdrant, {}))
---@param page qdrant.report.Page
---@param facts table what `facts` returned
function health.draw(page, facts)
  page:section("Health", ("As of %s UTC."):format(time.format(facts.at, "%Y-%m-%d %H:%M")))
  page:figures(figures(facts))
  page:table("Clusters", COLUMNS, facts.clusters, row_of)
  if #facts.alerts > 0 then
    page:table("Alerts", {
      { "cluster", "Cluster" }, { "severity", "Severity" }, { "title", "Alert" },
      { "text", "Description", wrap = true }, { "since", "Last seen" },
    }, facts.alerts, alert_row)
  end
  page:beside(function()
    for _, one in ipairs(facts.courses) do
      add_course(page, one, facts.since)
    end
  end)
end

return health
