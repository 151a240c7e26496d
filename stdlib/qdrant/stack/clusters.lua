--- Clusters of a stack, with their keys and backup schedules.
local host = ...

local actions = require "qdrant.stack.action"
local Cluster = require("qdrant.clusters.handle").Cluster
local children = require "qdrant.stack.children"
local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

local TYPE = "qdrant.cloud.cluster.v1.Cluster"
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", read_only = "READ_ONLY" }

--- The parts of a declaration that are not settings of a cluster.
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
    local declared = context.stack.environments
    if not environment and not (declared and declared[region]) then
      local known = {}
      for _, item in ipairs(context:list("environments")) do
        known[item.name] = true
      end
      local near = host.nearest_name(region, known)
      error(("no hybrid environment named \"%s\"%s"):format(region,
        near and "; did you mean \"" .. near .. "\"?" or ""), 0)
    end
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
  if spec.disk and spec.extra_disk then
    error("use disk or extra_disk, not both", 0)
  elseif spec.disk then
    local extra = units.gib(spec.disk, "disk") - units.gib(package.resource_configuration.disk)
    if extra < 0 then
      error(("package %s has %s of disk per node; disk must not be less, got %s"):format(
        package.name, package.resource_configuration.disk, tostring(spec.disk)), 0)
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

--- The price of the declared size; undeclared settings stay.
local function quote(context, wanted, package, present)
  local configuration = wanted.configuration
  local has = present and present.configuration
  local extra = configuration.additional_resources or has and has.additional_resources
  local storage = configuration.cluster_storage_configuration
    or has and has.cluster_storage_configuration
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
  local warnings = action.warnings or {}
  warnings[#warnings + 1] = context.opening(present, wanted)
  for _, change in ipairs(action.changes) do
    if FIXED[change.path] then
      action.verb = "replace"
      warnings[#warnings + 1] = change.path .. " cannot be changed: the cluster would be "
        .. "recreated without its data"
    end
  end
  if action.verb == "update" then
    local has = context:package_by_id(present)
    for _, change in ipairs(action.changes) do
      if change.path == "configuration.package_id" then
        change.text = ("%s → %s"):format(has.name, package.name)
      end
    end
    local total = units.gib(has.resource_configuration.disk)
      + (present.configuration.additional_resources
        and present.configuration.additional_resources.disk or 0)
    local extra = wanted.configuration.additional_resources
    local later = units.gib(package.resource_configuration.disk) + (extra and extra.disk
      or package.id == has.id and total - units.gib(has.resource_configuration.disk) or 0)
    if later < total then
      if extra then
        action.problem = ("disks never shrink: each node has %d GiB and would have %d GiB"):format(
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
      warnings[#warnings + 1] = "multi_az cannot be changed: the cluster would be recreated "
        .. "without its data"
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
    action.problem = table.concat(warnings, "; ") .. "; declare `replace = true` to allow that"
  end
  action.warnings = warnings
end

local function describe(wanted, package)
  local configuration = wanted.configuration
  local nodes = configuration.number_of_nodes
  return ("%s, %s node%s of %s"):format(where {
    cloud = wanted.cloud_provider_id, region = wanted.cloud_provider_region_id,
  }, tostring(nodes), nodes == 1 and "" or "s", package.name)
end

local kinds = {}

--- Plans what belongs to a cluster; `present` is nil for one that will be made.
local function plan_children(context, name, spec, present)
  local owner = { kind = "cluster", name = name }
  local handle = present
  --- The cluster, once it can be worked with: looked up once for all that belongs to it.
  local function ready()
    handle = handle or context.connection.clusters:find(name)
    return handle:wait { progress = false }
  end
  children.keys(context, {
    kind = "key", owner = owner, specs = spec.keys, list = present and context:keys(present.id),
    type = "qdrant.cloud.cluster.auth.v2.DatabaseApiKey", access = ACCESS,
    request = {
      type = "qdrant.cloud.cluster.auth.v2.CreateDatabaseApiKeyRequest",
      field = "database_api_key", owner = "cluster_id", id = present and present.id,
    },
    create = function(key_name, own)
      return ready():keys():create {
        name = key_name, access = own.access, collections = own.collections, file = own.file,
        expires = own.expires, duplicate = true, progress = false, wait = own.wait,
      }
    end,
  })
  children.schedules(context, {
    kind = "schedule", type = "qdrant.cloud.cluster.backup.v1.BackupSchedule",
    label = "display_name", owner = owner, specs = spec.schedules,
    list = present and context:schedules(present.id),
    request = {
      type = "qdrant.cloud.cluster.backup.v1.CreateBackupScheduleRequest",
      field = "backup_schedule", owner = "cluster_id", id = present and present.id,
    },
    create = function(title, own)
      ready():schedules():create {
        name = title, cron = own.cron, retention = own.retention, duplicate = true,
      }
    end,
  })
end

--- What a cluster that is there costs an hour.
local function present_quote(context, cluster)
  local configuration = cluster.configuration
  local extra, storage = configuration.additional_resources,
    configuration.cluster_storage_configuration
  return context:quote {
    cloud_provider_id = cluster.cloud_provider_id,
    cloud_provider_region_id = cluster.cloud_provider_region_id,
    number_of_nodes = configuration.number_of_nodes, package_id = configuration.package_id,
    additional_disk_gib = extra and extra.disk or 0,
    storage_tier_type = storage and storage.storage_tier_type,
  }
end

--- The actions that bring a cluster to its declared state.
local function judge(context, action, wanted, package)
  local present = action.present
  if not present then
    action.verb, action.text = "create", describe(wanted, package)
    local request = diff.without_nulls(wanted)
    request.name = action.name
    if not resource.is_id(request.cloud_provider_region_id) and action.spec.cloud == "hybrid" then
      request.cloud_provider_region_id = children.LATER
    end
    action.problem = context:problem_of("qdrant.cloud.cluster.v1.CreateClusterRequest",
      { cluster = request })
    return
  elseif present:phase() == "FAILED_TO_CREATE" then
    action.verb, action.warnings = "replace", { "it is FAILED_TO_CREATE: " .. present.state.reason }
    consider(context, action, present, wanted, package)
    return
  end
  action.changes = diff.between(TYPE, wanted, present)
  if #action.changes > 0 then
    action.verb = "update"
    consider(context, action, present, wanted, package)
    local phase = present:phase()
    if action.verb == "update" and (phase == "SUSPENDED" or phase == "SUSPENDING") then
      action.problem = action.problem or "it is " .. phase .. ": resume it first"
    end
  end
end

--- The environment of one's own that a new cluster is to be in: it may have been made just now.
local function environment_of(context, region)
  local environment = context.connection.environments:find(region)
  if environment:phase() ~= "READY" then
    resource.fail("FAILED_PRECONDITION", ("environment %s is %s: connect it with the commands from "
      .. "environments:find(\"%s\"):bootstrap(), then apply again"):format(environment.name,
        environment:phase(), environment.name))
  end
  return environment.id
end

--- Two that apply a stack at once may both make a cluster: the later one gives way.
local function give_way(context, made, name)
  for _, other in ipairs(context.connection.clusters:list()) do
    if other.name == name and other.id ~= made.id and context:is_ours(other)
      and (other.created_at < made.created_at
        or other.created_at == made.created_at and other.id < made.id) then
      context.connection.clusters:get(made.id):delete()
      resource.fail("ABORTED", ("somebody else created %s at the same time (%s)"):format(name,
        other.id))
    end
  end
end

local function create(context, name, wanted)
  local request = diff.without_nulls(wanted)
  request.name = name
  if request.cloud_provider_id == "hybrid" then
    request.cloud_provider_region_id = environment_of(context, request.cloud_provider_region_id)
  end
  local clusters = context.connection.clusters
  local made = resource.create(function()
    return context.connection.api.cluster.create_cluster { cluster = request }.cluster
  end, function()
    return clusters:list()
  end, name, { noun = "cluster" })
  give_way(context, made, name)
  resource.wrap(Cluster, made, context.connection):wait {
    progress = false, kind = "cluster.create", is_new = true,
  }
end

local function delete(cluster, spec)
  cluster:delete { wait = true, progress = false, backups = spec.delete_backups == true }
end

--- What is called to have it done.
local function apply_of(context, action, wanted, package)
  local name, present = action.name, action.present
  if action.verb == "create" then
    return function() create(context, name, wanted) end
  elseif action.verb == "replace" then
    return function()
      delete(present, action.spec)
      create(context, name, wanted)
    end
  elseif action.verb == "update" then
    return function()
      local part = diff.part(wanted, diff.between(TYPE, wanted, present))
      local configuration = part.configuration
      present:patch(part, {
        wait = true, progress = false,
        package = configuration and configuration.package_id and package,
      })
    end
  elseif action.verb == "wait" then
    return function() present:wait { progress = false } end
  end
end

--- Whether what changes has a price.
local function is_priced(action)
  if action.verb == "replace" then
    return true
  end
  for _, change in ipairs(action.changes) do
    if change.path:find("number_of_nodes$") or change.path:find("package_id$")
      or change.path:find("additional_resources") or change.path:find("storage_tier_type$")
      or change.path:find("cluster_storage_configuration$") then
      return true
    end
  end
  return false
end

local function plan_cluster(context, name, spec, present)
  local action = actions.new {
    kind = "cluster", name = name, spec = spec, present = present,
    after = spec.cloud == "hybrid" and { "environment:" .. tostring(spec.region) } or {},
  }
  context:claim(action)
  local wanted, package
  context:named("cluster " .. name, function()
    wanted, package = wanted_of(context, name, spec, present)
  end)
  judge(context, action, wanted, package)
  if action.verb and not action.problem and (not present or is_priced(action)) then
    action.price = {
      after = quote(context, wanted, package, present),
      before = present and present_quote(context, present),
    }
  end
  if spec.cloud == "hybrid" and not present and not resource.is_id(wanted.cloud_provider_region_id)
  then
    action.warnings = { ("this stack also creates environment %s: it must be connected before the "
      .. "cluster can be created"):format(tostring(spec.region)) }
  end
  local is_new = not present or action.verb == "replace"
  if not action.verb and present:phase() ~= "SUSPENDED" and present:phase() ~= "HEALTHY" then
    -- One that was interrupted while it was waited for.
    action.verb, action.text = "wait", present:phase()
  end
  action.apply = apply_of(context, action, wanted, package)
  context:add(action)
  plan_children(context, name, spec, not is_new and present or nil)
end

--- Plans the clusters: those that are declared, and those that were in the stack before.
function kinds.plan(context)
  context:plan_each("clusters", plan_cluster, kinds.remove)
  context:remove_rest("clusters", kinds.remove)
end

--- Plans that a cluster goes.
function kinds.remove(context, cluster)
  local spec = context.stack.clusters and context.stack.clusters[cluster.name] or {}
  context:add(actions.new {
    kind = "cluster", name = cluster.name, verb = "delete", spec = spec, present = cluster,
    problem = context:protection(cluster, spec),
    warnings = { spec.delete_backups and "its data and its backups are deleted"
      or "its data is deleted; its backups stay" },
    price = { before = present_quote(context, cluster) },
    apply = function() delete(cluster, spec) end,
  })
end

return kinds
