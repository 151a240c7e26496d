--- Clusters of a stack, with their keys and backup schedules.
local host = ...

local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

local TYPE = "qdrant.cloud.cluster.v1.Cluster"
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", read_only = "READ_ONLY" }

--- What a declaration has beside a cluster's settings.
local others = {
  cloud = true, region = true, cpu = true, ram = true, disk = true, gpu = true, package = true,
  multi_az = true, tier = true, keys = true, schedules = true, prevent_destroy = true,
  replace = true, delete_backups = true,
}

local function where(spec)
  return ("%s in %s"):format(tostring(spec.cloud), tostring(spec.region))
end

--- What a declaration means, as the API has it, with its package.
local function wanted_of(context, name, spec, present)
  local wanted = settings.cluster(spec, others, "cluster " .. name)
  wanted.name = nil
  local region = spec.region
  if spec.cloud == "hybrid" and not resource.is_id(region) then
    local environment = context:environment(region)
    region = environment and environment.id or region
  end
  local package = context:package {
    cloud = spec.cloud, region = region, package = spec.package, cpu = spec.cpu, ram = spec.ram,
    gpu = spec.gpu, disk = spec.disk, multi_az = spec.multi_az, tier = spec.tier,
  }
  wanted.cloud_provider_id, wanted.cloud_provider_region_id = spec.cloud, region
  wanted.configuration = wanted.configuration or {}
  local configuration = wanted.configuration
  configuration.package_id = package.id
  configuration.number_of_nodes = configuration.number_of_nodes or 1
  -- The newest one is meant when there is none yet.
  if present and configuration.version == "latest" then
    configuration.version = nil
  end
  if spec.disk then
    local extra = units.gib(spec.disk, "disk") - units.gib(package.resource_configuration.disk)
    if extra < 0 then
      error(("cluster %s: package %s has %s of disk for each node; disk cannot be less (%s)")
        :format(name, package.name, package.resource_configuration.disk, tostring(spec.disk)), 0)
    end
    configuration.additional_resources = { disk = extra }
  end
  local labels = spec.labels
  if labels == nil and present then
    labels = settings.map(present.labels)
  end
  wanted.labels = context:labelled(labels ~= qdrant.null and labels or nil, spec.prevent_destroy)
  return wanted, package
end

local function quote(context, wanted, package)
  local configuration = wanted.configuration
  local extra = configuration.additional_resources
  local storage = configuration.cluster_storage_configuration
  return context:quote {
    cloud_provider_id = wanted.cloud_provider_id,
    cloud_provider_region_id = wanted.cloud_provider_region_id,
    number_of_nodes = configuration.number_of_nodes, package_id = package.id,
    additional_disk_gib = extra and extra.disk or 0,
    storage_tier_type = storage and storage.storage_tier_type,
  }
end

--- Fields that cannot be changed where a cluster is.
local FIXED = { cloud_provider_id = true, cloud_provider_region_id = true }

