--- How clusters are now, and what they have used.
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

--- What the nodes of a cluster use of what they have, all in all.
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

local function meter(share)
  return share and {
    value = share, text = ("%.0f %%"):format(share * 100), chart = chart.meter(share),
  }
end

--- What is known of a cluster; what the server has none of is left out.
local function examine(cluster, since, newest)
  local watch, phase = cluster:monitoring(), cluster:phase()
  local one = { cluster = cluster, phase = phase, state = inventory.state(phase) }
  one.problems = cluster:problems()
  if #one.problems > 0 then
    one.state = worse(one.state, "warn")
  end
  one.nodes = markup.optional(function() return watch:summary() end)
  one.usage = markup.optional(function() return watch:usage { since = since } end) or {}
  one.alerts = markup.optional(function() return watch:alerts() end) or {}
  for _, alert in ipairs(one.alerts) do
    local severity = SEVERITY[(alert.severity:gsub("^CLUSTER_ALERT_SEVERITY_", ""))]
    one.state = worse(one.state, severity or "good")
    one.problems[#one.problems + 1] = alert.title
  end
  one.is_behind = newest ~= nil and cluster.state.version ~= "" and cluster.state.version ~= newest
  return one
end

local COLUMNS = {
  { "cluster", "Cluster" }, { "phase", "Phase" }, { "nodes", "Nodes", number = true },
  { "version", "Version" }, { "problems", "Problems", wrap = true }, { "cpu", "CPU" },
  { "cpu_line", "CPU, course" }, { "ram", "RAM" }, { "ram_line", "RAM, course" },
  { "disk", "Disk" },
}

local function line(metrics)
  local values = plot.values(metrics or {})
  return #values > 1 and { value = values[#values], text = "", chart = chart.spark(values) } or nil
end

--- A chart of one measurement of one cluster.
local function course(page, one, name, title, unit, since)
  local metrics, times = one.usage[name] or {}, {}
  for i, metric in ipairs(metrics) do
    times[i] = time.format(metric.timestamp, "%m-%d %H:%M")
  end
  local total = 0
  for _, node in ipairs(one.nodes or {}) do
    total = total + (node[name] and node[name].total and node[name].total.value or 0)
  end
  page:series(("%s: %s in %s, the last %s"):format(one.cluster.name, title, unit, since), {
    { name = title, values = plot.values(metrics) },
  }, {
    unit = unit, times = times, from = times[1], to = times[#times],
    limit = total > 0 and total or nil, limit_name = "what the nodes have",
  })
end

--- The version that clusters get when none is named; nil when it is not to be had.
local function newest_release(connection)
  local newest
  for _, release in ipairs(markup.optional(function()
    return connection.releases:list()
  end) or {}) do
    newest = release.default and release.version or newest
  end
  return newest
end

--- The row of a cluster that was examined.
local function row_of(one)
  local cluster = one.cluster
  return {
    cluster = cluster.name,
    phase = { value = one.phase, text = markup.short(one.phase, ""),
      state = inventory.state(one.phase) },
    nodes = { value = cluster.state.nodes_up, text = ("%d/%d"):format(cluster.state.nodes_up,
      cluster.configuration.number_of_nodes) },
    version = { value = cluster.state.version, state = one.is_behind and "warn" or nil },
    cpu = meter(used(one.nodes, "cpu")), ram = meter(used(one.nodes, "ram")),
    disk = meter(used(one.nodes, "disk")), cpu_line = line(one.usage.cpu),
    ram_line = line(one.usage.ram),
    problems = #one.problems > 0 and table.concat(one.problems, "; ") or nil,
  }
end

--- The rows of the alerts of all clusters.
local function alerts_of(all)
  local alerts = {}
  for _, one in ipairs(all) do
    for _, alert in ipairs(one.alerts) do
      local severity = alert.severity:gsub("^CLUSTER_ALERT_SEVERITY_", "")
      alerts[#alerts + 1] = {
        cluster = one.cluster.name, title = alert.title, since = alert.last_firing_at,
        text = alert.description,
        severity = { text = severity:lower(), state = SEVERITY[severity] },
      }
    end
  end
  return alerts
end

--- The figures above the tables.
local function figures(all, alerts, newest)
  local count, behind = { rest = 0, good = 0, warn = 0, bad = 0 }, 0
  for _, one in ipairs(all) do
    count[one.state] = count[one.state] + 1
    behind = behind + (one.is_behind and 1 or 0)
  end
  return {
    { "well", ("%d of %d"):format(count.good, #all),
      count.good + count.rest == #all and "good" or nil },
    { "to be looked at", count.warn, count.warn > 0 and "warn" or nil },
    { "suspended", count.rest }, { "in trouble", count.bad, count.bad > 0 and "bad" or nil },
    { "alerts", #alerts, #alerts > 0 and "warn" or nil },
    { newest and "not at " .. newest or "behind", behind },
  }
end

--- Adds the section.
---@usage require("qdrant.report.health").add(qdrant.report:page { title = "Health" }, qdrant, { since = "6h" })
---@async
---@param page qdrant.report.Page
---@param connection table
---@param options { labels?: table, since?: string, charts?: integer } charts: of how many clusters
function health.add(page, connection, options)
  local since = options.since or "24h"
  local newest = newest_release(connection)
  local all = task.map(connection.clusters:list { labels = options.labels }, function(cluster)
    return examine(cluster, since, newest)
  end, { limit = 8 })
  table.sort(all, function(a, b)
    if a.state ~= b.state then
      return WORST[a.state] > WORST[b.state]
    end
    return a.cluster.name < b.cluster.name
  end)
  local rows, alerts = {}, alerts_of(all)
  for i, one in ipairs(all) do
    rows[i] = row_of(one)
  end
  page:section("Health", ("As of %s UTC."):format(time.format(host.now(), "%Y-%m-%d %H:%M")))
  page:figures(figures(all, alerts, newest))
  page:table("Clusters", COLUMNS, rows)
  if #alerts > 0 then
    page:table("Alerts", {
      { "cluster", "Cluster" }, { "severity", "Severity" }, { "title", "Alert" },
      { "text", "What it says", wrap = true }, { "since", "Last seen" },
    }, alerts)
  end
  page:beside(function()
    local left = options.charts or 4
    for _, one in ipairs(all) do
      if left > 0 and #(one.usage.cpu or {}) > 1 then
        left = left - 1
        course(page, one, "cpu", "CPU", "vCPU", since)
        course(page, one, "ram", "RAM", "GiB", since)
      end
    end
  end)
end

return health
