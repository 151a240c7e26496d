--- Exports the resources of an account as HCL for the official Terraform provider, with `import` blocks.
local host = ...

local hcl = require "qdrant.terraform.hcl"
local qdrant = require "qdrant"

local terraform = {}

local PREFIX = "qdrant-cloud_"

--- A name that HCL takes, used once.
local function namer()
  local used = {}
  return function(kind, text)
    local name = text:gsub("[^%w_-]", "-"):gsub("^[^%a_]", "_%0")
    local unique, count = name, 1
    while used[kind .. "." .. unique] do
      count = count + 1
      unique = name .. "-" .. count
    end
    used[kind .. "." .. unique] = true
    return unique
  end
end

--- A duration as Go writes them.
local function go_duration(duration)
  if duration == nil then
    return nil
  end
  local seconds = math.floor(duration.total)
  return seconds % 3600 == 0 and ("%dh"):format(seconds // 3600) or seconds .. "s"
end

local function pairs_blocks(block, kind, list)
  for _, pair in ipairs(list) do
    block:add(hcl.block(kind):set("key", pair.key):set("value", pair.value or ""))
  end
end

local function sorted(list)
  local copy = {}
  for i, item in ipairs(list) do
    copy[i] = item
  end
  table.sort(copy)
  return #copy > 0 and copy or nil
end

--- Scalars of a message as attributes, in an order.
local function scalars(block, message, names)
  for _, name in ipairs(names) do
    local value = message[name]
    if value ~= nil and value ~= "" then
      block:set(name, value)
    end
  end
  return block
end

local function nested(kind, message, names)
  return message and scalars(hcl.block(kind), message, names)
end

local function reference(kind, ref)
  return ref and hcl.block(kind):set("secret_name", ref.name):set("secret_key", ref.key)
end

local function tolerations(block, list)
  for _, one in ipairs(list) do
    block:add(scalars(hcl.block("tolerations"), one, { "key", "operator", "value", "effect",
      "toleration_seconds" }))
  end
end

local function database(configuration)
  local wanted = configuration.database_configuration
  if not wanted then
    return nil
  end
  local block = hcl.block("database_configuration"):set("log_level", wanted.log_level)
  local collection = wanted.collection
  if collection then
    block:add(scalars(hcl.block("collection"), collection, { "replication_factor",
      "write_consistency_factor" }):add(nested("vectors", collection.vectors, { "on_disk" })))
  end
  if wanted.storage then
    block:add(hcl.block("storage"):add(nested("performance", wanted.storage.performance, {
      "optimizer_cpu_budget", "async_scorer" })))
  end
  local service = wanted.service
  if service then
    block:add(hcl.block("service"):set("enable_tls", service.enable_tls)
      :add(reference("api_key", service.api_key))
      :add(reference("read_only_api_key", service.read_only_api_key)))
  end
  if wanted.tls then
    block:add(hcl.block("tls"):add(reference("cert", wanted.tls.cert))
      :add(reference("key", wanted.tls.key)))
  end
  block:add(nested("inference", wanted.inference, { "enabled" }))
  block:add(nested("audit_logging", wanted.audit_logging, { "enabled", "rotation",
    "max_log_files", "trust_forwarded_headers" }))
  return block
end

local function configuration_block(cluster)
  local wanted = cluster.configuration
  local block = hcl.block("configuration"):set("number_of_nodes", wanted.number_of_nodes)
  scalars(block, wanted, { "version", "gpu_type", "restart_policy", "rebalance_strategy",
    "service_type", "reserved_cpu_percentage", "reserved_memory_percentage" })
  block:set("allowed_ip_source_ranges", sorted(wanted.allowed_ip_source_ranges))
  local node = hcl.block("node_configuration"):set("package_id", wanted.package_id)
  local extra = wanted.additional_resources
  if extra and extra.disk > 0 then
    node:add(hcl.block("resource_configurations"):set("amount", extra.disk)
      :set("resource_type", "disk"):set("resource_unit", "Gi"))
  end
  block:add(node)
  block:add(nested("cluster_storage_configuration", wanted.cluster_storage_configuration, {
    "database_storage_class", "snapshot_storage_class", "volume_snapshot_class" }))
  local storage = wanted.cluster_storage_configuration
  if storage and not storage.storage_tier_type:find("UNSPECIFIED") then
    local last = block.blocks[#block.blocks]
    if last.kind ~= "cluster_storage_configuration" then
      last = hcl.block("cluster_storage_configuration")
      last:set("storage_tier_type", storage.storage_tier_type)
      block:add(last)
    else
      last:set("storage_tier_type", storage.storage_tier_type)
    end
  end
  block:add(database(wanted))
  for _, kind in ipairs { "node_selector", "annotations", "pod_labels", "service_annotations" } do
    pairs_blocks(block, kind, wanted[kind])
  end
  tolerations(block, wanted.tolerations)
  for _, one in ipairs(wanted.topology_spread_constraints) do
    block:add(scalars(hcl.block("topology_spread_constraints"), one, { "topology_key", "max_skew",
      "when_unsatisfiable" }))
  end
  return block
end

--- What the provider has no attribute for.
local function missing_of(cluster)
  local missing = {}
  if cluster.cost_allocation_label then
    missing[#missing + 1] = "cost_allocation_label"
  end
  if cluster.configuration.gpu_configuration then
    missing[#missing + 1] = "configuration.gpu_configuration"
  end
  local storage = cluster.configuration.cluster_storage_configuration
  if storage and storage.volume_attributes_class then
    missing[#missing + 1] =
      "configuration.cluster_storage_configuration.volume_attributes_class"
  end
  return missing
end

local Writer = {}
Writer.__index = Writer

--- Adds a resource, and the block that imports it.
function Writer:resource(kind, name, id, block)
  local type_name = PREFIX .. kind
  if id then
    self.blocks[#self.blocks + 1] = hcl.block("import")
      :set("to", hcl.raw(type_name .. "." .. name)):set("id", id)
  end
  self.blocks[#self.blocks + 1] = block
end

function Writer:clusters()
  local keys, schedules = {}, {}
  for _, key in ipairs(self.connection.keys:list()) do
    keys[key.cluster_id] = keys[key.cluster_id] or {}
    table.insert(keys[key.cluster_id], key)
  end
  for _, schedule in ipairs(self.connection.schedules:list()) do
    schedules[schedule.cluster_id] = schedules[schedule.cluster_id] or {}
    table.insert(schedules[schedule.cluster_id], schedule)
  end
  for _, cluster in ipairs(self.connection.clusters:list()) do
    local name = self.name("cluster", cluster.name)
    self.clusters_by_id[cluster.id] = name
    local block = hcl.block("resource", PREFIX .. "accounts_cluster", name)
      :set("name", cluster.name):set("cloud_provider", cluster.cloud_provider_id)
      -- The provider deletes backups with their cluster unless told otherwise.
      :set("cloud_region", cluster.cloud_provider_region_id)
      :set("delete_backups_on_destroy", false)
    pairs_blocks(block, "labels", cluster.labels)
    block:add(configuration_block(cluster))
    local missing = missing_of(cluster)
    if #missing > 0 then
      block:note("Not in the provider's schema, and cleared by its updates: "
        .. table.concat(missing, ", "))
    end
    self:resource("accounts_cluster", name, cluster.id, block)
    local cluster_id = hcl.raw(PREFIX .. "accounts_cluster." .. name .. ".id")
    for _, key in ipairs(keys[cluster.id] or {}) do
      local key_name = self.name("key", cluster.name .. "-" .. key.name)
      local rules = hcl.block("resource", PREFIX .. "accounts_database_api_key_v2", key_name)
        :set("cluster_id", cluster_id):set("name", key.name)
        :set("expires_at", key.expires_at and tostring(key.expires_at))
      for _, rule in ipairs(key.access_rules) do
        if rule.global_access then
          rules:add(hcl.block("global_access_rule"):set("access_type",
            rule.global_access.access_type))
        else
          rules:add(scalars(hcl.block("collection_access_rules"), rule.collection_access,
            { "collection_name", "access_type" }))
        end
      end
      self:resource("accounts_database_api_key_v2", key_name, cluster.id .. "/" .. key.id, rules)
    end
    for i, schedule in ipairs(schedules[cluster.id] or {}) do
      local title = schedule.display_name or tostring(i)
      local schedule_name = self.name("schedule", cluster.name .. "-" .. title)
      self:resource("accounts_backup_schedule", schedule_name, cluster.id .. "/" .. schedule.id,
        hcl.block("resource", PREFIX .. "accounts_backup_schedule", schedule_name)
          :set("cluster_id", cluster_id):set("cron_expression", schedule.schedule)
          :set("retention_period", go_duration(schedule.retention_period))
          :set("delete_backups_on_destroy", false))
    end
  end
end

--- Backups that people have made: those of schedules come and go.
function Writer:backups()
  for _, backup in ipairs(self.connection.backups:list()) do
    if not backup.backup_schedule_id then
      local cluster = self.clusters_by_id[backup.cluster_id]
      local title = backup.display_name or backup.name
      local name = self.name("backup", title)
      self:resource("accounts_manual_backup", name, backup.id,
        hcl.block("resource", PREFIX .. "accounts_manual_backup", name)
          :set("cluster_id", cluster and hcl.raw(PREFIX .. "accounts_cluster." .. cluster .. ".id")
            or backup.cluster_id)
          :set("retention_period", go_duration(backup.retention_period)))
    end
  end
end

--- Reports resources that the provider does not support.
function Writer:spaces()
  local names = {}
  for i, space in ipairs(self.connection.spaces:list()) do
    names[i] = space.name
  end
  if #names > 0 then
    self.blocks[1]:note("Serverless spaces are not exported: " .. table.concat(names, ", "))
  end
end

function Writer:environments()
  for _, environment in ipairs(self.connection.environments:list()) do
    local name = self.name("environment", environment.name)
    local wanted = environment.configuration
    local block = hcl.block("resource", PREFIX .. "accounts_hybrid_cloud_environment", name)
      :set("name", environment.name):set("bootstrap_commands_version", 0)
    if wanted then
      local inner = scalars(hcl.block("configuration"), wanted, { "namespace", "http_proxy_url",
        "https_proxy_url", "container_registry_url", "chart_repository_url",
        "registry_secret_name", "ca_certificates", "database_storage_class",
        "snapshot_storage_class", "volume_snapshot_storage_class", "log_level" })
      inner:set("no_proxy_configs", sorted(wanted.no_proxy_configs))
      if wanted.advanced_operator_settings then
        inner:set("advanced_operator_settings",
          require("yaml").encode(wanted.advanced_operator_settings))
      end
      pairs_blocks(inner, "node_selector", wanted.node_selector)
      pairs_blocks(inner, "control_plane_labels", wanted.control_plane_labels)
      tolerations(inner, wanted.tolerations)
      block:add(inner)
    end
    if wanted and (wanted.ingress or wanted.egress) then
      block:note("Not in the provider's schema, and cleared by its updates: configuration.ingress, "
        .. "configuration.egress")
    end
    self:resource("accounts_hybrid_cloud_environment", name, environment.id, block)
  end
end

function Writer:access()
  local names = {}
  for _, role in ipairs(self.connection.roles:list { type = "custom" }) do
    local name = self.name("role", role.name)
    names[role.id] = hcl.raw(PREFIX .. "accounts_role." .. name .. ".id")
    local block = hcl.block("resource", PREFIX .. "accounts_role", name):set("name", role.name)
      :set("description", role.description ~= "" and role.description or nil)
    for _, value in ipairs(role:values()) do
      block:add(hcl.block("permissions"):set("value", value))
    end
    self:resource("accounts_role", name, role.id, block)
  end
  for _, user in ipairs(self.connection.users:list()) do
    local ids, titles = {}, {}
    for _, role in ipairs(user:roles()) do
      if role.sub_type ~= "SYSTEM_ROLE_SUB_TYPE_BASE"
        and role.sub_type ~= "SYSTEM_ROLE_SUB_TYPE_OWNER" then
        ids[#ids + 1] = names[role.id] or role.id
        titles[#titles + 1] = role.name
      end
    end
    if #ids > 0 then
      local name = self.name("user", user.email)
      self:resource("accounts_user_roles", name, nil,
        hcl.block("resource", PREFIX .. "accounts_user_roles", name)
          :note(table.concat(titles, ", ") .. "; the provider takes it over when it is created")
          :set("user_email", user.email):set("role_ids", ids):set("keep_on_destroy", true))
    end
  end
end

---@class qdrant.terraform.Options
---@field connection? table `qdrant` when not given
---@field only? string[] "clusters", "backups", "spaces", "environments", "access"; all of them when not given

--- The HCL for the resources of an account. It contains no secrets; Terraform cannot import the secrets
--- of keys either.
---@usage terraform.export { only = { "clusters" } }
---@async
---@param options? qdrant.terraform.Options
---@return string
function terraform.export(options)
  options = host.options(options, "terraform.export", "connection only")
  local connection = options.connection or qdrant
  local writer = setmetatable({ connection = connection, name = namer(), blocks = {},
    clusters_by_id = {} }, Writer)
  writer.blocks[1] = hcl.block("terraform"):set("required_version", ">= 1.7.0")
    :add(hcl.block("required_providers"):set("qdrant-cloud", hcl.raw(
      '{ source = "qdrant/qdrant-cloud", version = ">= 1.28.0" }')))
  local provider = hcl.block("provider", "qdrant-cloud")
    :note("The key comes from QDRANT_CLOUD_API_KEY.")
  writer.blocks[2] = provider
  local parts = { "clusters", "backups", "spaces", "environments", "access" }
  for _, part in ipairs(options.only or parts) do
    if not Writer[part] or part == "resource" then
      local near = host.nearest_name(part, host.names "clusters backups spaces environments access")
      error(("terraform.export: unknown part \"%s\"%s"):format(tostring(part),
        near and "; did you mean \"" .. near .. "\"?" or ""), 2)
    end
    writer[part](writer)
  end
  -- Which account it is is known once it was asked something.
  provider:set("account_id", connection.session.account_id)
  return hcl.text(writer.blocks)
end

return terraform
