--- Serverless spaces of a stack, with their keys and backup schedules.
local host = ...

local actions = require "qdrant.stack.action"
local children = require "qdrant.stack.children"
local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local settings = require "qdrant.resource.settings"

local TYPE = "qdrant.cloud.serverless.space.v1.Space"
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", metrics = "METRICS_READ_ONLY" }

local others = { cloud = true, region = true, keys = true, schedules = true,
  prevent_destroy = true, replace = true, delete_backups = true }

--- Fields that cannot be changed where a space is.
local FIXED = { cloud_provider_id = true, cloud_provider_region_id = true }

local kinds = {}

--- Plans what belongs to a space; `present` is nil for one that will be made.
local function plan_children(context, name, spec, present)
  local owner = { kind = "space", name = name }
  local handle = present
  --- The space, once it can be worked with: looked up once for all that belongs to it.
  local function ready()
    handle = handle or context.connection.spaces:find(name)
    return handle:wait { progress = false }
  end
  local keys = {}
  for _, key in ipairs(present and present:keys() or {}) do
    keys[#keys + 1] = not key.deleted_at and key or nil
  end
  children.keys(context, {
    kind = "space key", owner = owner, specs = spec.keys, list = keys,
    type = "qdrant.cloud.serverless.space.auth.v1.SpaceApiKey", access = ACCESS,
    request = {
      type = "qdrant.cloud.serverless.space.auth.v1.CreateSpaceApiKeyRequest",
      field = "space_api_key", owner = "space_id", id = present and present.id,
    },
    create = function(key_name, own)
      return ready():create_key {
        name = key_name, access = own.access, collections = own.collections,
        expires = own.expires, file = own.file, duplicate = true,
      }
    end,
  })
  children.schedules(context, {
    kind = "space schedule", type = "qdrant.cloud.serverless.space.backup.v1.BackupSchedule",
    label = "name", owner = owner, specs = spec.schedules,
    list = present and present:schedules(), collection = true,
    request = {
      type = "qdrant.cloud.serverless.space.backup.v1.CreateBackupScheduleRequest",
      field = "backup_schedule", owner = "space_id", id = present and present.id,
    },
    create = function(title, own)
      ready():create_schedule {
        name = title, cron = own.cron, retention = own.retention, collection = own.collection,
      }
    end,
  })
end

--- Plans that a space goes.
function kinds.remove(context, space)
  local spec = context.stack.spaces and context.stack.spaces[space.name] or {}
  context:add(actions.new {
    kind = "space", name = space.name, verb = "delete",
    spec = spec, present = space, problem = context:protection(space, spec),
    warnings = { spec.delete_backups and "its data and its backups are deleted"
      or "its data is deleted; its backups stay" },
    apply = function()
      space:delete { wait = true, progress = false, backups = spec.delete_backups == true }
    end,
  })
end

--- What a declaration means, as the API has it.
local function wanted_of(context, name, spec, present)
  local wanted = settings.space(spec, others, "space " .. name)
  wanted.name = nil
  local labels = spec.labels
  if labels == nil and present then
    labels = settings.map(present.labels)
  end
  wanted.labels = context:labelled(labels ~= qdrant.null and labels or nil, spec.prevent_destroy)
  wanted.cloud_provider_id, wanted.cloud_provider_region_id = spec.cloud, spec.region
  return wanted
end

--- Says how to make a space that is there as declared.
local function change(context, action, wanted, create)
  local spec, present = action.spec, action.present
  action.changes = diff.between(TYPE, wanted, present)
  action.warnings = { context.opening(present, wanted) }
  for _, difference in ipairs(action.changes) do
    action.verb = action.verb or "update"
    if FIXED[difference.path] then
      action.verb = "replace"
      action.warnings = { difference.path .. " cannot be changed: the space would be recreated "
        .. "without its data" }
    end
  end
  if action.verb == "replace" then
    action.problem = context:protection(present, spec) or not spec.replace
      and action.warnings[1] .. "; declare `replace = true` to allow that" or nil
    action.apply = function()
      present:delete { wait = true, progress = false, backups = spec.delete_backups == true }
      create()
    end
  elseif action.verb == "update" then
    action.apply = function()
      present:patch(diff.part(wanted, diff.between(TYPE, wanted, present)))
      present:wait { progress = false }
    end
  end
end

--- Checks that a new space can be in a region.
local function check_region(context, spec)
  local known = {}
  for _, region in ipairs(context:space_regions(spec.cloud)) do
    known[region.id] = true
  end
  if not known[spec.region] then
    local near = host.nearest_name(spec.region, known)
    error(("%s has no region \"%s\" for spaces%s"):format(spec.cloud, spec.region,
      near and "; did you mean \"" .. near .. "\"?"
      or next(known) and "; it has " .. table.concat(host.sorted_keys(known), ", ") or ""), 0)
  end
end

local function plan_space(context, name, spec, present)
  local action = actions.new {
    kind = "space", name = name, spec = spec, present = present,
  }
  context:claim(action)
  local wanted
  context:named("space " .. name, function()
    wanted = wanted_of(context, name, spec, present)
    if not present then
      check_region(context, spec)
    end
  end)
  local function create()
    context.connection.spaces:create {
      name = name, cloud = spec.cloud, region = spec.region, origins = spec.origins,
      labels = settings.map(wanted.labels), cost_label = spec.cost_label, allow = spec.allow,
      max_storage = spec.max_storage, wait = true, progress = false,
    }
  end
  if present then
    change(context, action, wanted, create)
  else
    action.verb, action.apply = "create", create
    local request = diff.without_nulls(wanted)
    request.name, request.configuration = name, request.configuration or {}
    action.problem = context:problem_of("qdrant.cloud.serverless.space.v1.CreateSpaceRequest",
      { space = request })
    action.text = ("%s in %s"):format(tostring(spec.cloud), tostring(spec.region))
  end
  context:add(action)
  local is_new = not present or action.verb == "replace"
  plan_children(context, name, spec, not is_new and present or nil)
end

--- Plans the spaces: those that are declared, and those that were in the stack before.
function kinds.plan(context)
  context:plan_each("spaces", plan_space, kinds.remove)
  context:remove_rest("spaces", kinds.remove)
end

return kinds
