--- A cluster's settings as people write them, and as the API has them.
local host = ...

local qdrant = require "qdrant"
local resource = require "qdrant.resource"
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
  if type(labels) ~= "table" then
    host.blame(("labels and similar options must be tables such as { env = \"prod\" }, got a %s")
      :format(type(labels)))
  end
  local list = {}
  for key, value in pairs(labels) do
    if type(key) ~= "string" and type(value) ~= "table" then
      host.blame(("a label needs a name and a value, such as { env = \"prod\" }; \"%s\" has no "
        .. "name"):format(tostring(value)))
    elseif type(key) == "string" then
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

--- Labels as a table from key to value.
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
      if not key then
        host.blame(("tolerations must be written \"key=value:Effect\", \"key:Effect\" or "
          .. "\"key\", got \"%s\""):format(one))
      end
      one = { key = key, operator = value == "" and "EXISTS" or "EQUAL",
        value = value ~= "" and value or nil,
        effect = effect ~= "" and effect:gsub("(%l)(%u)", "%1_%2"):upper() or nil }
    end
    result[i] = one
  end
  return result
end

---@class qdrant.clusters.Settings
---@field labels? table<string, string>|qdrant.Null
---@field cost_label? string|qdrant.Null cost allocation label, shown in usage and invoices
---@field allow? string[]|qdrant.Null address blocks (CIDR) that may connect; `qdrant.null` lets everybody connect
---@field restart_policy? qdrant.cloud.cluster.v1.ClusterConfigurationRestartPolicy
---@field rebalance? qdrant.cloud.cluster.v1.ClusterConfigurationRebalanceStrategy
---@field replication_factor? integer|qdrant.Null of new collections
---@field write_consistency_factor? integer|qdrant.Null of new collections
---@field vectors_on_disk? boolean|qdrant.Null of new collections
---@field async_scorer? boolean|qdrant.Null
---@field optimizer_cpu_budget? integer|qdrant.Null
---@field inference? boolean|qdrant.Null whether the cluster computes embeddings of text and images itself
---@field audit_logging? boolean|table|qdrant.Null
---@field log_level? qdrant.cloud.cluster.v1.DatabaseConfigurationLogLevel hybrid only
---@field extra_disk? string|number|qdrant.Null per node, in addition to the package's disk
---@field storage? qdrant.cloud.common.v1.StorageTierType performance tier of the disks
---@field storage_class? string|qdrant.Null for the data; hybrid only
---@field snapshot_class? string|qdrant.Null for snapshots; hybrid only
---@field volume_snapshot_class? string|qdrant.Null hybrid only
---@field volume_attributes_class? string|qdrant.Null hybrid only
---@field gpu_type? qdrant.cloud.cluster.v1.ClusterConfigurationGpuType
---@field reserved_cpu? integer|qdrant.Null the system's share of it, in per cent
---@field reserved_memory? integer|qdrant.Null the system's share of it, in per cent
---@field service_type? qdrant.cloud.cluster.v1.ClusterServiceType hybrid only
---@field node_selector? table<string, string>|qdrant.Null hybrid only
---@field tolerations? (string|table)[]|qdrant.Null "key=value:Effect"; hybrid only
---@field spread? table[]|qdrant.Null how pods are spread; hybrid only
---@field annotations? table<string, string>|qdrant.Null hybrid only
---@field service_annotations? table<string, string>|qdrant.Null hybrid only
---@field pod_labels? table<string, string>|qdrant.Null hybrid only
---@field nodes? integer default for a new cluster: 1
---@field version? string "latest" or "v1.17.1"
---@field configuration? table anything else, as the API has it

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

--- The names of the settings, sorted.
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

--- Adds fields in the form of the API to those that options set. What both set is an error.
local function merge(target, source, path, method)
  for key, value in pairs(source) do
    local at = path .. "." .. tostring(key)
    if type(value) == "table" and type(target[key]) == "table" and #value == 0
      and #target[key] == 0 then
      merge(target[key], value, at, method)
    elseif target[key] ~= nil then
      host.blame(("%s: an option also sets %s; write it once"):format(method, at))
    else
      target[key] = value
    end
  end
end

--- An empty list of blocks opens what is there to everybody: that is to be said, not computed.
local function check_ranges(allow, others, method)
  if allow == nil or allow == qdrant.null then
    return
  end
  resource.list(allow, method, "a list of address blocks")
  if #allow == 0 and not others.cloud then
    host.blame(("%s: with an empty allow list everybody may connect; use allow = qdrant.null if "
      .. "that is intended"):format(method))
  end
end

