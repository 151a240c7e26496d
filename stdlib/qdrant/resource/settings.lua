--- A cluster's settings as people write them, and as the API has them.
local host = ...

local qdrant = require "qdrant"
local units = require "qdrant.resource.units"

local settings = {}

--- Puts a value at a path of tables.
local function put(target, path, value)
  local names = {}
  for name in path:gmatch("[^.]+") do
    names[#names + 1] = name
  end
  for i = 1, #names - 1 do
    target[names[i]] = target[names[i]] or {}
    target = target[names[i]]
  end
  target[names[#names]] = value
end

--- Pairs of keys and values, in the order of the keys: of `{ env = "prod" }` or of pairs.
---@usage settings.pairs({ env = "prod" })
---@param labels table
---@return { key: string, value: string }[]
function settings.pairs(labels)
  local list = {}
  for key, value in pairs(labels) do
    if type(key) == "string" then
      list[#list + 1] = { key = key, value = tostring(value) }
    else
      list[#list + 1] = { key = value.key, value = value.value }
    end
  end
  table.sort(list, function(a, b)
    return a.key < b.key
  end)
  return list
end

--- What labels say, by key.
---@usage settings.map({ { key = "env", value = "prod" } })
---@param list { key: string, value: string }[]
---@return table<string, string>
function settings.map(list)
  local map = {}
  for _, pair in ipairs(list) do
    map[pair.key] = pair.value
  end
  return map
end

--- "latest" stays, "1.17.1" gets its v.
local function version(text)
  return text:find("^%d") and "v" .. text or text
end

local function gib(text)
  return units.gib(text, "extra_disk")
end

local function tolerations(list)
  local result = {}
  for i, one in ipairs(list) do
    if type(one) == "string" then
      -- As with kubectl: "key=value:Effect", "key:Effect" or "key".
      local key, value, effect = one:match("^([^=:]+)=?([^:]*):?(.*)$")
      one = { key = key, operator = value == "" and "EXISTS" or "EQUAL",
        value = value ~= "" and value or nil,
        effect = effect ~= "" and effect:gsub("(%l)(%u)", "%1_%2"):upper() or nil }
    end
    result[i] = one
  end
  return result
end

--- What people call a setting, where it stands in a cluster, and how it is written there.
local known = {
  name = { "name" },
  labels = { "labels", settings.pairs },
  cost_label = { "cost_allocation_label" },
  nodes = { "configuration.number_of_nodes" },
  version = { "configuration.version", version },
  extra_disk = { "configuration.additional_resources.disk", gib },
  allow = { "configuration.allowed_ip_source_ranges" },
  storage = { "configuration.cluster_storage_configuration.storage_tier_type" },
  storage_class = { "configuration.cluster_storage_configuration.database_storage_class" },
  snapshot_class = { "configuration.cluster_storage_configuration.snapshot_storage_class" },
  volume_snapshot_class = { "configuration.cluster_storage_configuration.volume_snapshot_class" },
  volume_attributes_class =
    { "configuration.cluster_storage_configuration.volume_attributes_class" },
  restart_policy = { "configuration.restart_policy" },
  rebalance = { "configuration.rebalance_strategy" },
  gpu_type = { "configuration.gpu_type" },
  reserved_cpu = { "configuration.reserved_cpu_percentage" },
  reserved_memory = { "configuration.reserved_memory_percentage" },
  service_type = { "configuration.service_type" },
  node_selector = { "configuration.node_selector", settings.pairs },
  annotations = { "configuration.annotations", settings.pairs },
  service_annotations = { "configuration.service_annotations", settings.pairs },
  pod_labels = { "configuration.pod_labels", settings.pairs },
  tolerations = { "configuration.tolerations", tolerations },
  spread = { "configuration.topology_spread_constraints" },
  replication_factor = { "configuration.database_configuration.collection.replication_factor" },
  write_consistency_factor =
    { "configuration.database_configuration.collection.write_consistency_factor" },
  vectors_on_disk = { "configuration.database_configuration.collection.vectors.on_disk" },
  async_scorer = { "configuration.database_configuration.storage.performance.async_scorer" },
  optimizer_cpu_budget =
    { "configuration.database_configuration.storage.performance.optimizer_cpu_budget" },
  log_level = { "configuration.database_configuration.log_level" },
  inference = { "configuration.database_configuration.inference.enabled" },
  audit_logging = { "configuration.database_configuration.audit_logging", function(value)
    return type(value) == "boolean" and { enabled = value } or value
  end },
}

--- Names that a method takes beside the settings.
local function check(options, others, method)
  for name in pairs(options) do
    if type(name) ~= "string" or not (known[name] or others[name] or name == "configuration") then
      local near = host.nearest_name(name, known) or host.nearest_name(name, others)
      error(("%s has no option \"%s\"%s"):format(method, tostring(name),
        near and "; did you mean \"" .. near .. "\"?" or ""), 4)
    end
  end
end

--- What people call settings.
---@usage settings.names()
---@return string[]
function settings.names()
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function merge(target, source)
  for key, value in pairs(source) do
    if type(value) == "table" and type(target[key]) == "table" and #value == 0 then
      merge(target[key], value)
    else
      target[key] = value
    end
  end
end

--- The part of a cluster that options set, as the API has it. `configuration` of the options is taken
--- as it is.
---@usage settings.cluster({ nodes = 3, labels = { env = "prod" } }, {}, "x")
---@param options table
---@param others table<string, true> what else may stand there
---@param method string who takes them, for errors
---@return table
function settings.cluster(options, others, method)
  check(options, others, method)
  local cluster = {}
  for name, spec in pairs(known) do
    local value = options[name]
    if value ~= nil then
      if value ~= qdrant.null and spec[2] then
        value = spec[2](value)
      end
      put(cluster, spec[1], value)
    end
  end
  if options.configuration then
    cluster.configuration = cluster.configuration or {}
    merge(cluster.configuration, options.configuration)
  end
  return cluster
end

return settings