--- What speaks against a change, and what it would break.
local function consider(context, action, present, wanted, package)
  local warnings = {}
  for _, change in ipairs(action.changes) do
    if FIXED[change.path] then
      action.verb = "replace"
      warnings[#warnings + 1] = change.path .. " cannot be changed: the cluster would be made "
        .. "anew, without its data"
    end
  end
  if action.verb == "update" then
    local has = context:package_by_id(present)
    local total = units.gib(has.resource_configuration.disk)
      + (present.configuration.additional_resources
        and present.configuration.additional_resources.disk or 0)
    local extra = wanted.configuration.additional_resources
    local later = units.gib(package.resource_configuration.disk) + (extra and extra.disk
      or package.id == has.id and total - units.gib(has.resource_configuration.disk) or 0)
    if later < total then
      if extra then
        action.problem = ("disks never shrink: each node has %d GiB, and would have %d"):format(
          total, later)
      else
        -- A smaller package; the disk stays.
        wanted.configuration.additional_resources = {
          disk = total - units.gib(package.resource_configuration.disk),
        }
      end
    end
    if has.multi_az ~= package.multi_az then
      action.verb = "replace"
      warnings[#warnings + 1] = "whether nodes stand in several zones is fixed"
    elseif units.bytes(package.resource_configuration.ram)
      < units.bytes(has.resource_configuration.ram) then
      for _, risk in ipairs(context:risks(present, package)) do
        warnings[#warnings + 1] = risk
      end
    end
  end
  if action.verb == "replace" and context:protection(present, action.spec) then
    action.problem = context:protection(present, action.spec)
  elseif action.verb == "replace" and not action.spec.replace then
    action.problem = table.concat(warnings, "; ") .. "; `replace = true` in its declaration allows "
      .. "that"
  end
  action.warnings = warnings
end

local function describe(wanted, package)
  local configuration = wanted.configuration
  return ("%s, %d node%s of %s"):format(where {
    cloud = wanted.cloud_provider_id, region = wanted.cloud_provider_region_id,
  }, configuration.number_of_nodes, configuration.number_of_nodes == 1 and "" or "s", package.name)
end

local kinds = {}

--- Keys of a cluster: they cannot be changed, only made anew.
local function plan_keys(context, name, spec, cluster, is_new)
  local present = {}
  for _, key in ipairs(cluster and not is_new and context:keys(cluster.id) or {}) do
    present[key.name] = key
  end
  for _, key_name in ipairs(host.sorted_keys(spec.keys or {})) do
    local key_spec = spec.keys[key_name]
    local key = present[key_name]
    local title = name .. "/" .. key_name
    local action = {
      kind = "key", name = title, key = "key:" .. title, after = { "cluster:" .. name },
      spec = key_spec or {}, changes = {}, present = key,
    }
    local function create()
      local made = context.connection.clusters:find(name):wait { progress = false }:keys():create {
        name = key_name, access = key_spec.access, collections = key_spec.collections,
        expires = key_spec.expires, file = key_spec.file, duplicate = true, progress = false,
        wait = key_spec.wait,
      }
      if key_spec.secret then
        key_spec.secret(made.key)
      end
    end
    if key_spec == false then
      if key then
        action.verb = "delete"
        action.apply = function() key:delete() end
        context:add(action)
      end
    elseif not key then
      action.verb, action.apply = "create", create
      action.text = key_spec.collections and "for collections" or key_spec.access or "manage"
      context:add(action)
    else
      local wanted = { access_rules = settings.rules(key_spec, ACCESS) }
      -- A length counts from when it was made.
      if type(key_spec.expires) == "string" and key_spec.expires:find("^%d%d%d%d%-")
        or type(key_spec.expires) == "userdata" then
        wanted.expires_at = settings.expiry(key_spec.expires)
      end
      -- A key without rules may do everything.
      local is_all = #key.access_rules == 0 and not key_spec.collections
        and (key_spec.access or "manage") == "manage"
      wanted.access_rules = not is_all and wanted.access_rules or nil
      action.changes = diff.between("qdrant.cloud.cluster.auth.v2.DatabaseApiKey", wanted, key)
      if #action.changes > 0 then
        action.verb = "replace"
        action.warnings = { "its secret will be another one" }
        action.apply = function()
          create()
          key:delete()
        end
      end
      context:add(action)
    end
  end
end

local function plan_schedules(context, name, spec, cluster, is_new)
  local present = {}
  for _, schedule in ipairs(cluster and not is_new and context:schedules(cluster.id) or {}) do
    present[schedule.display_name] = schedule
  end
  for _, title in ipairs(host.sorted_keys(spec.schedules or {})) do
    local own = spec.schedules[title]
    local schedule = present[title]
    local action = {
      kind = "schedule", name = name .. "/" .. title, key = "schedule:" .. name .. "/" .. title,
      after = { "cluster:" .. name }, spec = own or {}, changes = {}, present = schedule,
    }
    if own == false then
      if schedule then
        action.verb = "delete"
        action.apply = function() schedule:delete() end
        context:add(action)
      end
    elseif not schedule then
      action.verb = "create"
      action.text = own.cron
      action.apply = function()
        context.connection.clusters:find(name):wait({ progress = false }):schedules():create {
          name = title, cron = own.cron, retention = own.retention, duplicate = true,
        }
      end
      context:add(action)
    else
      action.changes = diff.between("qdrant.cloud.cluster.backup.v1.BackupSchedule", {
        schedule = own.cron and units.cron(own.cron),
        retention_period = own.retention or qdrant.null,
      }, schedule)
      if #action.changes > 0 then
        action.verb = "update"
        action.apply = function()
          schedule:update { cron = own.cron, retention = own.retention or qdrant.null }
        end
      end
      context:add(action)
    end
  end
end

--- Plans the clusters: those that are declared, and those that were in the stack before.
function kinds.plan(context)
  local declared = context.stack.clusters or {}
  for _, name in ipairs(host.sorted_keys(declared)) do
    local spec = declared[name]
    local present = context:find("clusters", name)
    local action = {
      kind = "cluster", name = name, key = "cluster:" .. name, spec = spec or {}, changes = {},
      present = present,
      after = spec and spec.cloud == "hybrid" and { "environment:" .. tostring(spec.region) } or {},
    }
    if spec == false then
      if present then
        kinds.remove(context, present)
      end
    else
      context:claim(action)
      local wanted, package = wanted_of(context, name, spec, present)
      local is_broken = present and present:phase() == "FAILED_TO_CREATE"
      if not present then
        action.verb, action.text = "create", describe(wanted, package)
      else
        action.changes = diff.between(TYPE, wanted, present)
        if is_broken then
          action.verb = "replace"
          action.changes = {}
        elseif #action.changes > 0 then
          action.verb = "update"
        end
        if action.verb then
          consider(context, action, present, wanted, package)
        end
        if is_broken then
          action.warnings = { "it is FAILED_TO_CREATE: " .. present.state.reason }
        end
      end
      if action.verb and not action.problem then
        local extra = present and present.configuration.additional_resources
        action.price = { after = quote(context, wanted, package) }
        if present then
          local storage = present.configuration.cluster_storage_configuration
          action.price.before = context:quote {
            cloud_provider_id = present.cloud_provider_id,
            cloud_provider_region_id = present.cloud_provider_region_id,
            number_of_nodes = present.configuration.number_of_nodes,
            package_id = present.configuration.package_id,
            additional_disk_gib = extra and extra.disk or 0,
            storage_tier_type = storage and storage.storage_tier_type,
          }
        end
      end
      local function create()
        local request = diff.without_nulls(wanted)
        request.name = name
        local clusters = context.connection.clusters
        local made = resource.create(function()
          return context.connection.api.cluster.create_cluster { cluster = request }.cluster
        end, function()
          return clusters:list()
        end, name, { noun = "cluster" })
        clusters:get(made.id):wait { progress = false, kind = "cluster.create" }
      end
      if action.verb == "create" then
        action.apply = create
      elseif action.verb == "replace" then
        action.apply = function()
          present:delete { wait = true, progress = false, backups = spec.delete_backups == true }
          create()
        end
      elseif action.verb == "update" then
        action.apply = function()
          local part = diff.part(wanted, diff.between(TYPE, wanted, present))
          local configuration = part.configuration
          present:patch(part, {
            wait = true, progress = false,
            package = configuration and configuration.package_id and package,
          })
        end
      elseif present and present:phase() ~= "SUSPENDED" and present:phase() ~= "HEALTHY" then
        -- One that was interrupted while it was waited for.
        action.verb, action.text = "wait", present:phase()
        action.apply = function() present:wait { progress = false } end
      end
      context:add(action)
      local is_new = not present or action.verb == "replace"
      plan_keys(context, name, spec, present, is_new)
      plan_schedules(context, name, spec, present, is_new)
    end
  end
  for _, cluster in ipairs(context:list("clusters")) do
    if context:is_ours(cluster) and declared[cluster.name] == nil then
      kinds.remove(context, cluster)
    end
  end
end

--- Plans that a cluster goes.
function kinds.remove(context, cluster)
  local spec = context.stack.clusters and context.stack.clusters[cluster.name] or {}
  local extra = cluster.configuration.additional_resources
  context:add {
    kind = "cluster", name = cluster.name, key = "cluster:" .. cluster.name, after = {},
    verb = "delete", changes = {}, spec = spec, present = cluster,
    problem = context:protection(cluster, spec),
    price = { before = context:quote {
      cloud_provider_id = cluster.cloud_provider_id,
      cloud_provider_region_id = cluster.cloud_provider_region_id,
      number_of_nodes = cluster.configuration.number_of_nodes,
      package_id = cluster.configuration.package_id,
      additional_disk_gib = extra and extra.disk or 0,
    } },
    apply = function()
      cluster:delete { wait = true, progress = false, backups = spec.delete_backups == true }
    end,
  }
end

return kinds