--- The cluster fields that options set, in the form of the API. The option `configuration` is used
--- unchanged.
---@usage settings.cluster({ nodes = 3, labels = { env = "prod" } }, {}, "x")
---@param options table
---@param others table<string, true> other options to accept
---@param method string the method's name, for errors
---@return table
function settings.cluster(options, others, method)
  options = resource.options(options, method, known, others, "configuration")
  check_ranges(options.allow, others, method)
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
    merge(cluster.configuration, options.configuration, "configuration", method)
  end
  return cluster
end

-- Spaces --------------------------------------------------------------------------------------

local space_options = { name = true, labels = true, cost_label = true, allow = true,
  origins = true, max_storage = true }

--- The space fields that options set, in the form of the API.
---@usage settings.space({ name = "notes", max_storage = "1GiB" }, {}, "x")
---@param options table
---@param others table<string, true> other options to accept
---@param method string the method's name, for errors
---@return table
function settings.space(options, others, method)
  options = resource.options(options, method, space_options, others)
  check_ranges(options.allow, others, method)
  local limit = options.max_storage
  local configuration = {
    allowed_ip_source_ranges = options.allow, allowed_origins = options.origins,
    max_storage_bytes = limit and limit ~= qdrant.null and units.bytes(limit, "max_storage")
      or limit,
  }
  return {
    name = options.name, cost_allocation_label = options.cost_label,
    labels = options.labels and options.labels ~= qdrant.null and settings.pairs(options.labels)
      or options.labels,
    configuration = next(configuration) and configuration or nil,
  }
end

-- Environments --------------------------------------------------------------------------------

local environment_options = {
  namespace = "namespace", http_proxy = "http_proxy_url", https_proxy = "https_proxy_url",
  no_proxy = "no_proxy_configs", registry = "container_registry_url",
  charts = "chart_repository_url", registry_secret = "registry_secret_name",
  ca_certificates = "ca_certificates", storage_class = "database_storage_class",
  snapshot_class = "snapshot_storage_class",
  volume_snapshot_class = "volume_snapshot_storage_class", ingress = "ingress", egress = "egress",
  log_level = "log_level", tolerations = "tolerations", node_selector = "node_selector",
  operator = "advanced_operator_settings", labels = "control_plane_labels",
}

--- The fields of an environment's configuration by option name.
---@usage settings.environment_options().namespace
---@return table<string, string>
function settings.environment_options()
  return environment_options
end

local pairs_of = { node_selector = true, labels = true }

--- The hybrid environment fields that options set, in the form of the API.
---@usage settings.environment({ name = "factory", namespace = "qdrant" }, {}, "x")
---@param options table
---@param others table<string, true> other options to accept
---@param method string the method's name, for errors
---@return table
function settings.environment(options, others, method)
  options = resource.options(options, method, environment_options, others, "name")
  local configuration
  for name, value in pairs(options) do
    local field = environment_options[name]
    if field then
      configuration = configuration or {}
      if value ~= qdrant.null and pairs_of[name] then
        value = settings.pairs(value)
      elseif value ~= qdrant.null and name == "tolerations" then
        value = tolerations(value)
      end
      configuration[field] = value
    end
  end
  return { name = options.name, configuration = configuration }
end

-- Keys ----------------------------------------------------------------------------------------

local collection_access = {
  read = "READ_ONLY", read_only = "READ_ONLY", write = "READ_WRITE", read_write = "READ_WRITE",
}

--- The rules of a key: for the whole database, or for collections by name.
---@usage settings.rules({ collections = { documents = "write" } }, { manage = "MANAGE" })
---@param options { access?: string, collections?: table<string, string> }
---@param global table<string, string> access to the whole database, by option value
---@return table[]
function settings.rules(options, global)
  if not options.collections then
    local access = global[options.access or "manage"]
    if not access then
      error(("access must be one of \"%s\", got \"%s\""):format(
        table.concat(host.sorted_keys(global), "\", \""), tostring(options.access)), 3)
    end
    return { { global_access = { access_type = access } } }
  elseif options.access then
    error("use access or collections, not both", 3)
  end
  local list = {}
  for _, name in ipairs(host.sorted_keys(options.collections)) do
    local may = options.collections[name]
    if type(name) == "number" then
      name, may = may, "read"
    end
    if not collection_access[may] then
      error(("collections: \"%s\" must be \"read\" or \"write\", got %s"):format(name,
        host.show(may)), 3)
    end
    list[#list + 1] = {
      collection_access = { collection_name = name, access_type = collection_access[may] },
    }
  end
  if #list == 0 then
    error("collections is empty: a key without rules would have full access", 3)
  end
  return list
end

--- When something expires: a time, a date, or a duration from now.
---@usage settings.expiry("90d")
---@param expires any
---@return any
function settings.expiry(expires)
  if expires == qdrant.null then
    return expires
  end
  return units.moment(expires, "expires", 1)
end

return settings
