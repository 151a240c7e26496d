--- Writes a stack that declares what there is: for taking over what was made by hand.
local host = ...

local Context = require "qdrant.stack.context"
local qdrant = require "qdrant"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
  return then true until while]]):gmatch("%a+") do
  keywords[word] = true
end

--- A plain value as Lua, names sorted.
local function literal(value, indent)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or tostring(value)
  end
  local parts, is_list = {}, #value > 0
  for _, key in ipairs(host.sorted_keys(value)) do
    local text = literal(value[key], indent .. "  ")
    if not is_list then
      local is_name = type(key) == "string" and key:find("^[%a_][%w_]*$") and not keywords[key]
      text = (is_name and key or ("[%q]"):format(key)) .. " = " .. text
    end
    parts[#parts + 1] = text
  end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #parts == 0 then
    return "{}"
  elseif #line + #indent < 90 and not line:find("\n") then
    return line
  end
  return "{\n" .. indent .. "  " .. table.concat(parts, ",\n" .. indent .. "  ") .. ",\n" .. indent
    .. "}"
end

--- A message as a plain table.
local function plain(message)
  local copy = {}
  for key, value in pairs(message) do
    copy[key] = type(value) == "table" and plain(value) or value
  end
  return copy
end

--- "30d" of a duration; nil for forever.
local function days(duration)
  if duration == nil then
    return nil
  end
  local seconds = math.floor(duration.total)
  return seconds % 86400 == 0 and ("%dd"):format(seconds // 86400) or seconds .. "s"
end

local function own_labels(list)
  local map = settings.map(list)
  for key in pairs(map) do
    if key:find("^qcsh%-") then
      map[key] = nil
    end
  end
  return next(map) and map or nil
end

local ACCESS = {
  GLOBAL_ACCESS_RULE_ACCESS_TYPE_MANAGE = "manage",
  GLOBAL_ACCESS_RULE_ACCESS_TYPE_READ_ONLY = "read",
  GLOBAL_ACCESS_RULE_ACCESS_TYPE_METRICS_READ_ONLY = "metrics",
}

local function key_spec(key)
  local spec = { access = #key.access_rules == 0 and "manage" or nil }
  for _, rule in ipairs(key.access_rules) do
    if rule.global_access then
      spec.access = ACCESS[rule.global_access.access_type]
    else
      spec.collections = spec.collections or {}
      spec.collections[rule.collection_access.collection_name] =
        rule.collection_access.access_type:find("READ_WRITE") and "write" or "read"
    end
  end
  if key.expires_at then
    spec.expires = tostring(key.expires_at)
  end
  return spec
end

local function schedule_spec(schedule)
  return { cron = schedule.schedule, retention = days(schedule.retention_period) }
end

local function cluster_spec(context, cluster)
  local configuration = plain(cluster.configuration)
  local package = context:package_by_id(cluster)
  local spec = {
    cloud = cluster.cloud_provider_id, region = cluster.cloud_provider_region_id,
    package = package.name, nodes = configuration.number_of_nodes, version = configuration.version,
    labels = own_labels(cluster.labels), cost_label = cluster.cost_allocation_label,
    multi_az = package.multi_az or nil,
  }
  local extra = configuration.additional_resources
  if extra then
    spec.disk = ("%dGiB"):format(units.gib(package.resource_configuration.disk)
      + (extra.disk or 0))
  end
  if configuration.allowed_ip_source_ranges and #configuration.allowed_ip_source_ranges > 0 then
    spec.allow = configuration.allowed_ip_source_ranges
  end
  for _, name in ipairs { "last_modified_at", "number_of_nodes", "version", "package_id",
    "additional_resources", "allowed_ip_source_ranges" } do
    configuration[name] = nil
  end
  for name, value in pairs(configuration) do
    if type(value) == "table" and next(value) == nil then
      configuration[name] = nil
    end
  end
  spec.configuration = next(configuration) and configuration or nil
  for _, key in ipairs(context:keys(cluster.id)) do
    spec.keys = spec.keys or {}
    spec.keys[key.name] = key_spec(key)
  end
  for _, schedule in ipairs(context:schedules(cluster.id)) do
    spec.schedules = spec.schedules or {}
    spec.schedules[schedule.display_name or schedule.id] = schedule_spec(schedule)
  end
  return spec
end

local function environment_spec(environment)
  local spec = {}
  local configuration = environment.configuration
  for name, field in pairs(settings.environment_options()) do
    local value = configuration and configuration[field]
    if value ~= nil and value ~= "" and not (type(value) == "table" and next(plain(value)) == nil)
    then
      if name == "node_selector" or name == "labels" then
        value = settings.map(value)
      elseif name == "log_level" then
        value = value:find("UNSPECIFIED") == nil and value or nil
      end
      spec[name] = type(value) == "table" and plain(value) or value
    end
  end
  return spec
end

local function space_spec(space)
  local configuration = space.configuration
  local spec = {
    cloud = space.cloud_provider_id, region = space.cloud_provider_region_id,
    labels = own_labels(space.labels), cost_label = space.cost_allocation_label,
    max_storage = configuration.max_storage_bytes
      and ("%dMiB"):format(configuration.max_storage_bytes // 2 ^ 20) or nil,
  }
  if #configuration.allowed_ip_source_ranges > 0 then
    spec.allow = plain(configuration.allowed_ip_source_ranges)
  end
  if #configuration.allowed_origins > 0 then
    spec.origins = plain(configuration.allowed_origins)
  end
  for _, key in ipairs(space:keys()) do
    if not key.deleted_at then
      spec.keys = spec.keys or {}
      spec.keys[key.name] = key_spec(key)
    end
  end
  for _, schedule in ipairs(space:schedules()) do
    spec.schedules = spec.schedules or {}
    spec.schedules[schedule.name] = schedule_spec(schedule)
    spec.schedules[schedule.name].collection = schedule.collection_name
  end
  return spec
end

--- The roles of each user by e-mail address, but for those that come with the account.
local function users_of(context)
  local users = {}
  for _, user in ipairs(context:list("users")) do
    local roles = {}
    for _, role in ipairs(user:roles()) do
      -- What comes with being in the account, and with owning it, is nobody's to declare.
      local kind = role.sub_type or ""
      if not kind:find("BASE$") and not kind:find("OWNER$") then
        roles[#roles + 1] = role.name
      end
    end
    if #roles > 0 then
      table.sort(roles)
      users[user.email] = { roles = roles }
    end
  end
  return users
end

--- The roles that people have made.
local function roles_of(context)
  local roles = {}
  for _, role in ipairs(context:list("roles")) do
    if role.role_type == "ROLE_TYPE_CUSTOM" then
      roles[role.name] = {
        description = role.description ~= "" and role.description or nil,
        permissions = role:values(),
      }
    end
  end
  return roles
end

--- The text of a stack that declares clusters and spaces by name; all of them when none is named,
--- and the roles that people have made.
---@async
---@param names string[]
---@param file string
---@return string
return function(names, file)
  local name = (file:match("([^/]+)%.lua$") or "stack"):gsub("[^%w_.-]", "-")
  local context = Context.new(qdrant, { name = name })
  local wanted = {}
  for _, one in ipairs(names) do
    wanted[one] = true
  end
  local takes_all = #names == 0
  local declared = {
    name = name, clusters = {}, spaces = {}, environments = {},
    roles = takes_all and roles_of(context) or {}, users = takes_all and users_of(context) or {},
  }
  local function declare(kind, spec_of)
    for _, one in ipairs(context:list(kind)) do
      if takes_all or wanted[one.name] then
        declared[kind][one.name] = spec_of(one)
        wanted[one.name] = nil
      end
    end
  end
  declare("clusters", function(cluster) return cluster_spec(context, cluster) end)
  declare("spaces", space_spec)
  declare("environments", environment_spec)
  local missing = host.sorted_keys(wanted)
  if #missing > 0 then
    error("no cluster, space or environment named " .. table.concat(missing, ", "), 0)
  end
  for _, kind in ipairs { "clusters", "spaces", "environments", "roles", "users" } do
    if next(declared[kind]) == nil then
      declared[kind] = nil
    end
  end
  return "-- The state of the account when this was written; qcsh plan " .. file
    .. " shows the differences.\n"
    .. "return " .. literal(declared, "") .. "\n"
end
