--- Metrics, logs and alerts of clusters.
local host = ...

local filter = require "qdrant.resource.filter"
local resource = require "qdrant.resource"
local units = require "qdrant.resource.units"

---@class qdrant.monitoring
local Monitoring = resource.module "monitoring"

local function service(self)
  return self.connection.api.monitoring
end

local function cluster_of(self, options)
  return resource.cluster_id(self, options)
    or error("which cluster? Use { cluster = … } or cluster:monitoring()", 3)
end

--- A moment of the past.
local function moment(value, name)
  return units.moment(value, name, -1)
end

---@class qdrant.monitoring.Range
---@field cluster? string|qdrant.Cluster
---@field since? string|userdata a time, or how long ago: "3h"
---@field ["until"]? string|userdata likewise

---@class qdrant.monitoring.Log: qdrant.monitoring.Range
---@field match? string a text that entries contain, as it is
---@field matching? string a pattern of Lua that entries have

---@class qdrant.monitoring.Usage: qdrant.monitoring.Range
---@field aggregate? qdrant.cloud.monitoring.v1.Aggregator

local RANGE = "cluster since until"

--- The log entries of the nodes, oldest first; default: of the last three days.
---@usage qdrant.clusters:find("search-prod"):monitoring():logs { since = "3h", match = "WARN" }
---@async
---@param options? qdrant.monitoring.Log
---@return { timestamp: userdata, message: string }[]
function Monitoring:logs(options)
  options = resource.options(options, "monitoring:logs", RANGE, "match matching")
  local all = service(self).get_cluster_logs {
    cluster_id = cluster_of(self, options), since = moment(options.since, "since"),
    ["until"] = moment(options["until"], "until"),
  }.items
  local fits = filter.text(options.match, options.matching)
  local found = host.list()
  for _, entry in ipairs(all) do
    if fits(entry.message) then
      found[#found + 1] = entry
    end
  end
  return found
end

--- Calls a function with each new entry of the log, forever; Ctrl-C or a cancelled task ends it.
---@usage pcall(task.timeout, 0.2, function() qdrant.clusters:find("search-prod"):monitoring():follow(print) end)
---@async
---@param fn fun(entry: table)
---@param options? { cluster?: string|qdrant.Cluster, since?: string|userdata, every?: string|number|userdata }
function Monitoring:follow(fn, options)
  options = resource.options(options, "monitoring:follow", "cluster since every")
  local cluster_id = cluster_of(self, options)
  local since = moment(options.since or "1m", "since")
  local seen = {}
  while true do
    local ok, answer = pcall(service(self).get_cluster_logs, {
      cluster_id = cluster_id, since = since,
    })
    if not ok and not resource.is_transient(answer) then
      error(answer, 0)
    end
    local latest, fresh = since, {}
    for _, entry in ipairs(ok and answer.items or {}) do
      local key = tostring(entry.timestamp) .. entry.message
      if not seen[key] then
        fn(entry)
      end
      if entry.timestamp > latest then
        latest = entry.timestamp
      end
      fresh[key] = true
    end
    if ok then
      since, seen = latest, fresh
    end
    require("task").sleep(options.every or 2)
  end
end

--- The Kubernetes events of a cluster in a hybrid environment.
---@usage pcall(function() return qdrant.clusters:find("search-prod"):monitoring():events() end)
---@async
---@param options? qdrant.monitoring.Range
---@return { timestamp: userdata, message: string }[]
function Monitoring:events(options)
  options = resource.options(options, "monitoring:events", RANGE)
  return service(self).get_cluster_events {
    cluster_id = cluster_of(self, options), since = moment(options.since, "since"),
    ["until"] = moment(options["until"], "until"),
  }.items
end

--- Lists alerts, newest first; default: those that are firing.
---@usage qdrant.clusters:find("search-prod"):monitoring():alerts()
---@async
---@param options? { cluster?: string|qdrant.Cluster, state?: "firing"|"resolved"|"all" } state: firing by default
---@return table[]
function Monitoring:alerts(options)
  options = resource.options(options, "monitoring:alerts", "cluster state")
  local state = options.state or "firing"
  return service(self).list_cluster_alerts {
    cluster_id = cluster_of(self, options), state = state ~= "all" and state or nil,
  }.alerts
end

--- The usage and the capacity of each node.
---@usage qdrant.clusters:find("search-prod"):monitoring():summary()
---@async
---@param options? { cluster?: string|qdrant.Cluster }
---@return table[]
function Monitoring:summary(options)
  options = resource.options(options, "monitoring:summary", "cluster")
  return service(self).get_cluster_summary_metrics {
    cluster_id = cluster_of(self, options),
  }.nodes
end

--- Series of measurements: `usage.cpu`, `usage.ram` … of the cluster, and of `usage.nodes`.
---@usage qdrant.clusters:find("search-prod"):monitoring():usage { since = "6h", aggregate = "max" }.cpu
---@async
---@param options? qdrant.monitoring.Usage
---@return table
function Monitoring:usage(options)
  options = resource.options(options, "monitoring:usage", RANGE, "aggregate")
  return service(self).get_cluster_usage_metrics {
    cluster_id = cluster_of(self, options), since = moment(options.since, "since"),
    ["until"] = moment(options["until"], "until"), aggregator = options.aggregate,
  }
end

return resource.default "monitoring"
